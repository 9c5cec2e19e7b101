"""What callers may rely on when many of them write at once, and when something fails."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.store import (
    IN_MEMORY,
    ExecutionStatus,
    PaginationParams,
    StoreUnavailable,
    open_store,
)
from tests.profiles import examples
from tests.store.helpers import execution_of, some_function, some_version


async def test_parallel_writes_are_all_kept(store):
    versions = [await some_version(store) for _ in range(5)]

    async def execute(number):
        made = await store.create_execution(execution_of(versions[number % 5]))
        await store.update_execution(made.id, ExecutionStatus.SUCCESS, number, None, None)
        return made

    made = await asyncio.gather(*(execute(number) for number in range(1500)))

    read = await asyncio.gather(*(store.get_execution(each.id) for each in made))
    assert [each.duration_ms for each in read] == list(range(1500))
    totals = [
        (await store.list_executions(version.function_id, PaginationParams()))[1]
        for version in versions
    ]
    assert totals == [300] * 5


async def test_a_write_that_fails_harms_no_other_of_its_commit(store):
    version = await some_version(store)
    good = [execution_of(version) for _ in range(6)]
    calls = [
        store.create_execution(good[0]),
        store.create_execution(execution_of(version, function_version_id="nope")),
        store.create_execution(good[1]),
        store.update_execution("nope", ExecutionStatus.ERROR, 1, None, None),
        store.create_version("nope", "return 1"),
        store.create_execution(good[2]),
        store.create_execution(execution_of(version, event_json="\ud800")),
        store.create_execution(execution_of(version, created_at=2**70)),
        store.create_execution(good[3]),
    ]

    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    failed = [type(each).__name__ for each in outcomes if isinstance(each, Exception)]
    assert failed == [
        "VersionNotFound",
        "ExecutionNotFound",
        "FunctionNotFound",
        "StoreError",
        "StoreError",
    ]
    _, total = await store.list_executions(version.function_id, PaginationParams())
    assert total == 4


async def test_first_submitted_is_first_committed(store):
    """The closing update comes from another task and waits for nobody."""
    version = await some_version(store)
    executions = [execution_of(version) for _ in range(200)]

    opening = [asyncio.ensure_future(store.create_execution(each)) for each in executions]
    closing = [
        asyncio.ensure_future(
            store.update_execution(each.id, ExecutionStatus.SUCCESS, 1, None, None)
        )
        for each in executions
    ]
    await asyncio.gather(*opening, *closing)

    recovered = await store.recover_pending(2**40)
    assert recovered == 0


@given(
    commands=st.lists(
        st.tuples(st.sampled_from("oc"), st.integers(0, 4), st.integers(0, 99)), max_size=40
    )
)
@examples(25)
def test_parallel_submissions_have_the_outcome_of_doing_them_in_order(commands):
    """For any order of opening and closing, including wrong ones."""

    async def submit() -> tuple[list[bool], dict[int, int | None]]:
        async with open_store(IN_MEMORY) as store:
            version = await some_version(store)
            calls = [
                store.create_execution(execution_of(version, id=f"{number}"))
                if command == "o"
                else store.update_execution(
                    f"{number}", ExecutionStatus.SUCCESS, duration, None, None
                )
                for command, number, duration in commands
            ]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            page, _ = await store.list_executions(version.function_id, PaginationParams())
            return (
                [not isinstance(each, Exception) for each in outcomes],
                {int(each.id): each.duration_ms for each in page},
            )

    model: dict[int, int | None] = {}
    expected = []
    for command, number, duration in commands:
        expected.append((command == "o") != (number in model))
        if command == "o":
            model.setdefault(number, None)
        elif number in model:
            model[number] = duration

    assert asyncio.run(submit()) == (expected, model)


async def test_earlier_writes_are_committed_before_a_transaction(store):
    version = await some_version(store)
    execution = execution_of(version)
    submitted = store.create_execution(execution)
    submitted.send(None)

    async with store.transaction() as tx:
        assert (await tx.get_execution(execution.id)).id == execution.id
    submitted.close()


async def test_giving_up_does_not_take_the_write_back(store):
    version = await some_version(store)
    execution = execution_of(version)
    call = asyncio.ensure_future(store.create_execution(execution))
    await asyncio.sleep(0)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await some_function(store)

    assert (await store.get_execution(execution.id)).id == execution.id


async def test_giving_up_on_a_write_still_refreshes_the_cache(store):
    version = await some_version(store)
    assert (await store.get_active_version(version.function_id)).version == 1
    call = asyncio.ensure_future(store.create_version(version.function_id, "two"))
    await asyncio.sleep(0)

    call.cancel()
    await some_function(store)

    assert (await store.get_active_version(version.function_id)).version == 2


async def test_a_closed_store_says_so(store):
    version = await some_version(store)
    await store.get_function(version.function_id)

    await store.close()
    await store.close()
    for call in (
        lambda: store.get_function(version.function_id),
        lambda: store.get_active_version(version.function_id),
        lambda: store.list_functions(PaginationParams()),
        lambda: store.create_execution(execution_of(version)),
        lambda: store.kv.get("f", b"k"),
        lambda: store.env.set("f", "k", "v"),
        lambda: store.ping(),
        lambda: store.check_integrity(),
        lambda: store.transaction().__aenter__(),
    ):
        with pytest.raises(StoreUnavailable, match="^the store is closed$"):
            await call()
