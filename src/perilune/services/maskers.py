"""The masker of each execution: it also hides the write-only values of the execution's function."""

import logging
from typing import Protocol

from perilune.errors import PeriluneError
from perilune.masking import DEFAULT_MASKER, Masker

MAX_MADE = 1024
"""Functions whose maskers are kept: making one anew changes nothing."""

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
        self._made: dict[str, tuple[tuple[str, ...] | None, Masker]] = {}
        """By function, for the values that were looked up last; None: they could not be read."""
        self.functions: dict[str, str] = {}
        """Of each execution that runs, whose it is; who executes it keeps that."""

    async def of(self, execution_id: str) -> Masker:
        """Return the masker of an execution; if values can't be read, one that hides everything."""
        function_id = self.functions.get(execution_id)
        if function_id is None or self._values is None:
            return self.masker
        before, masker = self._made.get(function_id, ((), self.masker))
        values: tuple[str, ...] | None
        try:
            values = await self._values.write_only_values(function_id)
        except PeriluneError as error:
            if before is None:
                return masker
            _log.warning("texts of function %s are hidden as a whole: %s", function_id, error)
            values, masker = None, self.masker.hiding_all()
        else:
            if values is before:
                return masker
            masker = self.masker.hiding(values or ())
        self._made.pop(function_id, None)
        self._made[function_id] = values, masker
        if len(self._made) > MAX_MADE:
            del self._made[next(iter(self._made))]
        return masker
