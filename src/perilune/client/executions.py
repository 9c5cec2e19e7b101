"""What the API can tell about executions."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

from perilune.client.connection import PAGE, Connection, Json

POLL_S = 1.0


class Executions:
    """Executions of one server; every method raises what `Connection.ask` raises."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def every(
        self,
        function: str,
        filters: Mapping[str, str | int | None] | None = None,
        most: int | None = None,
    ) -> AsyncIterator[Json]:
        """Yield the executions of a function, newest first, without their events."""
        path = f"/api/functions/{quote(function, safe='')}/executions"
        wanted = {**(filters or {}), "fields": "summary"}
        return self._connection.every(path, "executions", wanted, most)

    async def get(self, execution: str) -> Json:
        """Return one execution with its event and response."""
        found: Json = await self._connection.ask("GET", _path(execution))
        return found

    async def replay(self, execution: str, version: int | None = None) -> Json:
        """Execute the stored event again, by the active version or another one."""
        done: Json = await self._connection.ask(
            "POST", f"{_path(execution)}/replay", params={"version": version}
        )
        return done

    async def try_out(self, function: str, code: str | None, event: Mapping[str, object]) -> Json:
        """Execute a draft, or the active version, with a made-up request."""
        body = {"event": event} if code is None else {"event": event, "code": code}
        path = f"/api/functions/{quote(function, safe='')}/test"
        done: Json = await self._connection.ask("POST", path, body)
        return done

    def logs(self, execution: str) -> AsyncIterator[Json]:
        """Yield the log lines of an execution, oldest first."""
        return self._connection.every(f"{_path(execution)}/logs", "logs")

    async def follow(self, function: str, earlier: int) -> AsyncIterator[tuple[Json, Json]]:
        """Yield log lines, each with its execution, as they are written; never ends.

        Args:
            function: the id of the function.
            earlier: how many executions that exist already come first.
        """
        shown: dict[str, int] = {}
        first = True
        while True:
            newest = [one async for one in self.every(function, most=PAGE)]
            for execution in reversed(newest):
                known = shown.get(execution["id"])
                if known is None and first and execution not in newest[:earlier]:
                    shown[execution["id"]] = -1
                elif known != -1:
                    lines = [line async for line in self.logs(execution["id"])]
                    for line in lines[known or 0 :]:
                        yield execution, line
                    # Lines may be written a moment after the end.
                    ended = execution["status"] != "pending" and known == len(lines)
                    shown[execution["id"]] = -1 if ended else len(lines)
            first = False
            present = {one["id"] for one in newest}
            shown = {key: count for key, count in shown.items() if key in present}
            await asyncio.sleep(POLL_S)

    def ai_requests(self, execution: str) -> AsyncIterator[Json]:
        """Yield what an execution asked AI providers, oldest first."""
        return self._connection.every(f"{_path(execution)}/ai-requests", "ai_requests")

    def email_requests(self, execution: str) -> AsyncIterator[Json]:
        """Yield the e-mails of an execution, oldest first."""
        return self._connection.every(f"{_path(execution)}/email-requests", "email_requests")


def _path(execution: str) -> str:
    return f"/api/executions/{quote(execution, safe='')}"
