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

import re

from perilune.runtimes.language import Wording

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
_LINE_END = re.compile(r"\r\n|\n\r|\n|\r")
"""What Lua's reader counts as one end of line."""


def format_report(
    *,
    kind: str,
    message: str,
    line: int | None,
    column: int | None,
    source: str,
    wording: Wording,
) -> str:
    """Return the stored text of a failure of guest code.

    Args:
        kind: `Execution.error_kind` of the failure.
        message: the interpreter's own text, with traceback where there is one.
        line: where it happened, from 1; None to look for it in the message.
        column: character within that line, from 1, where the interpreter knows it.
        source: the source the line belongs to.
        wording: how the interpreter words its messages; for the line, and for advice.
    """
    message = bounded_message(_without_prefixes(message).rstrip("\r\n") or f"{kind} error")
    if line is None:
        line = wording.line_in(message)
    parts = ["Error: " if line is None else f"Error at line {line}: ", message, "\n"]
    lines = source_lines(source)
    source_line = ""
    if line is not None and 1 <= line <= len(lines):
        parts += ["\n[CODE]\n", code_frame(lines, line, column), "[/CODE]\n"]
        source_line = lines[line - 1][:MAX_SEARCHED_CHARS]
    tip = wording.tip_for(kind, message, source_line)
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


def bounded_message(message: str) -> str:
    """Return *message*, its middle left out when it is very long."""
    if len(message) <= MAX_MESSAGE_CHARS:
        return message
    head = message[: MAX_MESSAGE_CHARS - KEPT_TAIL_CHARS - len(MESSAGE_CUT_MARK)]
    return head + MESSAGE_CUT_MARK + message[-KEPT_TAIL_CHARS:]


def _without_prefixes(message: str) -> str:
    for prefix in _INTERNAL_PREFIXES:
        message = message.removeprefix(prefix)
    return message
