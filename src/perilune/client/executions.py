"""What the API can tell about executions."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from urllib.parse import quote

from perilune.client.connection import PAGE, Connection, Json

POLL_S = 1.0
MOST_NEW = 1000
"""More executions than these between two looks are not followed."""


class ExecutionsClient:
    """Executions of one server; every method raises what `Connection.ask` raises."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def every(
        self,
        function: str | None,
        filters: Mapping[str, str | int | None] | None = None,
        most: int | None = None,
    ) -> AsyncGenerator[Json, None]:
        """Yield the executions of a function, or of all, newest first, without their events."""
        of = "" if function is None else f"/functions/{quote(function, safe='')}"
        given, cursor = 0, None
        while most is None or given < most:
            limit = PAGE if most is None else min(PAGE, most - given)
            wanted = {**(filters or {}), "fields": "summary", "limit": limit, "cursor": cursor}
            page = await self._connection.ask("GET", f"/api{of}/executions", params=wanted)
            for one in page["executions"]:
                yield one
            given += len(page["executions"])
            # A part may be empty though there is more.
            cursor = page["pagination"].get("next_cursor")
            if cursor is None:
                return

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

    async def follow(self, function: str, earlier: int) -> AsyncIterator[tuple[str, Json]]:
        """Yield log lines, each with the id of its execution, as they are written; never ends.

        Args:
            function: the id of the function.
            earlier: how many executions that exist already come first.
        """
        known = [one["id"] async for one in self.every(function, most=max(earlier, 1))]
        running = dict.fromkeys(reversed(known[:earlier]), 0)
        """By id, how many lines have been yielded."""
        ended: set[str] = set()
        while True:
            for execution, count in list(running.items()):
                state, lines = await self._more_lines(execution, count)
                for line in lines:
                    yield execution, line
                running[execution] = count + len(lines)
                # Its last lines may be written a moment after its end.
                if execution in ended and not lines:
                    del running[execution]
                    ended.discard(execution)
                elif state != "pending":
                    ended.add(execution)
            await asyncio.sleep(POLL_S)
            new = await self._newer_than(function, known)
            running.update(dict.fromkeys(reversed(new), 0))
            known = [*new, *known][:MOST_NEW]

    async def _newer_than(self, function: str, known: Sequence[str]) -> list[str]:
        """Return the ids of executions before the first one that is known."""
        new: list[str] = []
        async with aclosing(self.every(function, most=MOST_NEW)) as found:
            async for one in found:
                if one["id"] in known:
                    break
                new.append(one["id"])
        return new

    async def _more_lines(self, execution: str, count: int) -> tuple[str, list[Json]]:
        """Return an execution's status and its lines behind the first *count*."""
        lines: list[Json] = []
        while True:
            page = await self._connection.ask(
                "GET",
                f"{_path(execution)}/logs",
                params={"limit": PAGE, "offset": count + len(lines)},
            )
            lines += page["logs"]
            if not page["logs"] or count + len(lines) >= page["pagination"]["total"]:
                return page["status"], lines

    def ai_requests(self, execution: str) -> AsyncIterator[Json]:
        """Yield what an execution asked AI providers, oldest first."""
        return self._connection.every(f"{_path(execution)}/ai-requests", "ai_requests")

    def email_requests(self, execution: str) -> AsyncIterator[Json]:
        """Yield the e-mails of an execution, oldest first."""
        return self._connection.every(f"{_path(execution)}/email-requests", "email_requests")


def _path(execution: str) -> str:
    return f"/api/executions/{quote(execution, safe='')}"
