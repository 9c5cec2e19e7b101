"""Runs Lua in this process, with a host that is a list of calls and canned replies."""

from collections.abc import Iterable
from typing import Any

from perilune.worker.frames import Call, Failure, HostFunction, Invoke, Reply, Result, Setup
from perilune.worker.lua_interpreter import LuaInterpreter

HOST_FUNCTIONS = [
    HostFunction("kv", "get", [("string", False)], True),
    HostFunction("kv", "set", [("string", False), ("string", False), ("table", True)], True, True),
    HostFunction("kv", "delete", [("string", False)], True, True),
    HostFunction("kv", "incr", [("string", False), ("int", True)], True),
    HostFunction("kv", "cas", [("string", False), ("string", True), ("string", False)], True, True),
    HostFunction("kv", "list", [("string", True), ("int", True), ("string", True)], True),
    HostFunction("env", "get", [("string", False)], True),
    HostFunction("env", "set", [("string", False), ("string", False)], True, True),
    HostFunction("env", "delete", [("string", False)], True, True),
    HostFunction("log", "debug", [("string", False)], False),
    HostFunction("log", "info", [("string", False)], False),
    HostFunction("log", "warn", [("string", False)], False),
    HostFunction("log", "error", [("string", False)], False),
    HostFunction("probe", "number", [("number", False)], True),
    HostFunction("probe", "any", [("any", False), ("any", True)], True),
    HostFunction("probe", "table", [("table", False)], True),
]
CONTEXT: dict[str, Any] = {
    "executionId": "c9hq0vo2s1m8ga3b4c5d",
    "functionId": "c9hq0vo2s1m8ga3b4c50",
    "functionName": "hello",
    "mount": "/fn/hello",
    "requestId": "r-1",
    "startedAt": 1700000000,
    "version": "3",
    "baseUrl": "http://localhost:3000",
}
EVENT: dict[str, Any] = {
    "method": "GET",
    "path": "/fn/f1/x",
    "relativePath": "/x",
    "body": b"",
    "headers": {"Content-Type": "text/plain", "User-Agent": "curl/8", "X-Github-Event": "push"},
    "query": {"a": "b"},
    "multiHeaders": {"Accept": ["text/html", "text/plain"]},
    "multiQuery": {"a": ["b", "c"]},
    "rawQuery": "a=b&a=c",
    "host": "localhost:3000",
    "scheme": "http",
    "remoteAddr": "127.0.0.1",
    "trigger": "http",
}


def setup(**changes: Any) -> Setup:
    """A setup for tests, with the given fields changed."""
    fields: dict[str, Any] = {
        "memory_bytes": 32 * 1024 * 1024,
        "response_body_bytes": 1024 * 1024,
        "log_line_bytes": 1024,
        "host_functions": HOST_FUNCTIONS,
    }
    return Setup(**{**fields, **changes})


class FakeHost:
    """Answers calls from a list of canned replies."""

    def __init__(self, replies: Iterable[Reply] = ()) -> None:
        self.calls: list[Call] = []
        self._replies = list(replies)

    def send(self, call: Call, *, has_reply: bool = True) -> bool:
        """Note the call."""
        self.calls.append(call)
        return False

    def may_hold(self, allowed: bool) -> bool:
        """Hold nothing back."""
        return False

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def look_up(self, name: bytes) -> None:
        """Share nothing."""

    def receive(self) -> Reply:
        """Give the next canned reply."""
        return self._replies.pop(0)

    def reply(self, *replies: Reply) -> None:
        """Add replies for calls to come."""
        self._replies += replies

    def logged(self) -> list[tuple[str, bytes]]:
        """Level and text of every log line so far."""
        return [(c.name[4:], c.args[0]) for c in self.calls if c.name.startswith("log.")]


class Guest:
    """One interpreter with its fake host."""

    def __init__(self, *replies: Reply, **changes: Any) -> None:
        self.host = FakeHost(replies)
        self.interpreter = LuaInterpreter(setup(**changes), self.host)
        self._versions: dict[str, str] = {}

    def execute(self, code: str, **event: Any) -> Result | Failure:
        """Execute *code* as a function version of its own."""
        version = self._versions.setdefault(code, f"v{len(self._versions)}")
        invoke = Invoke(version, code, CONTEXT, {**EVENT, **event}, 5.0)
        outcome = self.interpreter.execute(invoke)
        self.interpreter.tidy()
        return outcome

    def response(self, code: str, **event: Any) -> Result:
        """Execute *code*, which must succeed."""
        outcome = self.execute(code, **event)
        assert isinstance(outcome, Result), outcome
        return outcome

    def failure(self, code: str, **event: Any) -> Failure:
        """Execute *code*, which must fail."""
        outcome = self.execute(code, **event)
        assert isinstance(outcome, Failure), outcome
        return outcome

    def body(self, statements: str, **event: Any) -> str:
        """The body returned by a handler made of *statements*, which return the body."""
        code = (
            f"local function body(ctx, event) {statements}\nend\n"
            "function handler(ctx, event) return {body = body(ctx, event)} end"
        )
        return self.response(code, **event).body.decode("utf-8", "backslashreplace")

    def texts(self, expressions: str, **event: Any) -> list[str]:
        """The values of a list of *expressions* as text, `true`, `nil`, ... included."""
        joined = self.body(
            "local function all(...) local t = {} "
            'for i = 1, select("#", ...) do t[i] = tostring((select(i, ...))) end '
            f'return table.concat(t, "\\0") end return all({expressions})',
            **event,
        )
        return joined.split("\0")

    def text(self, expression: str, **event: Any) -> str:
        """The first value of *expression* as text."""
        return self.texts(f"({expression})", **event)[0]

    def error(self, statements: str) -> str:
        """The message of the error that *statements* raise."""
        code = f"local ok, e = pcall(function() {statements} end) return tostring(ok) .. ':' .. e"
        ok, _, message = self.body(code).partition(":")
        assert ok == "false"
        return message
