"""The masker of each execution: it also hides the write-only values of the execution's function."""

import logging
from typing import Protocol

from perilune.errors import PeriluneError
from perilune.masking import DEFAULT_MASKER, Masker

_log = logging.getLogger(__name__)


class WriteOnlyValues(Protocol):
    """The part of the store this needs."""

    async def write_only_values(self, function_id: str) -> tuple[str, ...]:
        """Return the values of the function's write-only variables."""
        ...


class ExecutionMaskers:
    """Knows which masker hides what an execution may not show.

    Values are looked up when a text of the execution is about to be stored: they may have
    changed meanwhile, and most executions have no such text.
    """

    def __init__(
        self, masker: Masker = DEFAULT_MASKER, values: WriteOnlyValues | None = None
    ) -> None:
        """Extend *masker* by *values*; without them every execution has *masker*."""
        self.masker = masker
        """For what is of no execution, and for events."""
        self._values = values
        self._functions: dict[str, str] = {}

    def open(self, execution_id: str, function_id: str) -> None:
        """Say whose execution it is, before it begins."""
        self._functions[execution_id] = function_id

    def close(self, execution_id: str) -> None:
        """Forget an execution; nothing of it is stored any more."""
        self._functions.pop(execution_id, None)

    async def of(self, execution_id: str) -> Masker:
        """Return the masker of an execution; if values can't be read, one that hides everything."""
        function_id = self._functions.get(execution_id)
        if function_id is None or self._values is None:
            return self.masker
        try:
            values = await self._values.write_only_values(function_id)
        except PeriluneError as error:
            _log.warning("texts of execution %s are hidden as a whole: %s", execution_id, error)
            return self.masker.hiding_all()
        return self.masker.hiding(values) if values else self.masker
