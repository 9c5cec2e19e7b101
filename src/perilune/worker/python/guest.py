"""What guests import as `perilune_guest`, made of host calls and of the library in here."""

import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from perilune.worker.frames import Call, FrameError, HostFunction, Setup
from perilune.worker.python import guest_io, library
from perilune.worker.python.errors import Error, error_classes, error_of
from perilune.worker.python.output import cut, without_server_paths
from perilune.worker.python.records import (
    Context,
    Event,
    Headers,
    HttpResponse,
    KvPage,
    Record,
    from_wire,
    snake_case,
)
from perilune.worker.python.responses import to_json
from perilune.worker.python.routing import router_functions
from perilune.worker.shared_values import READS
from perilune.worker.socket_channel import Channel

NAME = "perilune_guest"
AIO = "aio"

_HostCall = Callable[..., Any]


class GuestLibrary:
    """The package `perilune_guest` of one worker."""

    def __init__(self, setup: Setup, channel: Channel) -> None:
        self._channel = channel
        self._log_line_bytes = setup.log_line_bytes
        self._log_levels = {one.name for one in setup.host_functions if one.module == "log"}
        modules: dict[str, dict[str, Callable[..., Any]]] = {}
        for function in setup.host_functions:
            bound = self._bind(function)
            modules.setdefault(function.module, {})[snake_case(function.name)] = bound
        for name, functions in library.MODULES.items():
            modules.setdefault(name, {}).update(functions)
        self._context = library.Current()
        modules["router"] = router_functions(self._context)
        guest_io.adapt(modules)
        if "log" in modules:
            modules["log"] = {level: self._logger(level) for level in modules["log"]}
        self._modules = modules

    def enter(self, context: Context) -> None:
        """Tell the library which execution it serves from now on."""
        self._context.mount = str(context.get("mount", ""))
        self._context.base_url = str(context.get("baseUrl", ""))

    def log(self, level: str, text: str) -> None:
        """Store one line; what prints, logs and shows tracebacks ends here."""
        if level in self._log_levels:
            line = cut(without_server_paths(text), self._log_line_bytes)
            self._channel.send(Call(f"log.{level}", [line]))

    def install(self) -> None:
        """Make the package importable."""
        package, aio = ModuleType(NAME), ModuleType(f"{NAME}.{AIO}")
        shared: list[type] = [
            Error,
            *error_classes(),
            Record,
            Event,
            Context,
            Headers,
            HttpResponse,
            KvPage,
        ]
        for one in shared:
            one.__module__ = NAME
            setattr(package, one.__name__, one)
        for name, functions in self._modules.items():
            _add(package, name, functions)
            _add(aio, name, {key: _awaitable(one) for key, one in functions.items()})
        for parent in (package, aio):
            parent.__path__ = []
            sys.modules[parent.__name__] = parent
        package.aio = aio  # type: ignore[attr-defined]

    def _bind(self, function: HostFunction) -> _HostCall:
        """Return the Python function of a host function."""
        full_name = f"{function.module}.{function.name}"
        failure = error_of(function.module)
        convert = _page if full_name == "kv.list" else from_wire
        read = library.argument_reader(function)
        channel = self._channel
        shared = READS.get(full_name)

        def call(*args: Any, **named: Any) -> Any:
            values = read(args, named)
            if shared is not None:
                found = channel.look_up(shared + values[0])
                if found is not None:
                    return convert(found[0])
            try:
                channel.send(Call(full_name, values))
            except FrameError as problem:
                raise failure(f"arguments too large: {problem}") from None
            except (OverflowError, ValueError) as problem:
                raise failure(str(problem)) from None
            if not function.has_reply:
                return None
            reply = channel.receive()
            if reply.error is not None:
                raise failure(reply.error)
            return convert(reply.value)

        call.__name__ = call.__qualname__ = snake_case(function.name)
        return call

    def _logger(self, level: str) -> Callable[..., None]:
        def log(message: Any, fields: Any = None, **more: Any) -> None:
            text = message if isinstance(message, str) else str(message)
            members = {**(fields or {}), **more}
            if members:
                text += " " + to_json(members).decode()
            self.log(level, text)

        log.__name__ = log.__qualname__ = level
        return log


def _page(value: Any) -> KvPage:
    page = from_wire(value)
    return KvPage(page["items"], page.get("cursor"))


def _add(parent: ModuleType, name: str, functions: dict[str, Callable[..., Any]]) -> None:
    module = ModuleType(f"{parent.__name__}.{name}")
    for key, function in functions.items():
        setattr(module, key, function)
    setattr(parent, name, module)
    sys.modules[module.__name__] = module


def _awaitable(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return *function* for `await`.  It still keeps the worker busy until it is done."""

    async def call(*args: Any, **named: Any) -> Any:
        return function(*args, **named)

    call.__name__ = call.__qualname__ = function.__name__
    return call
