"""Telling what is wrong with a function before it is saved."""

from collections.abc import Sized
from contextlib import suppress

import msgspec
from msgspec import UNSET, UnsetType

from perilune.api.errors import CodeNotChecked
from perilune.api.failures import Json, failing_as
from perilune.api.handlers.functions import check_change
from perilune.api.handlers.packages import VersionPackages
from perilune.api.handlers.signing import check_scheme, check_secret
from perilune.api.rules.functions import Capabilities, FunctionBody, VersionBody, checked_draft
from perilune.api.rules.versions import checked_code
from perilune.function_settings import SETTINGS, UpdateFunctionRequest
from perilune.runtimes import CodeChecker, RuntimeFailure, SourceProblem
from perilune.services.env import check_env_variables
from perilune.store import DB, AddressTaken, Function, FunctionNotFound, NoActiveVersion, to_json

UNSIGNABLE = SourceProblem(
    message="access is by signature and there is no signing secret, so every call would be refused",
    tip='Name one in perilune.toml, below [access]: signing_secrets = ["${SECRET}"]\n'
    "Or add it to the function that is there: perilune signing-secrets add",
)

DraftBody: type[VersionBody] = msgspec.defstruct(  # type: ignore[assignment]  # by its bases
    "DraftBody",
    [
        ("env_vars", dict[str, str] | UnsetType, UNSET),
        ("signing_secrets", list[str] | UnsetType, UNSET),
    ],
    bases=(FunctionBody,),
    namespace={"__doc__": "What a function would consist of, with the values of all its secrets."},
    frozen=True,
    kw_only=True,
)


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
            AddressTaken, EnvValidationError, InvalidRequest, InsufficientScope,
                PackagesNotInstalled: as making the changes would.
        """
        settings, code, runtime = checked_draft(body, self._capabilities)
        _check_env(body)
        with failing_as("Failed to get function"):
            function = await self._db.get_function(function_id)
            check_change(settings, runtime, is_admin=is_admin, stored=function)
            await self._check_address(settings, function_id)
            secrets: Sized | UnsetType = _checked_secrets(body, settings, function)
            if secrets is UNSET:
                secrets = await self._db.signing_secrets.list(function_id)
            requirements = body.requirements
            if code is UNSET or requirements is UNSET:
                try:
                    active = await self._db.get_active_version(function_id)
                except NoActiveVersion:
                    if code is UNSET:
                        raise
                else:
                    code = active.code if code is UNSET else code
                    requirements = active.requirements if requirements is UNSET else requirements
        found = await self._problems(str(code), function.runtime, requirements)
        return self._answer(found, settings, secrets, requirements)

    async def of_new(self, body: VersionBody, *, is_admin: bool) -> Json:
        """Check what a new function would be made of; a name may be missing.

        Raises:
            AddressTaken, EnvValidationError, InvalidRequest, InsufficientScope,
                PackagesNotInstalled: as making it would.
        """
        settings, code, runtime = checked_draft(body, self._capabilities)
        _check_env(body)
        code = checked_code("" if code is UNSET else str(code))
        check_change(settings, UNSET, is_admin=is_admin, stored=None)
        with failing_as("Failed to get function"):
            await self._check_address(settings, None)
        secrets = _checked_secrets(body, settings, None)
        language = str(SETTINGS["runtime"].default if runtime is UNSET else runtime)
        found = await self._problems(code, language, body.requirements)
        return self._answer(found, settings, secrets, body.requirements)

    async def _check_address(
        self, settings: UpdateFunctionRequest, function_id: str | None
    ) -> None:
        address = settings.get("address")
        if address is None:
            return
        with suppress(FunctionNotFound):
            owner = await self._db.get_function_at(str(address))
            if owner.id != function_id:
                raise AddressTaken(str(address), owner.name, owner.id)

    async def _problems(
        self, code: str, runtime: str, requirements: str | UnsetType | None
    ) -> list[SourceProblem]:
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
        return report.errors

    def _answer(
        self,
        found: list[SourceProblem],
        settings: UpdateFunctionRequest,
        secrets: Sized | UnsetType,
        requirements: str | UnsetType | None,
    ) -> Json:
        if settings.get("access") == "signature" and (secrets is UNSET or not len(secrets)):
            found = [*found, UNSIGNABLE]
        parts = self._packages.left_out(str(requirements) if requirements else None)
        warnings = [f"the compiled part {one} is left out; what needs it fails" for one in parts]
        answer: Json = {"ok": not found, "errors": [to_json(one) for one in found]}
        return answer | ({"warnings": warnings} if warnings else {})


def _check_env(body: VersionBody) -> None:
    """Raise `EnvValidationError` for an environment that a function can't have."""
    variables: dict[str, str] | UnsetType = getattr(body, "env_vars", UNSET)
    if variables is not UNSET:
        check_env_variables(variables)


def _checked_secrets(
    body: VersionBody, settings: UpdateFunctionRequest, stored: Function | None
) -> list[str] | UnsetType:
    """Return the signing secrets that *body* has, if it has some.

    Raises:
        InvalidRequest: one of them can't be a secret of the function as it would be.
    """
    secrets: list[str] | UnsetType = getattr(body, "signing_secrets", UNSET)
    if secrets is UNSET:
        return UNSET
    access = settings.get("access", stored and stored.access)
    scheme = settings.get("signature_scheme", stored and stored.signature_scheme)
    for value in secrets:
        check_secret(value)
        check_scheme(access, scheme, value)
    return secrets
