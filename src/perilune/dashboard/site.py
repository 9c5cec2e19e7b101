"""Serves the files of the dashboard, compressed and with what browsers need to keep them."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

SERVED = frozenset({".css", ".html", ".js", ".lua", ".py", ".svg", ".ts", ".txt"})
"""Endings of what is served."""

HEADERS = {
    # Styles: the editor adds rules as it needs them.  Scripts come from files only.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every file (KD-22)."""

_HASHED = re.compile(r"/built/[^/]+-[0-9A-Z]{8}\.\w+\Z")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Dashboard:
    """The ASGI application of everything that is neither API nor function (KD-109)."""

    def __init__(self) -> None:
        files = StaticFiles(directory=STATIC, html=True, follow_symlink=False)
        self._files: ASGIApp = GZipMiddleware(files, minimum_size=500)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: a file, or 404 in plain text."""
        path: str = scope["path"]
        if path == "/index.html":
            answer: ASGIApp = Response(status_code=308, headers={"Location": "./"})
        elif scope["method"] not in ("GET", "HEAD"):
            answer = PlainTextResponse(
                "method not allowed\n", 405, headers={"Allow": "GET, HEAD", **HEADERS}
            )
        elif path != "/" and Path(path).suffix not in SERVED:
            answer = _not_found()
        else:
            await self._serve(path, scope, receive, send)
            return
        await answer(scope, receive, send)

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        caching = _FOR_EVER if _HASHED.search(path) else _ASK_AGAIN
        own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        own.append((b"cache-control", caching.encode()))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *own]
            await send(message)

        try:
            await self._files(scope, receive, with_headers)
        except HTTPException:
            await _not_found()(scope, receive, send)


def _not_found() -> ASGIApp:
    return PlainTextResponse("404 page not found\n", 404, headers=HEADERS)
