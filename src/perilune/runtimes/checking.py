"""What a compiler says about a source, as data for editors."""

import re

from perilune.runtimes.contract import SourceProblem, SourceReport
from perilune.runtimes.language import Wording
from perilune.runtimes.report import MAX_SEARCHED_CHARS, bounded_message, source_lines
from perilune.worker.frames import Failure

_PLACE = re.compile(r"\A<string>:\d+: ")
_MARK = "[TIP] "


def source_report(failure: Failure, source: str, wording: Wording) -> SourceReport:
    """Return the report of a compiler that ended with *failure*; it names one problem."""
    message = bounded_message(failure.message.rstrip("\r\n") or f"{failure.kind} error")
    line = wording.line_in(message) if failure.line is None else failure.line
    lines = source_lines(source)
    source_line = ""
    if line is not None and 1 <= line <= len(lines):
        source_line = lines[line - 1][:MAX_SEARCHED_CHARS]
    tip = wording.tip_for(failure.kind, message, source_line)
    problem = SourceProblem(
        # Editors show it at its place.
        message=_PLACE.sub("", message, count=1),
        line=line,
        column=failure.column,
        tip=None if tip is None else tip.removeprefix(_MARK),
    )
    return SourceReport(errors=[problem])
