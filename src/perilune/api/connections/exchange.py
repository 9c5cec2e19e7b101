"""One request and its answer: what all kinds have in common, whoever answers.

An ASGI application answers one kind (`asgi.py`), a function another (`api/calls`).  The
connection says what happens; an exchange asks it to send, and works in callbacks.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from perilune.api.connections.budget import Place
from perilune.api.connections.request import Request
from perilune.api.connections.shared import Shared
from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BODIES_FULL

SMALL_BYTES = 64 * 1024
"""What is larger, a request's body or an answer's, needs a place in a budget of its own."""
MAX_WAIT_S = 10.0
"""Longest time a large body waits for its place."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST = b"connection: close\r\n"

Server = TypeVar("Server")

_log = logging.getLogger(__name__)


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


class Owner(Protocol):
    """What an exchange asks of its connection."""

    shared: Shared
    is_write_paused: bool
    held: int

    def write(self, data: bytes, answered: "Exchange[Any] | None" = None) -> None:
        """Send bytes; go on after them if they are the last ones of *answered*."""
        ...

    def hold(self, size: int) -> bool:
        """Take a place in the budget of answers; return whether there is one."""
        ...

    def resume_reading(self) -> None:
        """Let more of a body arrive."""
        ...

    def fail(self, exchange: "Exchange[Any]", answer: ErrorAnswer) -> None:
        """End a request and the connection."""
        ...

    def close(self) -> None:
        """End the connection once everything has been sent."""
        ...


class Exchange(Generic[Server]):
    """What arrives of one request's body, and what goes out as its answer."""

    # What every request begins with is kept once, in the class: most of it never changes.
    is_last = False
    """The connection ends with the answer."""
    is_body_complete = False
    is_disconnected = False
    is_started = False
    """Something of the answer has been written."""
    is_over = False
    """The whole answer has been written."""
    has_ended = False
    """Nobody works at it any more."""
    status = 0
    """Of the answer, for the access log; 0 if there is none."""
    request_id = ""
    """As the answer tells it, likewise."""
    on_end: Callable[[], None] | None = None
    _body: bytes | bytearray = b""
    _small = _reserved = 0
    _asked: Place | None = None
    _unsent: tuple[int, bytes, bytes] | None = None

    def __init__(self, server: Server, owner: Owner, request: Request) -> None:
        """Begin a request whose head has arrived.

        Args:
            server: who answers it.
            owner: its connection.
            request: its head.
        """
        self.request = request
        self._owner = owner
        self._shared = owner.shared
        self._server = server

    # What the connection calls

    def start(self) -> None:
        """Begin to answer: everything before this has been answered."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look again: more has arrived, more can be sent, or the client has gone."""
        raise NotImplementedError

    def cancel(self) -> None:
        """See `Cancellable`."""
        raise NotImplementedError

    def look(self, now: float) -> None:
        """Look at deadlines, now and then; *now* is the event loop's time."""

    @property
    def unread(self) -> int:
        """Bytes of the body that nobody has asked for yet."""
        return len(self._body)

    def feed(self, data: bytes) -> bool:
        """Take in a part of the body; return False when there is no room for it."""
        if not self._reserved:
            if not self._shared.small.take(len(data)):
                return False
            self._small += len(data)
        if not self._body:
            self._body = data
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += data
        self.wake()
        return True

    def release(self) -> None:
        """Give back the place of the body, which nobody holds any more."""
        if self._asked is not None:
            self._shared.incoming.withdraw(self._asked)
            self._asked = None
        if self._small:
            self._shared.small.give_back(self._small)
        if self._reserved:
            self._shared.incoming.give_back(self._reserved)
        self._small = self._reserved = 0

    # What the one who answers calls

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Send a whole answer in one write, and end.

        While the client does not keep up, the answer waits in `_unsent` for `wake`.

        Args:
            status: 200 to 599.
            fields: valid, a line each; they tell the length of *body*, if there is one.
            body: left out if the request is HEAD.
        """
        owner = self._owner
        self.status = status
        if self.is_disconnected:
            self.end()
            return
        if owner.is_write_paused:
            self._unsent = status, fields, body
            return
        if self.request.method == "HEAD":
            body = b""
        if len(body) > SMALL_BYTES and not owner.hold(len(body)):
            self._refuse_answer(len(body))
            self.end()
            return
        last = LAST if self.is_last else b""
        self.is_started = self.is_over = True
        self.end()
        owner.write(
            b"%b%b%b%b\r\n%b" % (STATUS_LINES[status], self._shared.date, fields, last, body), self
        )

    def end(self) -> None:
        """Stop counting as work, and give back what is held."""
        if self.has_ended:
            return
        self.has_ended = True
        if self._small or self._reserved or self._asked is not None:
            self._body = b""
            self.release()
        self._shared.running.discard(self)
        if self.on_end is not None:
            self.on_end()
            self.on_end = None

    def ask_for_body(self) -> None:
        """Tell a client that waits for this to send its body."""
        if self.request.expects_continue:
            self.request.expects_continue = False
            if not (self._body or self.is_body_complete or self.is_disconnected):
                self._owner.write(CONTINUE)

    def has_room(self) -> bool:
        """Whether more of the body may be read; if not, `wake` is called when there is room.

        What is large needs a place for all of it before more than its beginning is read.
        """
        if self._asked is not None:
            return False
        declared = self.request.declared
        is_large = self._small >= SMALL_BYTES if declared is None else declared > SMALL_BYTES
        if self._reserved or self.is_body_complete or not is_large:
            return True
        most = self._shared.limits.body_bytes
        size = most if declared is None else min(declared, most)
        if self._shared.incoming.take(size):
            self._reserved = size
            return True
        self._asked = self._shared.incoming.ask(size, MAX_WAIT_S, self._on_room)
        return False

    def _on_room(self, is_there: bool) -> None:
        place, self._asked = self._asked, None
        if is_there and place is not None:
            self._reserved = place.size
            self.wake()
        else:
            self._owner.fail(self, BODIES_FULL)

    def _refuse_answer(self, size: int) -> None:
        _log.warning("an answer of %d bytes was refused: too many unsent", size)
        self._owner.fail(self, BODIES_FULL)


Opener = Callable[[Owner, Request], Exchange[Any]]
"""Decides who answers a request."""


def encoded_error(answer: ErrorAnswer, date: bytes) -> bytes:
    """Return a whole answer that ends its connection; *date* is the line of that field."""
    body = answer.body
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in answer.headers)
    return (
        f"HTTP/1.1 {answer.status} {answer.message}\r\n".encode("ascii")
        + date
        + b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        + fields
        + LAST
        + b"\r\n"
        + body
    )
