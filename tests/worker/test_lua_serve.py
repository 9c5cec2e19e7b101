"""`serve` over a real socket, in a process of its own."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from perilune.worker import socket_channel
from perilune.worker.frames import (
    Call,
    Failure,
    FrameReader,
    FromWorker,
    Invoke,
    Reply,
    Result,
    ToWorker,
    encode,
)
from perilune.worker.lua_interpreter import serve
from perilune.worker.socket_channel import EXIT_HOST_GONE
from tests.worker.lua_guest import CONTEXT, EVENT, setup

TIMEOUT_S = 30.0
EXIT_ERROR = 9


class Peer:
    """The host's end of a worker that runs `serve`."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.connection = connection
        self._pid = pid
        self._reader: FrameReader[FromWorker] = FrameReader(FromWorker)
        self._messages: list[FromWorker] = []

    def send(self, *messages: ToWorker) -> None:
        """Send all *messages* at once."""
        self.connection.sendall(b"".join(encode(message) for message in messages))

    def receive(self) -> FromWorker:
        """Wait for the next message."""
        while not self._messages:
            data = self.connection.recv(65536)
            assert data, "the worker closed its connection"
            self._messages += self._reader.feed(data)
        return self._messages.pop(0)

    def exit_code(self) -> int:
        """Wait for the end of the worker."""
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Hang up and make sure that the worker is gone."""
        self.connection.close()
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self.exit_code()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving() as worker:
        yield worker


@pytest.fixture
def patient_peer(monkeypatch) -> Iterator[Peer]:
    """A worker that only size, guest code and the end of the line keep from holding back."""
    monkeypatch.setattr(socket_channel, "MAX_HELD_S", 3600.0)
    with serving(socket.SOCK_SEQPACKET) as worker:
        yield worker


@contextmanager
def serving(kind: int = socket.SOCK_STREAM) -> Iterator[Peer]:
    ours, theirs = socket.socketpair(type=kind)
    pid = os.fork()
    if pid == 0:
        ours.close()
        status = EXIT_ERROR
        try:
            serve(theirs)
            status = 0
        finally:
            os._exit(status)
    theirs.close()
    ours.settimeout(TIMEOUT_S)
    worker = Peer(ours, pid)
    yield worker
    worker.close()


def invoke(code: str | None, version: str = "v1", **event: Any) -> Invoke:
    return Invoke(version, code, CONTEXT, {**EVENT, **event}, 10.0)


def without_usage(outcome: FromWorker) -> FromWorker:
    return msgspec.structs.replace(outcome, cpu_us=None, peak_memory_kib=None, held_us=None)


HELLO = 'function handler(ctx, event) return {body = "hello " .. event.path} end'


def test_code_is_sent_once(peer):
    peer.send(setup(), invoke(HELLO))
    first = peer.receive()
    peer.send(invoke(None, path="/two"))
    second = peer.receive()

    assert without_usage(first) == Result(200, {}, b"hello /fn/f1/x", False)
    assert without_usage(second) == Result(200, {}, b"hello /two", False)


def test_outcomes_say_what_each_has_used(peer):
    spin = """
    function handler()
      local began = os.clock()
      while os.clock() - began < 0.02 do end
      error("late")
    end
    """

    peer.send(setup(), invoke(spin), invoke(HELLO, "v2"))
    failure, result = peer.receive(), peer.receive()

    assert isinstance(failure, Failure)
    assert isinstance(result, Result)
    assert result.cpu_us is not None and failure.cpu_us is not None
    assert 0 < result.cpu_us < failure.cpu_us
    assert 10_000 < failure.cpu_us < 60_000_000
    assert result.peak_memory_kib is not None and failure.peak_memory_kib is not None
    # In KiB: a process with an interpreter holds some MiB, and less than all of this machine.
    assert 4 * 1024 < failure.peak_memory_kib <= result.peak_memory_kib < 2**30


def test_outcomes_say_how_long_each_had_the_worker(peer):
    code = "function handler() time.sleep(50) end"

    peer.send(setup(), invoke(code), invoke(HELLO, "v2"))
    slept, quick = peer.receive(), peer.receive()

    assert isinstance(slept, Failure)
    assert isinstance(quick, Result)
    assert slept.held_us is not None and quick.held_us is not None
    assert 50_000 <= slept.held_us < 60_000_000
    assert quick.held_us < slept.held_us


def test_host_calls_come_in_order_with_the_result_last(peer):
    code = """
    function handler()
      log.info("before")
      local value = kv.get("k")
      log.info("after")
      return {body = value}
    end
    """

    peer.send(setup(), invoke(code))
    before, get = peer.receive(), peer.receive()
    peer.send(Reply(None, b"value"))
    after, result = peer.receive(), peer.receive()

    assert [before, get, after] == [
        Call("log.info", [b"before"]),
        Call("kv.get", [b"k"]),
        Call("log.info", [b"after"]),
    ]
    assert isinstance(result, Result)
    assert result.body == b"value"


def received_at_once(peer: Peer) -> list[FromWorker]:
    """What the worker has sent in one write."""
    return FrameReader[FromWorker](FromWorker).feed(peer.connection.recv(65536))


def test_outcomes_of_a_line_come_together(patient_peer):
    patient_peer.send(setup(), *[invoke(HELLO, path=path) for path in ("a", "b", "c")])

    outcomes = received_at_once(patient_peer)

    bodies = [one.body for one in outcomes if isinstance(one, Result)]
    assert bodies == [b"hello a", b"hello b", b"hello c"]


def test_log_lines_come_with_the_outcome(patient_peer):
    code = 'function handler() log.info("one") log.warn("two") error("three") end'

    patient_peer.send(setup(), invoke(code))
    one, two, failure = received_at_once(patient_peer)

    assert (one, two) == (Call("log.info", [b"one"]), Call("log.warn", [b"two"]))
    assert isinstance(failure, Failure)


def test_not_much_is_held_back(patient_peer):
    code = 'function handler() return {body = ("x"):rep(1500)} end'

    patient_peer.send(setup(), *[invoke(code)] * 10)

    assert len(received_at_once(patient_peer)) == 3


def test_the_failure_that_ends_a_worker_is_not_held_back(patient_peer):
    code = "local s = 'x' while true do s = s .. s end"

    patient_peer.send(setup(), invoke(code), invoke(code))
    failure = patient_peer.receive()

    assert isinstance(failure, Failure)
    assert failure.fatal


# What goes on for long, or ends the process, before it has been interrupted.
LONG = [
    pytest.param("while true do end", id="while"),
    pytest.param("repeat local a = 1 until false", id="repeat"),
    pytest.param("for i = 1, 1 / 0 do end", id="for"),
    pytest.param("local function f() return f() end f()", id="tail calls"),
    pytest.param("::again:: goto again", id="goto"),
    pytest.param("while true do pcall(error) end", id="errors"),
    pytest.param("coroutine.wrap(function() while true do end end)()", id="coroutine"),
    pytest.param("while true do local c = coroutine.wrap(print) end", id="coroutines"),
    pytest.param('load("while true do end")()', id="loaded"),
    pytest.param('("a"):rep(40):find(("a*"):rep(40) .. "b")', id="pattern"),
    pytest.param('string["fi" .. "nd"](("a"):rep(40), ("a*"):rep(40) .. "b")', id="hidden pattern"),
    pytest.param(
        'local name = "fi" .. "nd" local _ = ("a")[name](("a"):rep(40), ("a*"):rep(40) .. "b")',
        id="hidden method",
    ),
    pytest.param("time.sleep(3600000)", id="sleep"),
    pytest.param("table.sort({3, 2, 1}, function() while true do end end)", id="callback"),
    pytest.param('kv.get("k")', id="call"),
]


@pytest.mark.parametrize("statements", LONG)
def test_what_was_held_back_is_sent_when_the_next_one_goes_on(patient_peer, statements):
    code = f"""
    function handler(ctx, event)
      if event.path == "quick" then return {{body = "quick"}} end
      {statements}
    end
    """

    patient_peer.send(setup(), invoke(code, path="quick"), invoke(code), invoke(code))

    assert patient_peer.receive().body == b"quick"


@pytest.mark.parametrize("statements", LONG)
def test_the_last_log_line_is_sent_when_the_function_goes_on(patient_peer, statements):
    patient_peer.send(setup(), invoke(f'function handler() log.info("last") {statements} end'))

    assert patient_peer.receive() == Call("log.info", [b"last"])


def test_failure_leaves_the_worker_usable(peer):
    peer.send(setup(), invoke("error('boom')", "v1"))
    failure = peer.receive()
    peer.send(invoke(HELLO, "v2"))

    assert isinstance(failure, Failure)
    assert failure.line == 1
    assert isinstance(peer.receive(), Result)


def test_worker_ends_after_a_memory_failure(peer):
    peer.send(setup(), invoke("local s = 'x' while true do s = s .. s end"))

    failure = peer.receive()

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.fatal) == ("memory", True)
    assert peer.connection.recv(1) == b""
    assert peer.exit_code() == 0


def test_response_larger_than_a_frame_is_a_failure(peer):
    code = 'function handler() return {body = ("x"):rep(17 * 1024 * 1024)} end'

    peer.send(setup(response_body_bytes=2**30, memory_bytes=2**28), invoke(code))
    failure = peer.receive()
    peer.send(invoke(HELLO, "v2"))

    assert isinstance(failure, Failure)
    assert "exceeds the limit of 16777216 bytes" in failure.message
    assert isinstance(peer.receive(), Result)


@pytest.mark.parametrize(
    "messages", [pytest.param([], id="before setup"), pytest.param([setup()], id="after setup")]
)
def test_worker_ends_quietly_when_the_host_hangs_up(peer, messages):
    peer.send(*messages)
    peer.connection.shutdown(socket.SHUT_RDWR)

    assert peer.exit_code() == 0


def test_worker_ends_when_the_host_goes_away_during_a_call(peer):
    """Even if the guest catches every error."""
    code = 'function handler() while true do pcall(kv.get, "k") end end'

    peer.send(setup(), invoke(code))
    assert peer.receive() == Call("kv.get", [b"k"])
    peer.connection.shutdown(socket.SHUT_RDWR)

    assert peer.exit_code() == EXIT_HOST_GONE


def test_worker_ends_when_the_host_answers_a_call_with_something_else(peer):
    peer.send(setup(), invoke('function handler() pcall(kv.get, "k") return {} end'))
    assert isinstance(peer.receive(), Call)
    peer.send(setup())

    assert peer.exit_code() == EXIT_HOST_GONE


def test_an_invocation_that_comes_during_another_waits_for_its_end(peer):
    peer.send(setup(), invoke('function handler() return { body = kv.get("k") } end'))
    assert isinstance(peer.receive(), Call)

    peer.send(invoke(HELLO, "v2"), Reply(None, b"first"))

    assert peer.receive().body == b"first"
    assert peer.receive().body.startswith(b"hello ")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0\0\0\1\x63x", id="wrong version"),
        pytest.param(b"\xff\xff\xff\xff\x01", id="too long"),
        pytest.param(encode(Reply(None, None)), id="reply without call"),
        pytest.param(encode(setup()), id="second setup"),
    ],
)
def test_worker_ends_when_the_host_breaks_the_protocol(peer, data):
    peer.send(setup())
    peer.connection.sendall(data)

    assert peer.exit_code() == EXIT_ERROR
