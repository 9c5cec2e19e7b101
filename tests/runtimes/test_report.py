"""The stored text of failures: layout, code frame and advice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.runtimes.language import Wording
from perilune.runtimes.report import (
    MAX_MESSAGE_CHARS,
    MAX_SOURCE_LINE_CHARS,
    format_report,
    source_lines,
)
from tests.runtimes.reports import lua_failure, report

HANDLER = "function handler(ctx, event)\n"
SILENT = Wording(lambda message: None, lambda kind, message, source_line: None)
TRACEBACK = "\nstack traceback:\n\t<string>:2: in function <<string>:1>"


def frame_of(text: str) -> str:
    """Return the code frame, blanks at line ends and the caret line left out."""
    found = re.search(r"\[CODE\]\n(.*?)\[/CODE\]", text, re.S)
    assert found is not None, text
    lines = [line.rstrip() for line in found[1].splitlines()]
    return "\n".join(line for line in lines if line.strip() != "^")


def test_the_whole_layout():
    """First line, traceback, frame, caret and tip stand where readers expect them."""
    source = HANDLER + "  local total = 1 < event.missing\n  return { body = total }\nend"

    text = report(
        "failed to execute handler: <string>:2: attempt to compare nil with number" + TRACEBACK,
        source=source,
        line=2,
        column=21,
    )

    layout, mark, tip = text.partition("[TIP] ")
    assert layout == (
        "Error at line 2: <string>:2: attempt to compare nil with number\n"
        "stack traceback:\n"
        "\t<string>:2: in function <<string>:1>\n"
        "\n"
        "[CODE]\n"
        "    1 | function handler(ctx, event)\n"
        ">   2 |   local total = 1 < event.missing\n"
        "                            ^\n"
        "    3 |   return { body = total }\n"
        "    4 | end\n"
        "[/CODE]\n"
        "\n"
    )
    assert mark
    first, *bullets = tip.split("\n")
    assert "same type" in first
    assert bullets
    assert all(bullet.startswith("  • ") for bullet in bullets)


def test_without_line_and_tip_only_the_message_is_left():
    assert report("custom failure", source="x = 1\n") == "Error: custom failure\n"


def test_without_tip_the_report_ends_after_the_frame():
    text = report("<string>:1: boom", source="error('boom')", line=1)

    assert text == "Error at line 1: <string>:1: boom\n\n[CODE]\n>   1 | error('boom')\n[/CODE]\n"


def test_a_tip_follows_a_report_without_frame_after_a_blank_line():
    text = report("handler function not found in Lua code", source="x = 1\n")

    assert text.startswith("Error: handler function not found in Lua code\n\n[TIP] ")
    assert "[CODE]" not in text
    assert not text.endswith("\n")


FRAMES = [
    pytest.param(
        HANDLER + "  local n = {} + 1\n  return {statusCode=200}\nend\n",
        2,
        "    1 | function handler(ctx, event)\n>   2 |   local n = {} + 1\n"
        "    3 |   return {statusCode=200}\n    4 | end",
        id="arith",
    ),
    pytest.param(
        HANDLER + '  local n = strings.split({}, ",")\n  return {statusCode=200}\nend\n',
        2,
        '    1 | function handler(ctx, event)\n>   2 |   local n = strings.split({}, ",")\n'
        "    3 |   return {statusCode=200}\n    4 | end",
        id="bad argument",
    ),
    pytest.param(
        HANDLER + '  local n = 1 < "x"\n  return {statusCode=200}\nend\n',
        2,
        '    1 | function handler(ctx, event)\n>   2 |   local n = 1 < "x"\n'
        "    3 |   return {statusCode=200}\n    4 | end",
        id="compare",
    ),
    pytest.param(
        HANDLER + '  local n = "a" .. nil\n  return {statusCode=200}\nend\n',
        2,
        '    1 | function handler(ctx, event)\n>   2 |   local n = "a" .. nil\n'
        "    3 |   return {statusCode=200}\n    4 | end",
        id="concat",
    ),
    pytest.param(
        HANDLER + '  error("custom failure")\nend\n',
        2,
        '    1 | function handler(ctx, event)\n>   2 |   error("custom failure")\n'
        "    3 | end\n    4 |",
        id="error string: the empty last line is shown",
    ),
    pytest.param(
        HANDLER + '  log.info("before")\n  kv.set("k","v")\n  error("boom")\nend\n',
        4,
        '    2 |   log.info("before")\n    3 |   kv.set("k","v")\n>   4 |   error("boom")\n'
        "    5 | end\n    6 |",
        id="log then error",
    ),
    pytest.param(
        "local function a(x) return x.y.z end\nlocal function b(x) return a(x) end\n"
        + HANDLER
        + "  return {statusCode=200, body=b({})}\nend\n",
        1,
        ">   1 | local function a(x) return x.y.z end\n"
        "    2 | local function b(x) return a(x) end\n"
        "    3 | function handler(ctx, event)",
        id="nested stack",
    ),
    pytest.param(
        HANDLER + '  undefinedFn("x")\n  return {statusCode=200}\nend\n',
        2,
        '    1 | function handler(ctx, event)\n>   2 |   undefinedFn("x")\n'
        "    3 |   return {statusCode=200}\n    4 | end",
        id="nil call",
    ),
    pytest.param(
        HANDLER + "  local t = nil\n  local y = 1\n  return {statusCode=200, body=t.field}\nend\n",
        4,
        "    2 |   local t = nil\n    3 |   local y = 1\n"
        ">   4 |   return {statusCode=200, body=t.field}\n    5 | end\n    6 |",
        id="nil index",
    ),
    pytest.param(
        HANDLER + "  local n = 5\n  return {statusCode=200, body=n.x.y}\nend\n",
        3,
        "    1 | function handler(ctx, event)\n    2 |   local n = 5\n"
        ">   3 |   return {statusCode=200, body=n.x.y}\n    4 | end\n    5 |",
        id="non-table index",
    ),
    pytest.param(
        HANDLER + "  local x = = 5\n  return {statusCode=200}\nend\n",
        2,
        "    1 | function handler(ctx, event)\n>   2 |   local x = = 5\n"
        "    3 |   return {statusCode=200}\n    4 | end",
        id="syntax",
    ),
    pytest.param(
        'log.info("top")\nerror("at load")\nfunction handler() return {statusCode=200} end\n',
        2,
        '    1 | log.info("top")\n>   2 | error("at load")\n'
        "    3 | function handler() return {statusCode=200} end\n    4 |",
        id="top level",
    ),
]


@pytest.mark.parametrize(("source", "line", "frame"), FRAMES)
def test_frame_of_a_source(source, line, frame):
    text = report(f"<string>:{line}: whatever", source=source, line=line)

    assert text.startswith(f"Error at line {line}: <string>:{line}: whatever\n")
    assert frame_of(text) == frame


@pytest.mark.parametrize(("source", "line", "frame"), FRAMES)
def test_a_real_interpreter_names_the_same_line(source, line, frame):
    """The line of the table is where LuaJIT fails; it is found in the message."""
    text = report(lua_failure(source), source=source)

    assert text.startswith(f"Error at line {line}: ")
    assert frame_of(text) == frame


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("\nerror('plain', 0)", 2, id="level 0"),
        pytest.param("\nerror({ code = 42 })", 2, id="table"),
        pytest.param("\n\nerror()", 3, id="nil"),
        pytest.param("if true then\n\n", 3, id="end of file"),
    ],
)
def test_line_from_the_traceback(source, line):
    assert report(lua_failure(source), source=source).startswith(f"Error at line {line}: ")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        pytest.param(
            "<string> line:2(column:13) near '=':   syntax error\n\n", 2, id="older wording"
        ),
        pytest.param("<string> at EOF:   syntax error", None, id="end of file, older wording"),
        pytest.param('see [string "x"]:7: boom', None, id="another chunk"),
        pytest.param('invalid statusCode: "<string>:2: x"', None, id="text of a user"),
        pytest.param("handler did not return a table", None, id="no line at all"),
        pytest.param("<string>:99999999999999999999: boom", None, id="absurd"),
    ],
)
def test_line_in_messages(message, line):
    first = report(message, source="a\nb\nc").partition("\n")[0]

    expected = message.strip()
    assert first == (f"Error at line {line}: {expected}" if line else f"Error: {expected}")


@pytest.mark.parametrize("line", [pytest.param(0, id="zero"), pytest.param(4, id="past the end")])
def test_a_line_outside_the_source_has_no_frame(line):
    assert "[CODE]" not in report("boom", source="a\nb\nc", line=line)


def test_only_the_language_knows_the_wording():
    """Neither a line nor a tip is guessed from text that only looks like Lua's."""
    text = format_report(
        kind="runtime",
        message="<string>:1: attempt to call a nil value",
        line=None,
        column=None,
        source="x",
        wording=SILENT,
    )

    assert text == "Error: <string>:1: attempt to call a nil value\n"


def test_big_line_numbers_stay_aligned():
    source = "\n".join(f"x = {number}" for number in range(1, 1100))

    shown = frame_of(report("boom", source=source, line=1000)).split("\n")

    assert shown == [
        "   998 | x = 998",
        "   999 | x = 999",
        "> 1000 | x = 1000",
        "  1001 | x = 1001",
        "  1002 | x = 1002",
    ]


def test_line_numbers_below_a_thousand_take_three_columns():
    source = "\n" * 98 + "x"

    assert frame_of(report("boom", source=source, line=99)) == "   97 |\n   98 |\n>  99 | x"


@pytest.mark.parametrize(
    ("source_line", "column", "caret"),
    [
        pytest.param("ab = = 1", 1, "        ^", id="first character"),
        pytest.param("ab = = 1", 6, "             ^", id="in the middle"),
        pytest.param("ab", 3, "          ^", id="just after the end"),
        pytest.param("\tab", 2, "        \t^", id="tabs stay tabs"),
        pytest.param("ab", 4, None, id="beyond the line"),
        pytest.param("ab", 0, None, id="no column"),
    ],
)
def test_caret(source_line, column, caret):
    lines = report("boom", source=source_line, line=1, column=column).split("\n")

    carets = [line for line in lines if line.endswith("^")]
    assert carets == ([caret] if caret else [])


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param("", [""], id="empty"),
        pytest.param("a\n", ["a", ""], id="final LF"),
        pytest.param("a\r\nb\rc\n\rd", ["a", "b", "c", "d"], id="all of Lua's line ends"),
        pytest.param("a\u2028b\x0cc", ["a\u2028b\x0cc"], id="no other line ends"),
    ],
)
def test_source_lines(source, lines):
    assert source_lines(source) == lines


@given(st.lists(st.sampled_from(["\n", "\r", "a = 1; ", " "]), max_size=12))
def test_lines_are_counted_as_lua_counts_them(pieces):
    """An error after any mixture of line ends is framed at the line that has it."""
    source = "".join(pieces) + " error('here')"

    text = report(lua_failure(source), source=source)

    marked = [line for line in frame_of(text).split("\n") if line.startswith("> ")]
    assert len(marked) == 1
    assert "error('here')" in marked[0]


def test_long_source_lines_are_cut_with_a_mark():
    text = report("boom", source="x" * 5000, line=1, column=4000)

    assert frame_of(text) == ">   1 | " + "x" * MAX_SOURCE_LINE_CHARS + " …"
    assert "^" not in text


def test_long_messages_keep_beginning_and_end():
    text = report("begin" + "x" * 1_000_000 + TRACEBACK, line=None)

    assert text.startswith("Error at line 2: beginxxx")
    assert text.rstrip("\n").endswith(TRACEBACK)
    assert "message cut" in text
    assert len(text) < MAX_MESSAGE_CHARS + 100


def test_an_empty_message_says_at_least_what_kind_it_is():
    assert report("", kind="memory").startswith("Error: memory error\n")


@given(
    message=st.text(),
    source=st.text(),
    line=st.none() | st.integers(-5, 20),
    column=st.none() | st.integers(-5, 300),
    kind=st.sampled_from(["runtime", "syntax", "timeout", "memory", "internal"]),
)
def test_any_input_gives_a_report(message, source, line, column, kind):
    text = report(message, source=source, line=line, column=column, kind=kind)

    assert text.startswith("Error")
    if line is not None and 1 <= line <= len(source_lines(source)):
        assert "\n[CODE]\n" in text
        assert "\n[/CODE]\n" in text
