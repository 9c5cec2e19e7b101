"""Frames of workers that mean more than they hold, and outcomes that pass the limits."""

import struct
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    GuestError,
    RuntimeRequest,
    WorkerDiedError,
    WorkerLimits,
    WorkerRuntime,
)
from perilune.runtimes.workers.frame_contents import MAX_VALUES, refuse_bombs
from perilune.services.logger import StoreLogger
from perilune.worker.frames import (
    EXAMINED_BYTES,
    HEADER,
    PROTOCOL_VERSION,
    Failure,
    FrameError,
    FrameReader,
    FromWorker,
    Result,
    encode,
)
from tests.profiles import examples
from tests.runtimes.attacks import resident_bytes
from tests.runtimes.conftest import FORGER
from tests.store.memory import NoRows

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
WAITS = [30.0, pytest.param(2.0, id="quiet machine", marks=pytest.mark.soak)]
"""Longest that one frame may keep the server busy; a busy machine has also a worker to start."""
GROWTH_BYTES = 256 * MIB
"""Most memory that it may cost."""


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
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=limits, languages=[FORGER]
    ) as runtime:
        yield runtime


def sending(frame: bytes) -> RuntimeRequest:
    """Return a request that is answered with *frame*."""
    code = frame.hex()
    return RuntimeRequest(
        code=code,
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=code[:200],
    )


BOMBS = [
    pytest.param(partial(with_keys_that_collide, 3_000), id="few keys that collide"),
    pytest.param(partial(with_keys_that_collide, 30_000), id="many keys that collide"),
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
@pytest.mark.parametrize("wait_s", WAITS)
@pytest.mark.parametrize("argument", BOMBS)
async def test_frames_that_mean_more_than_they_hold_are_refused(
    forger: WorkerRuntime, argument: bytes | Callable[[], bytes], wait_s: float
) -> None:
    request = sending(forged_call(argument() if callable(argument) else argument))
    started, before = time.monotonic(), resident_bytes()

    with pytest.raises(WorkerDiedError, match="broke the protocol"):
        await forger.execute(request)

    assert time.monotonic() - started < wait_s
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


@examples(60)
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


@pytest.mark.parametrize("figure", [-1, 2**40 + 1, 2**63, 1.5, True, "1"])
@pytest.mark.parametrize("name", ["cpu_us", "peak_memory_kib", "held_us"])
@pytest.mark.parametrize(
    "outcome", [Result(200, {}, b"", False), Failure("runtime", "boom")], ids=["result", "failure"]
)
async def test_what_an_execution_used_is_a_number_within_bounds(
    outcome: Result | Failure, name: str, figure: object
) -> None:
    reader: FrameReader[FromWorker] = FrameReader(FromWorker)

    with pytest.raises(FrameError, match="malformed frame"):
        reader.feed(encode(msgspec.structs.replace(outcome, **{name: figure})))
    told = msgspec.structs.replace(outcome, **{name: 2**40})
    assert FrameReader[FromWorker](FromWorker).feed(encode(told)) == [told]
