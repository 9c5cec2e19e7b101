"""What a worker says has become of an execution, checked: the worker is not trusted."""

from perilune.events import HTTPResponse
from perilune.runtimes.contract import (
    GuestError,
    GuestSyntaxError,
    MemoryLimitError,
    RuntimeFailure,
)
from perilune.runtimes.guest.values import header_text
from perilune.runtimes.language import WorkerKind
from perilune.runtimes.limits import MIB, WorkerLimits
from perilune.runtimes.report import format_report
from perilune.worker.answers import headers_too_large
from perilune.worker.frames import HEADER_LINE_BYTES, MAX_HEADERS_BYTES, Failure, Result


def response_of(frame: Result, limits: WorkerLimits) -> HTTPResponse:
    """Return the response that the guest gave.

    Raises:
        GuestError: its status is none, or it is too large.
    """
    if not 200 <= frame.status_code <= 599:
        raise GuestError(f"invalid statusCode: {frame.status_code}")
    size, most = len(frame.body), limits.response_body_bytes
    if frame.is_base64_encoded:
        size = size // 4 * 3 - frame.body[-2:].count(b"=")
    if size > most:
        raise GuestError(f"response body of {size} bytes exceeds the limit of {most} bytes")
    headers: dict[str, str | list[str]] = {}
    if frame.headers:
        headers = {name: header_text(value) for name, value in frame.headers.items()}
        size = _headers_bytes(frame.headers)
        if size > MAX_HEADERS_BYTES:
            raise GuestError(headers_too_large(size))
    return HTTPResponse(
        status_code=frame.status_code,
        headers=headers,
        body=frame.body,
        is_base64_encoded=frame.is_base64_encoded,
    )


def failure_of(frame: Failure, source: str, kind: WorkerKind) -> RuntimeFailure:
    """Return the error that an execution's record shows for *frame*."""
    message, column = frame.message, frame.column
    if frame.kind == "memory":
        message = f"memory limit exceeded: the function may use {kind.memory_bytes // MIB} MiB"
        column = None
    text = format_report(
        kind=frame.kind,
        message=message,
        line=frame.line,
        column=column,
        source=source,
        wording=kind.language.wording,
    )
    if frame.kind == "memory":
        return MemoryLimitError(text)
    if frame.kind == "syntax":
        return GuestSyntaxError(text)
    return GuestError(text)


def _headers_bytes(headers: dict[str, str | list[str]]) -> int:
    """Return the size of all lines; frames hold one character for each byte."""
    size = 0
    for name, value in headers.items():
        if isinstance(value, str):
            size += len(name) + len(value) + HEADER_LINE_BYTES
        else:
            size += sum(len(name) + len(one) + HEADER_LINE_BYTES for one in value)
    return size
