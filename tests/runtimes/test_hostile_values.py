"""Values and errors that lie, and languages whose functions were replaced: answers or clean errors.

What a function garbles is its own answer at most; its worker is replaced or goes on, and the
server says what was wrong.
"""

import asyncio
import textwrap

import pytest

from perilune.store import ExecutionStatus
from tests.runtimes.attacks import INNOCENT
from tests.runtimes.conftest import TIMEOUT_S, Box

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUNTIME, ANSWER = {"runtime"}, {None}
BROKEN: set[str | None] = {None, "runtime", "internal", "timeout", "memory"}
"""For functions that take the worker's own tools away: any end but one that harms others."""

PYTHON = [
    ("a dict that lies", "class D(dict):\n    get = __getitem__ = lambda *a: 200\n"
     "return D(body='x')", RUNTIME),
    ("a text that lies", "class S(str):\n    def encode(self, *a): return b'y'\nreturn S('x')",
     ANSWER),
    ("bytes without length", "class B(bytes):\n    def __len__(self): return 0\n"
     "return B(b'x' * 7_000_000)", RUNTIME),
    ("a number that lies", "class I(int):\n    def __int__(self): return 999\n"
     "return {'body': 'x', 'statusCode': I(200)}", RUNTIME),
    ("a huge status", "return {'body': 'x', 'statusCode': 10 ** 5000}", RUNTIME),
    ("a huge number", "return {'body': 10 ** 5000}", RUNTIME),
    ("a lone surrogate", "return '\\ud800'", RUNTIME),
    ("a header that is no text", "return {'body': 'x', 'headers': {'a': '\\ud800'}}", RUNTIME),
    ("an error with NUL", "raise ValueError('\\ud800\\udcff\\x00')", RUNTIME),
    ("another class", "class E(Exception):\n    __class__ = property(lambda s: MemoryError)\n"
     "raise E", {"memory", "runtime"}),
    ("another traceback", "class E(Exception):\n    __traceback__ = 5\nraise E", RUNTIME),
    ("a text of 100 MB", "class E(Exception):\n    __str__ = lambda s: 'x' * 10 ** 8\nraise E",
     {"memory", "runtime"}),
    ("a text that is none", "class E(Exception):\n    __str__ = lambda s: 5\nraise E", RUNTIME),
    ("its own cause", "e = Exception('x')\ne.__cause__ = e\nraise e", RUNTIME),
    ("a large group", "raise ExceptionGroup('g', [ValueError(n) for n in range(3000)])", RUNTIME),
    ("a trace function", "import sys\nsys.settrace(lambda *a: 1 / 0)\nreturn 1", BROKEN),
    ("no compiler", "import builtins\nbuiltins.compile = builtins.exec = None\nreturn 1", ANSWER),
    ("objects of the worker", "import gc\nfor one in gc.get_objects():\n"
     "    if type(one).__name__ in ('SocketChannel', 'Interpreter'): vars(one).clear()\nreturn 1",
     BROKEN),
    ("a timer", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nreturn 1", RUNTIME),
    ("a message at the end", "import atexit\natexit.register(print, 'x')\nreturn 1", ANSWER),
]  # fmt: skip
JAVASCRIPT = [
    ("a proxy that throws", "return new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; } });",
     RUNTIME),
    ("a proxy that lies", "return new Proxy({}, { ownKeys: () => ['body'], get: () => 'x',"
     " getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) });", BROKEN),
    ("a status that computes", "return { statusCode: { valueOf: () => 200 }, body: 'x' };",
     RUNTIME),
    ("a header that computes", "return { headers: { a: { toString: () => 'x' } }, body: 'x' };",
     RUNTIME),
    ("members of every object", "Object.prototype.statusCode = 500;\n"
     "Object.prototype.body = 'x';\nreturn { a: 1 };", ANSWER),
    ("a thenable of every object", "Object.prototype.then = (r) => r('x');\nreturn { a: 1 };",
     BROKEN),
    ("a then that throws", "Object.defineProperty(Object.prototype, 'then',"
     " { get() { throw new Error('x'); } });\nreturn 1;", BROKEN),
    ("no JSON", "JSON.stringify = () => 'evil';\nreturn { a: 1 };", ANSWER),
    ("an encoder that lies", "TextEncoder.prototype.encode = () => new Uint8Array(3);\n"
     "TextEncoder.prototype.encodeInto = () => ({ written: 1e9 });\nreturn 'x'.repeat(100);",
     BROKEN),
    ("letters that lie", "String.prototype.charCodeAt = () => 999;\n"
     "String.prototype.isWellFormed = () => { throw 1; };\nreturn 'abc';", BROKEN),
    ("sizes that lie", "DataView.prototype.setUint32 = () => {};\nreturn 'x';", BROKEN),
    ("bytes that stay", "Uint8Array.prototype.set = () => {};\nreturn 'x'.repeat(1000);", BROKEN),
    ("another iterator", "Array.prototype[Symbol.iterator] = function* () { yield 1; };\n"
     "return 'x';", BROKEN),
    ("no keys", "Object.keys = () => { throw 1; };\nreturn { a: 1 };", BROKEN),
    ("no constructors", "globalThis.Uint8Array = globalThis.Promise = null;\nreturn 'x';", BROKEN),
    ("no calls", "Function.prototype.call = Function.prototype.apply = null;\nreturn 'x';", BROKEN),
    ("a thrown symbol", "throw Symbol('x');", RUNTIME),
    ("a thrown nothing", "throw Object.create(null);", RUNTIME),
    ("its own cause", "const e = new Error('x'); e.cause = e; throw e;", RUNTIME),
    ("a long error", "throw Object.assign(new Error('x'.repeat(1e6)), { name: 'y'.repeat(1e6) });",
     RUNTIME),
    ("a stack that throws", "const e = new Error('x'); e.stack = { toString() { throw 1; } };\n"
     "throw e;", RUNTIME),
    ("an event of the end", "dispatchEvent(new Event('beforeunload')); return 'x';", BROKEN),
    ("a value that is deep", "let o = {}; for (let n = 0; n < 1e4; n++) o = { o };\n"
     "await kv.set('k', 'v', o);", RUNTIME),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kinds"), [pytest.param(code, kinds, id=name) for name, code, kinds in PYTHON]
)
async def test_python(python: Box, code: str, kinds: set[str | None]) -> None:
    code = f"def handler(ctx, event):\n{textwrap.indent(code, '    ')}\n"

    await _end(python, code, kinds)


@pytest.mark.parametrize(
    ("code", "kinds"), [pytest.param(code, kinds, id=name) for name, code, kinds in JAVASCRIPT]
)
async def test_javascript(javascript: Box, code: str, kinds: set[str | None]) -> None:
    pytest.importorskip("deno")
    code = f"export default async function handler(ctx, event) {{\n{code}\n}}\n"

    await _end(javascript, code, kinds)


async def _end(box: Box, code: str, kinds: set[str | None]) -> None:
    """Run *code* twice, the second time in the worker it has left: each ends in one of *kinds*."""
    limit_s = 1 if "timeout" in kinds else int(TIMEOUT_S)
    hostile = await box.add(code, timeout_s=limit_s)
    innocent = await box.add(INNOCENT[box.language])

    for _ in range(2):
        result, other = await asyncio.gather(box.call(hostile), box.call(innocent))

        record = await box.record(result)
        assert record.error_kind in kinds, (record.error_kind, record.error_message)
        assert record.status == (
            ExecutionStatus.SUCCESS if record.error_kind is None else ExecutionStatus.ERROR
        )
        assert other.error is None, other.error
        assert other.response is not None and other.response.body == b"fine"
