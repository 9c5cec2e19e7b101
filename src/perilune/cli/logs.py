"""Where the program's log goes, and in which form."""

import json
import logging
import sys
from threading import Lock
from typing import Any

import msgspec

MAX_KINDS = 1000


class OncePerSecond(logging.Filter):
    """Lets an error that repeats itself through once in a second, with the number left out.

    A disk that is full would otherwise be filled with what says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is to be written."""
        if record.levelno < logging.ERROR:
            return True
        error = record.exc_info and record.exc_info[1]
        kind = (record.name, f"{record.msg} {error!r}" if error else record.getMessage())
        with self._lock:
            since, left_out = self._seen.get(kind, (-1.0, 0))
            if 0 <= record.created - since < 1:
                self._seen[kind] = since, left_out + 1
                return False
            if len(self._seen) >= MAX_KINDS:
                self._seen.clear()
            self._seen[kind] = record.created, 0
        if left_out:
            record.msg = f"{record.getMessage()} (the same {left_out} more times since the last)"
            record.args = ()
        return True


class JsonLines(logging.Formatter):
    """One JSON object per record; `extra={"fields": {...}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        members: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        members.update(getattr(record, "fields", {}))
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        try:
            return msgspec.json.encode(members, enc_hook=str).decode()
        except UnicodeEncodeError:
            # Bytes from outside that are no UTF-8, as Python keeps them.
            return json.dumps(members, default=str)


class TextLines(logging.Formatter):
    """One line per record for people; messages can neither fake records nor steer a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without the traceback."""
        if not record.message.isprintable():
            record.message = "".join(map(_visible, record.message))
        return super().formatMessage(record)


def _visible(character: str) -> str:
    """Return *character*, or its escape if it would be no visible character."""
    return character if character.isprintable() else ascii(character)[1:-1]


def configure_logging(level: str, form: str) -> None:
    """Send the records of all loggers to standard output, as JSON lines or text."""
    as_json = form == "json" or (form == "auto" and not sys.stdout.isatty())
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.addFilter(OncePerSecond())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)
