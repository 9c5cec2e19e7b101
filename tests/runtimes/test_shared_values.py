"""What the server writes into shared memory is what a worker reads, or the worker asks."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.runtimes.shared_log import LEAST_ROOM_BYTES, SharedLog, create_log
from perilune.store import ValueTables
from perilune.worker.shared_values import (
    NEVER,
    SIZE,
    START,
    SharedValues,
    encode_entry,
    map_values,
)
from tests.profiles import examples

NAMES = [b"ka", b"kb", b"ea", b"k", b"k\0\xff"]
VALUES = st.one_of(st.binary(max_size=20), st.integers(0, 40_000).map(bytes))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(NAMES), VALUES),
        st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(b"")),
        st.tuples(st.sampled_from(["fill", "empty", "read"]), st.just(b""), st.just(b"")),
    ),
    max_size=30,
)


def open_pair() -> tuple[SharedLog, SharedValues]:
    """Return both ends of one memory."""
    created = create_log()
    assert created is not None
    log, descriptor = created
    try:
        return log, map_values(descriptor)
    finally:
        os.close(descriptor)


@pytest.fixture
def pair() -> Iterator[tuple[SharedLog, SharedValues]]:
    log, values = open_pair()
    yield log, values
    log.close()


@given(steps=STEPS)
@examples(100)
def test_a_reader_sees_each_change_at_once(steps) -> None:
    log, values = open_pair()
    model: dict[bytes, tuple[bytes, float]] = {}
    is_filled = False
    for step, name, value in steps:
        if step == "put":
            model[name] = (value, NEVER)
            if not log.append(encode_entry(name, (value, NEVER))):
                log.fill(model)
        elif step == "delete":
            model.pop(name, None)
            if not log.append(encode_entry(name, None)):
                log.fill(model)
        elif step == "fill":
            log.fill(model)
            is_filled = True
        elif step == "empty":
            log.empty()
            is_filled = False
        for one in NAMES if step == "read" else NAMES[:1]:
            known = model.get(one, (None, NEVER))[0]
            assert values.read(one) == ((known,) if is_filled else None)
    log.close()


def test_without_a_log_the_host_is_asked(pair) -> None:
    _, values = pair

    assert values.read(b"ka") is None


def test_a_value_that_has_expired_is_missing_at_once(pair, monkeypatch) -> None:
    log, values = pair
    now = 1000.0
    monkeypatch.setattr("perilune.worker.shared_values.time", lambda: now)
    log.fill({b"ka": (b"1", 1001.0), b"kb": (b"2", NEVER)})

    assert values.read(b"ka") == (b"1",)
    now = 1001.0

    assert values.read(b"ka") == (None,)
    assert values.read(b"kb") == (b"2",)


def test_a_log_without_room_is_begun_anew(pair) -> None:
    log, values = pair
    log.fill({})
    number = 0
    while log.append(encode_entry(b"ka", (b"%d" % number, NEVER))):
        assert values.read(b"ka") == (b"%d" % number,)
        number += 1

    assert log.copied_bytes == LEAST_ROOM_BYTES
    log.fill({b"ka": (b"last", NEVER)})

    assert values.read(b"ka") == (b"last",)
    assert values.read(b"kb") == (None,)


def test_a_reader_that_was_away_for_long_sees_the_latest(pair) -> None:
    log, values = pair
    log.fill({b"ka": (b"1", NEVER), b"kb": (b"1", NEVER)})
    assert values.read(b"kb") == (b"1",)

    for number in range(100):
        log.fill({b"ka": (b"%d" % number, NEVER)})

    assert values.read(b"ka") == (b"99",)
    assert values.read(b"kb") == (None,)


@pytest.mark.parametrize("place", [START, START + 4, START + 8, START + 12, START + 20, START + 24])
def test_an_entry_that_is_seen_half_written_is_not_used(pair, place) -> None:
    """A processor may show the word before the entry."""
    log, values = pair
    log.fill({})
    assert values.read(b"ka") == (None,)
    log.append(encode_entry(b"ka", (b"value", NEVER)))
    whole = bytes(log._memory[:SIZE])

    log._memory[place] ^= 0x55
    assert values.read(b"ka") is None
    log._memory[:SIZE] = whole

    assert values.read(b"ka") == (b"value",)


def test_a_log_that_is_begun_anew_meanwhile_is_not_used(pair, monkeypatch) -> None:
    log, values = pair
    log.fill({b"ka": (b"1", NEVER)})

    class Slow:
        """Memory in which the server writes while a reader copies."""

        def __getitem__(self, part):
            copied = log._memory[part]
            log.fill({b"ka": (b"2", NEVER)})
            return copied

    monkeypatch.setattr(values, "_memory", Slow())
    assert values.read(b"ka") is None
    monkeypatch.setattr(values, "_memory", log._memory)

    assert values.read(b"ka") == (b"2",)


def test_a_worker_of_two_functions_is_shown_nothing(pair) -> None:
    log, values = pair
    log.serve("ours")
    assert log.is_wanted("ours")
    log.fill({b"ka": (b"ours", NEVER)})

    log.serve("theirs")

    assert values.read(b"ka") is None
    assert not log.is_wanted("theirs")
    log.serve("ours")
    assert not log.is_wanted("ours")


async def test_a_store_with_a_clock_of_its_own_shows_nothing(pair) -> None:
    """A worker would not see what has expired by it."""
    log, values = pair
    for may_copy, expected in [(False, None), (True, (b"1",))]:
        tables = ValueTables(lambda _: {b"ka": (b"1", NEVER)}, lambda: 1, may_copy=may_copy)
        tables.copy("f", log)
        assert values.read(b"ka") == expected
        tables.close()

    assert values.read(b"ka") is None


READER = """
import sys
from perilune.worker.shared_values import map_values
values = map_values(int(sys.argv[1]))
print("ready", flush=True)
last, read, seen = -1, 0, set()
while last < int(sys.argv[2]):
    found = values.read(b"ka")
    if found is None:
        continue
    read += 1
    number, _, filling = found[0].partition(b" ")
    assert filling == number * (int(number) % 50), found
    assert int(number) >= last, (number, last)
    last = int(number)
    seen.add(last)
print(read, len(seen))
"""


def test_another_process_reads_whole_values_that_never_go_back() -> None:
    created = create_log()
    assert created is not None
    log, descriptor = created
    last = 20_000
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(descriptor), str(last)],
        stdout=subprocess.PIPE,
        pass_fds=[descriptor],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        log.fill({b"ka": (b"0 ", NEVER)})
        for number in range(last + 1):
            text = b"%d" % number
            value = (text + b" " + text * (number % 50), NEVER)
            if number % 1000 == 999 or not log.append(encode_entry(b"ka", value)):
                log.fill({b"ka": value})
        read, seen = map(int, reader.stdout.readline().split())
    os.close(descriptor)
    log.close()

    assert reader.returncode == 0
    assert read >= seen > 1
