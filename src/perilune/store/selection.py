"""Which functions or executions a list shall show, and what it answers."""

from enum import StrEnum

import msgspec

from perilune.store.records import Execution, ExecutionStatus, ExecutionTrigger


class FunctionSort(StrEnum):
    """The order of a list of functions; equals come in the order of their ids."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"
    CHANGED_LAST = "-updated_at"
    CHANGED_FIRST = "updated_at"


class FunctionKind(StrEnum):
    """What kind of functions a list shall show."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    SCHEDULED = "scheduled"
    FAILING = "failing"
    """An execution has failed of late, see `FunctionQuery.failing_since`."""


class FunctionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which functions are wanted, in which order, and how much of them."""

    q: str | None = None
    """Text in name, address, description or id; the case of ASCII letters does not matter."""
    sort: FunctionSort = FunctionSort.NEWEST
    kind: FunctionKind | None = None
    failing_since: int = 0
    """From when on failures count, in the spans of the statistics."""
    with_code: bool = True
    """Without it, the code of versions is not read and stays empty."""


class ExecutionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions are wanted; a member left at None does not matter."""

    function_id: str | None = None
    status: ExecutionStatus | None = None
    trigger: ExecutionTrigger | None = None
    version_id: str | None = None
    since: int | None = None
    """Created at this time or later."""
    until: int | None = None
    """Created before this time."""
    text: str | None = None
    """Part of the error message, whatever the case of ASCII letters: failures only."""

    def is_narrowing(self) -> bool:
        """Tell whether more is asked for than the executions of a function, or all."""
        return msgspec.structs.replace(self, function_id=None) != ExecutionFilter()


class ExecutionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a list of executions, newest first."""

    executions: list[Execution]
    total: int
    is_total_exact: bool = True
    """False if there may be more than `total`, which would take too long to find out."""
    names: dict[str, str] = {}
    """Of the functions by id, where executions of all of them were asked for."""
    next: str | None = None
    """The cursor to go on with; None at the end.  A short part, even an empty one, can have one."""
