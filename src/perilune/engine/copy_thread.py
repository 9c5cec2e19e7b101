"""Makes the copies of what executions received and answered, without holding others up."""

import logging
from functools import partial

from perilune.engine.errors import EventSerializationError
from perilune.engine.stored_copies import (
    StoredEvent,
    stored_error,
    stored_event,
    stored_response,
)
from perilune.events import HTTPEvent, HTTPResponse
from perilune.masking import QUICK_CHARS, Masker, MaskingThread

_log = logging.getLogger(__name__)


class Copies:
    """Masked and bounded copies, as they are stored.

    Their thread is apart from what else waits for threads, such as the look-up of addresses.
    """

    def __init__(self) -> None:
        self._thread = MaskingThread("perilune-masking")

    async def of_event(self, event: object, masker: Masker) -> StoredEvent:
        """Return the copy of an event that is not quick to mask.

        Raises:
            EventSerializationError: there can be none.
        """
        try:
            return await self._thread.run(partial(stored_event, event), masker)
        except Exception as exc:
            raise not_stored(exc) from exc

    async def of_response(
        self, execution_id: str, response: HTTPResponse, masker: Masker
    ) -> str | None:
        """Return the copy of a response; None, which is logged, if there can be none."""
        try:
            if masker.is_quick(response.body, *masker.addresses(response.headers)):
                return stored_response(response, masker)
            return await self._thread.run(partial(stored_response, response), masker)
        except Exception:
            _log.exception("the response of execution %s could not be stored", execution_id)
            return None

    async def of_error(self, error: BaseException, masker: Masker) -> str:
        """Return the copy of an error's message."""
        text = str(error) or type(error).__name__
        if masker.is_quick(text):
            return stored_error(text, masker)
        return await self._thread.run(partial(stored_error, text), masker)

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.close()


def is_quick(event: object, masker: Masker) -> bool:
    """Return whether the copy of *event* is made in some two milliseconds, whatever it holds."""
    if not isinstance(event, HTTPEvent):
        return True
    # Mostly everything together is so short that no header needs to be looked at.
    lengths = sum(map(len, event.headers.values()))
    if len(event.body) + len(event.path) + lengths <= QUICK_CHARS and not event.multi_headers:
        return True
    addresses = masker.addresses({**event.headers, **event.multi_headers})
    return masker.is_quick(event.body, event.path, *addresses)


def not_stored(error: Exception) -> EventSerializationError:
    """Return what is said of an event of which *error* left no copy."""
    refused = EventSerializationError(error)
    refused.__cause__ = error
    return refused
