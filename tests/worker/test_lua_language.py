"""The language as guests see it: numbers and base libraries."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


# Numbers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        pytest.param("42", "42", id="integer"),
        pytest.param("1e15", "1000000000000000", id="no exponent"),
        pytest.param("2^53", "9007199254740992", id="2^53"),
        pytest.param("-2^63", "-9223372036854775808", id="lowest integer"),
        pytest.param("2^63", "9.223372036854776e+18", id="beyond integers"),
        pytest.param("1e21", "1e+21", id="1e21"),
        pytest.param("-0.0", "0", id="minus zero"),
        pytest.param("0.1", "0.1", id="0.1"),
        pytest.param("0.1 + 0.2", "0.30000000000000004", id="17 digits"),
        pytest.param("1/3", "0.3333333333333333", id="1/3"),
        pytest.param("100/3", "33.333333333333336", id="100/3"),
        pytest.param("123456.789", "123456.789", id="last positional"),
        pytest.param("1234567.5", "1.2345675e+06", id="first exponent"),
        pytest.param("123456789.5", "1.234567895e+08", id="exponent"),
        pytest.param("0.0001", "0.0001", id="smallest positional"),
        pytest.param("0.00001", "1e-05", id="small"),
        pytest.param("5e-324", "5e-324", id="denormal"),
        pytest.param("0/0", "NaN", id="nan"),
        pytest.param("1/0", "+Inf", id="inf"),
        pytest.param("-1/0", "-Inf", id="-inf"),
    ],
)
def test_number_to_text(guest, expression, text):
    assert guest.text(expression) == text


def shortest(value: float) -> tuple[str, int]:
    """Digits and decimal exponent of the shortest text that Python finds."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    return digits.rstrip("0"), int(exponent or 0) + len(whole) - 1 - leading


@examples(300)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_text_reads_back_and_is_shortest(guest, value):
    text, encoded = guest.texts("event.value, (json.encode(event.value))", value=value)

    if value == math.floor(value) and -(2**63) <= value < 2**63:
        assert text == str(int(value))
    else:
        digits, exponent = shortest(value)
        assert float(text) == value
        assert len(shortest(float(text))[0]) <= len(digits)
        assert ("e" in text) == (not -4 <= exponent < 6)
    assert struct.pack("d", float(encoded)) == struct.pack("d", value)
    assert ("e" in encoded) == (value != 0 and not 1e-6 <= abs(value) < 1e21)


@given(st.integers(-1074, 1023))
@examples(200)
def test_powers_of_two_are_not_longer_than_needed(guest, exponent):
    """At powers of two the nearest neighbours differ, where simple printers go wrong."""
    value = 2.0**exponent

    text = guest.text("event.value", value=value)

    assert float(text) == value
    if not value.is_integer():
        mantissa = text.partition("e")[0].replace(".", "").lstrip("0")
        assert len(mantissa) <= len(shortest(value)[0])


# Libraries ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        pytest.param("5 % 0 ~= 5 % 0", "true", id="modulo zero"),
        pytest.param("7 % -3", "-2", id="negative modulo"),
        pytest.param('10 == "10"', "false", id="no coercion in =="),
        pytest.param('"10" < "9"', "true", id="bytewise order"),
        pytest.param('" 0x10 " + 1', "17", id="text to number"),
        pytest.param("math.huge == 1/0", "true", id="huge"),
        pytest.param('("x"):upper() .. ("Y"):lower()', "Xy", id="methods"),
        pytest.param("_VERSION", "Lua 5.1", id="version"),
        pytest.param("string.gfind == string.gmatch", "true", id="gfind"),
        pytest.param("math.mod(7, 4)", "3", id="mod"),
        pytest.param("table.getn({1, 2})", "2", id="getn"),
        pytest.param(
            "(function() goto out do return 1 end ::out:: return 2 end)()", "2", id="goto"
        ),
        pytest.param('select("#", table.unpack({1, 2, 3}))', "3", id="unpack"),
        pytest.param('type(collectgarbage("count"))', "number", id="count"),
        pytest.param('collectgarbage("stop")', "0", id="collector can't be stopped"),
        pytest.param("gcinfo() > 0", "true", id="gcinfo"),
        pytest.param(
            "table.foreach({a = 5}, function(k, v) return k .. v end)", "a5", id="foreach"
        ),
        pytest.param(
            "table.foreachi({3, 4}, function(i, v) return i == 2 and v or nil end)",
            "4",
            id="foreachi",
        ),
        pytest.param("#{unpack({}, 1, 5000)}", "0", id="unpack 5000"),
        pytest.param(
            "coroutine.wrap(function(a) return coroutine.yield(a) end)(3)", "3", id="wrap"
        ),
        pytest.param("pcall(tostring)", "false", id="tostring without argument"),
        pytest.param("rawequal(_G._G, _G)", "true", id="_G"),
        pytest.param("os.time() > 1e9 and os.clock() > 0", "true", id="os.time"),
    ],
)
def test_base_library(guest, expression, text):
    assert guest.text(expression) == text


def test_a_global_is_the_same_whether_or_not_code_can_name_others(guest):
    shown = """local shown = {}
    for key, value in next, type(%s) == "table" and %s or {} do
      shown[#shown + 1] = key .. type(value)
    end
    table.sort(shown) return type(%s) .. table.concat(shown, " ")"""
    names = guest.body(
        "local names = {} for name in pairs(_G) do names[#names + 1] = name end "
        'table.sort(names) return table.concat(names, " ")'
    ).split()

    for name in names:
        alone = guest.body(shown % (name, name, name))
        beside_all = guest.body(f"local _ = _G {shown}" % (name, name, name))
        assert alone == beside_all
    assert {"json", "kv", "string", "io", "debug", "tostring", "_VERSION"} <= set(names)
    assert len(names) > 40


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        pytest.param('return ("x"):upper()', "X", id="method"),
        pytest.param('local name = "up" .. "per" return ("x")[name]("y")', "Y", id="indexed"),
        pytest.param(
            'local all = "x" return type(all.format) .. type(all.none)', "functionnil", id="member"
        ),
        pytest.param('string.own = "o" return ("x").own', "o", id="member of its own"),
        pytest.param("json = nil return type(json)", "nil", id="removed"),
        pytest.param("json = 1 return json", "1", id="replaced"),
        pytest.param('string = nil return ("x"):rep(2)', "xx", id="methods without the library"),
        pytest.param(
            "return (function() return (function() return json.encode({1}) end)() end)()",
            "[1]",
            id="named in a function",
        ),
        pytest.param('return load("return js" .. "on.encode({1})")()', "[1]", id="load"),
        pytest.param('return getfenv()["js" .. "on"].encode({1})', "[1]", id="getfenv"),
        pytest.param(
            "local env = setmetatable({}, {__index = _G}) "
            "return setfenv(function() return json.encode({1}) end, env)()",
            "[1]",
            id="setfenv",
        ),
        pytest.param('return rawget(_G, "js" .. "on").encode({1})', "[1]", id="rawget"),
        pytest.param(
            'for name, one in next, _G do if name == "js" .. "on" then return type(one) end end',
            "table",
            id="next",
        ),
        pytest.param(
            'local n = 0 for i = 1, 5e3 do if i > 1500 then n = n + #("x"):rep(2) end end return n',
            "7000",
            id="method first used in a compiled loop",
        ),
    ],
)
def test_globals_are_found_in_every_way(guest, statements, text):
    assert guest.body(statements) == text


@pytest.mark.parametrize("name", ["bit", "bit32", "utf8", "jit", "ffi", "python"])
def test_foreign_globals_are_absent(guest, name):
    assert guest.text(f"{name} == nil and rawget(_G, '{name}') == nil") == "true"


@pytest.mark.parametrize(
    ("call", "mapped"),
    [
        pytest.param('string.upper("aé")', "AÉ", id="upper"),
        pytest.param('("É"):lower()', "é", id="lower"),
        pytest.param('("ßÿ"):upper()', "ßŸ", id="one to one"),
        pytest.param('("ΟΔΟΣ"):lower()', "οδοσ", id="no final sigma"),
        pytest.param('("İ"):lower()', "i", id="dotted I"),
        pytest.param('("ᾳ"):upper()', "ᾼ", id="title case is the simple mapping"),
        pytest.param('("\\255aé"):upper()', "\\xffAé", id="not UTF-8: bytewise"),
        pytest.param("string.upper(12)", "12", id="number"),
    ],
)
def test_case_mapping(guest, call, mapped):
    assert guest.text(call) == mapped


def test_print_becomes_an_info_line():
    guest = Guest()

    guest.body(
        'local t = setmetatable({}, {__tostring = function() return "T" end}) '
        'print(1e15, nil, "x", t) return ""'
    )

    assert guest.host.logged() == [("info", b"1000000000000000\tnil\tx\tT")]
