"""The Lua interpreter of a worker process: LuaJIT with a sandboxed environment.

`LuaInterpreter` runs invocations and calls the host through a `Channel`; `serve`
connects one to the worker's socket.  The language side is in `lua/core`.  Guest
modules that need Lua of their own are in `lua/modules`, one file each, named
like the module; the others consist of host functions only.

Everything that could be needed is read and imported when this module is
imported, since no file can be opened after the lock-down.

Two rules keep the interpreter's memory limit survivable.  An allocation that
fails while Python code is on the stack would unwind it without giving back the
interpreter lock, so the limit is lifted whenever Python puts something into
Lua, and Lua restores it as soon as it is back in control.  And only scalars
cross the border: tables travel as msgpack.
"""

import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from lupa import luajit21

from perilune.worker.answers import build_result
from perilune.worker.frames import (
    Call,
    Failure,
    FrameError,
    Invoke,
    PackedInvoke,
    Result,
    Setup,
)
from perilune.worker.library import NATIVE, LibraryError
from perilune.worker.lockdown import Profile
from perilune.worker.lua_text import fold_case
from perilune.worker.shared_values import READS, SharedValues
from perilune.worker.socket_channel import Channel, serve_invocations

PROFILE = Profile()
"""Nothing to read, no threads: all files are loaded before the lock-down."""

ARGUMENT_TYPES = frozenset({"string", "int", "number", "table", "any"})

# Growth of the heap after which a full collection is worth its time: LuaJIT
# does not collect when an allocation fails, so garbage of one invocation
# would count against the next.
_COLLECT_AFTER_BYTES = 4 * 1024 * 1024
_SLEEP_PAST_DEADLINE_S = 1.0
_UNLIMITED = 0
_SEED_BYTES = 1024

_LUA = Path(__file__).with_name("lua")
_CORE_ORDER = (
    "numbers",
    "text",
    "errors",
    "arguments",
    "values",
    "held_frames",
    "host",
    "json_encode",
    "json_decode",
    "response",
    "environment",
    "invocation",
)
_CORE = [(name, (_LUA / "core" / f"{name}.lua").read_bytes()) for name in _CORE_ORDER]
_MODULES = {path.stem: path.read_bytes() for path in sorted((_LUA / "modules").glob("*.lua"))}

# Status of a host call; the same numbers stand in `lua/core/host.lua`.
_SCALAR, _PACKED, _FAILED, _HELD = 0, 1, 2, 3

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode

_EXAMPLE = {
    "method": "GET",
    "path": "/fn/d0k3m2c9a8v7q1e5t6g0/hello",
    "headers": {"Accept": "*/*", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"},
    "multiHeaders": {"Accept": ["text/html", "text/plain"]},
    "query": {},
    "body": b"",
    "startedAt": 1_700_000_000,
}
"""What executions are given looks like this."""

_LOADER = b"""
local name, source = ...
return assert(loadstring(source, "=[perilune " .. name .. "]"))
"""
# Collecting earlier and faster than by default lets live data take some 70 % of
# the limit instead of 55 %, at no cost that could be measured.
_PREPARE = b"""
python = nil
package.loaded.python = nil
collectgarbage("setpause", 150)
collectgarbage("setstepmul", 400)
return {native = {}, limits = {}, collect = collectgarbage}
"""

# There is no `require`.  At the beginning of a line, nothing has asked whether there is one.
_REQUIRE = re.compile(r"(?:local\s+[\w\s,]+=\s*)?require\b\s*[(\"'\[]")
_NO_REQUIRE = "attempt to call global 'require' (a nil value)"
_FIRST_LINES = (b"#", b"\xef\xbb\xbf#")


class LuaInterpreter:
    """One LuaJIT state, for the versions of one function.

    No state of guest code survives an invocation; compiled code does.
    """

    def __init__(self, setup: Setup, channel: Channel) -> None:
        self._setup = setup
        self._channel = channel
        self._deadline_s = 0.0
        self._seeds: Iterator[tuple[int]] = iter(())
        self._version_id: str | None = None
        """That of the version that is compiled and was used last."""
        self._version = b""
        """The same for Lua."""
        self._may_hold = False
        """Whether its code may have frames held back."""
        self._names: list[str] = []
        self._packed: list[list[int]] = []
        self._shared: list[bytes | None] = []
        self._syntax_failures: dict[str, Failure] = {}
        self._lua = luajit21.LuaRuntime(
            register_eval=False,
            register_builtins=False,
            encoding=None,
            unpack_returned_tuples=True,
            attribute_filter=_deny_attribute,
            max_memory=setup.memory_bytes,
        )
        self._lua.set_max_memory(_UNLIMITED)
        core = self._boot()
        self._compile = core[b"compile"]
        self._is_compiled = core[b"is_compiled"]
        self._is_brief = core[b"is_brief"]
        self._problem = core[b"problem_in"]
        self._invoke = core[b"invoke"]
        self._collect = core[b"collect"]
        self._collect()
        self._settled_bytes: int = self._lua.get_memory_used()

    def execute(self, invoke: Invoke) -> Result | Failure:
        """Run one invocation to its end.  Never raises for what guest code does."""
        self._deadline_s = time.monotonic() + invoke.time_left_s
        try:
            if invoke.version_id != self._version_id:
                failure = self._prepare(invoke)
                if failure is not None:
                    return failure
            if invoke.check_only:
                return self._problem_in(invoke) or Result(204, {}, b"", False)
            outcome = self._invoke(
                self._version,
                _pack(invoke.context),
                _pack(invoke.event),
                self._seed(),
                self._channel.may_hold(self._may_hold),
            )
        except luajit21.LuaMemoryError:
            return Failure("memory", "not enough memory", fatal=True)
        except luajit21.LuaError as error:
            return Failure("internal", f"the sandbox failed: {error}", fatal=True)
        finally:
            self._lua.set_max_memory(_UNLIMITED)
        is_response, *parts = outcome
        if not is_response:
            kind, message, line, _ = parts
            return Failure(kind.decode(), _text(message), line, fatal=kind == b"memory")
        status, body, is_base64_encoded, headers = parts
        return build_result(
            status,
            [] if headers is None else _unpack(headers),
            body,
            is_base64_encoded=is_base64_encoded,
            limit=self._setup.response_body_bytes,
        )

    def tidy(self) -> bool:
        """Free what the last invocation left behind, if it is worth the time."""
        if self._lua.get_memory_used() - self._settled_bytes <= _COLLECT_AFTER_BYTES:
            return False
        self._channel.flush()
        self._collect()
        self._settled_bytes = self._lua.get_memory_used()
        return True

    def _boot(self) -> Any:  # Any: lupa has no types
        """Load the trusted Lua code and hand it what it needs; return its functions."""
        lua = self._lua
        core = lua.execute(_PREPARE)
        native = core[b"native"]
        native[b"restore_memory_limit"] = self._restore_memory_limit
        native[b"flush"] = self._channel.flush
        native[b"send"] = self._send
        native[b"call"] = self._call
        native[b"upper"] = self._upper
        native[b"lower"] = self._lower
        native[b"now_s"] = time.time
        native[b"sleep"] = self._sleep
        for name, function in NATIVE.items():
            native[name.encode()] = self._guarded(function)
        core[b"limits"][b"log_line_bytes"] = self._setup.log_line_bytes
        for name, source in _CORE:
            self._load(f"core/{name}", source)(core)
        core[b"warm_up"](_pack(_EXAMPLE))
        modules = self._bind_host_functions(core)
        for module, source in _MODULES.items():
            host = modules.setdefault(module, lua.table())
            modules[module] = self._load(f"modules/{module}", source)(core, host)
        core[b"set_modules"](lua.table_from({name.encode(): t for name, t in modules.items()}))
        return core

    def _load(self, name: str, source: bytes) -> Any:  # Any: lupa has no types
        return self._lua.execute(_LOADER, name.encode(), source)

    def _bind_host_functions(self, core: Any) -> dict[str, Any]:
        """Make the Lua function of every host function; return them by module."""
        modules: dict[str, Any] = {}
        table_from = self._lua.table_from
        for index, function in enumerate(self._setup.host_functions):
            full_name = f"{function.module}.{function.name}"
            kinds = [kind for kind, _ in function.args]
            if not ARGUMENT_TYPES.issuperset(kinds):
                raise ValueError(f"unknown argument type in {full_name}: {kinds}")
            self._names.append(full_name)
            self._shared.append(READS.get(full_name))
            self._packed.append([i for i, kind in enumerate(kinds) if kind in ("table", "any")])
            members = modules.setdefault(function.module, self._lua.table())
            members[function.name.encode()] = core[b"bind"](
                index,
                function.name.encode(),
                table_from([kind.encode() for kind in kinds]),
                table_from([optional for _, optional in function.args]),
                function.has_reply,
                function.fails_with_false,
            )
        return modules

    def _seed(self) -> int:
        """Return 48 bits from the system, which is asked for many at a time.

        Each invocation has a seed of its own, since the generator belongs to the state.
        """
        for (bits,) in self._seeds:
            return int(bits >> 16)
        self._seeds = struct.iter_unpack("<Q", os.urandom(_SEED_BYTES))
        return self._seed()

    def _prepare(self, invoke: Invoke) -> Failure | None:
        """Make sure that another version is compiled; return why it can't be."""
        self._version_id, self._version = None, invoke.version_id.encode()
        failure = self._load_version(invoke, self._version)
        if failure is None:
            self._version_id = invoke.version_id
            self._may_hold = self._is_brief(self._version)
        return failure

    def _load_version(self, invoke: Invoke, encoded: bytes) -> Failure | None:
        """Compile a version that has not been used before; return why it can't be."""
        version = invoke.version_id
        if version in self._syntax_failures:
            return self._syntax_failures[version]
        if self._is_compiled(encoded):
            return None
        if invoke.code is None:
            return Failure("internal", f"this worker has no code of version {version}")
        source = invoke.code.encode("utf-8", "surrogateescape")
        if source.startswith(_FIRST_LINES):
            source = b"--" + source  # a comment, as the interpreter reads it from a file
        problem = self._compile(encoded, source)
        if problem is None:
            return None
        failure = _syntax_failure(_text(problem), invoke.code)
        self._syntax_failures = {version: failure}
        return failure

    def _problem_in(self, invoke: Invoke) -> Failure | None:
        """Return what a compiled version will certainly fail with, if that can be seen."""
        for number, line in enumerate((invoke.code or "").split("\n"), start=1):
            if _REQUIRE.match(line):
                return Failure("runtime", f"<string>:{number}: {_NO_REQUIRE}", number)
        problem = self._problem(invoke.version_id.encode())
        return None if problem is None else Failure("runtime", _text(problem))

    # What Lua calls.  Functions that return strings lift the memory limit first.

    def _restore_memory_limit(self) -> None:
        self._lua.set_max_memory(self._setup.memory_bytes)

    def _send(self, index: int, *args: Any) -> tuple[int, Any]:
        """Send a host call that has no reply.  `Any`: guest values."""
        return self._hand_over(index, args, has_reply=False)

    def _hand_over(self, index: int, args: tuple[Any, ...], *, has_reply: bool) -> tuple[int, Any]:
        values = list(args)
        for position in self._packed[index]:
            # Absent optional arguments are nil, everything else is msgpack by now.
            if position < len(values) and values[position] is not None:
                values[position] = _unpack(values[position])
        try:
            is_held = self._channel.send(Call(self._names[index], values), has_reply=has_reply)
        except FrameError as error:
            return _FAILED, f"arguments too large: {error}".encode()
        return _HELD if is_held else _SCALAR, None

    def _call(self, index: int, *args: Any) -> tuple[int, Any]:
        """Send a host call and wait for its reply.  `Any`: guest values."""
        self._lua.set_max_memory(_UNLIMITED)
        shared = self._shared[index]
        if shared is not None:
            found = self._channel.look_up(shared + args[0])
            if found is not None:
                return _SCALAR, found[0]
        status, problem = self._hand_over(index, args, has_reply=True)
        if status == _FAILED:
            return status, problem
        reply = self._channel.receive()
        value = reply.value
        if reply.error is not None:
            return _FAILED, reply.error.encode("utf-8", "surrogateescape")
        if value is None or isinstance(value, bytes | bool | float):
            return _SCALAR, value
        if isinstance(value, int):
            return _SCALAR, float(value)
        return _PACKED, _pack(value)

    def _upper(self, text: bytes) -> bytes | None:
        self._lua.set_max_memory(_UNLIMITED)
        return fold_case(text, upper=True)

    def _lower(self, text: bytes) -> bytes | None:
        self._lua.set_max_memory(_UNLIMITED)
        return fold_case(text, upper=False)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function* for Lua: its value, or None and why there is none.  Never raises."""

        def call(*args: Any) -> Any:
            self._lua.set_max_memory(_UNLIMITED)
            try:
                return function(*args)
            except LibraryError as error:
                return None, str(error).encode("utf-8", "surrogateescape")
            except (MemoryError, OverflowError):
                return None, b"not enough memory"

        return call

    def _sleep(self, seconds: float) -> None:
        # The host kills the worker at the deadline; guest code must not get to run before that.
        self._channel.flush()
        left_s = self._deadline_s - time.monotonic() + _SLEEP_PAST_DEADLINE_S
        time.sleep(max(0.0, min(seconds, left_s)))


def serve(connection: socket.socket, values: SharedValues | None = None) -> None:
    """Run invocations until the host closes *connection*; see `serve_invocations`."""
    serve_invocations(connection, LuaInterpreter, values, PackedInvoke)


def _deny_attribute(_object: object, name: object, _is_setting: bool) -> object:
    raise AttributeError(f"no attribute {name!r} for Lua")


def _text(message: bytes) -> str:
    return message.decode("utf-8", "replace")


def _syntax_failure(message: str, source: str) -> Failure:
    """Locate a compiler message; the column is known if its token is unique in the line."""
    found = re.match(r"<string>:(\d+): ", message)
    if found is None:
        return Failure("syntax", message)
    line = int(found[1])
    lines = source.split("\n")
    near = re.search(r" near '(.+)'$", message)
    if near is None or line > len(lines) or lines[line - 1].count(near[1]) != 1:
        return Failure("syntax", message, line)
    return Failure("syntax", message, line, lines[line - 1].index(near[1]) + 1)
