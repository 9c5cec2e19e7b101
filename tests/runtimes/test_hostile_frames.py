"""Guests that speak to the server themselves: floods and bombs of frames cost nobody else."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    GuestError,
    RuntimeRequest,
    WorkerDiedError,
    WorkerLimits,
    WorkerRuntime,
)
from perilune.runtimes.frame_contents import EXAMINED_BYTES, MAX_VALUES, refuse_bombs
from perilune.services.kv import MemoryKV
from perilune.services.logger import MemoryLogger
from perilune.worker.frames import HEADER, PROTOCOL_VERSION, FrameError, Result, encode
from tests.runtimes.conftest import FORGER, TIMEOUT_S, Box, open_box

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
LIMIT_S = 2
"""What hostile functions are given."""
WAIT_S = 2.0
"""Longest that anybody else may wait meanwhile, on a machine with other things to do."""
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


def resident_bytes() -> int:
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def with_keys_that_collide(count: int) -> bytes:
    """Return a map whose keys are lists that are different, and alike to a dictionary.

    Python's hash of a tuple has no secret, so the second number can be chosen for any first one.
    """
    first, second, start, all_ = 11400714785074694791, 14029467366897019727, 2870177450012600261, 64
    word, inverse = 2**all_, pow(second, -1, 2**all_)
    pairs: list[bytes] = []
    number = 0
    while len(pairs) < count:
        number += 1
        mixed = (start + number * second) % word
        mixed = ((mixed << 31) | (mixed >> 33)) % word * first % word
        other = (12345 - mixed) * inverse % word
        other -= word if other >= word // 2 else 0
        if -(2**60) < other < 2**60:  # where the hash of a number is the number
            pairs.append(msgspec.msgpack.encode([number, other]) + b"\xc0")
    return b"\xdf" + struct.pack(">I", count) + b"".join(pairs)


def forged(body: bytes) -> bytes:
    """Return a frame with this body."""
    return HEADER.pack(len(body), PROTOCOL_VERSION) + body


def forged_call(argument: bytes) -> bytes:
    """Return a call of `kv.set` with these options."""
    return forged(b"\x93\xa4call\xa6kv.set\x93\xc4\x01k\xc4\x01v" + argument)


@pytest.fixture(scope="module")
def collisions() -> None:
    """The trick works, so that the test below would notice."""
    keys = msgspec.msgpack.decode(with_keys_that_collide(50))
    assert len(keys) == 50
    assert len({hash(key) for key in keys}) == 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forger() -> AsyncIterator[WorkerRuntime]:
    """A runtime whose workers have been taken over."""
    limits = WorkerLimits(warm=1, maximum=2, response_body_bytes=MIB)
    async with WorkerRuntime(logger=MemoryLogger(), limits=limits, languages=[FORGER]) as runtime:
        yield runtime


def sending(frame: bytes, runtime: str = "lua") -> RuntimeRequest:
    """Return a request that is answered with *frame*."""
    code = frame.hex()
    return RuntimeRequest(
        code=code,
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=code[:200],
        runtime=runtime,
    )


BOMBS = [
    pytest.param(with_keys_that_collide(3_000), id="few keys that collide"),
    pytest.param(with_keys_that_collide(30_000), id="many keys that collide"),
    pytest.param(b"\xdd" + struct.pack(">I", 2 * MIB) + b"\x80" * 2 * MIB, id="empty maps"),
    pytest.param(b"\xdd" + struct.pack(">I", 2 * MIB) + b"\x90" * 2 * MIB, id="empty lists"),
    pytest.param(b"\xdf\xff\xff\xff\xff" + b"\xc0" * 30_000, id="a map that claims to be large"),
    pytest.param(b"\xdd\xff\xff\xff\xff" + b"\xc0" * 30_000, id="a list that claims to be large"),
    pytest.param(b"\x91" * 100_000 + b"\xc0", id="deep lists"),
    pytest.param(b"\x81\xc4\x01a" * 100_000 + b"\xc0", id="deep maps"),
    pytest.param(b"\x81\x80\xc0", id="a map as key"),
    pytest.param(b"\x81\xc0\xc0", id="nothing as key"),
    pytest.param(b"\xd4\x05\x00", id="an extension"),
    pytest.param(b"\xd6\xff\x00\x00\x00\x00", id="a time"),
    pytest.param(b"\xc7\x0c\xff" + b"\xff" * 12, id="an impossible time"),
    pytest.param(b"\xa1x", id="a text of the protocol"),
]


@pytest.mark.usefixtures("collisions")
@pytest.mark.parametrize("argument", BOMBS)
async def test_frames_that_mean_more_than_they_hold_are_refused(
    forger: WorkerRuntime, argument: bytes
) -> None:
    started, before = time.monotonic(), resident_bytes()

    with pytest.raises(WorkerDiedError, match="broke the protocol"):
        await forger.execute(sending(forged_call(argument)))

    assert time.monotonic() - started < WAIT_S
    assert resident_bytes() - before < GROWTH_BYTES


async def test_headers_without_end_are_refused(forger: WorkerRuntime) -> None:
    headers: dict[str, str | list[str]] = {f"h{n}": "" for n in range(MAX_VALUES)}

    with pytest.raises(WorkerDiedError, match="values"):
        await forger.execute(sending(encode(Result(200, headers, b"", False))))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        pytest.param(
            encode(Result(200, {}, b"x" * (MIB + 1), False)),
            "response body of 1048577 bytes exceeds the limit of 1048576 bytes",
            id="body",
        ),
        pytest.param(
            encode(Result(200, {}, b"eHh4" * 349_525 + b"eHg=", True)),
            "response body of 1048577 bytes exceeds the limit of 1048576 bytes",
            id="body in base64",
        ),
        pytest.param(
            encode(Result(200, {"a": ["x" * 1023] * 257}, b"", False)),
            "response headers of 271392 bytes, 32 for each line included, exceed the limit",
            id="headers",
        ),
    ],
)
async def test_the_worker_is_not_trusted_with_the_limits_of_responses(
    forger: WorkerRuntime, frame: bytes, message: str
) -> None:
    with pytest.raises(GuestError, match=message):
        await forger.execute(sending(frame))


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
        {"memory"},
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


@pytest.mark.parametrize(("code", "kinds"), FLOODS)
async def test_a_flood_holds_nobody_up_and_fills_nothing(
    python: Box, code: str, kinds: set[str]
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
    assert longest_s < WAIT_S
    assert most_bytes - before < GROWTH_BYTES


class HeldKV(MemoryKV):
    """A store that never answers."""

    async def get(self, function_id: str, key: Any) -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_calls_that_come_ahead_of_their_turn_stay_with_their_sender() -> None:
    code = "    send(call('kv.get', data(1)))\n    one = call('kv.set', data(1), data(8 << 20))\n"
    request = sending(b"", "python")
    request = msgspec.structs.replace(request, code=SPEAK + code + "    while True: send(one)")
    async with WorkerRuntime(logger=MemoryLogger(), kv_store=HeldKV()) as runtime:
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


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.binary()
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.binary(max_size=9), inner),
)  # fmt: skip


def count(value: Any) -> int:
    """Return how many values there are in *value*, itself and keys counted."""
    if isinstance(value, list):
        return 1 + sum(map(count, value))
    if isinstance(value, dict):
        return 1 + sum(1 + count(one) for one in value.values())
    return 1


@settings(max_examples=60)
@given(values, st.integers(-3, 3))
async def test_values_are_counted_as_they_are_decoded(value: Any, more: int) -> None:
    """Around the limit: as many values as are permitted, and a few more or less."""
    filling = MAX_VALUES - count(value) - 1 + more
    body = msgspec.msgpack.encode([value, *[None] * filling])
    assert len(body) > EXAMINED_BYTES

    if more <= 0:
        refuse_bombs(memoryview(body))
    else:
        with pytest.raises(FrameError, match="20000 values"):
            refuse_bombs(memoryview(body))
