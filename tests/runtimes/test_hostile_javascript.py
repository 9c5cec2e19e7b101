"""Hostile JavaScript: every attempt is denied or ends that one execution; others never notice."""

import json

import pytest

pytest.importorskip("deno")

from perilune.events import HTTPEvent
from tests.runtimes.attacks import INNOCENT, attack, together
from tests.runtimes.conftest import Box

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _in_handler(code: str) -> str:
    return f"export default async function handler(ctx, event) {{\n{code}\n}}\n"


DENO = [
    pytest.param(f"return {call};", id=call)
    for call in (
        "Deno.readTextFileSync('/etc/passwd')",
        "Deno.env.toObject()",
        "Deno.exit(0)",
        "Deno.run",
        "new Deno.Command('id').outputSync()",
        "Deno.connect({ port: 1 })",
        "Deno.openKv()",
        "Deno.dlopen('libc.so.6', {})",
        "globalThis['De' + 'no'].pid",
        "Function('return Deno')()",
        "(0, eval)('Deno')",
        "process.exit(0)",
        "process.env",
        "process.binding('fs')",
        "process.getBuiltinModule('node:fs')",
        "require('fs')",
        "close()",
        "prompt('?')",
        "alert('!')",
        "localStorage.setItem('a', 'b')",
        "caches.open('x')",
        "navigator.hardwareConcurrency.toString()",
        "new Worker('data:text/javascript,1', { type: 'module' })",
        "new WebSocket('ws://127.0.0.1:1/')",
        "new EventSource('http://127.0.0.1:1/')",
        "new BroadcastChannel('x')",
        "new Function('return this')().Deno.pid",
        "globalThis.constructor.constructor('return process')()",
    )
]
MODULES = [
    pytest.param(f"return await import({json.dumps(name)});", id=name)
    for name in (
        "node:fs",
        "node:fs/promises",
        "node:child_process",
        "node:net",
        "node:dgram",
        "node:dns",
        "node:tls",
        "node:http",
        "node:http2",
        "node:https",
        "node:os",
        "node:process",
        "node:worker_threads",
        "node:cluster",
        "node:vm",
        "node:module",
        "node:inspector",
        "node:repl",
        "node:v8",
        "node:wasi",
        "node:sqlite",
        "node:tty",
        "fs",
        "file:///etc/passwd",
        "file:///proc/self/environ",
        "file:///proc/self/exe",
        "https://example.org/x.js",
        "http://127.0.0.1:1/x.js",
        "npm:left-pad",
        "jsr:@std/path",
        "ext:core/mod.js",
        "data:text/javascript,import 'node:fs'",
        "data:text/javascript,export default Deno.pid",
        "./main.js",
        "../launcher.py",
    )
]
IMPORTED_DATA = [
    pytest.param("return (await import('/etc/hostname', { with: { type: 'text' } }));", id="text"),
    pytest.param(
        "return (await import('file:///etc/hostname', { with: { type: 'bytes' } }));", id="bytes"
    ),
    pytest.param(
        "return (await import('file:///etc/hostname', { with: { type: 'json' } }));", id="json"
    ),
    pytest.param("return new URL(import.meta.resolve('./main.js')).pathname.x.y;", id="meta"),
]
NETWORK = [
    pytest.param(f"return await fetch('{url}');", id=url)
    for url in (
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://0x7f000001/",
        "file:///etc/passwd",
        "blob:http://127.0.0.1:1/x",
        "ftp://example.org/",
    )
]


@pytest.mark.parametrize("attempt", [*DENO, *MODULES, *IMPORTED_DATA, *NETWORK])
async def test_attempts_to_leave_the_sandbox_fail(javascript: Box, attempt: str) -> None:
    code = f"""async function attempt() {{ {attempt} }}
export default async () => {{
  try {{ return "ALLOWED " + String(await attempt()); }}
  catch (error) {{ return "denied " + error; }}
}};"""

    body = await javascript.body(code)

    assert body.startswith("denied "), body


async def test_the_locked_down_deno_reads_and_starts_nothing(javascript: Box) -> None:
    """Whoever finds a way to the runtime's own functions meets its permissions."""
    code = _in_handler(
        "const found = [];\n"
        "const seen = new Set();\n"
        "const look = (value, path, depth) => {\n"
        "  if (depth > 4 || value === null || !/^(object|function)$/.test(typeof value)) return;\n"
        "  if (seen.has(value)) return;\n"
        "  seen.add(value);\n"
        "  for (const key of Reflect.ownKeys(value)) {\n"
        "    let member;\n"
        "    try { member = value[key]; } catch { continue; }\n"
        "    if (member instanceof Promise) member.catch(() => {});\n"
        "    const name = String(key);\n"
        "    if (/^(readFile|readTextFile|openSync|spawn|dlopen|exit|ops)/.test(name) &&\n"
        "        /function|object/.test(typeof member)) found.push(path + '.' + name);\n"
        "    look(member, path + '.' + name, depth + 1);\n"
        "  }\n"
        "};\n"
        "look(globalThis, 'globalThis', 0);\n"
        "return { body: found };"
    )

    assert await javascript.body(code) == "[]"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("return String(eval('6 * 7'));", id="eval"),
        pytest.param("return String(new Function('return 42')());", id="Function"),
        pytest.param(
            "return String((await import('data:text/javascript,export default 42')).default);",
            id="data module",
        ),
        pytest.param(
            "const code = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);\n"
            "return WebAssembly.validate(code) ? '42' : 'no';",
            id="wasm",
        ),
    ],
)
async def test_running_code_made_of_text_is_harmless_and_allowed(
    javascript: Box, code: str
) -> None:
    assert await javascript.body(_in_handler(code)) == "42"


async def test_prototypes_of_one_function_are_not_anothers(javascript: Box) -> None:
    """Whatever a function does to the language, it does to itself."""
    polluter = await javascript.add(
        "Object.prototype.isAdmin = true;\n"
        "Array.prototype.push = () => { throw new Error('polluted'); };\n"
        "Promise.prototype.then = Function.prototype.call = null;\n" + INNOCENT["javascript"]
    )
    other = await javascript.add(
        "export default () => ({ body: [({}).isAdmin ?? 'clean', [1].push(2)] });"
    )

    await javascript.call(polluter)
    result = await javascript.call(other)

    assert result.error is None and result.response is not None, result.error
    assert result.response.body == b'["clean",2]'


ENDLESS = [
    pytest.param("for (;;) {}", id="plain loop"),
    pytest.param("for (;;) { try { for (;;) {} } catch {} }", id="errors swallowed"),
    pytest.param("for (;;) await null;", id="promises"),
    pytest.param(
        "const again = () => Promise.resolve().then(again); await again();", id="promise chain"
    ),
    pytest.param("const again = () => queueMicrotask(again); again();\nreturn 1;", id="microtasks"),
    pytest.param("await new Promise((resolve) => setTimeout(resolve, 1e8));", id="timer"),
    pytest.param("await new Promise(() => setInterval(() => {}, 0));", id="interval"),
    pytest.param(
        "const again = () => setTimeout(again, 0); again(); await new Promise(() => {});",
        id="timers",
    ),
    pytest.param(
        "const again = () => setImmediate(again); again(); await new Promise(() => {});",
        id="immediates",
    ),
    pytest.param("await time.sleep(1e9);", id="guest sleep"),
    pytest.param("/(a+)+$/.test('a'.repeat(64) + 'b');", id="pattern"),
    pytest.param("2n ** (2n ** 29n) % 3n; for (;;) {}", id="big numbers"),
    pytest.param("for (;;) await kv.get('x').catch(() => {});", id="host calls"),
    pytest.param("for (;;) log.info('x');", id="log lines"),
    pytest.param("for (;;) console.log('x'.repeat(1000));", id="output"),
    pytest.param(
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", id="Atomics.wait"
    ),
    pytest.param("function* f() { for (;;) yield 1; }\nreturn [...f()];", id="generator"),
    pytest.param(
        "return { get body() { for (;;) {} } };",
        id="a body that computes",
    ),
    pytest.param("return { toJSON() { for (;;) {} } };", id="a value that computes"),
    pytest.param(
        "const error = new Error('x');\n"
        "Object.defineProperty(error, 'stack', { get() { for (;;) {} } });\nthrow error;",
        id="an error that computes",
    ),
    pytest.param(
        "Error.prepareStackTrace = () => { for (;;) {} };\nthrow new Error('x');", id="a stack"
    ),
]


@pytest.mark.parametrize("codes", together(ENDLESS))
async def test_endless_work_ends_at_the_deadline(javascript: Box, codes: list[str]) -> None:
    await attack(javascript, [*map(_in_handler, codes)], kinds={"timeout", "memory", "internal"})


async def test_so_does_work_at_the_top_level(javascript: Box) -> None:
    await attack(javascript, "for (;;) {}", kinds={"timeout"})


@pytest.mark.parametrize("code", ["await new Promise(() => {});", "await import('perilune?');"])
async def test_a_module_that_is_never_loaded_is_an_error(javascript: Box, code: str) -> None:
    await attack(javascript, code + INNOCENT["javascript"], kinds={"runtime"})


GREEDY = [
    pytest.param("let s = 'x'; const l = []; for (;;) { s += s; l.push(s); }", id="strings"),
    pytest.param("const l = []; for (;;) l.push(new Array(1000).fill(0));", id="heap"),
    pytest.param("const l = []; for (;;) l.push({ l });", id="objects"),
    pytest.param(
        "const l = []; for (;;) l.push(new Uint8Array(2 ** 24).fill(1));", id="array buffers"
    ),
    pytest.param("return String(new ArrayBuffer(2 ** 33).byteLength);", id="one block"),
    pytest.param(
        "const m = new WebAssembly.Memory({ initial: 1, maximum: 65536 });\n"
        "for (;;) { m.grow(256); new Uint8Array(m.buffer).fill(1); }",
        id="wasm memory",
    ),
    pytest.param("return 'x'.repeat(2 ** 29 - 25);", id="output of half a gigabyte"),
    pytest.param("const l = []; for (;;) l.push(setTimeout(() => {}, 1e6));", id="timers"),
    pytest.param("for (;;) kv.get('x').catch(() => {});", id="calls that nobody waits for"),
]


@pytest.mark.parametrize("code", GREEDY)
async def test_memory_is_bounded(javascript: Box, code: str) -> None:
    await attack(javascript, _in_handler(code), kinds={"memory", "timeout", "runtime"})


ENDINGS = [
    pytest.param("throw null;", {"runtime"}, id="null thrown"),
    pytest.param("throw { toString() { throw 1; } };", {"runtime"}, id="object thrown"),
    pytest.param("const f = () => f(); return f();", {"runtime"}, id="recursion"),
    pytest.param("const x = {}; x.x = x; return x;", {"runtime"}, id="cyclic answer"),
    pytest.param("return 'x'.repeat(7 * 1024 * 1024);", {"runtime"}, id="large answer"),
    pytest.param("setTimeout(() => { throw 1; }); await new Promise(() => {});", {"runtime"},
                 id="timer"),
    pytest.param("Promise.reject(new Error('x')); return 1;", {"runtime"}, id="rejection"),
    pytest.param("await new Promise(() => {});", {"runtime"}, id="nothing left to do"),
    pytest.param("dispatchEvent(new ErrorEvent('error', { error: 1 })); return 1;", {"runtime"},
                 id="forged event"),
    pytest.param("Array.prototype.push = Array.prototype.shift = null; throw new Error('x');",
                 {"runtime", "internal", "timeout"}, id="broken arrays"),
    pytest.param("Promise.prototype.then = () => { throw 1; }; throw new Error('x');",
                 {"runtime", "internal", "timeout"}, id="broken promises"),
    pytest.param("for (const key of Reflect.ownKeys(globalThis)) delete globalThis[key];\n"
                 "throw new Error('x');", {"runtime", "internal", "timeout"}, id="no globals"),
    pytest.param("Object.freeze(globalThis); Object.prototype.toJSON = 7; throw new Error('x');",
                 {"runtime", "internal", "timeout"}, id="frozen"),
    pytest.param("return new Response(new ReadableStream({ pull(c) { c.error(new Error('x')); }"
                 " }));", {"runtime"}, id="a body that breaks"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kinds"), ENDINGS)
async def test_bad_endings_are_errors_of_that_execution(
    javascript: Box, code: str, kinds: set[str]
) -> None:
    await attack(javascript, _in_handler(code), kinds)


CAPTURE = """
let buffer = null;
const set = Uint8Array.prototype.subarray;
Uint8Array.prototype.subarray = function (...values) {
  buffer = this;
  return set.apply(this, values);
};
"""
FORGERIES = [
    pytest.param("buffer.fill(255);", id="noise"),
    pytest.param("buffer.set([0, 0, 0, 7, 1, 0x91, 0xa5, 114, 101, 97, 100, 121]);", id="ready"),
    pytest.param("buffer[4] = 9;", id="another version"),
]


@pytest.mark.parametrize("code", FORGERIES)
async def test_frames_that_a_guest_spoils_end_its_execution(javascript: Box, code: str) -> None:
    """Methods that the worker uses can be replaced by guests: they get no further with it."""
    spoil = CAPTURE + (
        "export default async () => {\n"
        "  await kv.get('x').catch(() => {});\n"
        "  Uint8Array.prototype.subarray = function (...values) {\n"
        f"    const buffer = set.apply(this, values); {code} return buffer;\n"
        "  };\n"
        "  return 1;\n"
        "};"
    )

    await attack(javascript, spoil, {"internal", "timeout", "runtime"})


async def test_a_flood_of_output_is_cut(javascript: Box) -> None:
    result = await javascript.run(
        _in_handler("for (let n = 0; n < 12000; n++) console.log('line ' + n);")
    )

    assert result.error is None, result.error
    lines, total = await javascript.store.logs.page(result.execution_id, None, 0)
    assert total == 10_001
    assert "limit" in lines[-1].message


async def test_a_huge_line_is_cut(javascript: Box) -> None:
    result = await javascript.run(_in_handler("console.log('L'.repeat(1e6));"))

    (line,), _ = await javascript.store.logs.page(result.execution_id, None, 0)
    assert len(line.message) < 70_000
    assert line.message.endswith(" [cut, 1000000 bytes in all]")


async def test_keys_of_other_functions_are_out_of_reach(javascript: Box) -> None:
    first = await javascript.add(_in_handler("await kv.set('token', 's3cret');"))
    await javascript.call(first)

    body = await javascript.body(
        _in_handler(
            f"ctx.functionId = event.functionId = {first!r};\n"
            "return { body: [await kv.get('token'), (await kv.list()).items] };"
        )
    )

    assert body == "[null,[]]"


async def test_names_of_a_request_change_no_prototypes(javascript: Box) -> None:
    event = HTTPEvent(
        method="GET",
        path="/",
        query={"__proto__": "x", "constructor": "y"},
        multi_query={"__proto__": ["x"], "constructor": ["y"]},
        headers={"__proto__": "x"},
        body='{"__proto__":{"isAdmin":true}}',
    )
    code = _in_handler(
        "const copy = Object.assign({}, event.json());\n"
        "return { body: [({}).isAdmin ?? 'clean', Array.isArray(event.multiQuery.__proto__),\n"
        "  Object.getPrototypeOf(event.multiQuery) === Object.prototype] };"
    )

    result = await javascript.run(code, event)

    assert result.response is not None, result.error
    assert result.response.body == b'["clean",true,true]'
