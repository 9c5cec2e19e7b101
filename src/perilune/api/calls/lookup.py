"""Finds the function that a path names: by its id, or else by its address."""

from typing import Protocol
from urllib.parse import quote

from perilune.engine import FunctionNotFoundError, StorageUnavailableError
from perilune.events import PATH_MARKS
from perilune.store import (
    ExecutionRecords,
    Function,
    FunctionNotFound,
    FunctionVersion,
    StoreError,
)

Known = tuple[Function, FunctionVersion]
"""A function and its active version."""

MAX_KNOWN = 4096


class FunctionRecords(Protocol):
    """The part of the store that is needed here."""

    @property
    def execution_records(self) -> ExecutionRecords:
        """See `Store.execution_records`."""
        ...

    async def get_function(self, function_id: str) -> Function:
        """See `DB.get_function`."""
        ...

    async def get_function_at(self, address: str) -> Function:
        """See `DB.get_function_at`."""
        ...


class FunctionLookup:
    """Finds functions by their ids or addresses; an id that is one goes first."""

    def __init__(self, records: FunctionRecords) -> None:
        """Find functions in *records*."""
        self._records = records
        self._peek = records.execution_records.peek
        self._ids: dict[str, str] = {}
        """By address.  Nobody keeps it up to date: what it says is compared with the record."""

    def peek(self, name: str) -> Known | None:
        """Return function and version by id or address, if that is known without a look-up."""
        known = self._peek(name)
        if known is not None or name not in self._ids:
            return known
        known = self._peek(self._ids[name])
        return known if known is not None and known[0].address == name else None

    async def find(self, name: str) -> Function:
        """Return the function with this id or address.

        Raises:
            FunctionNotFoundError: there is none.
            StorageUnavailableError: the store fails.
        """
        try:
            return await self._by_id_or_address(name)
        except FunctionNotFound as error:
            raise FunctionNotFoundError(name) from error
        except StoreError as error:
            raise StorageUnavailableError(error) from error

    async def _by_id_or_address(self, name: str) -> Function:
        try:
            return await self._records.get_function(name)
        except FunctionNotFound:
            function = await self._records.get_function_at(name)
        if len(self._ids) >= MAX_KNOWN:
            self._ids.clear()
        self._ids[name] = function.id
        return function


def function_path(function: Function) -> str:
    """Return the path that *function* is called by, percent-encoded: with its address, if any."""
    return f"/fn/{quote(function.address or function.id, PATH_MARKS)}"
