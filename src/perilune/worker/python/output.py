"""What guests print and log, as lines of the execution's log."""

import codecs
import io
import logging
import os
import sysconfig
from collections.abc import Callable

_MAX_UNFINISHED_CHARS = 64 * 1024

_LIBRARY = os.path.dirname(sysconfig.get_path("stdlib")) + os.sep
_PROGRAM = __file__.removesuffix(os.path.join("perilune", "worker", "python", "output.py"))

LogLine = Callable[[str, str], None]
"""Stores a line: level, then text."""


def without_server_paths(text: str) -> str:
    """Return text that does not tell where Python and the server are installed."""
    return text.replace(_LIBRARY, "").replace(_PROGRAM, "")


class LogStream(io.TextIOBase):
    """A text stream whose lines go to the log."""

    encoding = "utf-8"

    def __init__(self, log: LogLine, level: str) -> None:
        self._log = log
        self._level = level
        self._unfinished = ""
        self._was_cut = False
        self._bytes = self.buffer = _Bytes(self)

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Add text; each complete line becomes a line of the log."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        written = len(text)
        if self._was_cut:
            # The end of a line that was too long to wait for it.
            self._was_cut = False
            text = text.removeprefix("\n")
        *lines, rest = (self._unfinished + text).split("\n")
        self._unfinished = rest
        for line in lines:
            self._log(self._level, line)
        if len(rest) > _MAX_UNFINISHED_CHARS:
            self._flush()
            self._was_cut = True
        return written

    def finish(self) -> None:
        """Store what is not followed by a line end."""
        if self._bytes.is_used:
            self._bytes.finish()
        if self._unfinished or self._was_cut:
            self._flush()

    def _flush(self) -> None:
        rest, self._unfinished, self._was_cut = self._unfinished, "", False
        if rest:
            self._log(self._level, rest)


class _Bytes(io.RawIOBase):
    """The bytes of a text stream, for programs that encode by themselves."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.is_used = False
        """Whether something has been written since the last end."""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # no other buffers
        self.is_used = True
        self._stream.write(self._decoder.decode(data))
        return len(data)

    def finish(self) -> None:
        """Pass on what is left of a character."""
        self.is_used = False
        self._stream.write(self._decoder.decode(b"", final=True))


class LogHandler(logging.Handler):
    """Stores what `logging` is given."""

    def __init__(self, log: LogLine) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Store one line."""
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        self._log(_level(record.levelno), text)


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


def cut(text: str, limit_bytes: int) -> bytes:
    """Return a line of the log as bytes, at most *limit_bytes* and a mark."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit_bytes:
        return data
    mark = f" [cut, {len(data)} bytes in all]".encode()
    kept = data[: max(0, limit_bytes - len(mark))]
    return kept.decode("utf-8", "ignore").encode() + mark
