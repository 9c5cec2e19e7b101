"""Deno with the program of the workers, without any lock-down, as a test talks to it."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

import perilune.worker
from perilune.runtimes.guest.api import HOST_FUNCTIONS
from perilune.worker.frames import (
    Call,
    Failure,
    FrameReader,
    FromWorker,
    HostFunction,
    Invoke,
    Ready,
    Reply,
    Result,
    Setup,
    encode,
)

GUEST = Path(perilune.worker.__file__).parent / "javascript" / "guest"
DENO = Path(sys.executable).with_name("deno")
FLAGS = ["--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock"]
ENVIRONMENT = {"DENO_DIR": "/dev/null/none", "NO_COLOR": "1", "TZ": "Europe/Berlin"}
ANSWER_TIMEOUT_S = 30.0
MEMORY_BYTES = 128 * 1024 * 1024
RESPONSE_BODY_BYTES = 1024 * 1024
LOG_LINE_BYTES = 200
CONTEXT = {
    "executionId": "e_1",
    "functionId": "f_1",
    "mount": "/fn/f_1",
    "baseUrl": "https://fn.example.org/",
}
EVENT = {"method": "GET", "path": "/", "headers": {}, "body": "", "query": {}}

Answer = Callable[[Call], Reply]


class WholeCall(msgspec.Struct, frozen=True, array_like=True, tag="call"):
    """A call with all that is in it; the server leaves undecoded what is deeper than it needs."""

    name: str
    args: list[Any]


def host_functions() -> list[HostFunction]:
    """Return the functions that the host carries out, as frames have them."""
    return [
        HostFunction(
            one.module,
            one.name,
            [(argument.type, argument.optional) for argument in one.args],
            one.has_reply,
            one.fails_with_false,
            [argument.name for argument in one.args],
        )
        for one in HOST_FUNCTIONS.values()
    ]


class DenoGuest:
    """One process, and what it has asked the host for."""

    def __init__(self, language: str = "javascript", answer: Answer | None = None) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        """Name and arguments of the calls of the last invocation."""
        self._answer = answer or (lambda call: Reply(None))
        ours, theirs = socket.socketpair()
        arguments = [
            str(DENO),
            "run",
            *FLAGS,
            "--cached-only",
            f"--import-map={GUEST}/imports.json",
        ]
        self.process = subprocess.Popen(
            [*arguments, str(GUEST / "main.js")],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            env=ENVIRONMENT,
        )
        theirs.close()
        ours.settimeout(ANSWER_TIMEOUT_S)
        self._socket = ours
        self._reader: FrameReader[FromWorker | WholeCall] = FrameReader(
            Ready | WholeCall | Result | Failure
        )
        self._messages: list[FromWorker] = []
        self._version = 0
        self._source = ""
        limits = (MEMORY_BYTES, RESPONSE_BODY_BYTES, LOG_LINE_BYTES)
        self._socket.sendall(encode(Setup(*limits, host_functions(), language)))
        assert isinstance(self._next(), Ready)

    def send(self, code: str, *, is_check: bool = False, **event: Any) -> None:
        """Send an invocation of *code*; the process is not given twice in a row what it has."""
        is_known = not is_check and code == self._source
        if not is_known:
            self._version += 1
            self._source = "" if is_check else code
        version = str(self._version)
        given: Mapping[str, Any] = EVENT | event
        invoke = Invoke(version, None if is_known else code, CONTEXT, dict(given), 5.0, is_check)
        self._socket.sendall(encode(invoke))

    def send_bytes(self, data: bytes) -> None:
        """Send *data* as it is."""
        self._socket.sendall(data)

    def receive(self) -> Result | Failure:
        """Answer calls until the outcome comes."""
        self.calls = []
        while True:
            message = self._next()
            if isinstance(message, Result | Failure):
                return message
            assert isinstance(message, Call)
            self.calls.append((message.name, message.args))
            if not message.name.startswith("log."):
                self._socket.sendall(encode(self._answer(message)))

    def run(self, code: str, *, is_check: bool = False, **event: Any) -> Result | Failure:
        """Execute *code* once."""
        self.send(code, is_check=is_check, **event)
        return self.receive()

    def evaluate(self, expression: str, imports: str = "") -> Any:
        """Return the value of a JavaScript expression, by way of JSON."""
        head = f'import {{ {imports} }} from "perilune";' if imports else ""
        code = f"{head} export default async () => JSON.stringify(await ({expression}) ?? null);"
        outcome = self.result(code)
        return json.loads(outcome.body)

    def result(self, code: str, **event: Any) -> Result:
        """Execute *code*, which must succeed."""
        outcome = self.run(code, **event)
        assert isinstance(outcome, Result), outcome
        return outcome

    def failure(self, code: str, **event: Any) -> Failure:
        """Execute *code*, which must fail."""
        outcome = self.run(code, **event)
        assert isinstance(outcome, Failure), outcome
        return outcome

    def logged(self) -> list[tuple[str, str]]:
        """Return level and text of what the last invocation logged."""
        return [
            (name.removeprefix("log."), args[0].decode())
            for name, args in self.calls
            if name.startswith("log.")
        ]

    def close(self) -> int:
        """Close the connection and return the exit status of the process."""
        self._socket.close()
        return self.wait()

    def wait(self) -> int:
        """Return the exit status of the process when it has ended by itself."""
        status = self.process.wait(ANSWER_TIMEOUT_S)
        self._socket.close()
        return status

    def hang_up(self) -> int:
        """Close the connection as soon as a call comes; return the exit status."""
        while not isinstance(self._next(), Call):
            pass
        return self.close()

    def _next(self) -> FromWorker:
        while not self._messages:
            data = self._socket.recv(65536)
            if not data:
                status = self.process.wait(ANSWER_TIMEOUT_S)
                raise AssertionError(f"the process ended with status {status}")
            for message in self._reader.feed(data):
                if isinstance(message, WholeCall):
                    message = Call(message.name, message.args)
                self._messages.append(message)
        return self._messages.pop(0)
