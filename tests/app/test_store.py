"""What the server leaves out where its store offers no maintenance."""

import pytest
from starlette.responses import StreamingResponse

from perilune.api.handlers.backup import NotOffered
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


async def test_backups_are_made_where_that_can_be_done(store, tmp_path):
    backups = backups_of(store, Settings(data_dir=tmp_path))

    if store.maintenance is None:
        with pytest.raises(NotOffered, match="is backed up with its own programs"):
            await backups.download()
    else:
        answer = await backups.download()
        assert isinstance(answer, StreamingResponse)
        assert [part async for part in answer.body_iterator] != []
