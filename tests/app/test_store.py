"""What the server leaves out where its store offers no maintenance."""

import pytest

from perilune.api.routes.backup import backup_routes
from perilune.app.management import backups_of
from perilune.app.metrics import StoreMetrics
from perilune.config import Settings
from perilune.store import IN_MEMORY, open_store
from tests.store.template import write_database


@pytest.fixture(params=["file", "memory"])
async def store(request, tmp_path):
    in_memory = request.param == "memory"
    async with open_store(IN_MEMORY if in_memory else write_database(tmp_path / "x.db")) as opened:
        yield opened


async def test_sizes_are_counted_where_they_are_known(store):
    found = {one.name: one.samples[0].value for one in StoreMetrics(store).collect()}

    sizes = {
        "faas_db_size_bytes",
        "faas_db_wal_bytes",
        "faas_db_free_bytes",
    } & found.keys()
    assert len(sizes) == (0 if store.maintenance is None else 3)
    assert all(found[name] >= 0 for name in sizes)
    assert found["faas_lost_writes"] == 0


async def test_backups_are_offered_where_they_can_be_made(store):
    routes = backup_routes(backups_of(store, Settings()))

    expected = [] if store.maintenance is None else ["/api/backup"]
    assert [one.path for one in routes] == expected
