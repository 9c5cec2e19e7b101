"""What has become of due times, as real schedulers have written it down by a clock of their own."""

import asyncio
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect

from perilune.app import DATABASE_FILE, open_server
from tests.dashboard.conftest import open_site, settings_of
from tests.dashboard.test_settings import card
from tests.scheduler.world import NOON, open_world
from tests.store.sqlite.file import other_connection

MINUTE_S = 60
DOWN_UNTIL = NOON + 61 * MINUTE_S + 30


async def fill(database: Path) -> None:
    """Let a function be due every minute: while it runs, while no server runs, without code."""
    async with open_world(database) as world:
        function_id = await world.add()
        await world.pass_time(NOON)
        world.runtime.gate = asyncio.Event()
        for minute in (1, 2):
            world.clock.now = NOON + minute * MINUTE_S
            await world.scheduler.turn()
            while len(await world.ticks()) < minute:
                await asyncio.sleep(0)  # each is noted in a task of its own
        world.runtime.gate.set()
        await world.scheduler.quiet()
    async with open_world(database, now=DOWN_UNTIL) as world:
        await world.pass_time(DOWN_UNTIL)
        with other_connection(database) as somebody:
            somebody.execute("UPDATE function_versions SET is_active = 0")
        world.clock.now += 2
        await world.pass_time(NOON + 62 * MINUTE_S)
        with other_connection(database) as somebody:
            somebody.execute("UPDATE function_versions SET is_active = 1")
        await world.change(function_id, cron_status="paused")


@pytest_asyncio.fixture(loop_scope="session")
async def site(browser, tmp_path):
    """A page of a server that goes on where others have stopped."""
    settings = settings_of(tmp_path)
    settings.data_dir.mkdir(mode=0o700)
    await fill(settings.data_dir / DATABASE_FILE)
    async with open_server(settings) as server, open_site(server, browser) as site:
        yield site


async def test_due_times_are_listed_with_their_outcome_and_lead_to_executions(site):
    (function,) = (await site.api.get("/api/functions")).json()["functions"]
    await site.sign_in(f"/functions/{function['id']}/settings")
    due = card(site, "Due times")

    await expect(due.locator("tbody tr")).to_have_count(4)
    await expect(due.locator("tbody tr td:nth-child(2)")).to_have_text(
        ["Failed", "Missed", "Skipped", "Started"]
    )
    await expect(due.get_by_role("row", name="Failed")).to_contain_text("no active version")
    await expect(due.get_by_role("row", name="Missed")).to_contain_text("58 more")
    await expect(due.get_by_role("row", name="Skipped")).to_contain_text("was still running")
    await due.get_by_role("row", name="Started").get_by_role("link").click()

    await expect(site.page.get_by_role("heading", name="Execution", exact=True)).to_be_visible()
    await expect(site.page.locator(".screen-title")).to_contain_text("Schedule")
