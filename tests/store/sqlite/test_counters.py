"""Counters and statistics are what a recount finds, whatever was written, and in which company."""

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perilune.store import (
    Execution,
    ExecutionStatus,
    ExecutionTrigger,
    FunctionNotFound,
    FunctionVersion,
    Outcome,
    StoreError,
    duration_class,
    maintenance_of,
    open_store,
)
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from tests.lunar.database import some_rows
from tests.lunar.database import write_database as write_lunar
from tests.profiles import examples
from tests.store.helpers import (
    NOW,
    SettableClock,
    execution_of,
    fresh_id,
    some_version,
    told,
)
from tests.store.sqlite.file import other_connection, rows
from tests.store.template import write_database

ERROR, SUCCESS = ExecutionStatus.ERROR, ExecutionStatus.SUCCESS
DAY = 86400
QUOTA = 200
Call = tuple[Awaitable[object], Callable[[], object]]
RECOUNT = """
    SELECT function_id, function_version_id, count(*), sum(trigger = 'test'),
           sum(status = 'error' AND trigger <> 'test')
    FROM executions GROUP BY 1, 2 ORDER BY 1, 2
"""
COUNTED = """
    SELECT function_id, version_id, executions, trials, errors
    FROM execution_counters WHERE executions > 0 ORDER BY 1, 2
"""
STATISTICS = """
    SELECT function_id, duration_class, sum(executions), sum(errors), sum(duration_ms)
    FROM execution_stats GROUP BY 1, 2 ORDER BY 1, 2
"""
BYTES = "SELECT function_id, kv_bytes FROM function_counters"

which = st.integers(0, 30)
ages_s = st.integers(0, 3 * DAY)
opens = st.tuples(st.just("open"), which, st.sampled_from(ExecutionTrigger), ages_s)
closes = st.tuples(
    st.just("close"),
    which,
    st.sampled_from([SUCCESS, SUCCESS, ERROR]),
    st.none() | st.integers(-1, 5000),
    st.none() | st.just("message"),
)
others = st.one_of(
    st.tuples(st.just("open_again"), which),
    st.tuples(st.just("log"), which),
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("set"), which, st.binary(max_size=1), st.binary(max_size=40)),
    st.tuples(st.just("add"), which, st.binary(max_size=1)),
    st.tuples(st.just("unset"), which, st.binary(max_size=1)),
)
side_by_side = st.lists(opens | closes | closes | others, min_size=2, max_size=20)
alone = st.one_of(
    st.tuples(st.just("recover"), ages_s),
    st.tuples(st.just("delete_old"), ages_s),
    st.tuples(st.just("purge")),
    st.tuples(st.just("delete_version"), which),
    st.tuples(st.just("delete_function"), which),
    st.tuples(st.just("take_over")),
    st.tuples(st.just("reopen")),
)
opening = st.lists(opens, min_size=8, max_size=8)
# Something is open from the beginning, and after each thing done alone others go on.
turns = st.tuples(opening, st.lists(st.tuples(side_by_side, alone), min_size=2, max_size=8))


class Trial:
    """A store, what is done to it, and what its statistics should say."""

    def __init__(self, folder: Path) -> None:
        self.path = write_database(folder / "data" / "store.db")
        self.lunar = folder / "lunar.db"
        write_lunar(self.lunar, some_rows())
        self.stack = AsyncExitStack()
        self.versions: list[FunctionVersion] = []
        self.executions: list[Execution] = []
        self.pending: set[str] = set()
        self.expected: dict[tuple[str, int], list[int]] = {}

    async def run(self, opening: list[Any], turns: list[Any]) -> None:
        async with self.stack:
            await self.reopen()
            for _ in range(3):
                first = await some_version(self.store)
                self.versions += [first, await self.store.create_version(first.function_id, "2")]
            for turn in (opening, *chain.from_iterable(turns)):
                if isinstance(turn, list):
                    await self.side_by_side(turn)
                else:
                    await getattr(self, turn[0])(*turn[1:])
                assert await self.store.check_integrity() == []
                assert rows(self.path, COUNTED) == rows(self.path, RECOUNT)
                assert rows(self.path, STATISTICS) == [
                    (*key, *sums) for key, sums in sorted(self.expected.items())
                ]

    async def side_by_side(self, commands: list[Any]) -> None:
        """First submitted, first done: the outcomes are in the order of the commands."""
        calls = [getattr(self, command[0])(*command[1:]) for command in commands]
        outcomes = await asyncio.gather(*(call for call, _ in calls), return_exceptions=True)
        for outcome, (_, note) in zip(outcomes, calls, strict=True):
            assert not isinstance(outcome, BaseException) or isinstance(outcome, StoreError)
            if not isinstance(outcome, BaseException):
                note()

    def ended(self, execution: Execution, status: str, duration_ms: int | None) -> None:
        if execution.id in self.pending and execution.trigger != "test":
            key = (execution.function_id, duration_class(duration_ms))
            sums = self.expected.setdefault(key, [0, 0, 0])
            sums[0] += 1
            sums[1] += status == "error"
            sums[2] += max(duration_ms or 0, 0)
        self.pending.discard(execution.id)

    def some_execution(self, number: int) -> Execution:
        if not self.executions:
            return execution_of(self.versions[0], id="unknown")
        return self.executions[number % len(self.executions)]

    # Side by side: what to await, and what to note if it works.

    def open(self, number: int, trigger: ExecutionTrigger, age_s: int) -> Call:
        version = self.versions[number % len(self.versions)]
        execution = execution_of(version, trigger=trigger, created_at=NOW - age_s)
        self.executions.append(execution)
        return self.store.create_execution(execution), lambda: self.pending.add(execution.id)

    def open_again(self, number: int) -> Call:
        execution = self.some_execution(number)
        call = self.store.create_execution(replace(execution, function_id=fresh_id()))
        return call, lambda: pytest.fail("an execution of no function was stored")

    def close(self, number: int, status: Any, duration_ms: int | None, text: str | None) -> Call:
        execution = self.some_execution(number)
        call = self.store.update_execution(execution.id, status, duration_ms, text, None)
        return call, lambda: self.ended(execution, status, duration_ms)

    def log(self, number: int) -> Call:
        self.store.logs.append(fresh_id(), self.some_execution(number).id, 0, "line", NOW)
        return self.store.ping(), lambda: None

    def delete(self, number: int) -> Call:
        return self.store.delete_execution(self.some_execution(number).id), lambda: None

    def set(self, number: int, key: bytes, value: bytes) -> Call:
        function_id = self.versions[number % len(self.versions)].function_id
        expires_at = None if number % 3 else NOW - 1 + number
        return self.store.kv.set(function_id, key, value, expires_at, QUOTA), lambda: None

    def add(self, number: int, key: bytes) -> Call:
        function_id = self.versions[number % len(self.versions)].function_id
        return self.store.kv.incr(function_id, key, number, QUOTA), lambda: None

    def unset(self, number: int, key: bytes) -> Call:
        function_id = self.versions[number % len(self.versions)].function_id
        return self.store.kv.delete(function_id, key), lambda: None

    # Alone.

    async def reopen(self) -> None:
        await self.stack.aclose()
        opening = open_store(self.path, clock=SettableClock(), on_error=lambda _: None)
        self.store = await self.stack.enter_async_context(opening)

    async def recover(self, age_s: int) -> None:
        sql = "SELECT id FROM executions WHERE status = 'pending' AND created_at < ?"
        left = {str(execution_id) for (execution_id,) in rows(self.path, sql, NOW - age_s)}
        assert await self.store.recover_pending(NOW - age_s) == len(left)
        for execution in self.executions:
            if execution.id in left:
                self.ended(execution, "error", None)

    async def delete_old(self, age_s: int) -> None:
        await self.store.delete_old_executions(NOW - age_s)

    async def purge(self) -> None:
        await self.store.purge_expired(NOW + 10)

    async def delete_version(self, number: int) -> None:
        version = self.versions[number % len(self.versions)]
        with suppress(StoreError):
            await self.store.delete_version(version.id, keep_executions=number % 2 == 0)

    async def delete_function(self, number: int) -> None:
        function_id = self.versions[number % len(self.versions)].function_id
        with suppress(FunctionNotFound):
            await self.store.delete_function(function_id)
        self.expected = {key: sums for key, sums in self.expected.items() if key[0] != function_id}

    async def take_over(self) -> None:
        """Functions that came before stay as they are, and are counted once."""
        known = {execution.id for execution in self.executions}
        await self.stack.aclose()
        maintenance_of(self.path).import_lunar(self.lunar, now=NOW, merge=True)
        await self.reopen()
        for (execution_id,) in rows(self.path, "SELECT id FROM executions ORDER BY seq"):
            if execution_id not in known:
                execution = await self.store.get_execution(str(execution_id))
                self.executions.append(execution)
                self.pending.add(execution.id)
                if execution.status != "pending":
                    self.ended(execution, execution.status, execution.duration_ms)


@examples(100, in_test=15)
@given(turns)
def test_whatever_is_written_the_counters_are_what_a_recount_finds(turns):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Trial(Path(folder)).run(*turns))


async def test_a_batch_is_a_statement_per_kind_and_one_per_counter(store):
    versions = [await some_version(store) for _ in range(3)]
    made = [execution_of(versions[-number % 3]) for number in range(8)]

    with statements_of(store) as opening:
        made = await asyncio.gather(*(store.create_execution(one) for one in made))

    async def end(one: Execution) -> None:
        store.logs.append(fresh_id(), one.id, 0, "line", NOW)
        outcome = Outcome(execution_id=one.id, status=SUCCESS, duration_ms=5)
        await told(partial(store.execution_records.close, one, outcome))

    with statements_of(store) as closing:
        await asyncio.gather(*(end(one) for one in made))

    order = sorted(version.function_id for version in versions)
    assert [first_words(sql) for sql in opening] == [
        "BEGIN IMMEDIATE",
        "INSERT INTO executions",
        *["UPDATE execution_counters SET"] * 3,
        "COMMIT",
    ]
    assert [function_of(sql) for sql in opening[2:5]] == order
    assert [first_words(sql) for sql in closing] == [
        "BEGIN IMMEDIATE",
        "INSERT INTO logs",
        "UPDATE executions SET",
        *["INSERT INTO execution_stats"] * 3,
        "COMMIT",
    ]
    assert [function_of(sql) for sql in closing[3:6]] == order


async def test_what_is_refused_among_others_is_alone_in_it(store, path):
    kept, deleted = await some_version(store), await some_version(store)
    running = [await store.create_execution(execution_of(kept)) for _ in range(4)]
    lost = await store.create_execution(execution_of(deleted))
    await store.delete_function(deleted.function_id)

    outcomes = await asyncio.gather(
        store.update_execution(running[0].id, SUCCESS, 1, None, None),
        store.update_execution(lost.id, SUCCESS, 1, None, None),
        store.update_execution(running[1].id, ERROR, 2, "text", None),
        store.update_execution(running[1].id, SUCCESS, 3, None, None),
        store.create_execution(execution_of(deleted)),
        store.create_execution(execution_of(kept, created_at=2**70)),
        store.update_execution(running[2].id, SUCCESS, 4, None, None),
        return_exceptions=True,
    )

    assert [type(one).__name__ for one in outcomes] == [
        "NoneType",
        "ExecutionNotFound",
        "NoneType",
        "NoneType",
        "FunctionNotFound",
        "StoreError",
        "NoneType",
    ]
    assert rows(path, STATISTICS) == [
        (kept.function_id, duration_ms, 1, failed, duration_ms)
        for duration_ms, failed in ((1, 0), (2, 1), (4, 0))
    ]
    assert rows(path, COUNTED) == [(kept.function_id, kept.id, 4, 0, 0)]
    assert (await store.get_execution(running[3].id)).status == "pending"


async def test_a_line_is_never_before_its_execution_in_a_batch(store, path):
    """Lines are written after the executions of their batch: this one came before its own."""
    version = await some_version(store)
    early, late = execution_of(version), execution_of(version)

    store.logs.append(fresh_id(), early.id, 0, "too early", NOW)
    store.logs.append(fresh_id(), late.id, 0, "too early", NOW)
    opening = [asyncio.ensure_future(store.create_execution(one)) for one in (early, late)]
    await asyncio.sleep(0)
    store.logs.append(fresh_id(), late.id, 0, "in time", NOW)
    await asyncio.gather(*opening)
    await store.update_execution(late.id, SUCCESS, 1, None, None)

    assert rows(path, "SELECT execution_id, message FROM logs") == [(late.id, "in time")]


async def test_no_trigger_keeps_a_counter(store, path):
    """Those that are left add rows, mark them as deleted, or number changes of schedules."""
    triggers = rows(path, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")

    assert {str(name) for name, _ in triggers} == {
        "function_versions_added",
        "function_versions_removed",
        "functions_counted",
        "functions_removed",
        "functions_rescheduled",
        "functions_scheduled",
        "functions_unscheduled",
    }
    changed = re.compile(r"(executions|trials|errors|kv_bytes|last_version) = [a-z(]*\1")
    assert [name for name, sql in triggers if changed.search(str(sql))] == []


@pytest.mark.parametrize(
    ("counter", "found", "counted"),
    [("executions", 2, 3), ("trials", 1, 5), ("errors", 1, 0)],
)
async def test_the_check_finds_what_was_miscounted(path, counter, found, counted):
    async with open_store(path, clock=SettableClock()) as store:
        version = await some_version(store)
        await store.create_execution(execution_of(version, status="error"))
        await store.create_execution(execution_of(version, trigger="test", status="error"))
        assert await store.check_integrity() == []
        with other_connection(path) as other:
            other.execute(f"UPDATE execution_counters SET {counter} = {counted}")

        problems = await store.check_integrity()

    assert problems == [f"version {version.id} has {found} {counter}, its counter says {counted}"]


async def test_figures_of_an_older_file_are_kept_and_counted_on(path, monkeypatch):
    """Up to version 10 of the schema, triggers counted."""
    steps = shipped_migrations()
    name = "perilune.store.sqlite.connection.prepare.shipped_migrations"
    monkeypatch.setattr(name, lambda: steps[:10])
    prepare_file(path, NOW).close()
    with other_connection(path) as connection:
        connection.executescript(OLD_ROWS)
    monkeypatch.undo()
    before = [rows(path, sql) for sql in (COUNTED, STATISTICS, BYTES)]

    async with open_store(path, clock=SettableClock()) as store:
        migrated = [rows(path, sql) for sql in (COUNTED, STATISTICS, BYTES)]
        assert await store.check_integrity() == []
        await store.recover_pending(NOW)
        await store.kv.set("f", b"k", b"longer", None, QUOTA)
        await store.delete_execution("b")
        assert await store.check_integrity() == []

    assert migrated == before
    assert before == [[("f", "v", 4, 1, 1)], [("f", 7, 1, 1, 7), ("f", 9, 1, 0, 9)], [("f", 3)]]
    assert rows(path, COUNTED) == [("f", "v", 3, 1, 2)]
    assert rows(path, STATISTICS) == [("f", -1, 1, 1, 0), *before[1]]
    assert rows(path, BYTES) == [("f", 7)]


OLD_ROWS = """
    INSERT INTO functions (id, name, created_at, updated_at) VALUES ('f', 'n', 1, 1);
    INSERT INTO function_versions (id, function_id, version, code, created_at, is_active)
    VALUES ('v', 'f', 1, 'x', 1, 1);
    INSERT INTO kv_store (function_id, key, value) VALUES ('f', x'6b', x'0102');
    INSERT INTO executions (id, function_id, function_version_id, status, trigger, created_at)
    VALUES ('a', 'f', 'v', 'pending', 'http', 1), ('b', 'f', 'v', 'pending', 'cron', 1),
           ('c', 'f', 'v', 'pending', 'http', 1), ('t', 'f', 'v', 'pending', 'test', 1);
    UPDATE executions SET status = 'error', duration_ms = 7 WHERE id IN ('a', 't');
    UPDATE executions SET status = 'success', duration_ms = 9 WHERE id = 'b';
"""


@contextmanager
def statements_of(store: Any) -> Iterator[list[str]]:
    """Collect the statements of the writer, once it has nothing else to do."""
    found: list[str] = []

    def collect(sql: str) -> None:
        if not sql.startswith("PRAGMA"):
            found.append(sql)

    store._connection.set_trace_callback(collect)
    yield found
    store._connection.set_trace_callback(None)


def function_of(sql: str) -> str:
    """Return the first id of a function in a statement."""
    return re.findall("f[0-9]{19}", sql)[0]


def first_words(sql: str) -> str:
    """Return what a statement does, and to which table."""
    return " ".join(re.sub("--.*", "", sql).split()[:3]).removesuffix(" (id,")
