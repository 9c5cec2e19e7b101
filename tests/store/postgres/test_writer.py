"""How rows of executions are written."""

import asyncio

import psycopg

from perilune.store import ExecutionStatus, Outcome, open_store
from tests.store.helpers import NOW, execution_of, fresh_id, some_version, told
from tests.store.postgres.server import TEMPLATE


async def transactions(server, database: str) -> tuple[int, int]:
    """How many were committed and rolled back, once all who have written have gone."""
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    async with asyncio.timeout(30):
        while True:
            with psycopg.connect(server.url("postgres")) as connection:
                text = (
                    "SELECT numbackends, xact_commit, xact_rollback FROM pg_stat_database"
                    " WHERE datname = %s"
                )
                row = connection.execute(text, (name,)).fetchone()
            assert row is not None
            if row[0] == 0:
                return row[1], row[2]
            await asyncio.sleep(0)


async def test_rows_that_wait_together_are_one_transaction_at_the_first_go(server):
    database = server.url(server.create_database(TEMPLATE))
    committed, rolled_back = await transactions(server, database)

    async with open_store(database) as store:
        version = await some_version(store)
        records = store.execution_records

        async def execute() -> None:
            execution = execution_of(version, event_json="{}", method="GET", path="/")
            assert await told(lambda done: records.open(execution, done)) is None
            store.logs.append(fresh_id(), execution.id, 0, "line", NOW)
            outcome = Outcome(
                execution_id=execution.id,
                status=ExecutionStatus.SUCCESS,
                duration_ms=1,
                http_status=200,
                cold_start=False,
            )
            assert await told(lambda done: records.close(execution, outcome, done)) is None

        await asyncio.gather(*(execute() for _ in range(200)))

    again, failed = await transactions(server, database)
    assert failed == rolled_back
    assert again - committed < 100
