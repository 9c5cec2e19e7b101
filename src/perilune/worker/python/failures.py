"""How guest code failed, as the host is told."""

import linecache
import os
import traceback
from types import CodeType, TracebackType

from perilune.worker.frames import Failure
from perilune.worker.python.output import without_server_paths

SOURCE_NAME = "function.py"
"""What tracebacks call the code of a function."""

_MAX_MESSAGE_CHARS = 64 * 1024
_WORKER = os.path.dirname(__file__) + os.sep


class HandlerError(Exception):
    """What the handler returned can't be sent, or there is none."""


def show_source(source: str) -> None:
    """Let tracebacks quote this source."""
    lines = [f"{line}\n" for line in source.split("\n")]
    # Without a time of change nobody looks for a file.
    linecache.cache[SOURCE_NAME] = (len(source), None, lines, SOURCE_NAME)


def failure_of(error: BaseException) -> Failure:
    """Return the failure to report for what guest code, or its return value, has raised."""
    if isinstance(error, MemoryError):
        return Failure("memory", "not enough memory", fatal=True)
    if isinstance(error, HandlerError):
        return Failure("runtime", str(error))
    if isinstance(error, SyntaxError) and error.filename == SOURCE_NAME:
        return _syntax_failure(error)
    step = _last_step(error.__traceback__)
    line, column = (None, None) if step is None else _place(step)
    try:
        message = _described(error)
    except MemoryError:
        return Failure("memory", "not enough memory", fatal=True)
    except BaseException:
        # Its text is computed by guest code.
        message = type(error).__name__
    return Failure("runtime", _bounded(message), line, column)


def _syntax_failure(error: SyntaxError) -> Failure:
    message = f"{type(error).__name__}: {error.msg}"
    return Failure("syntax", _bounded(message), error.lineno, error.offset or None)


def _described(error: BaseException) -> str:
    """Return the error in one line, then the traceback from the first line of guest code on."""
    if isinstance(error, SystemExit):
        headline = f"SystemExit: the function called sys.exit({error.code!r})"
    else:
        headline = "".join(traceback.format_exception_only(error)).rstrip("\n")
    _strip(error)
    trace = "".join(traceback.TracebackException.from_exception(error, compact=True).format())
    only = "".join(traceback.format_exception_only(error))
    trace = trace.removesuffix(only).rstrip("\n")
    trace = without_server_paths(trace)
    return f"{headline}\n{trace}" if trace else headline


def _strip(error: BaseException) -> None:
    """Leave in every traceback what follows the first step in guest code, without the worker's."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _from_guest(one.__traceback__)
        waiting += one.__cause__, one.__context__
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _from_guest(step: TracebackType | None) -> TracebackType | None:
    while step is not None and not _is_guest(step.tb_frame.f_code):
        step = step.tb_next
    kept = step
    while kept is not None:
        following = kept.tb_next
        while following is not None and following.tb_frame.f_code.co_filename.startswith(_WORKER):
            following = following.tb_next
        kept.tb_next = following
        kept = following
    return step


def _last_step(step: TracebackType | None) -> TracebackType | None:
    """Return the deepest step that is in the function's own code."""
    last = None
    while step is not None:
        if _is_guest(step.tb_frame.f_code):
            last = step
        step = step.tb_next
    return last


def _place(step: TracebackType) -> tuple[int, int | None]:
    """Return line and column, both from 1, of a step."""
    line = step.tb_lineno
    positions = list(step.tb_frame.f_code.co_positions())
    index = step.tb_lasti // 2
    if not 0 <= index < len(positions):
        return line, None
    start_line, _, offset, _ = positions[index]
    if start_line != line or offset is None:
        return line, None
    text = linecache.getline(SOURCE_NAME, line)
    # Positions count bytes of UTF-8.
    return line, len(text.encode("utf-8", "replace")[:offset].decode("utf-8", "ignore")) + 1


def _is_guest(code: CodeType) -> bool:
    return code.co_filename == SOURCE_NAME


def _bounded(message: str) -> str:
    text = message.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _MAX_MESSAGE_CHARS else text[:_MAX_MESSAGE_CHARS]
