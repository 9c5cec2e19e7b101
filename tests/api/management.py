"""What the tests of the management API share."""

from tests.store.sqlite.file import other_connection

CODE = "function handler() end"
EVERY_MINUTE = {"cron_schedule": "* * * * *", "cron_status": "active"}
LATE_S = 1000


async def create(site, **members) -> dict:
    answer = await site.client.post(
        "/api/functions", json={"name": "quotes", "code": CODE, **members}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def make_due(site, function_id: str) -> None:
    """Let a tick of a function with `run_once` be overdue, as if the server had not run."""
    path = site.server.settings.data_dir / "lunar.db"
    with other_connection(path) as somebody:
        somebody.execute(
            "UPDATE functions SET cron_since = cron_since - ?, name = name WHERE id = ?",
            (LATE_S, function_id),
        )
    site.server.scheduler.wake()
