"""Routes of what describes the server to programs."""

from functools import partial
from typing import Any

from starlette.responses import PlainTextResponse, Response

from perilune.api.failures import Json
from perilune.api.handlers.about import About
from perilune.api.routes.route import JSON, Route
from perilune.api.routes.shapes import ServerVersion
from perilune.api.scopes import TokenScope
from perilune.runtimes.guest.docs import guest_api_json
from perilune.runtimes.languages.javascript_types import FILE_NAME as JAVASCRIPT_FILE
from perilune.runtimes.languages.javascript_types import javascript_types
from perilune.runtimes.languages.python_stubs import FILE_NAME as PYTHON_FILE
from perilune.runtimes.languages.python_stubs import python_stubs

_read = partial(Route, "GET", scope=TokenScope.READ)


def document_routes(about: About) -> list[Route]:
    """Return what there is to say about the server, and the descriptions of the guest API."""
    guest_api, stubs, types = guest_api_json(), python_stubs(), javascript_types()

    async def get_version() -> Json:
        return {
            "name": "Perilune",
            "version": about.version,
            "runtimes": about.runtimes,
            "store_bytes": about.store_bytes(),
        }

    async def get_guest_api() -> Response:
        return Response(guest_api, headers={"Content-Type": JSON})

    async def get_python_stubs() -> Response:
        return PlainTextResponse(stubs)

    async def get_javascript_types() -> Response:
        return PlainTextResponse(types)

    return [
        _read(
            "/api/version",
            get_version,
            "getServerVersion",
            "Show which server this is",
            tag="Server",
            answer=ServerVersion,
        ),
        _read(
            "/api/guest-api.json",
            get_guest_api,
            "getGuestApi",
            "Show what functions can use",
            tag="Runtime",
            answer=dict[str, Any],
        ),
        _read(
            f"/api/{PYTHON_FILE}",
            get_python_stubs,
            "getPythonStubs",
            "Show the types of what Python functions import",
            tag="Runtime",
            answer=str,
            media_type="text/plain",
        ),
        _read(
            f"/api/{JAVASCRIPT_FILE}",
            get_javascript_types,
            "getJavaScriptTypes",
            "Show the types of what JavaScript and TypeScript functions import",
            tag="Runtime",
            answer=str,
            media_type="text/plain",
        ),
    ]
