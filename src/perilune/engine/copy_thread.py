"""Makes the copies of what executions received and answered, without holding others up.

Looking through a body for secrets takes a second for each megabyte at worst, and
its sender chooses the content.  So long bodies have a thread of their
own: one, which leaves the processor to others, and apart from what else waits for
threads, such as the look-up of addresses.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from perilune.engine.errors import EventSerializationError
from perilune.engine.stored_copies import stored_event, stored_response
from perilune.events import HTTPEvent, HTTPResponse
from perilune.masking import Masker

MAX_INLINE_BODY_BYTES = 64 * 1024
"""Masking a longer body is done outside the event loop."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Copies:
    """Masked and bounded copies, as they are stored."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._thread = ThreadPoolExecutor(1, "perilune-masking")

    async def of_event(self, event: object) -> str:
        """Return the copy of an event of any kind.

        Raises:
            EventSerializationError: there can be none.
        """
        try:
            if isinstance(event, HTTPEvent) and len(event.body) > MAX_INLINE_BODY_BYTES:
                return await self._beside(lambda: stored_event(event, self._masker))
            return stored_event(event, self._masker)
        except Exception as exc:
            raise EventSerializationError(exc) from exc

    async def of_response(self, execution_id: str, response: HTTPResponse) -> str | None:
        """Return the copy of a response; None, which is logged, if there can be none."""
        try:
            if len(response.body) > MAX_INLINE_BODY_BYTES:
                return await self._beside(lambda: stored_response(response, self._masker))
            return stored_response(response, self._masker)
        except Exception:
            _log.exception("the response of execution %s could not be stored", execution_id)
            return None

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
