"""Hears from the database which functions other servers have changed."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import psycopg

from perilune.store.errors import StoreError
from perilune.store.postgres.connect import AWAY_S, RawConnection, Target

CHANNEL = "perilune_functions"
"""Where the triggers of the schema tell the ids of functions."""

_log = logging.getLogger(__name__)


class Listener:
    """A connection that only listens; it belongs to the thread of the event loop."""

    def __init__(
        self,
        target: Target,
        changed: Callable[[str], None],
        missed: Callable[[], None],
        own_pid: Callable[[], int],
    ) -> None:
        """Prepare to listen.

        Args:
            target: The database.
            changed: Called with the id of each function that another connection has changed.
            missed: Called when anything may have changed meanwhile.
            own_pid: Returns whose notifications are none of others.
        """
        self._target = target
        self._changed = changed
        self._missed = missed
        self._own_pid = own_pid
        self._loop = asyncio.get_running_loop()
        self._broken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen.  Raises `StoreError`."""
        connection = await asyncio.to_thread(self._connect)
        self._task = asyncio.create_task(self._listen(connection))

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _connect(self) -> RawConnection:
        connection = self._target.connect()
        try:
            connection.execute(f"LISTEN {CHANNEL}".encode())
        except BaseException:
            connection.close()
            raise
        return connection

    async def _listen(self, connection: RawConnection | None) -> None:
        while True:
            if connection is not None:
                await self._listen_on(connection)
                # What is in memory may be wrong from now on, and what was missed is not repeated.
                self._missed()
            try:
                connection = await asyncio.to_thread(self._connect)
            except (StoreError, psycopg.Error):
                connection = None
                await asyncio.sleep(AWAY_S)
            else:
                self._missed()

    async def _listen_on(self, connection: RawConnection) -> None:
        """Listen until the connection is lost."""
        self._broken.clear()
        descriptor = connection.fileno()
        self._loop.add_reader(descriptor, self._hear, connection)
        try:
            await self._broken.wait()
        finally:
            self._loop.remove_reader(descriptor)
            connection.close()

    def _hear(self, connection: RawConnection) -> None:
        try:
            connection.pgconn.consume_input()
            while (heard := connection.pgconn.notifies()) is not None:
                if heard.be_pid != self._own_pid():
                    self._changed(heard.extra.decode())
        except psycopg.Error:
            self._broken.set()
        except Exception:
            _log.exception("what follows a change of a function failed")
