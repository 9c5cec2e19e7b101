"""Lists of executions that stay as fast as they began.

Every list is read in two steps.  The first walks an index, where rows are small, and finds out
which rows belong to the part; only those are read from the table, where they hold their events.
What no index knows is looked for in a window of the newest `WINDOW_ROWS` rows; who wants more
goes on from the position that comes with the answer.
"""

from dataclasses import dataclass, field
from typing import Any

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection, Params
from perilune.store.database.statements import in_both, load_statements
from perilune.store.errors import InvalidCursor
from perilune.store.records import Execution, PaginationParams
from perilune.store.selection import ExecutionFilter, ExecutionPage
from perilune.store.tables.executions import SHORT_COLUMNS, execution_of_row

WINDOW_ROWS = 5000
"""Rows that are looked at for one answer, when no index knows which ones are wanted."""
TABLE_WINDOW_ROWS = 500
"""The same, where each has to be fetched from the table."""
COUNTED_ROWS = 500
"""Up to here what a filter lets through is counted."""
CLOCK_SLACK_S = 5
"""By how much the clock may be set back without an execution being missed between two times."""

ERROR_CHARS = 300
"""As much of the first line of an error is in a summary."""

_SQL = load_statements("execution_lists", short=SHORT_COLUMNS, error_chars=str(ERROR_CHARS + 1))
_NEWEST = "{use executions_newest}"
_INDEXED = frozenset({"created_at", "function_version_id", "trigger"})
_BY_TIME = "ORDER BY created_at DESC, seq DESC"
_BY_SEQ = "ORDER BY seq DESC"
_VISIBLE = (
    "function_version_id NOT IN"
    " (SELECT version_id FROM execution_counters WHERE deleted = 1 AND executions > 0)"
)


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in a list: the execution after which the next part begins."""

    created_at: int
    seq: int

    def to_cursor(self) -> str:
        """Return the position as callers get it."""
        return f"{self.created_at:x}-{self.seq:x}"

    @staticmethod
    def of_cursor(text: str) -> "_Position":
        """Return the position that a cursor stands for.  Raises `InvalidCursor`."""
        created_at, _, seq = text.partition("-")
        try:
            position = _Position(int(created_at, 16), int(seq, 16))
        except ValueError:
            raise InvalidCursor from None
        if not (0 <= position.created_at < 2**63 and 0 <= position.seq < 2**63):
            raise InvalidCursor
        return position


class ExecutionLists:
    """Parts of lists of executions; the methods are those of `DB`."""

    def __init__(self, access: Access) -> None:
        """Use *access*."""
        self._access = access

    async def page(self, function_id: str, params: PaginationParams) -> tuple[list[Execution], int]:
        """See `DB.list_executions`."""
        found = await self.find(ExecutionFilter(function_id=function_id), params)
        return found.executions, found.total

    async def find(
        self,
        wanted: ExecutionFilter,
        params: PaginationParams,
        *,
        after: str | None = None,
        summary: bool = False,
    ) -> ExecutionPage:
        """See `DB.find_executions`."""
        page = params.normalized()
        position = None if after is None else _Position.of_cursor(after)

        def read(connection: Connection) -> ExecutionPage:
            with connection.snapshot():
                return _read_page(connection, wanted, page, position, summary=summary)

        return await self._access.read(read)


@dataclass(slots=True)
class _Walk:
    """A walk along an index: which one, between which limits, and what is asked of each row."""

    index: str
    order: str
    limits: list[str] = field(default_factory=list)
    """Conditions that the index answers by where the walk begins and ends."""
    limit_values: list[Any] = field(default_factory=list)
    """What stands for `?` in the limits, in their order."""
    questions: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of a column and what is asked of it in each row."""
    question_values: list[Any] = field(default_factory=list)
    """What stands for `?` in the questions, in their order."""

    @property
    def values(self) -> Params:
        """What stands for `?` in `wanted`."""
        return (*self.limit_values, *self.question_values)

    def limit(self, condition: str, *values: object) -> None:
        """Let the walk begin or end where *condition* says, with *values* for each `?`."""
        self.limits.append(condition)
        self.limit_values += values

    def ask(self, column: str, condition: str, *values: object) -> None:
        """Ask *condition* of each row's *column*, with *values* for each `?`."""
        self.questions.append((column, condition))
        self.question_values += values

    def rows(self, columns: str) -> str:
        """Return the rows within the limits as a query without end."""
        conditions = f" WHERE {' AND '.join(self.limits)}" if self.limits else ""
        return f"SELECT {columns} FROM executions {self.index}{conditions} {self.order}"  # noqa: S608 - fixed texts

    def wanted(self, columns: str) -> str:
        """Return the rows that are wanted, as a query without end."""
        if not self.questions:
            return self.rows(columns)
        # A subquery with a limit is walked as it stands; nothing is sorted, and the walk ends
        # as soon as enough rows are found.
        asked = {column for column, _ in self.questions} - {"created_at"}
        window = self.rows(", ".join(["seq, created_at", *sorted(asked)]))
        conditions = " AND ".join(condition for _, condition in self.questions)
        some = f"({window} LIMIT {self.window_rows()}) AS few"
        return f"SELECT {columns} FROM {some} WHERE {conditions}"  # noqa: S608 - fixed texts

    def window_rows(self) -> int:
        """Return how many rows are looked at, if each has to be."""
        asked = {column for column, _ in self.questions}
        return WINDOW_ROWS if self.index == _NEWEST and asked <= _INDEXED else TABLE_WINDOW_ROWS


def _read_page(
    connection: Connection,
    wanted: ExecutionFilter,
    page: PaginationParams,
    after: _Position | None,
    *,
    summary: bool,
) -> ExecutionPage:
    walk = _walk(connection, wanted, after)
    sql = f"{walk.wanted('created_at, seq')} LIMIT ? OFFSET ?"
    part = (page.limit + 1, 0 if after else page.offset)
    found = [_Position(*row) for row in connection.execute(in_both(sql), (*walk.values, *part))]
    shown = found[: page.limit]
    if len(found) > page.limit:
        following: _Position | None = shown[-1]
    else:
        following = _end_of_window(connection, walk)
    if walk.questions and after is None and not page.offset and len(found) <= page.limit:
        # The whole window has been looked at: it need not be counted.
        total, is_exact = len(found), following is None
    else:
        total, is_exact = _total(connection, wanted)
    read = _SQL["read_summary" if summary else "read_execution"]
    rows = [connection.execute(read, (position.seq,)).fetchone() for position in shown]
    if summary:
        rows = [(*row[:-3], _first_line(row[-3]), *row[-2:]) for row in rows]
    executions = [execution_of_row(row) for row in rows]
    return ExecutionPage(
        executions=executions,
        total=total,
        is_total_exact=is_exact,
        names={} if wanted.function_id is not None else _names(connection, executions),
        next=None if following is None else following.to_cursor(),
    )


def _names(connection: Connection, executions: list[Execution]) -> dict[str, str]:
    """Return the names of the functions that were executed, by id."""
    ids = {one.function_id for one in executions}
    found = (connection.execute(_SQL["name"], (one,)).fetchone() for one in ids)
    return dict(filter(None, found))


def _walk(connection: Connection, wanted: ExecutionFilter, after: _Position | None) -> _Walk:
    """Choose the index for what is wanted; see the migrations for what each is made of."""
    is_failure = wanted.status == "error" or wanted.text is not None
    walk = _Walk("", _BY_SEQ if wanted.function_id is None else _BY_TIME)
    if wanted.status == "pending":
        walk.index = "{use executions_pending}"
        walk.limit("status = 'pending'")
    elif is_failure:
        suffix = "_newest" if wanted.function_id is None else ""
        walk.index = f"{{use executions_failed{suffix}}}"
        walk.limit("status = 'error'")
    elif wanted.function_id is not None:
        walk.index = _NEWEST
    if wanted.status == "success":
        walk.ask("status", "status = 'success'")
    if wanted.function_id is None:
        _limit_all(connection, walk, wanted, after)
    else:
        _limit_one(walk, wanted, after)
    (has_deleted,) = connection.execute(_SQL["has_deleted"]).fetchone()
    if has_deleted:
        # Executions of deleted versions are hidden until the clean-up has removed them.
        walk.limit(_VISIBLE)
    if wanted.trigger is not None:
        walk.ask("trigger", "trigger = ?", str(wanted.trigger))
    if wanted.version_id is not None:
        walk.ask("function_version_id", "function_version_id = ?", wanted.version_id)
    if wanted.text is not None:
        pattern = f"%{_escaped(wanted.text)}%"
        walk.ask("error_message", "error_message {like} ? ESCAPE '\\'", pattern)
    return walk


def _limit_one(walk: _Walk, wanted: ExecutionFilter, after: _Position | None) -> None:
    """Limit the walk along the executions of one function, which are in the order of time."""
    walk.limit("function_id = ?", wanted.function_id)
    if after is not None:
        walk.limit("(created_at, seq) < (?, ?)", after.created_at, after.seq)
    if wanted.since is not None:
        walk.limit("created_at >= ?", wanted.since)
    if wanted.until is not None:
        walk.limit("created_at < ?", wanted.until)


def _limit_all(
    connection: Connection,
    walk: _Walk,
    wanted: ExecutionFilter,
    after: _Position | None,
) -> None:
    """Limit the walk along the executions of all functions, which are in the order of insertion.

    That is the order of time but for a clock that was set back, so times are asked of each row,
    and the walk begins and ends a little beyond where they should be.
    """
    before = None if after is None else after.seq
    if wanted.until is not None:
        until = _first_since(connection, wanted.until + CLOCK_SLACK_S)
        before = until if before is None else min(before, until)
        walk.ask("created_at", "created_at < ?", wanted.until)
    if before is not None:
        walk.limit("seq < ?", before)
    if wanted.since is not None:
        walk.limit("seq >= ?", _first_since(connection, wanted.since - CLOCK_SLACK_S))
        walk.ask("created_at", "created_at >= ?", wanted.since)


def _first_since(connection: Connection, time: int) -> int:
    """Return the smallest `seq` of a row created at *time* or later, by halving."""
    low, high = connection.execute(_SQL["bounds"]).fetchone()
    while low < high:
        middle = (low + high) // 2
        seq, created_at = connection.execute(_SQL["next_row"], (middle,)).fetchone() or (0, time)
        if created_at >= time:
            high = middle
        else:
            low = max(seq, middle) + 1
    return int(low)


def _total(connection: Connection, wanted: ExecutionFilter) -> tuple[int, bool]:
    """Return how many executions are wanted, and whether there are no more of them."""
    if not wanted.is_narrowing():
        if wanted.function_id is None:
            (total,) = connection.execute(_SQL["count_all"]).fetchone()
        else:
            of_function = (wanted.function_id,)
            (total,) = connection.execute(_SQL["count_executions"], of_function).fetchone()
        return total, True
    walk = _walk(connection, wanted, None)
    found = _count(connection, walk.wanted("1"), walk.values, COUNTED_ROWS)
    return found, found < COUNTED_ROWS and _end_of_window(connection, walk) is None


def _end_of_window(connection: Connection, walk: _Walk) -> _Position | None:
    """Return where the window of rows that are looked at ends; None if nothing lies behind it."""
    if not walk.questions:
        return None
    sql = f"{walk.rows('created_at, seq')} LIMIT 2 OFFSET {walk.window_rows() - 1}"
    rows = connection.execute(in_both(sql), tuple(walk.limit_values)).fetchall()
    return _Position(*rows[0]) if len(rows) == 2 else None


def _count(connection: Connection, sql: str, params: Params, most: int) -> int:
    counting = f"SELECT count(*) FROM ({sql} LIMIT {most}) AS found"  # noqa: S608 - fixed texts
    found: int = connection.execute(in_both(counting), params).fetchone()[0]
    return found


def _first_line(error: str | None) -> str | None:
    """Return the line of an error that says what happened; the rest shows where."""
    line, is_parted, _ = (error or "").partition("\n")
    return line if line and is_parted else error and error[:ERROR_CHARS]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
