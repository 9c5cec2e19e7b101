"""The overview: figures that lead to what they count, what is due next, charts that follow."""

import re
from datetime import UTC, datetime

from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import FAILING, GREETER
from tests.dashboard.test_executions import card


def tile(site: Site, name: str):
    label = site.page.get_by_text(name, exact=True)
    return site.page.locator(".tile").filter(has=label)


async def test_figures_lead_to_the_executions_that_they_count(site):
    for name, code in (("good", GREETER), ("bad", FAILING)):
        function_id = await site.create(code, name=name)
        await site.api.get(f"/fn/{function_id}")
    await site.sign_in("/overview?range=7d")
    await expect(tile(site, "Executions")).to_contain_text("2")
    await expect(tile(site, "Median duration")).to_contain_text("95% within")

    await tile(site, "Errors").get_by_role("link", name="50%").click()

    await expect(site.page).to_have_url(re.compile("since=7d&status=error"))
    rows = site.page.locator(".table tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("bad")


async def test_the_overview_follows_by_itself(site):
    function_id = await site.create(GREETER)
    await site.page.clock.install()
    await site.sign_in("/overview")
    await expect(tile(site, "Executions")).to_contain_text("0")

    await site.api.get(f"/fn/{function_id}")
    await site.page.clock.fast_forward(10_000)

    await expect(tile(site, "Executions")).to_contain_text("1")
    chart = site.page.get_by_role("img", name="1 execution, 0 of them failed")
    await expect(chart.locator("canvas")).to_be_visible()


async def test_the_next_due_schedule_is_shown_first(site):
    month = datetime.now(UTC).month
    for name, expression in (
        ("in-six-months", f"0 0 1 {(month + 5) % 12 + 1} *"),
        ("every-minute", "* * * * *"),
        ("in-three-months", f"0 0 1 {(month + 2) % 12 + 1} *"),
    ):
        await site.create(GREETER, name=name, cron_schedule=expression, cron_status="active")
    await site.create(GREETER, name="resting", cron_schedule="* * * * *", cron_status="paused")

    await site.sign_in("/overview")

    due = card(site, "Next scheduled runs").locator("tbody tr td:first-child")
    await expect(due).to_have_text(["every-minute", "in-three-months", "in-six-months"])


async def test_charts_speak_the_language_of_the_person(site):
    function_id = await site.create(GREETER)
    await site.api.get(f"/fn/{function_id}")
    await site.sign_in("/overview")
    legend = card(site, "Duration").locator(".u-legend")
    await expect(legend).to_contain_text("Median")
    await card(site, "Duration").locator(".u-over").hover()
    await expect(legend).to_contain_text("Time")

    await site.page.get_by_role("button", name="Switch language to Português").click()

    legend = site.page.locator(".u-legend").last
    await expect(legend).to_contain_text("Mediana")
    await expect(legend).to_contain_text("Hora")
