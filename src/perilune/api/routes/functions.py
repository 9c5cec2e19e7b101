"""Routes of functions."""

from functools import partial
from typing import TypedDict

from msgspec import UnsetType
from starlette.requests import Request

from perilune.api.errors import InvalidRequest, PackagesNotInstalled
from perilune.api.failures import Json
from perilune.api.handlers.functions import Authorship, Functions
from perilune.api.handlers.statistics import DEFAULT_RANGE, RANGES
from perilune.api.routes.route import Route, caller_of
from perilune.api.routes.shapes import FunctionAnswer, FunctionList
from perilune.api.rules.functions import FunctionBody, VersionBody, checked_creation, checked_update
from perilune.api.rules.lists import PAGE, SEARCH, SHOW, SORT, fields
from perilune.api.rules.versions import checked_note
from perilune.api.scopes import TokenScope
from perilune.clock import WallClock, wall_clock
from perilune.store import (
    AddressTaken,
    FunctionKind,
    FunctionNotFound,
    FunctionQuery,
    FunctionSort,
    PaginationParams,
)

_EVERY, _ONE = "/api/functions", "/api/functions/{function_id}"

_read = partial(Route, "GET", tag="Functions", scope=TokenScope.READ)
_change = partial(Route, tag="Functions", scope=TokenScope.DEPLOY)


def function_routes(functions: Functions, clock: WallClock = wall_clock) -> list[Route]:
    """Return what reads and changes functions; *clock* says which failures are of late."""
    return [*_reading(functions, clock), *_changing(functions)]


def _reading(functions: Functions, clock: WallClock) -> list[Route]:
    async def list_functions(
        params: PaginationParams,
        q: str | None,
        sort: FunctionSort,
        show: FunctionKind | None,
        fields: bool,
    ) -> Json:
        since = RANGES[DEFAULT_RANGE].since(clock())
        wanted = FunctionQuery(q=q, kind=show, failing_since=since, sort=sort, with_code=fields)
        return await functions.page(params, wanted)

    return [
        _read(
            _EVERY,
            list_functions,
            "listFunctions",
            "List functions, newest first unless asked otherwise",
            parameters=(PAGE, SEARCH, SORT, SHOW, fields("the code of versions")),
            answer=FunctionList,
            errors=(InvalidRequest,),
        ),
        _read(
            _ONE,
            functions.get,
            "getFunction",
            "Show a function with its environment",
            answer=FunctionAnswer,
            errors=(FunctionNotFound,),
        ),
    ]


def _changing(functions: Functions) -> list[Route]:
    async def create_function(request: Request, body: VersionBody) -> Json:
        checked = checked_creation(body, functions.capabilities)
        return await functions.create(*checked, **_version_of(request, body))

    async def update_function(function_id: str, request: Request, body: VersionBody) -> Json:
        checked = checked_update(body, functions.capabilities)
        return await functions.update(function_id, *checked, **_version_of(request, body))

    return [
        _change(
            "POST",
            _EVERY,
            create_function,
            "createFunction",
            "Create a function with its first version",
            body=FunctionBody,
            required=("name", "code"),
            answer=FunctionAnswer,
            errors=(InvalidRequest, AddressTaken, PackagesNotInstalled),
        ),
        _change(
            "PUT",
            _ONE,
            update_function,
            "updateFunction",
            "Change a function's settings or code",
            body=FunctionBody,
            answer=FunctionAnswer,
            errors=(InvalidRequest, AddressTaken, PackagesNotInstalled, FunctionNotFound),
        ),
        _change(
            "DELETE",
            _ONE,
            functions.delete,
            "deleteFunction",
            "Remove a function and everything that belongs to it",
            errors=(FunctionNotFound,),
        ),
    ]


class _Version(TypedDict):
    """What there is to know of a new version beside its code."""

    requirements: str | UnsetType | None
    authorship: Authorship
    is_admin: bool


def _version_of(request: Request, wanted: VersionBody) -> _Version:
    caller = caller_of(request)
    return _Version(
        requirements=wanted.requirements,
        authorship=Authorship(caller.name or None, checked_note(wanted.note)),
        is_admin=caller.may(TokenScope.ADMIN),
    )
