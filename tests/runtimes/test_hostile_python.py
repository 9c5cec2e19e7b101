"""Hostile Python: every attempt is denied or ends that one execution; others never notice."""

import asyncio
import textwrap
from pathlib import Path

import pytest

from tests.runtimes.attacks import INNOCENT, attack, together
from tests.runtimes.conftest import OVERWRITE, Box

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATABASE = "perilune.db"


def _in_handler(code: str) -> str:
    return f"def handler(ctx, event):\n{textwrap.indent(code, '    ')}\n"


def _call(call: str, *, failed: str = "-1") -> str:
    """Return an attempt by a C function that answers *failed* when it is denied."""
    return (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"if {call} == {failed}:\n    raise OSError(ctypes.get_errno(), 'denied')\nreturn 'done'"
    )


FILES = [
    pytest.param("return open('/etc/passwd').read()", id="open"),
    pytest.param("import os\nreturn os.open('/etc/passwd', os.O_RDONLY)", id="os.open"),
    pytest.param("import os\nreturn os.listdir('/')", id="listdir"),
    pytest.param("import os\nreturn os.stat('/etc/passwd')", id="stat"),
    pytest.param("import os\nreturn os.readlink('/proc/self/exe')", id="readlink"),
    pytest.param("import os\nreturn os.chdir('/tmp')", id="chdir"),
    pytest.param("import os\nreturn os.mkdir('/tmp/x')", id="mkdir"),
    pytest.param("import os\nreturn os.unlink('/tmp/x')", id="unlink"),
    pytest.param("import os\nreturn os.chmod('/', 0o777)", id="chmod"),
    pytest.param("import os\nreturn os.symlink('/etc', '/tmp/y')", id="symlink"),
    pytest.param("import os\nreturn os.memfd_create('x')", id="memfd"),
    pytest.param("import tempfile\nreturn tempfile.TemporaryFile()", id="temporary file"),
    pytest.param("import pathlib\npathlib.Path('/tmp/x').write_text('y')\nreturn 1", id="write"),
    pytest.param("import sqlite3\nreturn sqlite3.connect('/tmp/x.db')", id="sqlite file"),
    pytest.param("import io\nreturn io.FileIO('/etc/hostname').read()", id="FileIO"),
    pytest.param("import mmap, os\nreturn os.sendfile(1, 0, 0, 10)", id="sendfile"),
    pytest.param("import shutil\nreturn shutil.copy('/etc/passwd', '/tmp/x')", id="shutil"),
]
PROC = [
    pytest.param(f"return open('/proc/{name}').read()", id=name)
    for name in ("self/environ", "self/maps", "self/cmdline", "1/environ", "self/mem", "meminfo")
]
NETWORK = [
    pytest.param("import socket\nreturn socket.socket()", id="tcp"),
    pytest.param(
        "import socket\nreturn socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", id="udp"
    ),
    pytest.param("import socket\nreturn socket.socket(socket.AF_UNIX)", id="unix"),
    pytest.param("import socket\nreturn socket.socketpair()", id="socketpair"),
    pytest.param("import socket\nreturn socket.create_connection(('127.0.0.1', 1))", id="connect"),
    pytest.param("import socket\nreturn socket.getaddrinfo('example.org', 80)", id="resolve"),
    pytest.param(
        "import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1:1/').read()",
        id="urllib",
    ),
    pytest.param(
        "import socket\nfor number in range(3, 16):\n"
        "    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, number)\n"
        "    try:\n        return one.sendto(b'x', '/tmp/x')\n"
        "    except OSError:\n        one.detach()\n"
        "raise OSError('nothing could be sent')",
        id="sendto",
    ),
]
PROCESSES = [
    pytest.param("import os\nreturn os.fork()", id="fork"),
    pytest.param(
        "import os\nstatus = os.system('true')\nif status:\n    raise OSError(status)\nreturn 1",
        id="system",
    ),
    pytest.param("import os\nreturn os.execv('/bin/sh', ['sh'])", id="exec"),
    pytest.param("import os\nreturn os.posix_spawn('/bin/true', ['true'], {})", id="spawn"),
    pytest.param("import subprocess\nreturn subprocess.run(['id'])", id="subprocess"),
    pytest.param(
        "import multiprocessing as m\np = m.get_context('fork').Process(target=print)\n"
        "p.start()\nreturn p.pid",
        id="multiprocessing",
    ),
    pytest.param(
        "import threading\nt = threading.Thread(target=print)\nt.start()\nreturn t.name",
        id="thread",
    ),
    pytest.param("import _thread\nreturn _thread.start_new_thread(print, ())", id="raw thread"),
    pytest.param("import os\nos.kill(os.getppid(), 9)\nreturn 1", id="kill the zygote"),
    pytest.param("import os\nos.kill(1, 9)\nreturn 1", id="kill init"),
    pytest.param("import os\nos.kill(-1, 9)\nreturn 1", id="kill everybody"),
    pytest.param("import os\nos.setuid(0)\nreturn 1", id="setuid"),
    pytest.param(
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))\nreturn 1", id="setrlimit"
    ),
    pytest.param("import os\nos.nice(-10)\nreturn 1", id="nice"),
    pytest.param("import os\nos.sched_setaffinity(0, {0})\nreturn 1", id="affinity"),
    pytest.param(
        "import os, time\nreturn time.clock_gettime_ns((~os.getppid() << 3) | 2)",
        id="processor time of the zygote",
    ),
    pytest.param("import time\nreturn time.clock_getres((~1 << 3) | 2)", id="clock of process 1"),
    pytest.param("import os\nreturn os.sched_getaffinity(1)", id="affinity of process 1"),
]
CTYPES = [
    pytest.param(_call("libc.open(b'/etc/passwd', 0)"), id="open"),
    pytest.param(_call("libc.socket(2, 1, 0)"), id="socket"),
    pytest.param(_call("libc.fork()"), id="fork"),
    pytest.param(_call("libc.uname(bytes(512))"), id="uname"),
    pytest.param(_call("libc.gethostname(bytes(64), 64)"), id="host name"),
    pytest.param(_call("libc.getcwd(bytes(64), 64)", failed="0"), id="working directory"),
    pytest.param(_call("libc.ptrace(16, 1, 0, 0)"), id="ptrace"),
    pytest.param(_call("libc.syscall(319, b'x', 0)"), id="memfd"),
    pytest.param(_call("libc.syscall(425, 8, bytes(128))"), id="io_uring"),
    pytest.param(_call("libc.mount(b'x', b'/', b'tmpfs', 0, 0)"), id="mount"),
    pytest.param(_call("libc.unshare(0x10000000)"), id="unshare"),
    pytest.param(_call("libc.shmget(1, 4096, 0o1666)"), id="shared memory"),
    pytest.param(_call("libc.prctl(4, 1, 0, 0, 0)"), id="dumpable"),
    pytest.param(_call("libc.kill(libc.getppid(), 9)"), id="kill"),
    pytest.param(_call("libc.system(b'true')", failed="127 << 8"), id="system"),
    pytest.param("import ctypes\nreturn ctypes.CDLL('libanl.so.1')", id="load a library"),
]


@pytest.mark.parametrize("attempt", [*FILES, *PROC, *NETWORK, *PROCESSES, *CTYPES])
async def test_attempts_to_leave_the_sandbox_fail(python: Box, attempt: str) -> None:
    code = (
        f"def attempt():\n{textwrap.indent(attempt, '    ')}\n\n"
        "def handler(ctx, event):\n    try:\n        result = attempt()\n"
        "    except BaseException as error:\n        return 'denied ' + repr(error)\n"
        "    return 'ALLOWED ' + repr(result)"
    )

    body = await python.body(code)

    assert body.startswith("denied "), body


async def test_the_environment_is_empty(python: Box) -> None:
    code = _in_handler("import os\nreturn {'body': dict(os.environ)}")

    assert await python.body(code) == "{}"


async def test_nothing_of_the_server_is_in_the_workers_memory(python: Box, tmp_path: Path) -> None:
    """Neither paths nor settings: whoever looks through all objects finds nothing."""
    code = _in_handler(
        "import gc\n"
        "seen = [text for one in gc.get_objects() if type(one) is dict for text in one.values()"
        " if type(text) is str]\n"
        f"return str([text for text in seen if {DATABASE!r} in text and 'in text' not in text])"
    )

    assert await python.body(code) == "[]"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("return str(eval('6 * 7'))", id="eval"),
        pytest.param("scope = {}\nexec('x = 42', scope)\nreturn str(scope['x'])", id="exec"),
        pytest.param("return str((lambda: 42)())", id="lambda"),
        pytest.param(
            "import types\nf = types.FunctionType(compile('42', 'x', 'eval'), {})\nreturn str(f())",
            id="code objects",
        ),
    ],
)
async def test_running_code_made_of_text_is_harmless_and_allowed(python: Box, code: str) -> None:
    assert await python.body(_in_handler(code)) == "42"


ENDLESS = [
    pytest.param("while True:\n    pass", id="plain loop"),
    pytest.param(
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
        id="errors swallowed",
    ),
    pytest.param("import time\ntime.sleep(1e6)", id="sleep"),
    pytest.param("from perilune_guest import time\ntime.sleep(1e9)", id="guest sleep"),
    pytest.param("import re\nre.match('(a+)+$', 'a' * 64 + 'b')", id="pattern"),
    pytest.param("10 ** 10 ** 10", id="big number"),
    pytest.param("sum(iter(int, 1))", id="in C"),
    pytest.param("import itertools\nlist(zip(itertools.count()))[-1]", id="iterators"),
    pytest.param(
        "from perilune_guest import Error, kv\nwhile True:\n    try:\n        kv.get('x')\n"
        "    except Error:\n        pass",
        id="host calls",
    ),
    pytest.param("from perilune_guest import log\nwhile True:\n    log.info('x')", id="log lines"),
    pytest.param("while True:\n    print('x' * 1000)", id="output"),
    pytest.param(
        "import signal\n[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]\nwhile True: pass",
        id="signals ignored",
    ),
    pytest.param(
        "import asyncio\nasync def main():\n    while True:\n        await asyncio.sleep(0)\n"
        "asyncio.run(main())",
        id="asyncio.run",
    ),
    pytest.param(
        "import asyncio\nasync def main():\n    loop = asyncio.get_running_loop()\n"
        "    def again():\n        loop.call_soon(again)\n    again()\n"
        "    await asyncio.sleep(600)\nasyncio.run(main())",
        id="callbacks",
    ),
]


@pytest.mark.parametrize("codes", together(ENDLESS))
async def test_endless_work_ends_at_the_deadline(python: Box, codes: list[str]) -> None:
    await attack(python, [*map(_in_handler, codes)], kinds={"timeout", "memory"})


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("while True:\n    pass", id="top level"),
        pytest.param("async def handler(ctx, event):\n    while True:\n        pass", id="async"),
        pytest.param(
            "import asyncio\nasync def handler(ctx, event):\n    while True:\n        try:\n"
            "            await asyncio.sleep(0.001)\n        except BaseException:\n"
            "            pass",
            id="async, errors swallowed",
        ),
        pytest.param(
            "import asyncio\nasync def stubborn():\n    while True:\n        try:\n"
            "            await asyncio.sleep(0.001)\n"
            "        except asyncio.CancelledError:\n            pass\n"
            "async def handler(ctx, event):\n    asyncio.create_task(stubborn())\n"
            "    await asyncio.sleep(0.01)\n    return 'left over'",
            id="a task that does not end",
        ),
        pytest.param(
            "class Text(Exception):\n    def __str__(self):\n        while True: pass\n"
            "def handler(ctx, event):\n    raise Text",
            id="text of an error",
        ),
        pytest.param(
            "class Loop(dict):\n    def items(self):\n        while True: yield 'a', 'b'\n"
            "def handler(ctx, event):\n    return {'body': 'x', 'headers': Loop(a='b')}",
            id="headers without end",
        ),
    ],
)
async def test_so_does_work_outside_the_handler(python: Box, code: str) -> None:
    await attack(python, code, kinds={"timeout", "memory"})


GREEDY = [
    pytest.param("s = 'x'\nwhile True:\n    s += s", id="string doubling"),
    pytest.param("return str(len(bytearray(10 ** 10)))", id="one block"),
    pytest.param("l = []\nwhile True:\n    l.append([0] * 1000)", id="list growth"),
    pytest.param("return 'x' * 10 ** 9", id="output of 1 GB"),
    pytest.param(
        "import mmap\nl = []\nwhile True:\n    l.append(mmap.mmap(-1, 2 ** 24))", id="mmap"
    ),
    pytest.param(
        "import zlib\nd = zlib.compress(bytes(2 ** 24))\n"
        "return str(len([zlib.decompress(d) for _ in range(99)]))",
        id="bomb",
    ),
]


@pytest.mark.parametrize("code", GREEDY)
async def test_memory_is_bounded(python: Box, code: str) -> None:
    await attack(python, _in_handler(code), kinds={"memory", "timeout", "runtime"})


async def test_memory_errors_that_are_caught_change_nothing_for_others(python: Box) -> None:
    code = (
        "while True:\n    try:\n        bytearray(10 ** 10)\n    except MemoryError:\n        pass"
    )

    await attack(python, _in_handler(code), kinds={"timeout", "memory"})


ENDINGS = [
    pytest.param("import os\nos._exit(0)", {"internal"}, id="os._exit"),
    pytest.param("import sys\nsys.exit(3)", {"runtime"}, id="sys.exit"),
    pytest.param("raise KeyboardInterrupt", {"runtime"}, id="KeyboardInterrupt"),
    pytest.param("raise GeneratorExit", {"runtime"}, id="GeneratorExit"),
    pytest.param("import os\nos.abort()", {"internal"}, id="abort"),
    pytest.param("import os\nos.kill(os.getpid(), 9)", {"internal"}, id="suicide"),
    pytest.param("import ctypes\nctypes.string_at(0)", {"internal"}, id="segmentation fault"),
    pytest.param("import os\nwhile True:\n    os.fork()", {"runtime"}, id="fork bomb"),
    pytest.param("import os\nos.closerange(3, 99)", {"internal"}, id="closed socket"),
    pytest.param("def f():\n    return f()\nreturn f()", {"runtime"}, id="recursion"),
    pytest.param(
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(x):\n    return f([x])\nreturn f(1)",
        {"internal", "memory", "runtime", "timeout"},
        id="recursion without limit",
    ),
    pytest.param(
        "import sys\nsys.setrecursionlimit(10 ** 9)\n"
        "x = []\nfor _ in range(10 ** 6):\n    x = [x]\nreturn repr(x)",
        {"internal", "memory", "runtime", "timeout"},
        id="recursion in C",
    ),
    pytest.param("x = {}\nx['x'] = x\nreturn x", {"runtime"}, id="cyclic answer"),
    pytest.param("return 'x' * 7 * 1024 * 1024", {"runtime"}, id="large answer"),
    pytest.param(
        "import sys\nsys.stdout = None\nsys.modules.clear()\nraise ValueError('x')",
        {"runtime", "internal"},
        id="a broken interpreter",
    ),
    pytest.param(
        "import builtins\nbuiltins.len = builtins.isinstance = None\nraise ValueError('x')",
        {"runtime", "internal"},
        id="broken builtins",
    ),
]


@pytest.mark.parametrize(("code", "kinds"), ENDINGS)
async def test_bad_endings_are_errors_of_that_execution(
    python: Box, code: str, kinds: set[str]
) -> None:
    await attack(python, _in_handler(code), kinds)


FORGE = """
import os, struct
def send(body):
    write(struct.pack(">IB", len(body), 1) + body)
def write(frame):
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, frame)
        except OSError:
            pass
"""
FORGERIES = [
    pytest.param("send(b'\\xc1')", id="no msgpack"),
    pytest.param("send(b'\\x91\\xa5ready')", id="ready again"),
    pytest.param("send(b'\\x93\\xa4call\\xa7os.exec\\x90')", id="unknown call"),
    pytest.param("send(b'\\x93\\xa4call\\xa6kv.set\\x90')", id="a call without arguments"),
    pytest.param("write(b'\\xff' * 100)", id="noise"),
]


@pytest.mark.parametrize("code", FORGERIES)
async def test_forged_frames_end_the_execution(python: Box, code: str) -> None:
    await attack(python, FORGE + _in_handler(code + "\nwhile True: pass"), {"internal", "timeout"})


async def test_a_forged_result_reaches_no_other_execution(python: Box) -> None:
    """A function can forge its own answer, which it could give anyway; nobody else gets it."""
    result = b"\\x95\\xa6result\\xcc\\xc8\\x80\\xc4\\x06forged\\xc2".decode()
    hostile = await python.add(FORGE + _in_handler(f"send(b'{result}')\nreturn 'own'"))
    innocent = await python.add(INNOCENT["python"])

    outcomes = await asyncio.gather(
        *(python.call(one) for one in (hostile, innocent, hostile, innocent))
    )

    for outcome in (outcomes[1], outcomes[3]):
        assert outcome.response is not None and outcome.response.body == b"fine"


async def test_memory_that_workers_share_is_only_read(python: Box) -> None:
    """The standard library is one block for all: who writes into it has a copy of its own."""
    hostile = OVERWRITE + _in_handler(
        "overwrite('colorsys', b'Conversion functions', b'Overwritten by others')\n"
        "import colorsys\nreturn colorsys.__doc__[:11]"
    )
    innocent = "import colorsys\n" + _in_handler("return colorsys.__doc__[:20]")

    assert await python.body(hostile) == "Overwritten"
    assert await python.body(innocent) == "Conversion functions"


async def test_a_flood_of_output_is_cut(python: Box) -> None:
    result = await python.run(_in_handler("print('\\n'.join(f'line {n}' for n in range(12000)))"))

    assert result.error is None, result.error
    lines, total = await python.store.logs.page(result.execution_id, None, 0)
    assert total == 10_001
    assert "limit" in lines[-1].message


async def test_a_huge_line_is_cut(python: Box) -> None:
    result = await python.run(_in_handler("print('L' * 10 ** 6)"))

    (line,), _ = await python.store.logs.page(result.execution_id, None, 0)
    assert len(line.message) < 70_000
    assert line.message.endswith(" [cut, 1000000 bytes in all]")


async def test_keys_of_other_functions_are_out_of_reach(python: Box) -> None:
    first = await python.add(
        "from perilune_guest import kv\n" + _in_handler("kv.set('token', 's3cret')\nreturn 'set'")
    )
    await python.call(first)

    body = await python.body(
        "from perilune_guest import kv\n"
        + _in_handler(
            "ctx['functionId'] = event['functionId'] = " + repr(first) + "\n"
            "return str((kv.get('token'), kv.list().items))"
        )
    )

    assert body == "(None, [])"
