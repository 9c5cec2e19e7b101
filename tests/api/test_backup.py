"""`GET /api/backup`: who gets a copy, that it is one, and that nothing of it stays."""

import gzip
import sqlite3
from contextlib import closing

from perilune.store import maintenance_of


async def test_a_copy_can_be_downloaded(site, tmp_path):
    function_id = await site.answering(body="hello")
    await site.client.get(f"/fn/{function_id}")

    answer = await site.client.get("/api/backup")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="perilune-')
    assert int(answer.headers["content-length"]) == len(answer.content)
    copy = tmp_path / "copy.db"
    copy.write_bytes(gzip.decompress(answer.content))
    assert maintenance_of(copy).check() == []
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT function_id FROM executions").fetchall() == [
            (function_id,)
        ]
    assert [one.name for one in (tmp_path / "data").glob("backup-*")] == []


async def test_nobody_gets_a_copy_without_the_scope_for_it(site, stranger):
    assert (await stranger.get("/api/backup")).status_code == 401
    for scopes in (["read"], ["deploy"], ["invoke"]):
        made = await site.client.post("/api/tokens", json={"name": scopes[0], "scopes": scopes})
        headers = {"Authorization": f"Bearer {made.json()['token']}"}

        answer = await stranger.get("/api/backup", headers=headers)

        assert answer.status_code == 403
        assert not answer.content.startswith(b"\x1f\x8b")


async def test_a_copy_that_fails_is_an_error_and_leaves_nothing(site, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("perilune.store.sqlite.upkeep.backup._pack", full)

    answer = await site.client.get("/api/backup")

    assert answer.status_code == 500
    assert answer.json() == {"error": "Failed to back up the database"}
    assert [one.name for one in (tmp_path / "data").glob("backup-*")] == []
