"""Records of executions for engines, which wait for them in callbacks."""

from collections.abc import Callable
from functools import partial

from perilune.clock import WallClock
from perilune.store.cache import RecordCache, peek_both
from perilune.store.contract import RecordDone
from perilune.store.database.operations import AnyOperation
from perilune.store.records import Execution, Function, FunctionVersion, Outcome
from perilune.store.tables.executions import Executions, closing, opening


class Records:
    """The store's `ExecutionRecords`."""

    def __init__(
        self,
        executions: Executions,
        submit: Callable[[AnyOperation], None],
        check: Callable[[], None],
        functions: RecordCache[Function],
        versions: RecordCache[FunctionVersion],
        clock: WallClock,
    ) -> None:
        """Write rows of *executions* by *submit* if *check* lets them; peek into caches."""
        self._executions = executions
        self._submit = submit
        self._check = check
        self.peek: Callable[[str], tuple[Function, FunctionVersion] | None] = partial(
            peek_both, functions, versions, clock
        )
        """See `ExecutionRecords.peek`."""

    def open(self, execution: Execution, done: RecordDone) -> None:
        """See `ExecutionRecords.open`.  Raises what *check* does."""
        self._check()
        operation = opening(self._executions.completed(execution))
        operation.done = done
        self._submit(operation)

    def close(self, execution: Execution, outcome: Outcome, done: RecordDone) -> None:
        """See `ExecutionRecords.close`."""
        operation = closing(execution, outcome)
        operation.done = done
        self._submit(operation)
