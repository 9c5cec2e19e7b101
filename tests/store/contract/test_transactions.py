# ruff: noqa: PT012  (what is expected to fail is the whole block)
import asyncio

import pytest

from perilune.store import (
    ExecutionStatus,
    Function,
    FunctionNotFound,
    NoActiveVersion,
    PaginationParams,
    StoreUnavailable,
    UpdateFunctionRequest,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version


async def test_reads_inside_see_the_writes_and_reads_outside_do_not(store):
    function = await some_function(store, "before")

    async with store.transaction() as tx:
        await tx.update_function(function.id, UpdateFunctionRequest(name="after"))
        await tx.create_version(function.id, "return 1")

        assert (await tx.get_function(function.id)).name == "after"
        assert (await tx.get_active_version(function.id)).code == "return 1"
        page, total = await tx.list_functions(PaginationParams())
        assert (page[0].function.name, total) == ("after", 1)
        assert (await store.get_function(function.id)).name == "before"
        with pytest.raises(NoActiveVersion):
            await store.get_active_version(function.id)

    assert (await store.get_function(function.id)).name == "after"
    assert (await store.get_active_version(function.id)).code == "return 1"


async def test_a_call_that_fails_does_not_end_the_transaction(store):
    async with store.transaction() as tx:
        await tx.create_function(Function(id="f", name="n"))
        with pytest.raises(FunctionNotFound):
            await tx.create_version("nope", "return 1")
        await tx.create_version("f", "return 1")

    assert (await store.get_active_version("f")).version == 1


async def test_a_part_can_be_taken_back_alone(store):
    async with store.transaction() as tx:
        await tx.create_function(Function(id="kept", name="n"))
        with pytest.raises(ZeroDivisionError):
            async with tx.transaction() as part:
                await part.create_function(Function(id="gone", name="n"))
                raise ZeroDivisionError
        async with tx.transaction() as part, part.transaction() as inner:
            await inner.create_function(Function(id="also-kept", name="n"))

    page, total = await store.list_functions(PaginationParams())
    assert total == 2
    assert {each.function.id for each in page} == {"kept", "also-kept"}


async def test_other_writes_wait_for_the_end_and_are_not_part_of_it(store):
    version = await some_version(store)
    execution = execution_of(version)

    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.create_function(Function(id="f", name="n"))
            outside = asyncio.ensure_future(store.create_execution(execution))
            await tx.create_version("f", "return 1")
            assert not outside.done()
            raise ZeroDivisionError
    await outside

    assert await store.get_execution(execution.id) == await outside


async def test_transactions_come_one_after_the_other(store):
    """Read, then write: nobody's increment is lost."""
    version = await some_version(store)
    made = await store.create_execution(execution_of(version, duration_ms=0))

    async def add_one():
        async with store.transaction() as tx:
            current = await tx.get_execution(made.id)
            await tx.update_execution(
                made.id, ExecutionStatus.SUCCESS, (current.duration_ms or 0) + 1, None, None
            )

    await asyncio.gather(*(add_one() for _ in range(20)))

    assert (await store.get_execution(made.id)).duration_ms == 20


async def test_cancelling_inside_rolls_back(store):
    inside = asyncio.Event()

    async def work():
        async with store.transaction() as tx:
            await tx.create_function(Function(id="f", name="n"))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await some_function(store)
    with pytest.raises(FunctionNotFound):
        await store.get_function("f")


async def test_cancelling_while_waiting_for_the_turn_blocks_nobody(store):
    """The queued transaction is over as soon as it begins, without any time limit."""

    async def work():
        async with store.transaction():
            pytest.fail("was cancelled before")

    async with store.transaction() as tx:
        waiting = asyncio.ensure_future(work())
        await tx.ping()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async with asyncio.timeout(30):
        await some_function(store)


async def test_a_finished_transaction_cannot_be_used(store):
    async with store.transaction() as tx:
        pass

    with pytest.raises(StoreUnavailable, match="the transaction is over"):
        await tx.create_function(Function(id="f", name="n"))


async def test_writes_are_committed_together(store):
    async with store.transaction() as tx:
        function = await tx.create_function(Function(id="f", name="n"))
        version = await tx.create_version("f", "return 1")
        await tx.env.replace("f", {"A": "1"})
        await tx.kv.set("f", b"k", b"v", None, 100)
        execution = await tx.create_execution(execution_of(version))
        tx.logs.append(fresh_id(), execution.id, 0, "line", NOW)
        assert (await store.list_functions(PaginationParams()))[1] == 0

    assert await store.get_function("f") == await_paused(function)
    assert await store.get_active_version("f") == version
    assert await store.env.all("f") == {"A": "1"}
    assert await store.kv.get("f", b"k") == b"v"
    assert (await store.logs.page(execution.id, None, 0))[1] == 1


def await_paused(function):
    """A stored function has a schedule status, the answer to create has not."""
    return Function(
        id=function.id,
        name=function.name,
        cron_status="paused",
        created_at=function.created_at,
        updated_at=function.updated_at,
    )


async def test_an_error_in_the_block_takes_everything_back(store):
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.create_function(Function(id="f", name="n"))
            await tx.create_version("f", "return 1")
            raise ZeroDivisionError

    with pytest.raises(FunctionNotFound):
        await store.get_function("f")
    assert await store.list_versions("f", PaginationParams()) == ([], 0)
