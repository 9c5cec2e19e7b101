"""What the management API does with functions.  Requests are already validated here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from perilune.api.calls.lookup import function_path
from perilune.api.errors import InsufficientScope, InvalidRequest
from perilune.api.failures import Json, failing_as, page_info
from perilune.api.handlers.packages import VersionPackages
from perilune.api.rules.functions import Capabilities, address_by_name
from perilune.api.rules.schedules import check_active
from perilune.api.scopes import TokenScope
from perilune.function_settings import SETTINGS, UpdateFunctionRequest
from perilune.ids import new_function_id
from perilune.masking import REDACTED
from perilune.services.env import Env
from perilune.store import (
    DB,
    EnvVariable,
    Function,
    FunctionQuery,
    FunctionVersion,
    NoActiveVersion,
    PaginationParams,
    to_json,
)

DEFAULT_CAPABILITIES = Capabilities()
NO_PACKAGES = VersionPackages()


@dataclass(frozen=True, slots=True)
class Authorship:
    """Where a version comes from."""

    created_by: str | None = None
    """The name of the API token; None for whoever has the management key."""
    note: str | None = None


UNKNOWN = Authorship()


class Functions:
    """Creates, reads, changes and removes functions.

    *prepare* is told the language of each new one, since it will be called soon.  *base_url* is
    where functions are called from outside; if it is not known, their `url` is a path.

    Every method raises the store's not-found errors, and `OperationFailed`
    when the store itself fails.
    """

    def __init__(
        self,
        db: DB,
        env: Env,
        capabilities: Capabilities = DEFAULT_CAPABILITIES,
        *,
        prepare: Callable[[str], None] = lambda runtime: None,
        packages: VersionPackages = NO_PACKAGES,
        base_url: str = "",
    ) -> None:
        self._db = db
        self._env = env
        self._prepare = prepare
        self._packages = packages
        self._base_url = base_url.rstrip("/")
        self.capabilities = capabilities
        """What functions may ask for."""

    async def create(
        self,
        settings: UpdateFunctionRequest,
        code: str,
        runtime: str | UnsetType = UNSET,
        *,
        requirements: str | UnsetType | None = UNSET,
        authorship: Authorship = UNKNOWN,
        is_admin: bool = True,
    ) -> Json:
        """Create a function with its first version, both or neither.

        Raises:
            AddressTaken: another function has the address that was asked for.
            InvalidRequest: it requires packages that it must not.
            InsufficientScope: only administrators may ask for this.
            PackagesNotInstalled: they can't be installed.
        """
        _check_right(settings, is_admin, None)
        members: dict[str, Any] = dict(settings)
        if runtime is not UNSET:
            members["runtime"] = runtime
        by_name = None if "address" in settings else address_by_name(members["name"])
        new = Function(id=new_function_id(), **members)
        needed = await self._packages.install(new.runtime, requirements)
        with failing_as("Failed to create function"):
            async with self._db.transaction() as transaction:
                if by_name and not await transaction.is_name_taken(by_name):
                    new = msgspec.structs.replace(new, address=by_name)
                function = await transaction.create_function(new)
                with failing_as("Failed to create initial version"):
                    version = await transaction.create_version(
                        function.id,
                        code,
                        authorship.created_by,
                        None if needed is UNSET else needed,
                        authorship.note,
                    )
        self._prepare(function.runtime)
        return self._shown(function, version)

    async def page(self, params: PaginationParams, wanted: FunctionQuery) -> Json:
        """Return one part of the list of the wanted functions."""
        with failing_as("Failed to list functions"):
            found, total = await self._db.list_functions(params, wanted)
        items = [
            self._shown(one.function, one.active_version, with_code=wanted.with_code)
            for one in found
        ]
        return {"functions": items, "pagination": page_info(total, params)}

    async def get(self, function_id: str) -> Json:
        """Return one function with its environment and its active version."""
        with failing_as("Failed to get function"):
            function = await self._db.get_function(function_id)
            version = await self._active_version(self._db, function_id)
        with failing_as("Failed to get env vars"):
            variables = await self._env.readable(function_id)
        return self._shown(function, version) | {"env_vars": shown_values(variables)}

    async def update(
        self,
        function_id: str,
        settings: UpdateFunctionRequest,
        code: str | UnsetType,
        runtime: str | UnsetType = UNSET,
        *,
        requirements: str | UnsetType | None = UNSET,
        authorship: Authorship = UNKNOWN,
        is_admin: bool = True,
    ) -> Json:
        """Change settings and code together; code that is the same makes no new version.

        Raises:
            AddressTaken: another function has this address.
            InsufficientScope: only administrators may ask for this.
            InvalidRequest: it asks for another language than the function has, or requires
                packages that it must not.
            PackagesNotInstalled: they can't be installed.
        """
        if requirements is not UNSET:
            # Not in the transaction: it takes long.
            with failing_as("Failed to get function"):
                language = (await self._db.get_function(function_id)).runtime
            requirements = await self._packages.install(language, requirements)
        with failing_as("Failed to update function"):
            async with self._db.transaction() as transaction:
                function = await transaction.get_function(function_id)
                check_change(settings, runtime, is_admin=is_admin, stored=function)
                if code is not UNSET or requirements is not UNSET:
                    with failing_as("Failed to create new version"):
                        await self._new_version(
                            transaction, function_id, code, requirements, authorship
                        )
                if settings:
                    await transaction.update_function(function_id, settings)
        return await self.get(function_id)

    async def delete(self, function_id: str) -> None:
        """Remove a function and everything that belongs to it."""
        with failing_as("Failed to delete function"):
            await self._db.delete_function(function_id)

    async def _new_version(
        self,
        transaction: DB,
        function_id: str,
        code: str | UnsetType,
        requirements: str | UnsetType | None,
        authorship: Authorship,
    ) -> None:
        """Make a new active version, unless it would equal the active one."""
        active = await self._active_version(transaction, function_id)
        before = (UNSET, None) if active is None else (active.code, active.requirements)
        after = (
            before[0] if code is UNSET else code,
            before[1] if requirements is UNSET else requirements,
        )
        if after[0] is UNSET:
            raise InvalidRequest("code: code cannot be empty")
        if after != before:
            await transaction.create_version(
                function_id, str(after[0]), authorship.created_by, after[1], authorship.note
            )

    def _shown(
        self, function: Function, version: FunctionVersion | None, *, with_code: bool = True
    ) -> Json:
        active = None if version is None else version_answer(version, with_code=with_code)
        url = self._base_url + function_path(function)
        return {"id": function.id} | to_json(function) | {"url": url, "active_version": active}

    async def _active_version(self, db: DB, function_id: str) -> FunctionVersion | None:
        try:
            return await db.get_active_version(function_id)
        except NoActiveVersion:
            return None


def check_change(
    settings: UpdateFunctionRequest,
    runtime: str | UnsetType,
    *,
    is_admin: bool,
    stored: Function | None,
) -> None:
    """Check changes against what a function has now; *stored* is None for a new one.

    Raises:
        InvalidRequest: they ask for another language, or for a schedule that is active
            and not there.
        InsufficientScope: only administrators may ask for this.
    """
    if stored is not None and runtime not in (UNSET, stored.runtime):
        text = f"runtime cannot be changed; this function is in {stored.runtime}"
        raise InvalidRequest(f"runtime: {text}")
    _check_right(settings, is_admin, stored)
    check_active(settings, stored)


def _check_right(settings: UpdateFunctionRequest, is_admin: bool, stored: Function | None) -> None:
    """Refuse settings that only an administrator may turn on, if the caller may only deploy.

    Scripts in pages that are trusted like the server's own can act for a signed-in user, so
    the right to deploy would be all rights.
    """
    for name, value in settings.items():
        is_on = stored is not None and getattr(stored, name)
        if SETTINGS[name].admin_only and value is True and not (is_on or is_admin):
            raise InsufficientScope(TokenScope.ADMIN)


def shown_values(variables: list[EnvVariable]) -> dict[str, str]:
    """Return the values that may be shown; `[REDACTED]` stands for the others (KD-20)."""
    return {one.key: REDACTED if one.value is None else one.value for one in variables}


def version_answer(version: FunctionVersion, *, with_code: bool) -> Json:
    """Return a version as lists show it, in a summary without its code."""
    answer = to_json(version)
    if not with_code:
        del answer["code"]
    return answer
