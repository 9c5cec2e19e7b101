"""What the API can do with functions, their versions, environment and pairs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote

from perilune.client.connection import Connection, Json
from perilune.client.errors import AmbiguousName, NotFound
from perilune.ids import has_id_form

HIDDEN = "[REDACTED]"
"""What the server shows in place of a value that it does not show."""


class FunctionsClient:
    """Functions of one server.

    Wherever a method takes a *function*, that is its id.  Every method raises `Refused` and
    `ServerUnreachable`, see `Connection`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def every(self) -> AsyncIterator[Json]:
        """Yield all functions, newest first, without their environment and code."""
        return self._connection.every("/api/functions", "functions", {"fields": "summary"})

    async def id_of(self, called: str, *, by_address: bool = True) -> str:
        """Return the id of the function that has this id, or else this name, or else this address.

        Args:
            called: one of them.
            by_address: whether an address counts, too.

        Raises:
            NotFound: there is none.
            AmbiguousName: there are several of this name.
        """
        if has_id_form(called):
            try:
                return str((await self.get(called))["id"])
            except NotFound:
                # A name may look like an id.
                pass
        ids, at_address = [], ""
        async for one in self.every():
            if one["name"] == called:
                ids.append(str(one["id"]))
            if by_address and one.get("address") == called:
                at_address = str(one["id"])
        if len(ids) > 1:
            raise AmbiguousName(called, ids)
        if not ids and not at_address:
            raise NotFound(f"no function has the id, name or address {called!r}")
        return ids[0] if ids else at_address

    def url_of(self, function: Json) -> str:
        """Return where *function*, as the API shows it, is called from outside."""
        # Older servers do not say, and all say only a path if that is all that they know.
        url = str(function.get("url") or f"/fn/{function['id']}")
        return self._connection.url + url if url.startswith("/") else url

    async def get(self, function: str) -> Json:
        """Return a function with its environment and active version."""
        found: Json = await self._connection.ask("GET", _path(function))
        return found

    async def create(self, settings: Mapping[str, object]) -> Json:
        """Create a function; *settings* has its name and code, too."""
        made: Json = await self._connection.ask("POST", "/api/functions", settings)
        return made

    async def update(self, function: str, settings: Mapping[str, object]) -> Json:
        """Change settings and code; return the function as it is then."""
        await self._connection.ask("PUT", _path(function), settings)
        return await self.get(function)

    async def check(self, function: str | None, draft: Mapping[str, object]) -> Json:
        """Say what is wrong with a change of *function*, or with a new one; nothing is changed."""
        path = "/api/check" if function is None else _path(function, "check")
        report: Json = await self._connection.ask("POST", path, draft)
        return report

    async def signing_secrets(self, function: str) -> list[Json]:
        """Return the signing secrets without their values, oldest first."""
        found = await self._connection.ask("GET", _path(function, "signing-secrets"))
        return list(found["signing_secrets"])

    async def add_signing_secret(self, function: str, value: str | None) -> Json:
        """Add a signing secret, a random one for None; its value is in the answer only."""
        made: Json = await self._connection.ask(
            "POST", _path(function, "signing-secrets"), {"value": value}
        )
        return made

    async def remove_signing_secret(self, function: str, secret: str) -> None:
        """Remove the signing secret of this id."""
        await self._connection.ask("DELETE", _path(function, "signing-secrets", secret))

    async def replace_signing_secrets(
        self, function: str, values: Sequence[str], *, is_dry_run: bool
    ) -> Json:
        """Make *values* all signing secrets; the answer has how many are `added` and `removed`."""
        body = {"values": values, "dry_run": is_dry_run}
        done: Json = await self._connection.ask("PUT", _path(function, "signing-secrets"), body)
        return done

    async def delete(self, function: str) -> None:
        """Remove a function and everything that belongs to it."""
        await self._connection.ask("DELETE", _path(function))

    async def replace_env(
        self, function: str, values: Mapping[str, str], write_only: Sequence[str] | None = None
    ) -> None:
        """Make *values* the whole environment.

        *write_only* names the variables that are never shown; None leaves that as it is.
        """
        body = {"env_vars": values, "write_only": write_only}
        await self._connection.ask("PUT", _path(function, "env"), body)

    async def env(self, function: str) -> dict[str, str | None]:
        """Return the variables; None is a value that the server does not show."""
        return shown_variables(await self.get(function))

    async def set_variable(
        self, function: str, name: str, value: str, *, write_only: bool | None = None
    ) -> None:
        """Set one variable, whoever changes others meanwhile (KD-189).

        *write_only* says whether its value is shown from now on; None leaves that as it is.
        """
        body = {"value": value, "write_only": write_only}
        await self._connection.ask("PUT", _path(function, "env", name), body)

    async def remove_variable(self, function: str, name: str) -> None:
        """Remove one variable; a missing one is fine."""
        await self._connection.ask("DELETE", _path(function, "env", name))

    def versions(self, function: str, most: int | None = None) -> AsyncIterator[Json]:
        """Yield the versions, latest first."""
        return self._connection.every(_path(function, "versions"), "versions", most=most)

    async def version(self, function: str, number: int) -> Json:
        """Return one version."""
        found: Json = await self._connection.ask("GET", _path(function, "versions", str(number)))
        return found

    async def activate(self, function: str, version_id: str) -> None:
        """Make a version the one that runs."""
        await self._connection.ask("POST", _path(function, "versions", version_id, "activate"))

    async def diff(self, function: str, old: int, new: int) -> Json:
        """Return what changed between two versions."""
        found: Json = await self._connection.ask("GET", _path(function, "diff", str(old), str(new)))
        return found

    def ticks(self, function: str, most: int) -> AsyncIterator[Json]:
        """Yield what has become of the due times of the schedule, latest first."""
        return self._connection.every(_path(function, "ticks"), "ticks", most=most)

    async def next_run(self, function: str) -> Json:
        """Return when the schedule is due."""
        found: Json = await self._connection.ask("GET", _path(function, "next-run"))
        return found


def shown_variables(function: Json) -> dict[str, str | None]:
    """Return the variables in a function as the API shows it; None is a hidden value."""
    variables: dict[str, str] = function.get("env_vars") or {}
    return {name: None if value == HIDDEN else value for name, value in variables.items()}


def _path(function: str, *parts: str) -> str:
    return "/".join(["/api/functions", *(quote(one, safe="") for one in (function, *parts))])
