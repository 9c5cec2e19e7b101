"""The packages that versions require: installed before a version is stored, their log readable."""

from typing import Protocol

from msgspec import UNSET, UnsetType

from perilune.api.errors import InvalidRequest, PackagesNotInstalled
from perilune.runtimes import PackagesError, RequirementsError

LANGUAGE = "python"


class Installer(Protocol):
    """What installs packages."""

    async def install(self, requirements: str) -> None:
        """Install a set of packages, if that has not been done."""
        ...

    def log_of(self, requirements: str) -> str | None:
        """Return what was said when this set was last installed."""
        ...

    def left_out(self, requirements: str) -> list[str]:
        """Return the compiled parts of this set, which functions can't load."""
        ...


class VersionPackages:
    """What versions may require; without *installer*, nothing."""

    def __init__(self, installer: Installer | None = None) -> None:
        self._installer = installer

    async def install(
        self, runtime: str, requirements: str | UnsetType | None
    ) -> str | UnsetType | None:
        """Install what a version is going to require.

        Returns:
            What to store with the version: None for nothing, `UNSET` if none were given.

        Raises:
            InvalidRequest: there is a mistake in them, or they are not allowed here.
            PackagesNotInstalled: they can't be installed.
        """
        if requirements is UNSET or requirements is None or not str(requirements).strip():
            return UNSET if requirements is UNSET else None
        if runtime != LANGUAGE:
            raise InvalidRequest(f"requirements: functions in {runtime} cannot require packages")
        if self._installer is None:
            raise InvalidRequest(
                "requirements: packages are switched off on this server (PERILUNE_PYTHON_PACKAGES)"
            )
        try:
            await self._installer.install(str(requirements))
        except RequirementsError as error:
            raise InvalidRequest(str(error)) from error
        except PackagesError as error:
            raise PackagesNotInstalled(str(error)) from error
        return requirements

    def left_out(self, requirements: str | None) -> list[str]:
        """Return the compiled parts of what is installed, which functions can't load."""
        if not requirements or self._installer is None:
            return []
        return self._installer.left_out(requirements)

    def log_of(self, requirements: str | None) -> str:
        """Return what was said when they were installed; empty if there is nothing."""
        if not requirements or self._installer is None:
            return ""
        return self._installer.log_of(requirements) or ""
