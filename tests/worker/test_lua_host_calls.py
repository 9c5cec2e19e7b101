"""Guest modules that talk to the host: arguments, replies, and the modules of this step."""

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.worker.frames import Call, FrameError, HostFunction, Reply
from perilune.worker.lua_interpreter import LuaInterpreter
from tests.profiles import examples
from tests.worker.lua_guest import FakeHost, Guest, setup


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        pytest.param('kv.get("a")', Call("kv.get", [b"a"]), id="string"),
        pytest.param("kv.get(5)", Call("kv.get", [b"5"]), id="number as string"),
        pytest.param("kv.get(1e20)", Call("kv.get", [b"1e+20"]), id="large number as string"),
        pytest.param(r'kv.get("bin\0\255")', Call("kv.get", [b"bin\0\xff"]), id="bytes"),
        pytest.param('kv.get("a", "b")', Call("kv.get", [b"a"]), id="extra argument"),
        pytest.param('kv.set("a", "1")', Call("kv.set", [b"a", b"1", None]), id="absent option"),
        pytest.param(
            'kv.set("a", 0.1, {ttl = 60})',
            Call("kv.set", [b"a", b"0.1", {b"ttl": 60}]),
            id="options",
        ),
        pytest.param(
            'kv.cas("a", nil, "n")', Call("kv.cas", [b"a", None, b"n"]), id="nil in between"
        ),
        pytest.param('kv.incr("a")', Call("kv.incr", [b"a", None]), id="absent int"),
        pytest.param('kv.incr("a", -2.9)', Call("kv.incr", [b"a", -2]), id="truncated int"),
        pytest.param("kv.list()", Call("kv.list", [None, None, None]), id="no arguments"),
        pytest.param('probe.number("0x10")', Call("probe.number", [16]), id="numeric string"),
        pytest.param("probe.number(1.5)", Call("probe.number", [1.5]), id="fraction"),
        pytest.param("probe.any(nil, false)", Call("probe.any", [None, False]), id="any"),
        pytest.param(
            "probe.any({1, {2, 3}, 'x'})", Call("probe.any", [[1, [2, 3], b"x"], None]), id="list"
        ),
        pytest.param("probe.any({})", Call("probe.any", [{}, None]), id="empty table"),
        pytest.param(
            "probe.table({a = {b = true}, [1.5] = -1, [7] = 2^40})",
            Call("probe.table", [{b"a": {b"b": True}, 1.5: -1, 7: 2**40}]),
            id="map",
        ),
        pytest.param(
            "probe.table(setmetatable({}, {__index = {a = 1}}))",
            Call("probe.table", [{}]),
            id="raw access",
        ),
    ],
)
def test_arguments(call, sent):
    guest = Guest(Reply(None, None))

    guest.body(f"{call} return ''")

    assert guest.host.calls == [sent]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param("kv.get()", "#1 to get (string expected, got nil)", id="missing"),
        pytest.param("kv.get({})", "#1 to get (string expected, got table)", id="table"),
        pytest.param('kv.set("a", nil)', "#2 to set (string expected, got nil)", id="nil"),
        pytest.param('kv.set("a", true)', "#2 to set (string expected, got boolean)", id="boolean"),
        pytest.param('kv.set("a", "b", 5)', "#3 to set (table expected, got number)", id="option"),
        pytest.param('kv.incr("a", "5")', "#2 to incr (number expected, got string)", id="int"),
        pytest.param('kv.incr("a", 0/0)', "#2 to incr (number has no integer", id="nan"),
        pytest.param(
            'probe.number("x")', "#1 to number (number expected, got string)", id="number"
        ),
        pytest.param("probe.table({print})", "#1 to table (unsupported function as value)", id="f"),
        pytest.param("probe.table({[true] = 1})", "(unsupported boolean as table key)", id="key"),
        pytest.param(
            "(function() local t = {} t.t = t probe.table(t) end)()", "deeper than 32", id="cycle"
        ),
        pytest.param("log.info(true)", "#1 to info (string expected, got boolean)", id="log"),
    ],
)
def test_wrong_arguments_raise_and_nothing_is_sent(call, message):
    guest = Guest()

    error = guest.error(call)

    assert error.startswith("<string>:1: bad argument #")
    assert message in error
    assert guest.host.calls == []


@pytest.mark.parametrize(
    ("reply", "values"),
    [
        pytest.param(None, ["nil"], id="nil"),
        pytest.param(True, ["true"], id="boolean"),
        pytest.param(b"v\xff", ["v\\xff"], id="bytes"),
        pytest.param(7, ["7"], id="int"),
        pytest.param(2**63, ["9.223372036854776e+18"], id="large int"),
        pytest.param(0.5, ["0.5"], id="float"),
        pytest.param("text", ["text"], id="text"),
    ],
)
def test_replies(reply, values):
    assert Guest(Reply(None, reply)).texts('kv.get("k")') == values


@pytest.mark.parametrize("value", [[1, [b"x"]], {b"a": {b"b": [True, False]}}, [], {}])
def test_table_replies(value):
    guest = Guest(Reply(None, value), Reply(None, None))

    guest.body('probe.any(kv.get("k")) return ""')

    assert guest.host.calls[1].args[0] == (value or {})


scalars = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.binary(max_size=300)
)
guest_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=20)
        | st.dictionaries(st.binary(max_size=40), inner, max_size=20)
    ),
    max_leaves=40,
)


@examples(200)
@given(guest_values)
def test_values_survive_the_way_to_the_guest_and_back(value):
    guest = Guest(Reply(None, value), Reply(None, None))

    guest.body('probe.any(kv.get("k")) return ""')

    received = guest.host.calls[1].args[0]
    assert received == value
    if isinstance(value, float):
        assert math.copysign(1, received) == math.copysign(1, value)


@pytest.mark.parametrize(
    ("call", "values"),
    [
        pytest.param('kv.get("k")', ["nil", "store failed"], id="get"),
        pytest.param('kv.incr("k")', ["nil", "store failed"], id="incr"),
        pytest.param('kv.set("k", "v")', ["false", "store failed"], id="set"),
        pytest.param('kv.delete("k")', ["false", "store failed"], id="delete"),
        pytest.param('kv.cas("k", "a", "b")', ["false", "store failed"], id="cas"),
        pytest.param('env.set("k", "v")', ["false", "store failed"], id="env.set"),
    ],
)
def test_failed_call_returns_its_error(call, values):
    assert Guest(Reply("store failed")).texts(call) == values


def test_call_that_cannot_be_sent_returns_an_error():
    class NarrowHost(FakeHost):
        def send(self, call: Call, *, has_reply: bool = True) -> bool:
            raise FrameError("frame of 99 bytes exceeds the limit of 9 bytes")

    guest = Guest()
    guest.interpreter = LuaInterpreter(setup(), NarrowHost())

    assert guest.texts('kv.set("k", "v")') == [
        "false",
        "arguments too large: frame of 99 bytes exceeds the limit of 9 bytes",
    ]
    assert "arguments too large" in guest.error('log.info("x")')


def test_error_of_the_channel_does_not_reach_the_guest_as_an_object():
    class BrokenHost(FakeHost):
        def receive(self) -> Reply:
            raise ValueError("secret")

    guest = Guest()
    guest.interpreter = LuaInterpreter(setup(), BrokenHost())

    message = guest.error('kv.get("k")')

    assert message == "internal error in the sandbox"


def test_calls_work_inside_coroutines_and_callbacks():
    guest = Guest(Reply(None, b"one"), Reply(None, b"two"))

    values = guest.texts(
        'coroutine.wrap(function() return kv.get("a") end)(), (("x"):gsub("x", kv.get))'
    )

    assert values == ["one", "two"]


def test_unknown_argument_type_is_refused():
    with pytest.raises(ValueError, match="unknown argument type in kv.get"):
        Guest(host_functions=[HostFunction("kv", "get", [("text", False)])])


def test_only_host_functions_of_the_setup_exist():
    guest = Guest(host_functions=[HostFunction("kv", "get", [("string", False)])])

    assert guest.texts("kv.set, env, type(json.encode), type(time.now)") == [
        "nil",
        "nil",
        "function",
        "function",
    ]
    guest.body('log.info("nowhere to go") return ""')
    assert guest.host.calls == []


# log ----------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error"])
def test_log_levels(level):
    guest = Guest()

    assert guest.texts(f'(function(...) return select("#", ...) end)(log.{level}("m"))') == ["0"]

    assert guest.host.logged() == [(level, b"m")]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param("42", b"42", id="number"),
        pytest.param('""', b"", id="empty"),
        pytest.param(r'"bin \0\255"', b"bin \0\xff", id="bytes"),
        pytest.param('"a", "b"', b"a", id="second argument ignored"),
        pytest.param('"m", {user = "u", n = 1}', b'm {"n":1,"user":"u"}', id="fields"),
        pytest.param(
            '"m", {print}',
            b"m (fields left out: json: unsupported type: function)",
            id="bad fields",
        ),
    ],
)
def test_log_lines(arguments, line):
    guest = Guest()

    guest.body(f"log.info({arguments}) return ''")

    assert guest.host.logged() == [("info", line)]


@pytest.mark.parametrize("character", ["x", "é", "😀"])
def test_long_log_lines_are_cut_with_a_mark(character):
    guest = Guest(log_line_bytes=100)
    size = 200 * len(character.encode())

    guest.body(f'log.warn(("{character}"):rep(200)) return ""')

    [(_, line)] = guest.host.logged()
    text = line.decode()  # not cut inside a character
    assert text.endswith(f"{character} [cut, {size} bytes in all]")
    assert 96 < len(line) <= 100


def test_log_lines_of_the_limit_are_whole():
    guest = Guest(log_line_bytes=100)

    guest.body('log.warn(("x"):rep(100)) return ""')

    assert guest.host.logged() == [("warn", b"x" * 100)]


# time ---------------------------------------------------------------------------


def test_now():
    guest = Guest()

    seconds, milliseconds = guest.texts("time.now(), time.now_ms()")

    assert abs(int(seconds) - time.time()) < 30
    assert abs(int(milliseconds) / 1000 - int(seconds)) < 2


@pytest.mark.parametrize(
    ("milliseconds", "least_ms"), [("20", 20), ('"20"', 20), ("1.5", 1.5), ("0", 0), ("-5", 0)]
)
def test_sleep(milliseconds, least_ms):
    guest = Guest()

    slept = guest.text(
        "(function() local start = time.now_ms() "
        f"time.sleep({milliseconds}) return time.now_ms() - start end)()"
    )

    assert least_ms - 1 <= float(slept) < 2000


def test_sleep_ends_soon_after_the_time_of_the_execution(monkeypatch):
    """The time left is 5 s here; an hour of sleep must not be tried."""
    slept: list[Any] = []
    monkeypatch.setattr("perilune.worker.lua_interpreter.time.sleep", slept.append)

    Guest().body('time.sleep(3600 * 1000) return ""')

    assert len(slept) == 1
    assert 5 < slept[0] <= 6  # past the deadline, where the host kills the worker


# event and ctx --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        pytest.param("ctx.executionId", "c9hq0vo2s1m8ga3b4c5d", id="id"),
        pytest.param("ctx.startedAt", "1700000000", id="number"),
        pytest.param("type(ctx.startedAt)", "number", id="type"),
        pytest.param("tostring(ctx.missing)", "nil", id="absent"),
        pytest.param("event.query.a", "b", id="query"),
        pytest.param("event.multiQuery.a[2]", "c", id="multi"),
        pytest.param("event.body", "", id="empty body"),
        pytest.param('event.headers["Content-Type"]', "text/plain", id="canonical"),
        pytest.param('event.headers["content-type"]', "text/plain", id="lower case"),
        pytest.param('event.headers["X-GITHUB-EVENT"]', "push", id="upper case"),
        pytest.param('tostring(event.headers["X-None"])', "nil", id="missing header"),
        pytest.param("tostring(event.headers[1])", "nil", id="number as header"),
    ],
)
def test_inputs(expression, text):
    assert Guest().body(f"return {expression}") == text


def test_headers_show_canonical_names_and_can_be_changed():
    guest = Guest()

    names = guest.body(
        "local names = {} for name in pairs(event.headers) do names[#names + 1] = name end "
        'table.sort(names) event.headers["Content-Type"] = nil '
        'return table.concat(names, " ") .. tostring(event.headers["content-type"])'
    )

    assert names == "Content-Type User-Agent X-Github-Eventnil"


def test_binary_and_large_bodies_arrive_unchanged():
    guest = Guest()
    body = bytes(range(256)) * 4000

    code = "function handler(ctx, event) return {body = event.body} end"

    assert guest.response(code, body=body).body == body


def test_thousands_of_query_values_arrive():
    guest = Guest()

    count = guest.body(
        "return #event.multiQuery.a", multiQuery={"a": [str(n) for n in range(20_000)]}
    )

    assert count == "20000"
