"""The description of the API, for programs and for people, below `/docs`."""

import asyncio
from collections.abc import Callable
from functools import cached_property
from importlib import resources
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from perilune.api import hardening
from perilune.api.errors import MethodNotAllowed, UnknownPath, refusal
from perilune.api.replies import json_error

VIEWER = "swagger-ui-5.35.0"

_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'",
)
_JAVASCRIPT, _CSS = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
_FILES = {
    f"/docs/{VIEWER}/swagger-ui-bundle.js": _JAVASCRIPT,
    f"/docs/{VIEWER}/swagger-ui.css": _CSS,
    "/docs/viewer.js": _JAVASCRIPT,
}
_NEVER_STORED, _FOR_EVER = "no-store", "public, max-age=31536000, immutable"


class Documentation:
    """Serves the OpenAPI document and a viewer for it, with nothing from anywhere else."""

    def __init__(self, describe: Callable[[], dict[str, Any]]) -> None:
        """Serve what *describe* returns; it is asked once, when somebody wants to know."""
        self._describe = describe
        self._files = resources.files("perilune.api") / "viewer"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(scope)
        answer.raw_headers += (*hardening.COMMON, _POLICY)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        path: str = scope["path"]
        make = {
            "/docs": self._page,
            "/docs/openapi.json": self._as_json,
            "/docs/openapi.yaml": self._as_yaml,
        }.get(path)
        if make is None and path not in _FILES:
            return json_error(refusal(UnknownPath()), scope)
        if scope["method"] not in ("GET", "HEAD"):
            return json_error(refusal(MethodNotAllowed("GET, HEAD")), scope)
        if make is not None:
            # The first time it is made, which takes too long for the event loop.
            return await asyncio.to_thread(make)
        return await asyncio.to_thread(self._file, path)

    def _page(self) -> Response:
        page = (self._files / "index.html").read_bytes()
        return _answer(page, "text/html; charset=utf-8", _NEVER_STORED)

    def _file(self, path: str) -> Response:
        name = path.removeprefix("/docs/")
        # Vendored files have their version in their path.
        caching = _FOR_EVER if "/" in name else _NEVER_STORED
        return _answer((self._files / name).read_bytes(), _FILES[path], caching)

    def _as_json(self) -> Response:
        return _answer(self._json, "application/json", _NEVER_STORED)

    def _as_yaml(self) -> Response:
        return _answer(self._yaml, "application/yaml", _NEVER_STORED)

    @cached_property
    def _document(self) -> dict[str, Any]:
        return self._describe()

    @cached_property
    def _json(self) -> bytes:
        return msgspec.json.encode(self._document) + b"\n"

    @cached_property
    def _yaml(self) -> bytes:
        return msgspec.yaml.encode(self._document)


def _answer(content: bytes, media_type: str, caching: str) -> Response:
    return Response(content, headers={"Content-Type": media_type, "Cache-Control": caching})
