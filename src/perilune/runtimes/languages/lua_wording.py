"""How Lua words its failures, and what advice helps: where a message says a line, and tips."""

import difflib
import re

from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.language import Wording
from perilune.runtimes.languages.tips import TIMEOUT_TIP, Tip, Tips, fixed, write_tip

TRACEBACK = "\nstack traceback:"
_STATED_LINE = re.compile(r"<string>(?::| line:)(\d+)[:(]")
_TRACED_LINE = re.compile(r"\n\t<string>:(\d+):")


def line_in(message: str) -> int | None:
    """Return the line a Lua message begins with, or else the first one of its traceback.

    What stands between may be text of a user, which says nothing about the source.
    """
    _, mark, trace = message.rpartition(TRACEBACK)
    found = _STATED_LINE.match(message) or (_TRACED_LINE.search(trace) if mark else None)
    if found is None:
        return None
    return int(found[1]) if len(found[1]) < 10 else None


def _nil_index_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    return write_tip(
        f"'{name}' is nil, so it has no fields" if name else "A value is nil, so it has no fields",
        "A call may have failed: functions that can fail return nil and an error",
        "http calls return nil when there is no answer; kv.get returns nil for a missing key",
        "The variable may never have been set, or its name may be misspelled",
        "Check before use: if err or not value then return { statusCode = 500 } end",
    )


def _other_index_tip(found: re.Match[str], source_line: str) -> str:
    actual = found["type"] or found["lunar_type"]
    return write_tip(
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
        return write_tip(
            f"'{name}' is not a function ({actual})" if name else f"Not a function ({actual})",
            "Check the spelling of the function's name",
            "A local function must be defined above the line that calls it",
            "Modules of other Lua environments may be missing here; see the API reference",
        )
    close = difflib.get_close_matches(name, _MODULES[module], n=1)
    return write_tip(
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
    return write_tip(
        headline,
        "Convert it: tostring(value) for text, tonumber(value) for numbers",
        "A nil argument often is an unset variable or a missing field of the input",
        "Validate input before use: if not value then return { statusCode = 400 } end",
    )


def _missing_end_tip(found: re.Match[str], source_line: str) -> str:
    opening = found["opening"]
    return write_tip(
        f"'{opening}' at line {found['opened_at']} is not closed"
        if opening
        else "The source ends before a block or an expression is complete",
        "Every function, if, for and while ... do needs its own end; repeat needs until",
        "Check that each opening line has its end, starting with the innermost block",
    )


def _syntax_tip(source_line: str) -> str:
    if _STRINGS_REPEAT.search(source_line):
        return write_tip(
            "strings.repeat can't be written like this: repeat is a keyword of Lua",
            'Write strings.rep(text, n) or strings["repeat"](text, n)',
        )
    return write_tip(
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
    "timeout": TIMEOUT_TIP,
    "memory": write_tip(
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
            fixed(
                "There is no handler",
                "Define a global function at the top level: function handler(ctx, event) ... end",
                "The name must be exactly handler, and the function must not be local",
            ),
        ),
        (
            r"handler did not return a table",
            fixed(
                "The handler must return a table",
                'Example: return { statusCode = 200, headers = {}, body = "text" }',
                "Check that every path through the handler ends in such a return",
            ),
        ),
        (
            r"is not available in the sandbox",
            fixed(
                "This function is switched off here, for safety",
                "Files, processes and loading of other code are out of reach of functions",
                "Use the modules instead: kv for data, env for configuration, http for requests",
            ),
        ),
        (r"not enough memory", lambda found, source_line: _TIPS_BY_KIND["memory"]),
        (
            r"(?:stack|registry|C stack) overflow",
            fixed(
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
            fixed(
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
            fixed(
                "There is one end too many",
                "Every end closes one function, if, for or while ... do: check the blocks above",
                "elseif belongs to its if and has no end of its own",
            ),
        ),
        (
            r"syntax error|unexpected symbol|expected near|expected \(to close",
            lambda found, source_line: _syntax_tip(source_line),
        ),
        (
            r"attempt to concatenate|cannot perform concat|in table for 'concat'",
            fixed(
                "Only text and numbers can be joined with ..",
                "Convert first: tostring(value); tables with json.encode(value)",
                'A nil value needs a check or a default: (name or "nobody")',
            ),
        ),
        (
            r"attempt to perform arithmetic|cannot perform \w+ operation|__unm undefined"
            r"|'for' \w+ (?:value )?must be a number|for statement \w+ must be a number",
            fixed(
                "Arithmetic needs numbers on both sides",
                "Convert text first: tonumber(value), which is nil if the text is no number",
                "A nil value needs a check or a default: (count or 0) + 1",
            ),
        ),
        (
            r"attempt to compare",
            fixed(
                "Only values of the same type can be compared with < > <= >=",
                "Convert both sides: tonumber(value) or tostring(value)",
                "A nil value needs a check or a default first",
            ),
        ),
        (
            r"attempt to get length|__len undefined",
            fixed(
                "Only text and tables have a length",
                "The value may be nil: check it, or use a default: #(items or {})",
                "Convert numbers first: #tostring(value)",
            ),
        ),
        (
            r"index is (?:nil|NaN)",
            fixed(
                "A table key must not be nil",
                "The key may be an unset variable: check it before the assignment",
                "The result of 0/0 is no key either",
            ),
        ),
    )
)

_ALL = Tips(_TIPS_BY_KIND, _TIPS, _syntax_tip, TRACEBACK)

LUA_WORDING = Wording(line_in, _ALL.tip_for)
