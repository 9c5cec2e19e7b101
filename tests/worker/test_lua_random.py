"""Guest module `random`: ranges, lengths, and that nothing can be foreseen."""

import base64
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.worker.library.randoms import encode_id, xids
from tests.profiles import examples
from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


def test_int_covers_its_range_evenly(guest):
    counts = guest.body(
        """
        local counts = {0, 0, 0, 0, 0, 0}
        for _ = 1, 6000 do
          local n = random.int(1, 6)
          counts[n] = counts[n] + 1
        end
        return table.concat(counts, " ")
        """
    )

    # 1000 each are expected; seven standard deviations away, it is no accident.
    assert all(800 < int(count) < 1200 for count in counts.split())


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param("5", "5", id="one number"),
        pytest.param("-3", "-1", id="negative"),
        pytest.param("-0.5", "0.5", id="truncated to zero"),
        pytest.param("0", "2^53", id="all exact integers"),
        pytest.param("-2^63", "2^63", id="wider than 64 bits"),
        pytest.param("-1e308", "1e308", id="as wide as numbers go"),
    ],
)
def test_int_stays_in_its_range(guest, low, high):
    for _ in range(20):
        drawn = f"(function(n) return n >= {low} and n <= {high} and n % 1 == 0 end)"
        assert guest.texts(f"{drawn}(random.int({low}, {high}))") == ["true"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param(
            "random.int(5, 1)",
            "bad argument #1 to int (min (5) must be less than or equal to max (1))",
            id="min above max",
        ),
        pytest.param(
            "random.int(1)", "bad argument #2 to int (number expected, got nil)", id="no max"
        ),
        pytest.param(
            'random.int("1", 2)',
            "bad argument #1 to int (number expected, got string)",
            id="numeric text",
        ),
        pytest.param(
            "random.int(0/0, 1)",
            "bad argument #1 to int (number has no integer representation)",
            id="nan",
        ),
        pytest.param(
            "random.int(0, 1/0)",
            "bad argument #2 to int (number has no integer representation)",
            id="infinite",
        ),
        pytest.param(
            "random.string(0)",
            "bad argument #1 to string (length must be positive, got 0)",
            id="no characters",
        ),
        pytest.param(
            "random.string(1048577)",
            "bad argument #1 to string (length must be at most 1048576, got 1048577)",
            id="one character too many",
        ),
        pytest.param(
            "random.string(1e11)",
            "bad argument #1 to string (length must be at most 1048576, got 100000000000)",
            id="characters without end",
        ),
        pytest.param(
            "random.string()",
            "bad argument #1 to string (number expected, got nil)",
            id="no length",
        ),
        pytest.param(
            "random.hex({})", "bad argument #1 to hex (number expected, got table)", id="table"
        ),
        pytest.param(
            "random.bytes(0/0)",
            "bad argument #1 to bytes (number has no integer representation)",
            id="nan bytes",
        ),
    ],
)
def test_wrong_arguments_raise(guest, call, problem):
    assert guest.error(call) == f"<string>:1: {problem}"


@pytest.mark.parametrize("name", ["bytes", "hex"])
@pytest.mark.parametrize(
    ("length", "problem"),
    [
        ("0", "length must be positive, got 0"),
        ("-5.9", "length must be positive, got -5"),
        ("1048577", "length must be at most 1048576, got 1048577"),
        ("1e11", "length must be at most 1048576, got 100000000000"),
        ("1e308", "length must be at most 1048576, got 1e+308"),
    ],
)
def test_bytes_and_hex_return_what_is_wrong_with_the_length(guest, name, length, problem):
    assert guest.texts(f"random.{name}({length})") == ["nil", problem]


@pytest.mark.parametrize("length", [1, 2, 16, 1000])
def test_texts_have_the_length_that_was_asked_for(guest, length):
    letters, encoded, digits = guest.texts(
        f"random.string({length}.9), random.bytes({length}), random.hex({length})"
    )

    assert re.fullmatch(f"[a-zA-Z0-9]{{{length}}}", letters)
    assert len(base64.b64decode(encoded, validate=True)) == length
    assert re.fullmatch(f"[0-9a-f]{{{2 * length}}}", digits)


def test_the_longest_texts(guest):
    calls = ", ".join(f"#random.{name}(1048576)" for name in ["string", "bytes", "hex"])

    assert guest.texts(calls) == ["1048576", "1398104", "2097152"]


def test_every_character_is_equally_likely(guest):
    text = guest.text("random.string(620000)")

    counts = {character: text.count(character) for character in set(text)}
    assert len(counts) == 62
    assert all(9000 < count < 11000 for count in counts.values())


def test_float_is_in_the_unit_interval_and_fine_grained(guest):
    floats = [float(text) for text in guest.texts(", ".join(["random.float()"] * 200))]

    assert all(0 <= value < 1 for value in floats)
    assert len(set(floats)) == 200
    assert all((value * 2**53).is_integer() for value in floats)
    assert any(not (value * 2**40).is_integer() for value in floats)


@pytest.mark.parametrize("call", ["random.int(0, 2^53)", "random.float()", "random.string(12)"])
def test_seeding_has_no_influence(guest, call):
    drawn = {guest.body(f"math.randomseed(1) return tostring({call})") for _ in range(3)}

    assert len(drawn) == 3


def test_ids_are_distinct_and_carry_the_time(guest):
    before = int(time.time())
    ids = guest.texts(", ".join(["random.id()"] * 100))
    after = int(time.time())

    assert len(set(ids)) == 100
    assert all(re.fullmatch("[0-9a-v]{19}[0g]", text) for text in ids)
    seconds = [int(text, 32) >> 4 >> 64 for text in ids]
    assert all(before <= second <= after for second in seconds)


def test_ids_of_one_source_count_up():
    source = xids(lambda: 1700000000.9)

    numbers = [int(next(source), 32) >> 4 for _ in range(3)]

    assert {number >> 64 for number in numbers} == {1700000000}
    assert len({number >> 24 for number in numbers}) == 1
    counters = [number & 0xFF_FFFF for number in numbers]
    assert [(counter - counters[0]) % 2**24 for counter in counters] == [0, 1, 2]


def test_two_sources_make_different_ids():
    clock = iter([1.0, 1.0])

    ids = {next(xids(clock.__next__)) for _ in range(2)}

    assert len(ids) == 2


def test_encoding_of_ids():
    assert encode_id(bytes(range(12))) == b"000g40o40k30e209185g"


@examples(50)
@given(st.binary(min_size=12, max_size=12), st.binary(min_size=12, max_size=12))
def test_encoded_ids_sort_like_their_bytes(one, other):
    assert (one < other) == (encode_id(one) < encode_id(other))
