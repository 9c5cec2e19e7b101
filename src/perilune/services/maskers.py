"""The masker of each execution: it also hides the write-only values of the execution's function."""

import logging
from typing import Protocol

import msgspec

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
        self._open: dict[str, _Open] = {}

    def open(self, execution_id: str, function_id: str) -> None:
        """Say whose execution it is, before it begins."""
        self._open[execution_id] = _Open(function_id, self.masker)

    def close(self, execution_id: str) -> None:
        """Forget an execution; nothing of it is stored any more."""
        self._open.pop(execution_id, None)

    async def of(self, execution_id: str) -> Masker:
        """Return the masker of an execution; if values can't be read, one that hides everything."""
        execution = self._open.get(execution_id)
        if execution is None or self._values is None:
            return self.masker
        try:
            values = await self._values.write_only_values(execution.function_id)
        except PeriluneError as error:
            if execution.values is not None:
                _log.warning("texts of execution %s are hidden as a whole: %s", execution_id, error)
                execution.values, execution.masker = None, self.masker.hiding_all()
            return execution.masker
        if values is not execution.values:
            execution.values, execution.masker = values, self.masker.hiding(values)
        return execution.masker


class _Open(msgspec.Struct):
    """Whose execution it is, and the masker for the values that were looked up last."""

    function_id: str
    masker: Masker
    values: tuple[str, ...] | None = ()
    """None: they could not be read."""
