"""Ids: text form, layout, order, uniqueness."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.ids import WrongIdLength, Xids, encode_id, new_function_id, new_id, version_id

ID = re.compile(r"[0-9a-v]{19}[0g]")
TWELVE_BYTES = st.binary(min_size=12, max_size=12)


def decode(text: str) -> bytes:
    """Read an id bit by bit; shares nothing with the code under test."""
    bits = "".join(format("0123456789abcdefghijklmnopqrstuv".index(digit), "05b") for digit in text)
    assert bits[96:] == "0000"
    return bytes(int(bits[at : at + 8], 2) for at in range(0, 96, 8))


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def xids(clock: Clock, first: int = 0) -> Xids:
    return Xids(clock, machine=b"\x01\x02\x03", process=0xABCC, first=first)


def test_the_specified_vector() -> None:
    assert encode_id(bytes(range(12))) == "000g40o40k30e209185g"


@given(TWELVE_BYTES)
def test_text_decodes_to_the_same_bytes(raw: bytes) -> None:
    text = encode_id(raw)

    assert ID.fullmatch(text)
    assert decode(text) == raw


@given(TWELVE_BYTES, TWELVE_BYTES)
def test_text_order_is_byte_order(left: bytes, right: bytes) -> None:
    assert (encode_id(left) < encode_id(right)) == (left < right)


@pytest.mark.parametrize("length", [0, 11, 13])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(WrongIdLength, match=f"12 bytes, not {length}") as caught:
        encode_id(bytes(length))

    assert caught.value.code == "wrong_id_length"


@given(
    seconds=st.integers(0, 2**32 - 1),
    machine=st.binary(min_size=3, max_size=3),
    process=st.integers(0, 2**16 - 1),
    counter=st.integers(0, 2**24 - 1),
)
def test_layout(seconds: int, machine: bytes, process: int, counter: int) -> None:
    """Every field lands in its place, although the text is built in two parts."""
    source = Xids(lambda: seconds + 0.9, machine=machine, process=process, first=counter)

    raw = decode(source())

    assert raw[:4] == seconds.to_bytes(4, "big")
    assert raw[4:7] == machine
    assert raw[7:9] == process.to_bytes(2, "big")
    assert raw[9:] == counter.to_bytes(3, "big")


def test_ids_grow_within_a_second_and_with_the_clock() -> None:
    clock = Clock(1_000_000.0)
    source = xids(clock)

    ids = []
    for _ in range(50):
        ids += [source() for _ in range(50)]
        clock.now += 0.7

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_the_counter_wraps_without_touching_other_fields() -> None:
    source = xids(Clock(5.0), first=2**24 - 1)

    before, after = decode(source()), decode(source())

    assert before[9:] == b"\xff\xff\xff"
    assert after[9:] == b"\0\0\0"
    assert before[:9] == after[:9]


def test_a_hundred_thousand_ids_are_unique() -> None:
    ids = [new_id() for _ in range(100_000)]

    assert len(set(ids)) == len(ids)
    assert all(ID.fullmatch(id_) for id_ in ids)


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        batches = threads.map(lambda _: [new_id() for _ in range(12_500)], range(8))
        ids = [id_ for batch in batches for id_ in batch]

    assert len(set(ids)) == 100_000


def test_one_process_keeps_its_machine_and_process_number() -> None:
    assert decode(new_id())[4:9] == decode(new_id())[4:9]


def test_a_forked_child_has_its_own_process_number_and_counter() -> None:
    ours = decode(new_id())
    reading, writing = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        theirs = decode(answer.read())
    os.waitpid(child, 0)

    assert theirs[4:7] == ours[4:7]
    assert theirs[7:9] != ours[7:9]
    assert int.from_bytes(theirs[9:], "big") != int.from_bytes(ours[9:], "big") + 1


def test_function_ids_look_like_ids_and_carry_the_time() -> None:
    function_id, record_id = new_function_id(), new_id()

    assert ID.fullmatch(function_id)
    seconds = [int.from_bytes(decode(id_)[:4], "big") for id_ in (function_id, record_id)]
    assert abs(seconds[0] - seconds[1]) <= 1


def test_function_ids_tell_nothing_about_the_generator_of_other_ids() -> None:
    """Seeing one id must not narrow down another: no machine, process or counter in it."""
    parts = [decode(new_function_id())[4:] for _ in range(1000)]
    machine_and_process = decode(new_id())[4:9]

    assert len(set(parts)) == 1000
    assert not any(part.startswith(machine_and_process) for part in parts)
    for position in range(8):
        assert len({part[position] for part in parts}) > 200


def test_version_id() -> None:
    assert version_id("000g40o40k30e209185g", 12) == "ver_000g40o40k30e209185g_v12"
