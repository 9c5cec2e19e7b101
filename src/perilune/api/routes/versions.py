"""Routes of versions of functions' code."""

from fastapi import Response

from perilune.api.errors import ComparedVersionNotFound, InvalidRequest
from perilune.api.parameters import (
    Fields,
    KeepExecutions,
    Page,
    VersionId,
    VersionNumber,
)
from perilune.api.replies import encoded_answer, json_answer
from perilune.api.routes.shapes import BuildLog, VersionDiff, VersionList
from perilune.api.routes.table import RouteTable
from perilune.api.rules.lists import wants_everything
from perilune.api.rules.versions import keeps_executions, version_number
from perilune.api.scopes import Scope
from perilune.api.subjects.versions import Versions
from perilune.store import (
    CannotDeleteActiveVersion,
    FunctionNotFound,
    FunctionVersion,
    VersionNotFound,
)

_EVERY = "/api/functions/{function_id}/versions"
_DIFF = "/api/functions/{function_id}/diff/{v1}/{v2}"
_TAG = "Versions"


def add_version_routes(routes: RouteTable, versions: Versions) -> None:
    """Add what shows, compares and changes versions."""
    _add_reading(routes, versions)
    _add_packages(routes, versions)
    _add_changing(routes, versions)


def _add_reading(routes: RouteTable, versions: Versions) -> None:
    async def list_versions(function_id: str, page: Page, fields: Fields = None) -> Response:
        with_code = wants_everything(fields)
        return json_answer(await versions.page(function_id, page, with_code=with_code))

    async def get_version(function_id: str, version: VersionNumber) -> Response:
        return json_answer(await versions.get(function_id, version_number(version)))

    async def get_diff(function_id: str, v1: VersionNumber, v2: VersionNumber) -> Response:
        first, second = version_number(v1, " v1"), version_number(v2, " v2")
        return encoded_answer(await versions.diff(function_id, first, second))

    routes.add(
        "GET",
        _EVERY,
        list_versions,
        "listVersions",
        _TAG,
        scope=Scope.READ,
        summary="List a function's versions, the latest first",
        answer=VersionList,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "GET",
        _EVERY + "/{version}",
        get_version,
        "getVersion",
        _TAG,
        scope=Scope.READ,
        summary="Show a version by its number",
        answer=FunctionVersion,
        errors=(InvalidRequest, VersionNotFound),
    )
    routes.add(
        "GET",
        _DIFF,
        get_diff,
        "getVersionDiff",
        _TAG,
        scope=Scope.READ,
        summary="Compare two versions line by line",
        answer=VersionDiff,
        errors=(InvalidRequest, ComparedVersionNotFound),
    )


def _add_packages(routes: RouteTable, versions: Versions) -> None:
    async def get_build_log(function_id: str, version: VersionNumber) -> Response:
        return json_answer(await versions.build_log(function_id, version_number(version)))

    routes.add(
        "GET",
        _EVERY + "/{version}/build-log",
        get_build_log,
        "getBuildLog",
        _TAG,
        scope=Scope.READ,
        summary="Show what was said when a version's packages were installed",
        answer=BuildLog,
        errors=(InvalidRequest, VersionNotFound),
    )


def _add_changing(routes: RouteTable, versions: Versions) -> None:
    async def activate_version(function_id: str, version: VersionId) -> Response:
        return json_answer(await versions.activate(function_id, version))

    async def delete_version(
        function_id: str, version: VersionId, keep_executions: KeepExecutions = None
    ) -> Response:
        keep = keeps_executions(keep_executions)
        await versions.delete(function_id, version, keep_executions=keep)
        return Response(status_code=204)

    routes.add(
        "POST",
        _EVERY + "/{version}/activate",
        activate_version,
        "activateVersion",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Make a version the active one",
        answer=FunctionVersion,
        errors=(VersionNotFound,),
    )
    routes.add(
        "DELETE",
        _EVERY + "/{version}",
        delete_version,
        "deleteVersion",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Remove a version that is not active, and its executions",
        status=204,
        errors=(InvalidRequest, CannotDeleteActiveVersion, VersionNotFound),
    )
