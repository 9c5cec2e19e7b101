"""Schedules as functions in real workers see them."""

import json
from pathlib import Path

import pytest

from perilune.scheduler import cron_event
from perilune.store import CronJob
from tests.runtimes.conftest import open_box
from tests.scheduler.world import NOON

DESCRIBE = """
function handler(ctx, event)
  return { body = json.encode({
    trigger = event.trigger,
    method = event.method,
    path = event.path,
    relative = event.relativePath,
    body = event.body,
    due = event.headers["x-cron-scheduled-time"],
    name = event.headers["X-Cron-Function-Name"],
  }) }
end"""


async def test_a_lua_function_sees_a_tick(tmp_path: Path) -> None:
    async with open_box(tmp_path) as box:
        function_id = await box.add(DESCRIBE)
        job = CronJob(
            function_id=function_id,
            name="report\nü",
            cron_schedule="@daily",
            cron_time_zone=None,
            runs_missed=False,
            since=None,
            last_tick=None,
        )

        result = await box.call(function_id, cron_event(job, NOON))

        assert result.response is not None
        assert json.loads(result.response.body) == {
            "trigger": "cron",
            "method": "POST",
            "path": f"/fn/{function_id}",
            "relative": "/",
            "body": "",
            "due": str(NOON),
            "name": "report ü",
        }


@pytest.mark.parametrize(
    ("time_zone", "shown"),
    [
        pytest.param("Asia/Tokyo", "21:00", id="Tokyo"),
        pytest.param(":America/New_York", "07:00", id="New York"),
    ],
)
async def test_local_time_in_functions_is_that_of_schedules(
    tmp_path: Path, time_zone: str, shown: str
) -> None:
    async with open_box(tmp_path, time_zone=time_zone) as box:
        values, _ = await box.values(f'time.format({NOON}, "15:04", "Local")')

        assert values == [shown]
