"""A database that goes away and comes back."""

import asyncio
import os
import signal

import psycopg
import pytest
from psycopg import sql

from perilune.store import (
    PaginationParams,
    StoreUnavailable,
    UpdateFunctionRequest,
    open_store,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.postgres.server import PostgresServer, binaries, start_server
from tests.store.postgres.switch import Switch


@pytest.fixture
def switch(server, database):
    made = Switch(server, database)
    yield made
    made.on()


async def back(store) -> None:
    """Wait until the store can be written again."""
    async with asyncio.timeout(30):
        while True:
            try:
                await store.kv.used_bytes("any")
                await store.ping()
            except StoreUnavailable:
                await asyncio.sleep(0)
            else:
                return


async def test_connections_that_were_cut_while_idle_are_opened_anew(store, switch):
    version = await some_version(store)

    switch.cut()

    assert (await store.get_version_by_id(version.id)).code == "return 1"
    made = await store.create_execution(execution_of(version))
    assert (await store.get_execution(made.id)).id == made.id


async def test_while_it_is_away_writes_fail_and_lines_are_counted(
    store, switch, reported, monkeypatch
):
    monkeypatch.setattr("perilune.store.postgres.writer.PATIENCE_S", 0.0)
    version = await some_version(store)
    execution = await store.create_execution(execution_of(version))

    switch.off()

    with pytest.raises(StoreUnavailable):
        await store.create_execution(execution_of(version))
    with pytest.raises(StoreUnavailable):
        await store.list_functions(PaginationParams())
    with pytest.raises(StoreUnavailable):
        await store.ping()
    with pytest.raises(StoreUnavailable):
        async with store.transaction():
            pytest.fail("there is no database")
    assert store.logs.append(fresh_id(), execution.id, 0, "line", NOW)
    with pytest.raises(StoreUnavailable):
        await store.create_execution(execution_of(version))
    assert store.lost_writes == len(reported) == 1

    switch.on()
    await back(store)
    store.logs.append(fresh_id(), execution.id, 0, "another", NOW)
    await store.create_execution(execution_of(version))
    lines, _ = await store.logs.page(execution.id, None, 0)
    assert [line.message for line in lines] == ["another"]


async def test_what_is_submitted_when_it_goes_away_for_a_moment_is_not_lost(
    store, switch, monkeypatch
):
    monkeypatch.setattr("perilune.store.postgres.writer.PATIENCE_S", 60.0)
    version = await some_version(store)
    executions = [execution_of(version) for _ in range(3)]

    switch.off()
    calls = [asyncio.ensure_future(store.create_execution(one)) for one in executions]
    await asyncio.sleep(0)
    switch.on()

    async with asyncio.timeout(30):
        await asyncio.gather(*calls)
    assert (await store.list_executions(version.function_id, PaginationParams()))[1] == 3


async def test_what_other_servers_did_meanwhile_is_seen(store, other, switch):
    """Nobody repeats a notification that could not be delivered."""
    version = await some_version(store, "before")
    assert (await store.get_function(version.function_id)).name == "before"

    switch.off()
    switch.on()
    await back(other)
    await other.update_function(version.function_id, UpdateFunctionRequest(name="after"))

    async with asyncio.timeout(30):
        while (await store.get_function(version.function_id)).name != "after":
            await asyncio.sleep(0)


async def test_a_database_that_can_only_be_read_is_not_well(store, database, monkeypatch):
    monkeypatch.setattr("perilune.store.database_store.FRESH_S", -1.0)
    await store.ping()

    with psycopg.connect(database, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        text = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
        connection.execute(text.format(name))
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            with pytest.raises(StoreUnavailable):
                await store.ping()
        finally:
            connection.execute("SET default_transaction_read_only = off")
            reset = sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only")
            connection.execute(reset.format(name))
    await back(store)


@pytest.mark.slow
async def test_after_a_crash_of_the_database_server_there_is_all_that_was_deployed(
    server, reported
):
    """Its processes are killed, and it starts again by itself, going through its log."""
    programs = binaries()
    assert programs is not None
    folder, supervisor = start_server(programs, os.getpid())
    own = PostgresServer(folder)
    url = own.url(own.create_database())
    try:
        async with open_store(url, on_error=reported.append) as store:
            version = await some_version(store)
            kept: list[int] = []
            is_over = False

            async def go_on() -> None:
                while not is_over:
                    try:
                        made = await store.create_version(version.function_id, "return 2")
                    except StoreUnavailable:
                        continue
                    kept.append(made.version)

            load = [asyncio.ensure_future(go_on()) for _ in range(4)]
            for _ in range(2):
                before = len(kept)
                with psycopg.connect(url) as connection:
                    os.kill(connection.info.backend_pid, signal.SIGKILL)
                async with asyncio.timeout(30):
                    while len(kept) < before + 20:
                        await asyncio.sleep(0)
            is_over = True
            await asyncio.gather(*load)

            for one in kept:
                assert (await store.get_version(version.function_id, one)).code == "return 2"
            assert await store.check_integrity() == []
    finally:
        os.kill(supervisor, signal.SIGTERM)
