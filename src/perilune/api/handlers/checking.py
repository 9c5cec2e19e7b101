"""Telling what is wrong with a function before it is saved."""

from msgspec import UNSET, UnsetType

from perilune.api.errors import CodeNotChecked
from perilune.api.failures import Json, failing_as
from perilune.api.handlers.functions import check_change
from perilune.api.handlers.packages import VersionPackages
from perilune.api.rules.functions import Capabilities, VersionBody, checked_draft
from perilune.api.rules.versions import checked_code
from perilune.runtimes import CodeChecker, RuntimeFailure
from perilune.store import DB, to_json

DEFAULT_LANGUAGE = "lua"


class Checks:
    """Checks settings by their rules, and code in a worker like those that run it."""

    def __init__(
        self, db: DB, checker: CodeChecker, capabilities: Capabilities, packages: VersionPackages
    ) -> None:
        self._db = db
        self._checker = checker
        self._capabilities = capabilities
        self._packages = packages

    async def of_function(self, function_id: str, body: VersionBody, *, is_admin: bool) -> Json:
        """Check changes of a function; its active version stands for what they leave out.

        Raises:
            FunctionNotFound, NoActiveVersion: there is nothing to be checked.
            InvalidRequest, InsufficientScope, PackagesNotInstalled: as making the changes would.
        """
        settings, code, runtime = checked_draft(body, self._capabilities)
        with failing_as("Failed to get function"):
            function = await self._db.get_function(function_id)
            check_change(settings, runtime, is_admin=is_admin, stored=function)
            requirements = body.requirements
            if code is UNSET or requirements is UNSET:
                active = await self._db.get_active_version(function_id)
                code = active.code if code is UNSET else code
                requirements = active.requirements if requirements is UNSET else requirements
        return await self._report(str(code), function.runtime, requirements)

    async def of_new(self, body: VersionBody, *, is_admin: bool) -> Json:
        """Check what a new function would be made of; a name may be missing.

        Raises:
            InvalidRequest, InsufficientScope, PackagesNotInstalled: as making it would.
        """
        settings, code, runtime = checked_draft(body, self._capabilities)
        code = checked_code("" if code is UNSET else str(code))
        check_change(settings, UNSET, is_admin=is_admin, stored=None)
        language = DEFAULT_LANGUAGE if runtime is UNSET else str(runtime)
        return await self._report(code, language, body.requirements)

    async def _report(self, code: str, runtime: str, requirements: str | UnsetType | None) -> Json:
        """Check *code*; its packages are installed, so that its imports can be looked up.

        Raises:
            CheckUnavailable: the language can't be checked here.
            CodeNotChecked: all workers are busy, or it took too long.
        """
        needed = await self._packages.install(runtime, requirements)
        try:
            report = await self._checker.check(code, runtime, str(needed) if needed else None)
        except RuntimeFailure as failure:
            raise CodeNotChecked(f"The code was not checked: {failure}") from failure
        return {"ok": report.ok, "errors": [to_json(one) for one in report.errors]}
