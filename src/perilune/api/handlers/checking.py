"""Telling what is wrong with code before it is saved."""

import msgspec

from perilune.api.errors import CodeNotChecked
from perilune.api.failures import Json, failing_as
from perilune.api.rules.versions import checked_code
from perilune.runtimes import CodeChecker, RuntimeFailure
from perilune.store import DB, to_json


class CheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Code to be checked for a function; without any, its active version is."""

    code: str | None = None


class SourceBody(msgspec.Struct, frozen=True, kw_only=True):
    """Code to be checked, and its language."""

    code: str
    runtime: str = "lua"


class Checks:
    """Has code compiled, in a worker like those that run it."""

    def __init__(self, db: DB, checker: CodeChecker) -> None:
        self._db = db
        self._checker = checker

    async def of_function(self, function_id: str, code: str | None) -> Json:
        """Check *code* as a function's, or its active version.

        Raises:
            FunctionNotFound, NoActiveVersion: there is nothing to be checked.
        """
        with failing_as("Failed to get function"):
            function = await self._db.get_function(function_id)
            if code is None:
                code = (await self._db.get_active_version(function_id)).code
        return await self.of_source(code, function.runtime)

    async def of_source(self, code: str, runtime: str) -> Json:
        """Check *code*.

        Raises:
            InvalidRequest: it is no code that could be saved.
            CheckUnavailable: the language can't be checked here.
            CodeNotChecked: all workers are busy, or it took too long.
        """
        code = checked_code(code)
        try:
            report = await self._checker.check(code, runtime)
        except RuntimeFailure as failure:
            raise CodeNotChecked(f"The code was not checked: {failure}") from failure
        return {"ok": report.ok, "errors": [to_json(one) for one in report.errors]}
