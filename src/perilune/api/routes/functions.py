"""Routes of functions."""

from typing import TypedDict

from fastapi import Request, Response
from msgspec import UnsetType

from perilune.api.body import decode_body
from perilune.api.errors import InvalidRequest, PackagesNotInstalled
from perilune.api.parameters import Fields, Page, Search, Show, Sort
from perilune.api.replies import json_answer
from perilune.api.routes.shapes import FunctionAnswer, FunctionList
from perilune.api.routes.table import RouteTable, caller_of
from perilune.api.rules.functions import FunctionBody, VersionBody, checked_creation, checked_update
from perilune.api.rules.lists import function_query
from perilune.api.rules.versions import checked_note
from perilune.api.scopes import Scope
from perilune.api.subjects.functions import Functions, Origin
from perilune.api.subjects.statistics import DEFAULT_RANGE, RANGES
from perilune.clock import WallClock, wall_clock
from perilune.store import FunctionNotFound

_EVERY = "/api/functions"
_ONE = "/api/functions/{function_id}"
_TAG = "Functions"


def add_function_routes(
    routes: RouteTable, functions: Functions, clock: WallClock = wall_clock
) -> None:
    """Add what reads and changes functions; *clock* says which failures are of late."""
    _add_reading(routes, functions, clock)
    _add_changing(routes, functions)


def _add_reading(routes: RouteTable, functions: Functions, clock: WallClock) -> None:
    async def list_functions(
        page: Page,
        q: Search = None,
        sort: Sort = None,
        fields: Fields = None,
        show: Show = None,
    ) -> Response:
        since = RANGES[DEFAULT_RANGE].since(clock())
        wanted = function_query(q, sort, fields, show, since)
        return json_answer(await functions.page(page, wanted))

    async def get_function(function_id: str) -> Response:
        return json_answer(await functions.get(function_id))

    routes.add(
        "GET",
        _EVERY,
        list_functions,
        "listFunctions",
        _TAG,
        scope=Scope.READ,
        summary="List functions, newest first unless asked otherwise",
        answer=FunctionList,
        errors=(InvalidRequest,),
    )
    routes.add(
        "GET",
        _ONE,
        get_function,
        "getFunction",
        _TAG,
        scope=Scope.READ,
        summary="Show a function with its environment",
        answer=FunctionAnswer,
        errors=(FunctionNotFound,),
    )


def _add_changing(routes: RouteTable, functions: Functions) -> None:
    async def create_function(request: Request) -> Response:
        wanted = decode_body(await routes.body(request), FunctionBody)
        checked = checked_creation(wanted, functions.offer)
        return json_answer(await functions.create(*checked, **_version_of(request, wanted)))

    async def update_function(function_id: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), FunctionBody)
        checked = checked_update(wanted, functions.offer)
        changed = await functions.update(function_id, *checked, **_version_of(request, wanted))
        return json_answer(changed)

    async def delete_function(function_id: str) -> Response:
        await functions.delete(function_id)
        return Response(status_code=204)

    routes.add(
        "POST",
        _EVERY,
        create_function,
        "createFunction",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Create a function with its first version",
        body=FunctionBody,
        required=("name", "code"),
        answer=FunctionAnswer,
        errors=(InvalidRequest, PackagesNotInstalled),
    )
    routes.add(
        "PUT",
        _ONE,
        update_function,
        "updateFunction",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Change a function's settings or code",
        body=FunctionBody,
        answer=FunctionAnswer,
        errors=(InvalidRequest, PackagesNotInstalled, FunctionNotFound),
    )
    routes.add(
        "DELETE",
        _ONE,
        delete_function,
        "deleteFunction",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Remove a function and everything that belongs to it",
        status=204,
        errors=(FunctionNotFound,),
    )


class _Version(TypedDict):
    """What there is to know of a new version beside its code."""

    requirements: str | UnsetType | None
    origin: Origin
    is_admin: bool


def _version_of(request: Request, wanted: VersionBody) -> _Version:
    caller = caller_of(request)
    return _Version(
        requirements=wanted.requirements,
        origin=Origin(caller.name or None, checked_note(wanted.note)),
        is_admin=caller.may(Scope.ADMIN),
    )
