"""Executions that wait until they are told to go on."""

import asyncio

from perilune.events import HTTPResponse


class Gate:
    """A function that waits until it is let go on, and tells how it ended."""

    def __init__(self) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        self.was_cancelled = asyncio.Event()

    async def __call__(self, _) -> HTTPResponse:
        self.entered.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise
        return HTTPResponse(body="finished")


async def soon(awaitable):
    """Wait for what should happen, as long as a busy machine may need."""
    return await asyncio.wait_for(awaitable, 30)


async def closed_record(site, function_id: str) -> dict:
    """Return the only execution as soon as it is closed."""

    async def poll() -> dict:
        while True:
            (execution,) = await site.executions(function_id)
            if execution["status"] != "pending":
                return execution

    return await soon(poll())
