"""Clients and upstreams that mean harm, each in a process of its own: see `attacking`."""

import gzip
import multiprocessing
import select
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import quote, urlsplit

CONNECTIONS = 300
BODY_BYTES = 6 * 1024 * 1024
"""The longest body that the server takes, and that a function may answer."""
COME_BACK_S = 10.0
"""When a connection that was refused or cut comes back: these attacks hold places."""

_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_GZIP = _HEAD + b"Content-Encoding: gzip\r\n\r\n"

ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),
    "chunks of one byte": (_CHUNKED, b"1\r\nx\r\n" * 40_000),
    "extension of a chunk": (_CHUNKED + b"1;", b"x" * 256 * 1024),
    "empty members": (_GZIP, gzip.compress(b"") * 10_000),
    "empty blocks": (_GZIP + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff" * 50_000),
}
"""What upstreams that send without end begin with, and what they repeat."""

Attack = tuple[Callable[..., None], Sequence[object]]
"""A function of this module, and its arguments."""


@contextmanager
def attacking(attacks: Sequence[Attack]) -> Iterator[None]:
    """Run attacks until the block ends."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        for attack, arguments in attacks:
            process = context.Process(target=attack, args=tuple(arguments), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(process.kill)
        yield


def withhold_bodies(url: str) -> None:
    """Send bodies on many connections, all but the last byte of each."""
    head = _request("POST", url, f"Content-Length: {BODY_BYTES}")
    _hold_connections(url, head + bytes(BODY_BYTES - 1))


def ignore_answers(url: str) -> None:
    """Ask on many connections for a long answer, and read none."""
    _hold_connections(url, _request("GET", url))


DENSE_BODY = b"[" + b"1," * (BODY_BYTES // 2 - 8) + b'"key"]'
"""JSON that is looked through as a whole, in one step of a second."""


def call_again_and_again(url: str, clients: int, body: bytes | None = None) -> None:
    """Call a function without a break, *clients* times at once."""

    def call() -> None:
        while True:
            try:
                with urllib.request.urlopen(url, body, timeout=120) as answer:
                    answer.read()
            except OSError:
                time.sleep(0.01)

    threads = [threading.Thread(target=call) for _ in range(clients)]
    for thread in threads:
        thread.start()


def have_endless_answers_fetched(url: str) -> None:
    """Have the function at *url*, which fetches what it is told, fetch one answer of each kind."""
    for head, block in ENDLESS.values():
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=_answer_without_end, args=(listener, head, block)).start()
        upstream = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        call_again_and_again(f"{url}?url={quote(upstream)}", 1)


def _answer_without_end(listener: socket.socket, head: bytes, block: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(head)
            while True:
                connection.sendall(block)

    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],)).start()


def _request(method: str, url: str, *fields: str) -> bytes:
    lines = [f"{method} {urlsplit(url).path} HTTP/1.1", "Host: x", *fields, "", ""]
    return "\r\n".join(lines).encode()


def _hold_connections(url: str, data: bytes) -> None:
    """Send *data* on each of many connections, as far as it is taken; read nothing."""
    address = (urlsplit(url).hostname, urlsplit(url).port)
    poll = select.poll()
    open_ones: dict[int, tuple[socket.socket, memoryview]] = {}
    missing = [0.0] * CONNECTIONS
    while True:
        now = time.monotonic()
        for due in [one for one in missing if one <= now]:
            missing.remove(due)
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(address)
            sock.setblocking(False)
            open_ones[sock.fileno()] = sock, memoryview(data)
            poll.register(sock, select.POLLOUT | select.POLLRDHUP)
        for descriptor, event in poll.poll(100):
            sock, rest = open_ones[descriptor]
            if event & (select.POLLRDHUP | select.POLLERR | select.POLLHUP):
                poll.unregister(descriptor)
                del open_ones[descriptor]
                sock.close()
                missing.append(time.monotonic() + COME_BACK_S)
                continue
            with suppress(OSError):
                rest = rest[sock.send(rest) :]
            open_ones[descriptor] = sock, rest
            if not rest:
                poll.modify(descriptor, select.POLLRDHUP)
