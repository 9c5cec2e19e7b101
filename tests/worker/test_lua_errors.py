"""What is reported about errors: kind, message, traceback and the line of the script."""

import pytest

from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        pytest.param(
            "function handler(ctx, event)\n  local n = {} + 1\nend",
            2,
            "<string>:2: attempt to perform arithmetic",
            id="arithmetic",
        ),
        pytest.param(
            "function handler()\n local t\n return {body = t.field}\nend",
            3,
            "<string>:3: attempt to index local 't' (a nil value)",
            id="nil index",
        ),
        pytest.param(
            'function handler()\n undefinedFn("x")\nend',
            2,
            "<string>:2: attempt to call global 'undefinedFn' (a nil value)",
            id="nil call",
        ),
        pytest.param(
            'function handler()\n return {body = 1 < "x"}\nend',
            2,
            "<string>:2: attempt to compare",
            id="compare",
        ),
        pytest.param(
            'function handler()\n error("custom failure")\nend',
            2,
            "<string>:2: custom failure",
            id="error",
        ),
        pytest.param(
            'function handler()\n error("custom failure", 0)\nend',
            2,
            "custom failure",
            id="level 0",
        ),
        pytest.param(
            'local function check()\n error("bad", 2)\nend\n'
            "function handler()\n check()\n return {}\nend",
            5,
            "<string>:5: bad",
            id="level 2",
        ),
        pytest.param('log.info("top")\nerror("at load")', 2, "<string>:2: at load", id="top level"),
        pytest.param(
            "local function a(x) return x.y.z end\nlocal function b(x) return a(x) end\n"
            "function handler()\n return {body = b({})}\nend",
            1,
            "<string>:1: attempt to index field 'y'",
            id="nested",
        ),
        pytest.param(
            "function handler()\n local n = kv.get({})\nend",
            2,
            "<string>:2: bad argument #1 to get (string expected, got table)",
            id="library function",
        ),
        pytest.param(
            "function handler()\n string.rep()\nend",
            2,
            "<string>:2: bad argument #1 to 'rep'",
            id="base function",
        ),
        pytest.param(
            "function handler()\n io.open('x')\nend",
            2,
            "<string>:2: io.open is not available",
            id="removed function",
        ),
        pytest.param(
            'function handler()\n error({code = 42, msg = "x"})\nend',
            2,
            '{"code":42,"msg":"x"}',
            id="table",
        ),
        pytest.param("function handler()\n error(nil)\nend", 2, "nil", id="nil"),
        pytest.param("function handler()\n error(42)\nend", 2, "<string>:2: 42", id="number"),
        pytest.param("function handler()\n error(false)\nend", 2, "false", id="boolean"),
        pytest.param(
            "function handler()\n local t = {} t.t = t\n error(t)\nend",
            3,
            "(error object is a table",
            id="cyclic table",
        ),
        pytest.param(
            'function handler()\n assert(false, "no luck")\nend',
            2,
            "<string>:2: no luck",
            id="assert",
        ),
        pytest.param(
            'function handler()\n error("<string>:1: made up", 0)\nend',
            2,
            "<string>:1: made up",
            id="line made up by user data",
        ),
        pytest.param(
            'function handler()\n error("see <string>:1: there")\nend',
            2,
            "<string>:2: see <string>:1: there",
            id="line inside user data",
        ),
        pytest.param(
            'function handler()\n loadstring("\\n\\n\\nerror(5 .. 6)")()\nend',
            2,
            "[string",
            id="loaded chunk",
        ),
        pytest.param(
            'function handler()\n loadstring("\\n\\n\\nerror()", "=<string>")()\nend',
            2,
            "nil",
            id="loaded chunk with our name",
        ),
        pytest.param(
            "function handler()\n local t = setmetatable({}, {__index = function(_, k)\n"
            "  error('no ' .. k) end})\n return t.x\nend",
            3,
            "<string>:3: no x",
            id="metamethod",
        ),
    ],
)
def test_runtime_error(guest, code, line, message):
    failure = guest.failure(code)

    assert (failure.kind, failure.line, failure.fatal) == ("runtime", line, False)
    assert failure.message.startswith(message)
    assert "\nstack traceback:\n\t" in failure.message


@pytest.mark.parametrize(
    ("members", "metatable", "message"),
    [
        pytest.param(
            "a = 1", "__tostring = function(e) return 'no ' .. e.a end", "no 1", id="text"
        ),
        pytest.param("a = 1", "__tostring = function() return 7 end", '{"a":1}', id="no text"),
        pytest.param("a = 1", "__tostring = function() error('x') end", '{"a":1}', id="an error"),
        pytest.param("a = 1", "__tostring = 5", '{"a":1}', id="no function"),
        pytest.param("a = 1", "__metatable = 'locked'", '{"a":1}', id="locked"),
    ],
)
def test_an_error_object_is_shown_as_its_metatable_says(guest, members, metatable, message):
    failure = guest.failure(
        f"function handler() error(setmetatable({{ {members} }}, {{ {metatable} }})) end"
    )

    assert (failure.kind, failure.fatal) == ("runtime", False)
    assert failure.message.split("\n")[0] == message


def test_traceback_shows_guest_frames_only(guest):
    failure = guest.failure(
        "local function a()\n kv.get({})\nend\nfunction handler()\n a()\n return {}\nend"
    )

    assert failure.message.split("\n")[1:] == [
        "stack traceback:",
        "\t[C]: in function 'error'",
        "\t<string>:2: in function 'a'",
        "\t<string>:5: in function <<string>:4>",
    ]
    assert "perilune" not in failure.message


def test_guest_traceback_shows_guest_frames_only(guest):
    trace = guest.body('local trace = debug.traceback("here") return trace')

    assert trace.startswith("here\nstack traceback:\n\t<string>:1: in function 'body'")
    assert "perilune" not in trace


def test_very_long_message_is_cut(guest):
    failure = guest.failure('function handler() error(("é"):rep(1000000), 0) end')

    assert len(failure.message.encode()) < 40_000
    assert "é [message cut]\nstack traceback" in failure.message


def test_message_that_is_not_utf8_is_still_text(guest):
    assert guest.failure('function handler() error("\\255", 0) end').message.startswith("\ufffd")


@pytest.mark.parametrize(
    ("code", "line", "column", "message"),
    [
        pytest.param(
            "function handler()\n  local x = = 5\nend",
            2,
            None,
            "unexpected symbol near '='",
            id="token not unique",
        ),
        pytest.param("x = 1\ny = )", 2, 5, "unexpected symbol near ')'", id="column"),
        pytest.param(
            "function handler()\n  if true then\n  return {}\n",
            4,
            None,
            "'end' expected (to close 'if' at line 2) near '<eof>'",
            id="end of file",
        ),
        pytest.param('x = "open\n', 1, 5, "unfinished string", id="string"),
        pytest.param("strings.repeat(1)", 1, 9, "'<name>' expected near 'repeat'", id="keyword"),
    ],
)
def test_syntax_error(guest, code, line, column, message):
    failure = guest.failure(code)

    assert failure.kind == "syntax"
    assert (failure.line, failure.column, failure.fatal) == (line, column, False)
    assert message in failure.message


def test_syntax_error_is_remembered(guest):
    from perilune.worker.frames import Invoke

    broken = Invoke("v_broken", "x = = 1", {}, {}, 1.0)
    again = Invoke("v_broken", None, {}, {}, 1.0)

    assert guest.interpreter.execute(broken) == guest.interpreter.execute(again)


def test_unknown_version_without_code_is_an_internal_failure(guest):
    from perilune.worker.frames import Failure, Invoke

    outcome = guest.interpreter.execute(Invoke("v_never", None, {}, {}, 1.0))

    assert isinstance(outcome, Failure)
    assert outcome.kind == "internal"
    assert "v_never" in outcome.message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(
            "kv.get", "bad argument #1 to (anonymous) (string expected, got nil)", id="get"
        ),
        pytest.param("json.encode", "bad argument #1 to (anonymous) (value expected)", id="encode"),
        pytest.param(
            "time.sleep, 'x'",
            "bad argument #1 to (anonymous) (number expected, got string)",
            id="sleep",
        ),
        pytest.param(
            "kv.set, 'k', true",
            "bad argument #2 to (anonymous) (string expected, got boolean)",
            id="second argument",
        ),
    ],
)
def test_errors_through_pcall_carry_the_line_of_the_pcall(guest, call, message):
    body = guest.body(f"\n\nlocal ok, e = pcall({call})\nreturn e")

    assert body == f"<string>:3: {message}"


def test_error_inside_a_coroutine_has_the_line_of_the_resuming_code(guest):
    failure = guest.failure(
        "function handler()\n local f = coroutine.wrap(function()\n  local x\n  return x.y\n end)\n"
        " f()\nend"
    )

    assert failure.line == 6
    assert "<string>:4: attempt to index local 'x'" in failure.message
