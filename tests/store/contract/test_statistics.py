"""Figures of executions: exact numbers, durations within a known error, old rows merged."""

from hypothesis import given
from hypothesis import strategies as st

from perilune.store import (
    ExecutionStatus,
    ExecutionTotals,
    ExecutionTrigger,
    duration_class,
    percentiles,
    typical_ms,
)
from tests.profiles import examples
from tests.store.helpers import NOW, execution_of, some_version

DAY = 86400


ERROR, SUCCESS = ExecutionStatus.ERROR, ExecutionStatus.SUCCESS


START = NOW - NOW % 300


async def execute(store, version, duration_ms: int | None = 5, status=SUCCESS, **members) -> str:
    made = await store.create_execution(execution_of(version, **members))
    await store.update_execution(made.id, status, duration_ms, None, None)
    return made.id


async def test_an_execution_counts_once_when_it_ends(store):
    version = await some_version(store)
    execution_id = await execute(store, version, 40, ERROR)
    pending = await store.create_execution(execution_of(version))

    await store.update_execution(execution_id, SUCCESS, 99, None, None)
    found = await store.statistics.of_function(version.function_id, 0, 300)

    assert pending.status is ExecutionStatus.PENDING
    assert found == {START: [ExecutionTotals(duration_class(40), 1, 1, 40)]}


async def test_trials_of_drafts_do_not_count(store):
    version = await some_version(store)
    for trigger in ExecutionTrigger:
        await execute(store, version, trigger=trigger)

    found = await store.statistics.of_function(version.function_id, 0, 300)

    assert found == {START: [ExecutionTotals(5, len(ExecutionTrigger) - 1, 0, 5 * 3)]}


async def test_recovered_executions_are_errors_of_unknown_duration(store):
    version = await some_version(store)
    await store.create_execution(execution_of(version, created_at=NOW - 1))
    await store.recover_pending(NOW)

    ((totals,),) = (await store.statistics.of_function(version.function_id, 0, DAY)).values()

    assert totals == ExecutionTotals(duration_class(None), 1, 1, 0)
    assert percentiles([(totals.duration_class, 1)], [0.5]) == [None]


@examples(500)
@given(st.integers(0, 2**25 - 1))
def test_a_class_is_never_far_from_its_durations(duration_ms):
    shown = typical_ms(duration_class(duration_ms))

    assert abs(shown - duration_ms) <= (0 if duration_ms < 32 else 0.032 * duration_ms)


@examples(300)
@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=60))
def test_percentiles_are_within_their_error(durations):
    classes = [(duration_class(one), 1) for one in durations]
    ordered = sorted(durations)

    found = percentiles(classes, [0.0, 0.5, 0.95, 0.99, 1.0])

    for share, value in zip((0.0, 0.5, 0.95, 0.99, 1.0), found, strict=True):
        exact = ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]
        assert value is not None
        assert abs(value - exact) <= 0.032 * exact


async def test_the_overview_has_every_function_and_what_runs(store):
    one, other = await some_version(store, "one"), await some_version(store, "other")
    await execute(store, one, 5)
    await execute(store, one, 5, ERROR)
    await execute(store, one, 9, created_at=NOW - 3600)
    await execute(store, other, 7, created_at=NOW - 7200)
    await store.create_execution(execution_of(other))

    overview = await store.statistics.overview(START - 3600, 1800)

    assert overview.functions == {
        one.function_id: [ExecutionTotals(5, 2, 1, 10), ExecutionTotals(9, 1, 0, 9)],
    }
    assert overview.names == {one.function_id: "one", other.function_id: "other"}
    assert overview.running == 1
    half_hour = NOW - NOW % 1800
    assert overview.series == {
        half_hour: [ExecutionTotals(5, 2, 1, 10)],
        half_hour - 3600: [ExecutionTotals(9, 1, 0, 9)],
    }


async def test_the_activity_of_functions_has_their_figures_and_the_latest_execution(store):
    one, other = await some_version(store, "one"), await some_version(store, "other")
    await execute(store, one, 5, created_at=NOW - 3 * DAY)
    await execute(store, one, 5, created_at=NOW - 60)
    latest = await execute(store, one, 9, ERROR)

    found = await store.statistics.activity(
        [other.function_id, "unknown", one.function_id], START - DAY
    )

    assert [each.function.id for each in found] == [other.function_id, one.function_id]
    assert (found[0].totals, found[0].last) == ([], None)
    assert found[1].totals == [ExecutionTotals(5, 1, 0, 5), ExecutionTotals(9, 1, 1, 9)]
    assert found[1].last is not None
    assert (found[1].last.id, found[1].last.status) == (latest, ERROR)
    assert found[1].last.event_json is None
