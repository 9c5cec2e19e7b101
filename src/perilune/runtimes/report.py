"""The text that an execution's record shows when guest code failed.

First the error, then the place in the source, then advice:

    Error at line 2: <string>:2: attempt to index field 'user' (a nil value)
    stack traceback:
    ...

    [CODE]
        1 | function handler(ctx, event)
    >   2 |   return { body = event.user.name }
        3 | end
    [/CODE]

    [TIP] 'user' is nil, so it has no fields
      • ...

The markers in brackets are read by the dashboard.  All functions here are pure.
"""

import difflib
import re
from collections.abc import Callable

from perilune.runtimes.guest_api import GUEST_API

CONTEXT_LINES = 2
MAX_SOURCE_LINE_CHARS = 200
LINE_CUT_MARK = " …"
MAX_MESSAGE_CHARS = 8192
KEPT_TAIL_CHARS = 2048
MAX_SEARCHED_CHARS = 2000
"""Of the line of source, when advice is looked for."""
MESSAGE_CUT_MARK = "\n[… message cut …]\n"
"""Stands between the beginning and the end of a long message: both say where it happened."""

_INTERNAL_PREFIXES = ("failed to load Lua code: ", "failed to execute handler: ")
_TRACEBACK = "\nstack traceback:"
_STATED_LINE = re.compile(r"<string>(?::| line:)(\d+)[:(]")
_TRACED_LINE = re.compile(r"\n\t<string>:(\d+):")
_LINE_END = re.compile(r"\r\n|\n\r|\n|\r")
"""What Lua's reader counts as one end of line."""


def format_report(
    *,
    kind: str,
    message: str,
    line: int | None,
    column: int | None,
    source: str,
    language: str = "lua",
) -> str:
    """Return the stored text of a failure of guest code.

    Args:
        kind: `Execution.error_kind` of the failure.
        message: the interpreter's own text, with traceback where there is one.
        line: where it happened, from 1; None to look for it in a Lua message.
        column: character within that line, from 1, where the interpreter knows it.
        source: the source the line belongs to.
        language: decides which wordings are looked for to give advice.
    """
    message = _bounded(_without_prefixes(message).rstrip("\r\n") or f"{kind} error")
    is_lua = language == "lua"
    if line is None and is_lua:
        line = _line_in(message)
    parts = ["Error: " if line is None else f"Error at line {line}: ", message, "\n"]
    lines = source_lines(source)
    source_line = ""
    if line is not None and 1 <= line <= len(lines):
        parts += ["\n[CODE]\n", code_frame(lines, line, column), "[/CODE]\n"]
        source_line = lines[line - 1][:MAX_SEARCHED_CHARS]
    tip = tip_for(kind, message.partition(_TRACEBACK)[0], source_line, is_lua=is_lua)
    if tip is not None:
        parts += ["\n", tip]
    return "".join(parts)


def source_lines(source: str) -> list[str]:
    """Split a source into lines as Lua counts them; a final line end leaves an empty last line."""
    unix = source.replace("\r\n", "\n")
    return _LINE_END.split(source) if "\r" in unix else unix.split("\n")


def code_frame(lines: list[str], line: int, column: int | None = None) -> str:
    """Return the lines around *line* (from 1, must exist), each with a line feed."""
    first = max(1, line - CONTEXT_LINES)
    last = min(len(lines), line + CONTEXT_LINES)
    width = max(3, len(str(last)))
    frame = []
    for number in range(first, last + 1):
        text = lines[number - 1]
        shown = text[:MAX_SOURCE_LINE_CHARS]
        mark = "> " if number == line else "  "
        cut = LINE_CUT_MARK if len(text) > MAX_SOURCE_LINE_CHARS else ""
        frame.append(f"{mark}{number:>{width}} | {shown}{cut}\n")
        if number == line and column is not None and 1 <= column <= len(shown) + 1:
            # Tabs stay tabs, so that the caret stands under its character at any tab width.
            blanks = "".join("\t" if char == "\t" else " " for char in shown[: column - 1])
            frame.append(f"{' ' * (width + 5)}{blanks}^\n")
    return "".join(frame)


def tip_for(kind: str, message: str, source_line: str = "", *, is_lua: bool = True) -> str | None:
    """Return the advice for a failure, without line feed at the end; None if there is none.

    Args:
        kind: `Execution.error_kind` of the failure.
        message: the error without its traceback.
        source_line: the line where it happened, if known.
        is_lua: whether the message has the wordings of a Lua interpreter.
    """
    by_kind = _TIPS_BY_KIND.get(kind)
    if by_kind is not None:
        return by_kind
    if not is_lua:
        return None
    for pattern, write in _TIPS:
        found = pattern.search(message)
        if found is not None:
            return write(found, source_line)
    return _syntax_tip(None, source_line) if kind == "syntax" else None


def _without_prefixes(message: str) -> str:
    for prefix in _INTERNAL_PREFIXES:
        message = message.removeprefix(prefix)
    return message


def _line_in(message: str) -> int | None:
    """Return the line a Lua message begins with, or else the first one of its traceback.

    What stands between may be text of a user, which says nothing about the source.
    """
    _, mark, trace = message.rpartition(_TRACEBACK)
    found = _STATED_LINE.match(message) or (_TRACED_LINE.search(trace) if mark else None)
    if found is None:
        return None
    return int(found[1]) if len(found[1]) < 10 else None


def _bounded(message: str) -> str:
    if len(message) <= MAX_MESSAGE_CHARS:
        return message
    head = message[: MAX_MESSAGE_CHARS - KEPT_TAIL_CHARS - len(MESSAGE_CUT_MARK)]
    return head + MESSAGE_CUT_MARK + message[-KEPT_TAIL_CHARS:]


Tip = Callable[[re.Match[str], str], str]
"""Writes the advice for a matched message; the second argument is the line of source."""


def _tip(headline: str, *bullets: str) -> str:
    return "\n".join([f"[TIP] {headline}", *(f"  • {bullet}" for bullet in bullets)])


def _fixed(headline: str, *bullets: str) -> Tip:
    text = _tip(headline, *bullets)
    return lambda found, source_line: text


def _nil_index_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    return _tip(
        f"'{name}' is nil, so it has no fields" if name else "A value is nil, so it has no fields",
        "A call may have failed: functions that can fail return nil and an error",
        "http calls return nil when there is no answer; kv.get returns nil for a missing key",
        "The variable may never have been set, or its name may be misspelled",
        "Check before use: if err or not value then return { statusCode = 500 } end",
    )


def _other_index_tip(found: re.Match[str], source_line: str) -> str:
    actual = found["type"] or found["lunar_type"]
    return _tip(
        f"A {actual} is used like a table",
        "Only tables (and the methods of strings) can be indexed with . or [ ]",
        'Check what the value is: if type(value) == "table" then ... end',
        "JSON text must be decoded first: local value, err = json.decode(text)",
    )


def _call_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    actual = found["type"] or "no function"
    module = _module_of(name, source_line) if name else None
    if module is None:
        return _tip(
            f"'{name}' is not a function ({actual})" if name else f"Not a function ({actual})",
            "Check the spelling of the function's name",
            "A local function must be defined above the line that calls it",
            "Modules of other Lua environments may be missing here; see the API reference",
        )
    close = difflib.get_close_matches(name, _MODULES[module], n=1)
    return _tip(
        f"There is no function {module}.{name}",
        *([f"Did you mean {module}.{close[0]}?"] if close else []),
        f"Available: {', '.join(f'{module}.{known}' for known in _MODULES[module])}",
        "Check the spelling of the function's name, and that no variable hides the module",
    )


def _argument_tip(found: re.Match[str], source_line: str) -> str:
    wanted, actual = found["wanted"], found["actual"]
    headline = f"Argument {found['number']} of {found['name']} has the wrong type or value"
    if wanted:
        headline = f"Argument {found['number']} of {found['name']} must be {wanted}, not {actual}"
    return _tip(
        headline,
        "Convert it: tostring(value) for text, tonumber(value) for numbers",
        "A nil argument often is an unset variable or a missing field of the input",
        "Validate input before use: if not value then return { statusCode = 400 } end",
    )


def _missing_end_tip(found: re.Match[str], source_line: str) -> str:
    opening = found["opening"]
    return _tip(
        f"'{opening}' at line {found['opened_at']} is not closed"
        if opening
        else "The source ends before a block or an expression is complete",
        "Every function, if, for and while ... do needs its own end; repeat needs until",
        "Check that each opening line has its end, starting with the innermost block",
    )


def _syntax_tip(found: re.Match[str] | None, source_line: str) -> str:
    if _STRINGS_REPEAT.search(source_line):
        return _tip(
            "strings.repeat can't be written like this: repeat is a keyword of Lua",
            'Write strings.rep(text, n) or strings["repeat"](text, n)',
        )
    return _tip(
        "Lua can't read this line, or the one before it",
        "Check commas, quotes and brackets: each opened one needs its counterpart",
        'Tables are written { key = value, ["other key"] = value, 1, 2 }',
        "Lua compares with == and ~=, joins text with .., and has no += or ++",
    )


def _module_of(name: str, source_line: str) -> str | None:
    """Return the module of the guest API whose member *name* is used in this line."""
    for found in re.finditer(rf"\b(\w+)\s*\.\s*{re.escape(name)}\b", source_line):
        if found[1] in _MODULES:
            return found[1]
    return None


def _modules() -> dict[str, list[str]]:
    modules: dict[str, list[str]] = {}
    for function in GUEST_API:
        if function.full_name != "strings.repeat":  # can't be written like this
            modules.setdefault(function.module, []).append(function.name)
    return modules


_MODULES = _modules()
_STRINGS_REPEAT = re.compile(r"\bstrings\s*\.\s*repeat\b")
_VALUE = r"(?:\w+ '(?P<name>[^']*)' \()?a (?P<type>\w+) value"
"""How LuaJIT names a value: `local 't' (a nil value)` or `a nil value`."""
_NIL_VALUE = _VALUE.replace(r"\w+) value", "nil) value")

_TIPS_BY_KIND: dict[str, str] = {
    "timeout": _tip(
        "The time limit was reached",
        "Check loops: each must come to an end",
        "Waiting counts too: http and ai calls, time.sleep",
        "Split long work into several executions, for example with a cron schedule",
    ),
    "memory": _tip(
        "The memory limit was reached",
        "Work on large data in parts instead of collecting all of it",
        "Join many pieces of text with table.concat instead of .. in a loop",
        "Check loops that add to a table: each must come to an end",
    ),
}

_TIPS: tuple[tuple[re.Pattern[str], Tip], ...] = tuple(
    (re.compile(pattern), write)
    for pattern, write in (
        (
            r"handler function not found in Lua code",
            _fixed(
                "There is no handler",
                "Define a global function at the top level: function handler(ctx, event) ... end",
                "The name must be exactly handler, and the function must not be local",
            ),
        ),
        (
            r"handler did not return a table",
            _fixed(
                "The handler must return a table",
                'Example: return { statusCode = 200, headers = {}, body = "text" }',
                "Check that every path through the handler ends in such a return",
            ),
        ),
        (
            r"is not available in the sandbox",
            _fixed(
                "This function is switched off here, for safety",
                "Files, processes and loading of other code are out of reach of functions",
                "Use the modules instead: kv for data, env for configuration, http for requests",
            ),
        ),
        (r"not enough memory", lambda found, source_line: _TIPS_BY_KIND["memory"]),
        (
            r"(?:stack|registry|C stack) overflow",
            _fixed(
                "Functions call each other too deeply",
                "A recursive function needs a case that ends without calling itself",
                "Turn deep recursion into a loop, or use tail calls: return f(x)",
                "unpack can't return very many values at once: pass the table instead",
            ),
        ),
        (
            rf"attempt to index (?:{_NIL_VALUE}|a non-table object\(nil\))",
            _nil_index_tip,
        ),
        (
            rf"attempt to index (?:{_VALUE}|a non-table object\((?P<lunar_type>\w+)\))",
            _other_index_tip,
        ),
        (rf"attempt to call (?:{_VALUE}|a non-function object)", _call_tip),
        (
            r"bad argument #(?P<number>\d+) to '?(?P<name>[^' ]+)'? "
            r"\((?:(?P<wanted>[^(),]+) expected, got (?P<actual>[^()]+)\))?",
            _argument_tip,
        ),
        (
            r"unfinished (?:long )?(?:string|comment)|unterminated string",
            _fixed(
                "A text or comment is not closed",
                "Text in quotes ends on its own line with the quote it began with",
                "Text over several lines is written [[ ... ]], a long comment --[[ ... ]]",
                'A quote inside text needs a backslash: "say \\"hi\\""',
            ),
        ),
        (
            r"'(?:end|until)' expected(?: \(to close '(?P<opening>\w+)' at line "
            r"(?P<opened_at>\d+)\))?|unexpected symbol near '?<eof>|<string> at EOF:",
            _missing_end_tip,
        ),
        (
            r"'<eof>' expected near 'end'",
            _fixed(
                "There is one end too many",
                "Every end closes one function, if, for or while ... do: check the blocks above",
                "elseif belongs to its if and has no end of its own",
            ),
        ),
        (r"syntax error|unexpected symbol|expected near|expected \(to close", _syntax_tip),
        (
            r"attempt to concatenate|cannot perform concat|in table for 'concat'",
            _fixed(
                "Only text and numbers can be joined with ..",
                "Convert first: tostring(value); tables with json.encode(value)",
                'A nil value needs a check or a default: (name or "nobody")',
            ),
        ),
        (
            r"attempt to perform arithmetic|cannot perform \w+ operation|__unm undefined"
            r"|'for' \w+ (?:value )?must be a number|for statement \w+ must be a number",
            _fixed(
                "Arithmetic needs numbers on both sides",
                "Convert text first: tonumber(value), which is nil if the text is no number",
                "A nil value needs a check or a default: (count or 0) + 1",
            ),
        ),
        (
            r"attempt to compare",
            _fixed(
                "Only values of the same type can be compared with < > <= >=",
                "Convert both sides: tonumber(value) or tostring(value)",
                "A nil value needs a check or a default first",
            ),
        ),
        (
            r"attempt to get length|__len undefined",
            _fixed(
                "Only text and tables have a length",
                "The value may be nil: check it, or use a default: #(items or {})",
                "Convert numbers first: #tostring(value)",
            ),
        ),
        (
            r"index is (?:nil|NaN)",
            _fixed(
                "A table key must not be nil",
                "The key may be an unset variable: check it before the assignment",
                "The result of 0/0 is no key either",
            ),
        ),
    )
)
