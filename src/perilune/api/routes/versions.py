"""Routes of versions of functions' code."""

from functools import partial

from perilune.api.errors import ComparedVersionNotFound, InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.versions import Versions
from perilune.api.routes.route import Route
from perilune.api.routes.shapes import BuildLog, VersionDiff, VersionList
from perilune.api.rules.lists import PAGE, fields
from perilune.api.rules.versions import KEEP_EXECUTIONS, VERSION_ID, version_in_path
from perilune.api.scopes import TokenScope
from perilune.store import (
    CannotDeleteActiveVersion,
    FunctionNotFound,
    FunctionVersion,
    PaginationParams,
    VersionNotFound,
)

_EVERY = "/api/functions/{function_id}/versions"
_ONE = _EVERY + "/{version}"
_NUMBER = version_in_path()

_read = partial(Route, "GET", tag="Versions", scope=TokenScope.READ)
_change = partial(Route, tag="Versions", scope=TokenScope.DEPLOY)


def version_routes(versions: Versions) -> list[Route]:
    """Return what shows, compares and changes versions."""
    return [*_reading(versions), *_changing(versions)]


def _reading(versions: Versions) -> list[Route]:

    async def list_versions(function_id: str, params: PaginationParams, fields: bool) -> Json:
        return await versions.page(function_id, params, with_code=fields)

    return [
        _read(
            _EVERY,
            list_versions,
            "listVersions",
            "List a function's versions, the latest first",
            parameters=(PAGE, fields("the code of versions")),
            answer=VersionList,
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _read(
            _ONE,
            versions.get,
            "getVersion",
            "Show a version by its number",
            parameters=(_NUMBER,),
            answer=FunctionVersion,
            errors=(InvalidRequest, VersionNotFound),
        ),
        _read(
            "/api/functions/{function_id}/diff/{v1}/{v2}",
            versions.diff,
            "getVersionDiff",
            "Compare two versions line by line",
            parameters=(version_in_path("v1", " v1"), version_in_path("v2", " v2")),
            answer=VersionDiff,
            errors=(InvalidRequest, ComparedVersionNotFound),
        ),
        _read(
            _ONE + "/build-log",
            versions.build_log,
            "getBuildLog",
            "Show what was said when a version's packages were installed",
            parameters=(_NUMBER,),
            answer=BuildLog,
            errors=(InvalidRequest, VersionNotFound),
        ),
    ]


def _changing(versions: Versions) -> list[Route]:
    return [
        _change(
            "POST",
            _ONE + "/activate",
            versions.activate,
            "activateVersion",
            "Make a version the active one",
            parameters=(VERSION_ID,),
            answer=FunctionVersion,
            errors=(VersionNotFound,),
        ),
        _change(
            "DELETE",
            _ONE,
            versions.delete,
            "deleteVersion",
            "Remove a version that is not active, and its executions",
            parameters=(VERSION_ID, KEEP_EXECUTIONS),
            errors=(InvalidRequest, CannotDeleteActiveVersion, VersionNotFound),
        ),
    ]
