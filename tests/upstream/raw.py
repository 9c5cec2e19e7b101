"""A server on loopback that writes exactly what it is told, also what no server should."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class RawUpstream:
    """What the server was asked, and by how many connections."""

    def __init__(self, respond: Respond) -> None:
        self.url = ""
        self.port = 0
        self.requests: list[bytes] = []
        """Heads and bodies as they arrived."""
        self.addresses: list[str] = []
        """The server's own address on each connection, oldest first."""
        self.all_closed = asyncio.Event()
        """Whether all connections are closed again."""
        self._respond = respond
        self._open: set[asyncio.StreamWriter] = set()

    def respond_with(self, respond: Respond) -> None:
        """Answer with *respond* from now on."""
        self._respond = respond

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until one of the sides closes it."""
        self.addresses.append(writer.get_extra_info("sockname")[0])
        self._open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                await self._read(reader)
                # Whoever is still responding hears of the end of the connection here.
                end = asyncio.create_task(reader.read(1))
                response = asyncio.create_task(_respond(self._respond, writer))
                await asyncio.wait((end, response), return_when=asyncio.FIRST_COMPLETED)
                if end.done():
                    response.cancel()
                    break
                end.cancel()
                await asyncio.wait((end,))
        writer.close()
        self._open.discard(writer)
        if not self._open:
            self.all_closed.set()

    def close(self) -> None:
        """Close the connections that are left."""
        for writer in self._open:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.requests.append(head + body)


async def _respond(respond: Respond, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await respond(writer)
        await writer.drain()


def constant(data: bytes, *, closes: bool = False) -> Respond:
    """Make a response that is always *data*."""

    async def respond(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if closes:
            writer.close()

    return respond


def ok(body: bytes = b"", headers: bytes = b"") -> bytes:
    """Return a whole response with status 200."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), headers, body)


@asynccontextmanager
async def open_raw(
    respond: Respond, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawUpstream]:
    """Serve on a free port; *respond* is called after each request and writes what it likes."""
    upstream = RawUpstream(respond)
    server = await asyncio.start_server(upstream.serve, host, 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    upstream.url = f"{'https' if tls else 'http'}://127.0.0.1:{upstream.port}"
    try:
        yield upstream
    finally:
        server.close()
        upstream.close()
