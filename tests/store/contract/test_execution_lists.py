"""Lists of executions: what they show, in parts, and what a part costs (KD-66, KD-69, KD-70)."""

import msgspec
import pytest

from perilune.store import (
    ExecutionFilter,
    InvalidCursor,
    PaginationParams,
)
from tests.store.helpers import NOW, execution_of, some_version
from tests.store.listed import ERROR, expected, some_executions

ALL = PaginationParams(100)


async def test_an_offset_counts_filtered_rows(store):
    one, _, made = await some_executions(store)
    wanted = ExecutionFilter(function_id=one.function_id, status=ERROR)

    page = await store.find_executions(wanted, PaginationParams(3, 2))

    everything = expected(made, wanted)
    assert [each.id for each in page.executions] == [each.id for each in everything[2:5]]
    assert (page.total, page.is_total_exact) == (len(everything), True)


async def test_kd_66_executions_of_one_second_have_an_order(store):
    version = await some_version(store)
    made = [await store.create_execution(execution_of(version)) for _ in range(10)]

    page = await store.find_executions(ExecutionFilter(), ALL)

    assert [each.id for each in page.executions] == [each.id for each in reversed(made)]


async def test_kd_69_a_summary_leaves_out_what_can_be_large(store):
    version = await some_version(store)
    made = await store.create_execution(
        execution_of(
            version,
            status=ERROR,
            event_json='{"body":"x"}',
            response_json="{}",
            error_message="what happened\nwhere\n" + "x" * 9000,
            path="/fn/hello",
            http_status=500,
            cold_start=False,
        )
    )

    (full,) = (await store.find_executions(ExecutionFilter(), ALL)).executions
    (short,) = (await store.find_executions(ExecutionFilter(), ALL, summary=True)).executions

    assert full == msgspec.structs.replace(made, response_json=None)
    assert short == msgspec.structs.replace(full, event_json=None, error_message="what happened")


async def test_summaries_cut_a_long_line_and_show_no_line_where_there_is_none(store):
    version = await some_version(store)
    for message in (None, "x" * 9000, "\nsecond"):
        await store.create_execution(execution_of(version, status=ERROR, error_message=message))

    page = await store.find_executions(ExecutionFilter(), ALL, summary=True)

    assert [each.error_message for each in page.executions] == ["\nsecond", "x" * 300, None]


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", "'", "%"])
async def test_text_is_looked_for_as_it_stands(store, text):
    version = await some_version(store)
    for message in (f"before {text} after", "100 a-b backslash"):
        await store.create_execution(execution_of(version, status=ERROR, error_message=message))

    page = await store.find_executions(ExecutionFilter(text=text), ALL)

    assert [each.error_message for each in page.executions] == [f"before {text} after"]


async def test_times_are_exact_though_the_clock_was_set_back(store):
    version = await some_version(store)
    times = [NOW, NOW + 4, NOW + 1, NOW + 2, NOW + 700]
    for at in times:
        await store.create_execution(execution_of(version, created_at=at))

    page = await store.find_executions(ExecutionFilter(since=NOW + 2, until=NOW + 650), ALL)

    assert [each.created_at for each in page.executions] == [NOW + 2, NOW + 4]


async def test_cursors_lead_to_the_end_of_time(store):
    version = await some_version(store)
    times = [1, 16, 2**31, 2**62, 2**63 - 1]
    for at in times:
        await store.create_execution(execution_of(version, created_at=at))
    found, after = [], None

    for _ in times:
        wanted = ExecutionFilter(function_id=version.function_id)
        page = await store.find_executions(wanted, PaginationParams(limit=1), after=after)
        found += [one.created_at for one in page.executions]
        after = page.next

    assert found == times[::-1]
    assert after is None


@pytest.mark.parametrize("text", ["", "-", "1", "1-", "x-1", "1--1", "1-" + "f" * 17, "1-2-3"])
async def test_an_invalid_cursor_is_refused(store, text):
    with pytest.raises(InvalidCursor):
        await store.find_executions(ExecutionFilter(), ALL, after=text)
