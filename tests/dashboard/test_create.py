"""Creating functions."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import expect

from tests.dashboard.conftest import Site

TEMPLATES = Path("src/perilune/dashboard/static/templates")


async def opened(site: Site) -> None:
    await site.sign_in("/functions/new")
    await site.page.get_by_label("Name").wait_for()


async def listed(site: Site) -> list[dict]:
    return (await site.api.get("/api/functions")).json()["functions"]


async def test_every_template_is_shown_and_created_from(site):
    await opened(site)
    page = site.page
    cards = page.get_by_role("group", name="Begin with").get_by_role("button")
    count = len(list(TEMPLATES.glob("*.lua")))
    await expect(cards).to_have_count(count)

    for at in range(count):
        await site.open("/functions/new")
        await page.get_by_label("Name").fill(f"number-{at}")
        await cards.nth(at).press("Enter")
        await expect(cards.nth(at)).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("button", name="Create", exact=True).click()
        await expect(page.get_by_role("heading", name=f"number-{at}")).to_be_visible()

    codes = {one["active_version"]["code"] for one in await listed(site)}
    assert codes == {path.read_text("utf-8") for path in TEMPLATES.glob("*.lua")}


async def test_a_function_is_created_as_shown_in_the_chosen_language(site):
    await opened(site)
    page = site.page
    await page.get_by_label("Name").fill("counter")
    await page.get_by_label("Description").fill("Counts")
    await page.get_by_role("button", name="Python").click()
    await page.get_by_role("button", name=re.compile("^Counter")).click()
    await expect(page.get_by_label("Code of the template", exact=True)).to_contain_text(
        "def handler"
    )

    await page.get_by_role("button", name="Create", exact=True).click()

    await expect(page.get_by_text("counter is created")).to_be_visible()
    (made,) = await listed(site)
    assert (made["runtime"], made["description"]) == ("python", "Counts")
    assert made["active_version"]["code"] == (TEMPLATES / "counter.py").read_text("utf-8")


async def test_a_schedule_and_variables_can_be_given_at_once(site):
    await opened(site)
    page = site.page
    await page.get_by_label("Name").fill("nightly")
    await page.get_by_text("More: schedule, variables").click()
    await page.get_by_label("Environment variables").fill("MODE=fast\nbroken line")
    await expect(page.get_by_text("Lines without a variable: 2")).to_be_visible()
    await expect(page.get_by_role("button", name="Create", exact=True)).to_be_disabled()
    await page.get_by_label("Environment variables").fill("MODE=fast\nLIMIT=3")
    await page.get_by_label("Cron expression").fill("0 99 * * *")
    await page.get_by_role("button", name="Create", exact=True).click()
    cron = page.get_by_label("Cron expression")
    await expect(cron).to_have_attribute("aria-invalid", "true")
    assert await listed(site) == []

    await cron.fill("0 3 * * *")
    await page.get_by_role("button", name="Create", exact=True).click()

    await expect(page.get_by_role("heading", name="nightly")).to_be_visible()
    (made,) = await listed(site)
    assert (made["cron_schedule"], made["cron_status"]) == ("0 3 * * *", "active")
    await site.open(f"/functions/{made['id']}/settings")
    await expect(page.get_by_text("2 variables")).to_be_visible()


async def test_refusals_of_the_server_are_shown_at_the_field(site):
    await opened(site)
    name = site.page.get_by_label("Name")
    await name.evaluate("(field) => field.removeAttribute('maxlength')")
    await name.fill("x" * 101)

    await site.page.get_by_role("button", name="Create", exact=True).click()

    await expect(name).to_have_attribute("aria-invalid", "true")
    described = await name.get_attribute("aria-describedby")
    await expect(site.page.locator(f"#{described}")).to_contain_text("100 characters")
    assert await listed(site) == []


async def test_nothing_is_created_from_the_template_before(site):
    await opened(site)
    page = site.page
    gate = asyncio.Event()

    async def wait(route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route("**/templates/counter.lua", wait)
    await page.get_by_label("Name").fill("late")
    create = page.get_by_role("button", name="Create", exact=True)
    await expect(create).to_be_enabled()
    await page.get_by_role("button", name=re.compile("^Counter")).click()
    await expect(create).to_be_disabled()

    await page.get_by_label("Name").press("Enter")
    gate.set()
    await create.click()

    await expect(page.get_by_role("heading", name="late")).to_be_visible()
    (made,) = await listed(site)
    assert made["active_version"]["code"] == (TEMPLATES / "counter.lua").read_text("utf-8")
