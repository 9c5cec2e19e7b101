"""Routes of what describes the server to programs."""

from typing import Any

from fastapi import Response

from perilune.api.replies import json_answer
from perilune.api.routes.shapes import ServerVersion
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.about import About
from perilune.runtimes.guest.docs import guest_api_json
from perilune.runtimes.languages.javascript_types import FILE_NAME as JAVASCRIPT_FILE
from perilune.runtimes.languages.javascript_types import javascript_types
from perilune.runtimes.languages.python_stubs import FILE_NAME, python_stubs


def add_document_routes(routes: RouteTable, about: About) -> None:
    """Add what there is to say about the server, and the description of the guest API."""
    guest_api = guest_api_json()

    async def get_guest_api() -> Response:
        return Response(guest_api, headers={"Content-Type": "application/json"})

    async def get_version() -> Response:
        return json_answer(
            {
                "name": "Perilune",
                "version": about.version,
                "runtimes": about.runtimes,
                "store_bytes": about.store_bytes(),
            }
        )

    routes.add(
        "GET",
        "/api/version",
        get_version,
        "getServerVersion",
        "Server",
        scope=Scope.READ,
        summary="Show which server this is",
        answer=ServerVersion,
    )
    routes.add(
        "GET",
        "/api/guest-api.json",
        get_guest_api,
        "getGuestApi",
        "Runtime",
        scope=Scope.READ,
        summary="Show what functions can use",
        answer=dict[str, Any],
    )
    _add_types(routes)


def _add_types(routes: RouteTable) -> None:
    """Add what editors and type checkers read."""
    stubs, types = python_stubs(), javascript_types()

    async def get_python_stubs() -> Response:
        return Response(stubs, headers={"Content-Type": "text/plain; charset=utf-8"})

    async def get_javascript_types() -> Response:
        return Response(types, headers={"Content-Type": "text/plain; charset=utf-8"})

    routes.add(
        "GET",
        f"/api/{FILE_NAME}",
        get_python_stubs,
        "getPythonStubs",
        "Runtime",
        scope=Scope.READ,
        summary="Show the types of what Python functions import",
        answer=str,
        media_type="text/plain",
    )
    routes.add(
        "GET",
        f"/api/{JAVASCRIPT_FILE}",
        get_javascript_types,
        "getJavaScriptTypes",
        "Runtime",
        scope=Scope.READ,
        summary="Show the types of what JavaScript and TypeScript functions import",
        answer=str,
        media_type="text/plain",
    )
