from perilune.store import (
    PaginationParams,
    open_store,
)
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from tests.store.helpers import NOW
from tests.store.sqlite.file import other_connection


async def test_figures_of_versions_come_from_what_an_older_file_has(path, clock, monkeypatch):
    steps = shipped_migrations()
    monkeypatch.setattr(
        "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps[:7]
    )
    prepare_file(path, NOW).close()
    with other_connection(path) as connection:
        connection.executescript(
            "INSERT INTO functions (id, name, created_at, updated_at) VALUES ('f', 'n', 1, 1);"
            "INSERT INTO function_versions (id, function_id, version, code, created_at, is_active)"
            " VALUES ('v', 'f', 1, 'x', 1, 1);"
            "INSERT INTO executions (id, function_id, function_version_id, status, trigger,"
            " created_at) VALUES ('a', 'f', 'v', 'error', 'http', 1),"
            " ('b', 'f', 'v', 'success', 'cron', 1), ('c', 'f', 'v', 'error', 'test', 1)"
        )
    monkeypatch.undo()

    async with open_store(path, clock=clock) as store:
        (found,), _ = await store.summarize_versions("f", PaginationParams())
        assert await store.check_integrity() == []

    assert (found.executions, found.errors, found.note) == (2, 1, None)
