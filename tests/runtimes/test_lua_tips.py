"""The advice that helps against failures of Lua functions."""

import pytest

from perilune.runtimes.languages.lua_wording import LUA_WORDING
from perilune.runtimes.report import (
    format_report,
)
from tests.runtimes.reports import headline, lua_failure, report


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("local t = nil\nreturn t.x", "'t' is nil", id="nil_index local"),
        pytest.param("return nope.x", "'nope' is nil", id="nil_index global"),
        pytest.param("local t = {} return t.a.b", "'a' is nil", id="nil_index field"),
        pytest.param(
            "local u local function f() return u.x end f()", "'u' is nil", id="nil_index upvalue"
        ),
        pytest.param("return (nil).x", "value is nil", id="nil_index nameless"),
        pytest.param("local t t.x = 1", "'t' is nil", id="nil_index assignment"),
        pytest.param(
            "local n = 5 return n.x.y", "number is used like a table", id="non_table_index"
        ),
        pytest.param(
            "local b = true b.x = 1", "boolean is used like a table", id="non_table_index set"
        ),
        pytest.param("nope()", "'nope' is not a function (nil)", id="nil_call"),
        pytest.param("local t = {} t:nope()", "'nope' is not a function", id="nil_call method"),
        pytest.param("local n = 1 n()", "'n' is not a function (number)", id="nil_call number"),
        pytest.param("return (nil)()", "Not a function (nil)", id="nil_call nameless"),
        pytest.param("log.inf('x')", "no function log.inf", id="nil_call module"),
        pytest.param(
            "('x'):rep({})", "Argument 1 of rep must be number, not table", id="bad_argument"
        ),
        pytest.param("ipairs()", "Argument 1 of ipairs", id="bad_argument without type"),
        pytest.param("local x = = 5", "can't read this line", id="syntax_error"),
        pytest.param("x = (1", "can't read this line", id="syntax_error bracket"),
        pytest.param("break", "can't read this line", id="syntax_error other"),
        pytest.param("return strings.repeat('x', 3)", "strings.repeat", id="syntax_error repeat"),
        pytest.param("if true then\nreturn 1\n", "'if' at line 1 is not closed", id="missing_end"),
        pytest.param("for i = 1, 2 do", "ends before a block", id="missing_end one line"),
        pytest.param("repeat x = 1", "ends before a block", id="missing_end until"),
        pytest.param("x = ", "ends before a block", id="missing_end expression"),
        pytest.param("return 1 end", "one end too many", id="extra end"),
        pytest.param("print('abc", "not closed", id="unterminated string"),
        pytest.param("x = [[abc", "not closed", id="unterminated long string"),
        pytest.param("return {} + 1", "Arithmetic", id="arithmetic_error"),
        pytest.param("local a return -a", "Arithmetic", id="arithmetic_error unary"),
        pytest.param("for i = 'a', 2 do end", "Arithmetic", id="arithmetic_error for"),
        pytest.param("return 'a' .. nil", "joined", id="concat_error"),
        pytest.param("table.concat({ {} })", "joined", id="concat_error table.concat"),
        pytest.param("return 1 < 'x'", "same type", id="compare_error"),
        pytest.param("return {} < {}", "same type", id="compare_error tables"),
        pytest.param("return #nil", "length", id="length"),
        pytest.param("local t = {} t[nil] = 1", "key must not be nil", id="nil key"),
        pytest.param(
            "local function f() return 1 + f() end f()", "too deeply", id="stack overflow"
        ),
    ],
)
def test_tips_for_what_luajit_says(source, words):
    message = lua_failure(source)
    kind = "runtime" if "traceback" in message else "syntax"

    text = report(message, source=source, kind=kind)

    assert words in (headline(text) or "no tip"), text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        pytest.param(
            "attempt to index a non-table object(nil) with key 'y'", "is nil", id="nil_index"
        ),
        pytest.param(
            "attempt to index a non-table object(number) with key 'y'", "number", id="non_table"
        ),
        pytest.param("attempt to call a non-function object", "Not a function", id="nil_call"),
        pytest.param(
            "bad argument #1 to get (string expected, got nil)", "must be string", id="argument"
        ),
        pytest.param(
            "bad argument #1 to (anonymous) (string expected, got nil)",
            "must be string",
            id="anonymous",
        ),
        pytest.param("cannot perform add operation between number and nil", "Arithmetic", id="add"),
        pytest.param(
            "cannot perform concat operation between nil and string", "joined", id="concat"
        ),
        pytest.param("attempt to compare number with string", "same type", id="compare"),
        pytest.param("__len undefined", "length", id="length"),
        pytest.param("__unm undefined", "Arithmetic", id="unary minus"),
        pytest.param("for statement limit must be a number", "Arithmetic", id="for"),
        pytest.param("stack overflow", "too deeply", id="stack overflow"),
        pytest.param(
            "<string> line:2(column:13) near '=':   syntax error", "can't read", id="syntax"
        ),
        pytest.param("<string> at EOF:   syntax error", "ends before", id="end of file"),
        pytest.param("handler function not found in Lua code", "no handler", id="no_handler"),
        pytest.param("handler did not return a table", "must return a table", id="bad_return"),
        pytest.param("os.execute is not available in the sandbox", "switched off", id="sandbox"),
        pytest.param(
            "RESEND_API_KEY not set in function environment",
            "variable RESEND_API_KEY",
            id="variable",
        ),
        pytest.param("not enough memory", "memory limit", id="memory"),
    ],
)
def test_tips_for_other_wordings(message, words):
    assert words in (headline(report(message)) or "no tip")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param("timeout", "time limit", id="timeout"),
        pytest.param("memory", "memory limit", id="memory"),
    ],
)
def test_tips_by_kind(kind, words):
    text = format_report(
        kind=kind, message="x", line=None, column=None, source="", wording=LUA_WORDING
    )

    assert words in (headline(text) or "no tip")


def test_a_misspelled_module_function_is_corrected():
    text = report(lua_failure("log.inf('x')"), source="log.inf('x')")

    assert "Did you mean log.info?" in text
    assert "log.debug" in text


def test_settings_that_cannot_be_written_are_not_recommended():
    source = "strings.repea('x', 2)"

    text = report(lua_failure("strings = {} " + source), source=source)

    assert "Available: strings.trim" in text
    assert "strings.repeat" not in text


def test_the_traceback_does_not_decide_about_the_tip():
    """Only the error itself is classified."""
    message = "my own failure\nstack traceback:\n\t<string>:1: attempt to call a nil value"

    assert headline(report(message, source="x")) is None


@pytest.mark.parametrize(
    "message", ["assertion failed!", "custom failure", "no such order: 7", "{}"]
)
def test_unknown_failures_get_no_tip(message):
    assert headline(report(message)) is None
