"""One test per defect of the predecessor in keeping a server going; KD-nn names it.

Details are tested beside the code; here stands that the defect is not there.
"""

import logging

import pytest

from perilune.store import (
    Function,
    PaginationParams,
    UpdateFunctionRequest,
)
from tests.store.helpers import (
    NOW,
    add_executions,
    other_connection,
    row_count,
    rows,
    some_version,
)

DAY_S = 86400
ALL = PaginationParams(100, 0)


async def test_kd_80_each_function_has_its_own_limit_of_age(store, path):
    short, long = await some_version(store), await some_version(store)
    await store.update_function(long.function_id, UpdateFunctionRequest(retention_days=365))
    for version in (short, long):
        add_executions(path, version, 3, NOW - 100 * DAY_S)
        add_executions(path, version, 1, NOW)

    gone = await store.purge_expired(NOW)

    assert gone["executions"] == 3
    assert (await store.list_executions(short.function_id, ALL))[1] == 1
    assert (await store.list_executions(long.function_id, ALL))[1] == 4


async def test_kd_81_the_oldest_of_many_functions_counts_too(store, path):
    keeping, losing = await some_version(store), await some_version(store)
    await store.update_function(keeping.function_id, UpdateFunctionRequest(retention_days=365))
    for version in (keeping, losing):
        add_executions(path, version, 1, NOW - 100 * DAY_S)
    for number in range(150):
        await store.create_function(Function(id=f"newer{number}", name="n"))

    await store.purge_expired(NOW)

    assert rows(path, "SELECT function_id FROM executions") == [(keeping.function_id,)]


async def test_kd_82_the_clean_up_is_done_in_portions_and_takes_everything_along(store, path):
    version = await some_version(store)
    add_executions(path, version, 3000, NOW - 8 * DAY_S)
    with other_connection(path) as somebody:
        somebody.execute(
            "INSERT INTO logs (id, execution_id, level, message, timestamp)"
            " SELECT id, id, 0, 'line', 1 FROM executions"
        )
        somebody.execute("INSERT INTO logs VALUES (9999, 'orphan', 'nothing', 0, 'line', 1)")
        somebody.execute(
            "INSERT INTO sessions (id, token_hash, created_at, last_used_at, expires_at)"
            " VALUES ('s', x'00', 0, 0, ?)",
            (NOW,),
        )
    commits: list[str] = []
    store._connection.set_trace_callback(commits.append)

    gone = await store.purge_expired(NOW)
    orphans = await store.purge_orphans()

    store._connection.set_trace_callback(None)
    assert (gone["executions"], gone["logs"], gone["sessions"]) == (3000, 3000, 1)
    assert orphans["logs"] == 1
    assert commits.count("COMMIT") >= 5
    assert (row_count(path, "executions"), row_count(path, "logs")) == (0, 0)


async def test_kd_46_refused_calls_are_counted_and_logged(site, caplog):
    caplog.set_level(logging.INFO)
    disabled = await site.answering(body="x")
    await site.client.put(f"/api/functions/{disabled}", json={"disabled": True})

    for function_id in ("unknown", disabled, disabled):
        await site.client.get(f"/fn/{function_id}")

    page = (await site.client.get("/metrics")).text
    assert 'faas_refused_total{reason="function_not_found"} 1.0' in page
    assert 'faas_refused_total{reason="function_disabled"} 2.0' in page
    assert caplog.text.count("was not called: function_disabled") == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/healthz", '"ok"'),
        ("/readyz", '"store":"ok"'),
        ("/metrics", "faas_db_size_bytes"),
        ("/api/version", '"version"'),
    ],
)
async def test_kd_116_health_readiness_version_and_figures_can_be_asked_for(site, path, text):
    answer = await site.client.get(path)

    assert answer.status_code == 200
    assert text in answer.text
