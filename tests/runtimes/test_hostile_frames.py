"""Guests that speak to the server themselves: floods and bombs of frames cost nobody else."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    RuntimeRequest,
    WorkerRuntime,
)
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from tests.runtimes.attacks import resident_bytes
from tests.runtimes.conftest import TIMEOUT_S, Box, open_box
from tests.store.memory import NoRows

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
LIMIT_S = 1
"""What hostile functions are given."""
WAITS = [TIMEOUT_S, pytest.param(2.0, id="quiet machine", marks=pytest.mark.soak)]
"""Longest that anybody else may wait meanwhile: on a busy machine as long as calls may take."""
GROWTH_BYTES = 256 * MIB
"""Most memory that one of them may cost the server."""
INNOCENT = "def handler(ctx, event):\n    return 'fine'"
SPEAK = """
import gc, os, struct
FD = next(o for o in gc.get_objects() if type(o).__name__ == "SocketChannel")._connection.fileno()
def send(data):
    data = memoryview(data)
    while data:
        data = data[os.write(FD, data):]
def frame(body):
    return struct.pack(">IB", len(body), 1) + body
def name(text):
    return bytes([0xa0 | len(text)]) + text.encode()
def data(size, byte=b"x"):
    return b"\\xc6" + struct.pack(">I", size) + byte * size
def call(function, *args):
    return frame(b"\\x93" + name("call") + name(function) + bytes([0x90 | len(args)]) + b"".join(args))
def result(body):
    return frame(b"\\x95" + name("result") + b"\\xcc\\xc8\\x80" + body + b"\\xc2")
def handler(ctx, event):
"""  # noqa: E501 - code of a guest


MANY_HEADERS = [
    pytest.param(
        "lua",
        "function handler() local all = {} for n = 1, 1e4 do all['h' .. n] = '' end\n"
        "return { body = 'x', headers = all } end",
        id="lua",
    ),
    pytest.param(
        "python",
        "def handler(ctx, event):\n"
        "    return {'body': 'x', 'headers': {f'h{n}': '' for n in range(10_000)}}",
        id="python",
    ),
    pytest.param(
        "javascript",
        "export default () => { const all = {}; for (let n = 0; n < 1e4; n++) all['h' + n] = '';\n"
        "  return { body: 'x', headers: all }; };",
        id="javascript",
    ),
    pytest.param(
        "javascript",
        "export default () => {\n"
        "  const all = new Headers(); for (let n = 0; n < 1e4; n++) all.append('h' + n, 'x');\n"
        "  return new Response('x', { headers: all }); };",
        id="javascript, a response",
    ),
]


@pytest.mark.parametrize(("language", "code"), MANY_HEADERS)
async def test_too_many_headers_are_an_error_of_the_function(
    python: Box, language: str, code: str
) -> None:
    if language == "javascript":
        pytest.importorskip("deno")

    record = await python.record(await python.run(code, runtime=language))

    assert record.error_kind == "runtime"
    assert "response headers of 3" in (record.error_message or "")
    assert "exceed the limit of 262144 bytes" in (record.error_message or "")


FLOODS = [
    pytest.param(
        "    many = call('log.info', data(1)) * 1000\n    while True: send(many)",
        {"timeout"},
        id="log lines",
    ),
    pytest.param(
        "    one = call('log.info', data(15 << 20, b'\\xff'))\n    while True: send(one)",
        {"timeout"},
        id="long log lines that are no text",
    ),
    pytest.param(
        "    from perilune_guest import log\n    line = 'token=a ' * 8000\n"
        "    while True: log.info(line)",
        {"timeout"},
        id="log lines full of secrets",
    ),
    pytest.param(
        "    many = call('kv.get', data(1)) * 1000\n    while True: send(many)",
        {"timeout", "memory"},
        id="calls whose answers are left unread",
    ),
    pytest.param(
        "    from perilune_guest import kv\n"
        "    for n in range(8): kv.set(str(n), 'x' * (1 << 20))\n"
        "    send(call('kv.list') * 900)\n    while True: pass",
        {"memory", "timeout"},
        id="large answers that are left unread",
    ),
    pytest.param(
        "    one = call('kv.set', data(1), data(15 << 20))\n    while True: send(one)",
        {"timeout"},
        id="large calls",
    ),
    pytest.param(
        "    send(call('kv.get', data(1)) * 900 + frame(b'\\x91') + b'\\xff' * (1 << 20))\n"
        "    while True: pass",
        {"internal"},
        id="noise behind calls",
    ),
]


@pytest.mark.parametrize("wait_s", WAITS)
@pytest.mark.parametrize(("code", "kinds"), FLOODS)
async def test_a_flood_holds_nobody_up_and_fills_nothing(
    python: Box, code: str, kinds: set[str], wait_s: float
) -> None:
    # What ends by itself may take as long as a busy machine needs.
    limit_s = LIMIT_S if "timeout" in kinds else int(TIMEOUT_S)
    hostile = await python.add(SPEAK + code, timeout_s=limit_s)
    innocent = await python.add(INNOCENT)
    await python.call(innocent)
    before, most_bytes, longest_s = resident_bytes(), 0, 0.0
    attack = asyncio.create_task(python.call(hostile))

    while not attack.done():
        started = time.monotonic()
        other = await python.call(innocent)
        longest_s = max(longest_s, time.monotonic() - started)
        most_bytes = max(most_bytes, resident_bytes())
        assert other.error is None, other.error
        await asyncio.sleep(0.002)

    record = await python.record(await attack)
    assert record.error_kind in kinds, (record.error_kind, record.error_message)
    assert longest_s < wait_s
    assert most_bytes - before < GROWTH_BYTES


async def test_answers_that_come_faster_than_they_are_read_wait(python: Box) -> None:
    """Calls that were all made at once: neither side waits for the other for ever."""
    pytest.importorskip("deno")
    code = (
        "export default async () => {\n"
        "  await kv.set('k', 'x'.repeat(100_000));\n"
        "  const calls = Array.from({ length: 900 }, async () => (await kv.get('k')).length);\n"
        "  const sizes = await Promise.all(calls);\n"
        "  return String(sizes.reduce((sum, size) => sum + size));\n"
        "};"
    )
    before, most_bytes = resident_bytes(), 0
    task = asyncio.create_task(python.run(code, runtime="javascript"))

    while not task.done():
        await asyncio.sleep(0.005)
        most_bytes = max(most_bytes, resident_bytes())

    result = await task
    assert result.error is None, result.error
    assert result.response is not None and result.response.body == b"90000000"
    assert most_bytes - before < 64 * MIB


class HeldKV(KV):
    """A store that never answers."""

    def __init__(self) -> None:
        """Need no rows."""

    async def get(self, function_id: str, key: Any) -> bytes:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_calls_that_come_ahead_of_their_turn_stay_with_their_sender() -> None:
    code = "    send(call('kv.get', data(1)))\n    one = call('kv.set', data(1), data(8 << 20))\n"
    request = RuntimeRequest(
        code=SPEAK + code + "    while True: send(one)",
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id="hostile",
        runtime="python",
    )
    async with WorkerRuntime(logger=StoreLogger(NoRows()), kv_store=HeldKV()) as runtime:
        warm = msgspec.structs.replace(request, code=INNOCENT, version_id="warm")
        await runtime.execute(warm)
        before = most_bytes = resident_bytes()
        task = asyncio.create_task(runtime.execute(request))
        ends_at = time.monotonic() + LIMIT_S

        while time.monotonic() < ends_at:
            await asyncio.sleep(0.01)
            most_bytes = max(most_bytes, resident_bytes())
        task.cancel()
        await asyncio.wait([task])

    assert task.cancelled()
    assert most_bytes - before < GROWTH_BYTES / 2


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param(
            "python",
            SPEAK + "    send(result(data(1)))\n    while True: pass",
            id="an outcome and a loop",
        ),
        pytest.param(
            "javascript",
            "const kept = [];\n"
            "export default () => { kept.push(new Uint8Array(2 ** 28).fill(1)); };",
            id="memory that is kept",
        ),
    ],
)
async def test_a_worker_that_takes_too_much_between_executions_is_stopped(
    tmp_path: Path, language: str, code: str
) -> None:
    if language == "javascript":
        pytest.importorskip("deno")
    async with open_box(tmp_path, language=language) as box:
        before = box.runtime.pool().bound

        await box.run(code)

        # Sooner than for being idle.
        async with asyncio.timeout(30):
            while box.runtime.pool().bound > before:
                await asyncio.sleep(0.02)
