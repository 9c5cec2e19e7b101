"""A process that masks long texts: what it takes there holds up nobody else.

A thread would: one look of `re` or `json` at megabytes can't be interrupted, and it holds the
interpreter's lock all the time.
"""

import contextlib
import logging
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import weakref
from functools import lru_cache
from typing import IO, Final

from perilune.import_path import import_path
from perilune.masking.masker import Masker

IDLE_S: Final = 60.0
"""A process that is not asked for so long ends; the next text starts another."""
NICER_BY: Final = 5
_LENGTH: Final = struct.Struct("<Q")
_START: Final = (
    "import sys; sys.path[:0] = sys.argv[1:]; from perilune.masking import process as p; p.serve()"
)

_log = logging.getLogger(__name__)


class MaskingProcess:
    """Asks a process of its own to mask texts; for one thread at a time."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._child: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes]], MaskingProcess] | None = None
        self._is_missed = self._is_closed = False

    def ask(self, masker: Masker, content_type: str | None, text: str, *, is_body: bool) -> str:
        """Return *text* as *masker* would mask it; without a process it is done here."""
        request = pickle.dumps((masker.extra_names, masker.hidden, content_type, text, is_body))
        for is_again in (False, True):
            if self._is_closed:
                break
            try:
                child = self._started()
                _write(child.stdin, request)
                answer = _read(child.stdout)
            except OSError as error:
                self._report_missed(error)
                break
            if answer is not None:
                self._is_missed = False
                return answer.decode("utf-8", "surrogatepass")
            # It has ended, being idle or killed.
            self._stop()
            if is_again:
                self._report_missed(EOFError("it has ended twice"))
        return masker.body(text, content_type) if is_body else masker.text(text)

    @property
    def pid(self) -> int | None:
        """The number of the process, if there is one now."""
        return None if self._child is None else self._child.pid

    def close(self) -> None:
        """End the process, and start no other."""
        self._is_closed = True
        self._stop()

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._child = self._end = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, *import_path()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={},
            )
            self._end = weakref.finalize(self, _end, self._child)
        return self._child

    def _report_missed(self, error: Exception) -> None:
        if not self._is_missed:
            self._is_missed = True
            _log.warning("long texts are masked in the server, which slows it down: %s", error)


class DistantMasker(Masker):
    """A masker that has long texts masked by a process; for threads."""

    def __init__(self, masker: Masker, process: MaskingProcess) -> None:
        """Hide what *masker* hides."""
        self.__dict__.update(masker.__dict__)
        self._masker = masker
        self._process = process

    def body(self, text: str, content_type: str | None = None) -> str:
        """See `Masker.body`."""
        if self._masker.hidden is None or self.is_quick(text):
            return self._masker.body(text, content_type)
        return self._process.ask(self._masker, content_type, text, is_body=True)

    def text(self, message: str) -> str:
        """See `Masker.text`."""
        if self._masker.hidden is None or self.is_quick(message):
            return self._masker.text(message)
        return self._process.ask(self._masker, None, message, is_body=False)


def serve() -> None:
    """Mask what standard input asks for, until it ends or nothing comes for `IDLE_S`."""
    os.nice(NICER_BY)
    # A terminal sends it to all of its processes; this one ends when the server has ended well.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    # Nothing is buffered between requests: each is read whole before it is answered.
    while select.select([asked], [], [], IDLE_S)[0] and (request := _read(asked)) is not None:
        names, values, content_type, text, is_body = pickle.loads(request)  # noqa: S301 - ours
        masker = _masker(names).hiding(values)
        masked = masker.body(text, content_type) if is_body else masker.text(text)
        _write(answers, masked.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=4)
def _masker(names: tuple[str, ...]) -> Masker:
    return Masker(names)


def _write(stream: IO[bytes] | None, data: bytes) -> None:
    """Write *data*; that nobody reads it any more is noticed by `_read`."""
    if stream is not None:
        with contextlib.suppress(BrokenPipeError):
            stream.write(_LENGTH.pack(len(data)))
            stream.write(data)
            stream.flush()


def _read(stream: IO[bytes] | None) -> bytes | None:
    """Return what was written; None at the end."""
    if stream is None:
        return None
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    child.wait()
