"""Runs Python functions in a worker process.

What guests may need is imported when this module is, in the zygote: workers
share its memory, and start in milliseconds.
"""

import importlib
import inspect
import io
import logging
import socket
import sys
import time
import zoneinfo
from collections.abc import Callable
from types import ModuleType
from typing import Any

from perilune.worker.answers import build_result
from perilune.worker.frames import Failure, Invoke, Result, Setup
from perilune.worker.library.zones import zone_file, zone_names
from perilune.worker.lockdown import Profile
from perilune.worker.python.archive import Archive, open_archive, read_into_memory
from perilune.worker.python.checking import HANDLER, NO_HANDLER, compiled, problem_in
from perilune.worker.python.event_loop import LoopRunner, replace_event_loops
from perilune.worker.python.failures import (
    SOURCE_NAME,
    HandlerError,
    failure_of,
    show_source,
)
from perilune.worker.python.guest import GuestLibrary
from perilune.worker.python.machine import tell_constants
from perilune.worker.python.output import LogHandler, LogStream
from perilune.worker.python.records import Context, make_event
from perilune.worker.python.responses import response_of
from perilune.worker.python.stdlib import (
    STDLIB,
    import_extensions,
    leave_only_stdlib,
    list_modules,
)
from perilune.worker.shared_values import SharedValues
from perilune.worker.socket_channel import Channel, serve_invocations

PROFILE = Profile(overhead_bytes=32 * 1024 * 1024)
"""Nothing to read, no threads: the standard library comes out of memory."""

MODULE_NAME = "function"
"""The name that a function's code has as a module."""

_OFTEN_USED = (
    "argparse",
    "base64",
    "calendar",
    "collections.abc",
    "concurrent.futures",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "email.message",
    "enum",
    "fractions",
    "functools",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html.parser",
    "http.client",
    "http.cookies",
    "importlib.resources",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "pathlib",
    "pprint",
    "queue",
    "random",
    "re",
    "secrets",
    "shlex",
    "statistics",
    "string",
    "tempfile",
    "textwrap",
    "threading",
    "traceback",
    "typing",
    "unicodedata",
    "urllib.parse",
    "urllib.request",
    "uuid",
    "xml.etree.ElementTree",
    "zlib",
)


class PythonInterpreter:
    """Runs the versions of one function; a module lives as long as the worker."""

    def __init__(self, setup: Setup, channel: Channel) -> None:
        self._limit = setup.response_body_bytes
        self._library = GuestLibrary(setup, channel)
        self._library.install()
        self._loop = LoopRunner()
        self._version = ""
        self._source = ""
        self._module: ModuleType | None = None
        self._streams = [LogStream(self._library.log, level) for level in ("info", "error")]
        _redirect_output(self._library, self._streams)

    def execute(self, invoke: Invoke) -> Result | Failure:
        """Run one invocation to its end.  Never raises for what guest code does."""
        outcome = self._run(invoke)
        for stream in self._streams:
            stream.finish()
        return outcome

    def tidy(self) -> bool:
        """Do nothing: CPython frees what an invocation leaves behind."""
        return False

    def _run(self, invoke: Invoke) -> Result | Failure:
        handler: Callable[..., Any] | None = None
        try:
            if invoke.check_only:
                return problem_in(_source_of(invoke)) or Result(204, {}, b"", False)
            context = Context(invoke.context, time.monotonic() + invoke.time_left_s)
            self._library.enter(context)
            handler = self._handler(invoke)
            value = handler(context, make_event(invoke.event))
            if inspect.isawaitable(value):
                value = self._loop.run(value)
            status, lines, body, is_base64 = response_of(value)
        except BaseException as error:
            # Whatever guest code raises, the worker goes on; only a lack of memory ends it.
            return _located(failure_of(error), error, handler)
        return build_result(status, lines, body, is_base64_encoded=is_base64, limit=self._limit)

    def _handler(self, invoke: Invoke) -> Callable[..., Any]:
        """Return the version's handler, its module loaded the first time.

        Raises:
            BaseException: whatever the code raises while it is loaded.
        """
        if invoke.version_id != self._version or self._module is None:
            if invoke.code is not None:
                self._source = _source_of(invoke)
            self._module = self._load(self._source)
            self._version = invoke.version_id
        handler = getattr(self._module, HANDLER, None)
        if not callable(handler):
            raise HandlerError(NO_HANDLER)
        return handler  # type: ignore[no-any-return]  # whatever it is

    def _load(self, source: str) -> ModuleType:
        show_source(source)
        code = compiled(source)
        module = ModuleType(MODULE_NAME)
        module.__file__ = SOURCE_NAME
        sys.modules[MODULE_NAME] = sys.modules["__main__"] = module
        exec(code, module.__dict__)  # noqa: S102 - what this process is for
        return module


def open_packages(path: str) -> None:
    """Make the packages in a file importable; called before the lock-down.

    Raises:
        OSError: it can't be opened.
        ValueError: it is no archive.
    """
    _packages.append(open_archive(path))


def serve(connection: socket.socket, values: SharedValues | None = None) -> None:
    """Run invocations until the host closes *connection*; see `serve_invocations`."""
    serve_invocations(connection, _start, values)


def _start(setup: Setup, channel: Channel) -> PythonInterpreter:
    leave_only_stdlib([_STDLIB, *_packages])
    return PythonInterpreter(setup, channel)


def _source_of(invoke: Invoke) -> str:
    """Return a version's code without the mark that editors put before it (PEP 263)."""
    return (invoke.code or "").removeprefix("\ufeff")


def _located(failure: Failure, error: BaseException, handler: Callable[..., Any] | None) -> Failure:
    """Point a call that the handler refuses to the handler's own line."""
    code = getattr(handler, "__code__", None)
    if failure.line is not None or not isinstance(error, TypeError) or code is None:
        return failure
    return Failure(failure.kind, failure.message, code.co_firstlineno)


def _redirect_output(library: GuestLibrary, streams: list[LogStream]) -> None:
    sys.stdout, sys.stderr = streams
    root = logging.getLogger()
    root.handlers[:] = [LogHandler(library.log)]
    root.setLevel(logging.DEBUG)


def _load_zone(key: str) -> io.BytesIO:
    data = zone_file(key)
    if data is None:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
    return io.BytesIO(data)


def _prepare() -> Archive:
    """Import what guests may need, and put right what files would be read for."""
    for name in _OFTEN_USED:
        importlib.import_module(name)
    import_extensions()
    replace_event_loops()
    tell_constants()
    # Zones come from memory: workers can't look for files.
    vars(importlib.import_module("zoneinfo._common"))["load_tzdata"] = _load_zone
    zoneinfo.reset_tzpath(())
    zoneinfo.available_timezones = zone_names
    return read_into_memory(list_modules(STDLIB))


_STDLIB = _prepare()
_packages: list[Archive] = []
"""The packages of the version that this worker is for, if it has some."""
