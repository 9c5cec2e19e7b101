import asyncio

import pytest

from perilune.store import (
    ExecutionStatus,
    LogEntry,
    StoreUnavailable,
    WritesLost,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version


async def barrier(store):
    """Return when everything submitted so far is committed."""
    await some_function(store)


async def some_execution(store):
    return await store.create_execution(execution_of(await some_version(store)))


async def test_lines_are_read_in_the_order_they_were_appended(store):
    execution = await some_execution(store)
    for number in range(120):
        # Neither ids nor times say anything about the order.
        assert store.logs.append(fresh_id()[::-1], execution.id, number % 4, f"{number}", NOW)
    await barrier(store)

    lines, total = await store.logs.page(execution.id, None, 0)

    assert total == 120
    assert lines == [LogEntry(execution.id, n % 4, f"{n}", NOW) for n in range(120)]


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        pytest.param(2, 0, ["0", "1"], id="first"),
        pytest.param(2, 4, ["4"], id="last"),
        pytest.param(2, 9, [], id="beyond"),
        pytest.param(None, 3, ["3", "4"], id="no-limit"),
        pytest.param(0, 0, [], id="nothing"),
    ],
)
async def test_a_page_comes_with_the_real_total(store, limit, offset, expected):
    execution = await some_execution(store)
    for number in range(5):
        store.logs.append(fresh_id(), execution.id, 0, f"{number}", NOW)
    await barrier(store)

    lines, total = await store.logs.page(execution.id, limit, offset)

    assert [line.message for line in lines] == expected
    assert total == 5


async def test_unknown_executions_have_no_lines(store):
    assert await store.logs.page("nope", 10, 0) == ([], 0)


async def test_a_line_may_follow_its_execution_without_waiting(store):
    """One queue: the line is never committed before the row it belongs to."""
    execution = execution_of(await some_version(store))

    created = store.create_execution(execution)
    created.send(None)
    store.logs.append(fresh_id(), execution.id, 0, "early", NOW)
    await barrier(store)
    created.close()

    assert (await store.logs.page(execution.id, None, 0))[1] == 1


async def test_lines_that_cannot_be_stored_are_reported_and_harm_no_others(store, reported):
    execution = await some_execution(store)
    for execution_id in ("unknown", execution.id, "unknown", execution.id):
        assert store.logs.append(fresh_id(), execution_id, 0, "line", NOW)
    store.logs.append(fresh_id(), execution.id, 0, "\ud800", NOW)
    await barrier(store)

    assert (await store.logs.page(execution.id, None, 0))[1] == 2
    assert store.lost_writes == 3
    assert [type(error) for error in reported] == [WritesLost]
    assert "foreign key" in str(reported[0]).lower()


async def test_all_lines_of_an_execution_that_is_seen_as_closed_can_be_read(store):
    executions = [await some_execution(store) for _ in range(20)]

    async def run(execution):
        for number in range(30):
            store.logs.append(fresh_id(), execution.id, 0, f"{number}", NOW)
        await store.update_execution(execution.id, ExecutionStatus.SUCCESS, 1, None, None)

    async def watch(execution):
        while (await store.get_execution(execution.id)).status == ExecutionStatus.PENDING:
            await asyncio.sleep(0)
        return (await store.logs.page(execution.id, None, 0))[1]

    watching = [asyncio.create_task(watch(one)) for one in executions]
    await asyncio.gather(*(run(one) for one in executions))

    assert await asyncio.gather(*watching) == [30] * 20


async def test_appending_to_a_closed_store_raises_nothing(store):
    execution = await some_execution(store)
    await store.close()

    assert store.logs.append(fresh_id(), execution.id, 0, "late", NOW) is False
    assert store.lost_writes == 1
    with pytest.raises(StoreUnavailable):
        await store.logs.page(execution.id, None, 0)
