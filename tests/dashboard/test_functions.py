"""The list of functions: filters, figures, and what is done with several at once."""

from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import FAILING, GREETER


async def opened(site: Site) -> dict[str, str]:
    """Show four functions of different kinds; return their ids by name."""
    ids = {
        "plain": await site.create(GREETER, name="plain"),
        "failing": await site.create(FAILING, name="failing"),
        "resting": await site.create(GREETER, name="resting"),
        "nightly": await site.create(
            GREETER, name="nightly", cron_schedule="0 3 * * *", cron_status="active"
        ),
    }
    await site.api.put(f"/api/functions/{ids['resting']}", json={"disabled": True})
    for name in ("plain", "failing", "failing"):
        await site.api.get(f"/fn/{ids[name]}")
    await site.sign_in("/functions?sort=name")
    await site.page.get_by_role("link", name="plain", exact=True).wait_for()
    return ids


def names(site: Site):
    return site.page.locator(".table tbody tr a.mono")


async def disabled(site: Site) -> list[str]:
    listed = (await site.api.get("/api/functions?sort=name")).json()["functions"]
    return [one["name"] for one in listed if one["disabled"]]


async def test_each_function_has_its_address_beside_it(site):
    ids = await opened(site)
    await site.api.put(f"/api/functions/{ids['plain']}", json={"address": None})
    await site.page.reload()

    rows = site.page.locator(".table tbody tr")
    await expect(rows.filter(has_text="nightly")).to_contain_text("/fn/nightly")
    await expect(rows.filter(has_text="plain")).to_contain_text(f"/fn/{ids['plain']}")
    await expect(rows.get_by_role("button", name="Copy URL")).to_have_count(4)


async def test_functions_are_filtered_by_what_they_are(site):
    await opened(site)
    show = site.page.get_by_label("Show", exact=True)
    expected = {
        "enabled": ["failing", "nightly", "plain"],
        "disabled": ["resting"],
        "scheduled": ["nightly"],
        "failing": ["failing"],
        "": ["failing", "nightly", "plain", "resting"],
    }

    for kind, wanted in expected.items():
        await show.select_option(kind)
        await expect(names(site)).to_have_text(wanted)

    await show.select_option("disabled")
    await site.page.reload()
    await expect(names(site)).to_have_text(["resting"])
    await site.page.get_by_label("Search functions").fill("plain")
    await expect(site.page.get_by_text("No function matches")).to_be_visible()


async def test_figures_and_next_runs_are_in_the_list(site):
    await opened(site)
    row = {
        name: site.page.get_by_role("row").filter(
            has=site.page.get_by_role("link", name=name, exact=True)
        )
        for name in ("plain", "failing", "nightly")
    }

    await expect(row["plain"].get_by_role("link", name="1", exact=True)).to_be_visible()
    await expect(row["failing"].get_by_role("link", name="2", exact=True)).to_be_visible()
    await expect(row["failing"].get_by_text("100%")).to_be_visible()
    await expect(row["nightly"].locator("[title^='0 3 * * *']")).to_be_visible()
    await expect(row["plain"].get_by_role("link", name="just now")).to_be_visible()
    await expect(row["failing"].get_by_text("Error")).to_be_visible()
    await row["failing"].get_by_role("link", name="just now").click()
    await expect(site.page.get_by_role("heading", name="Execution", exact=True)).to_be_visible()


async def test_an_idle_schedule_is_shown_as_paused(site):
    for name, settings in (
        ("paused", {"cron_status": "paused"}),
        ("disabled", {"cron_status": "active", "disabled": True}),
    ):
        await site.create(GREETER, name=name, cron_schedule="0 3 * * *", **settings)

    await site.sign_in("/functions?show=scheduled")

    await expect(names(site)).to_have_count(2)
    await expect(site.page.locator("[title='0 3 * * *']")).to_have_text(["Paused", "Paused"])


async def test_the_list_follows_what_happens_by_itself(site):
    function_id = await site.create(GREETER, name="first")
    await site.page.clock.install()
    await site.sign_in("/functions")
    await expect(site.page.get_by_text("1 function", exact=True)).to_be_visible()

    await site.api.get(f"/fn/{function_id}")
    await site.create(GREETER, name="second")
    await site.page.clock.fast_forward(15_000)

    await expect(site.page.get_by_role("link", name="just now")).to_be_visible()
    await expect(site.page.get_by_text("2 functions", exact=True)).to_be_visible()


async def test_data_that_cannot_be_reloaded_is_marked_as_old(site):
    await opened(site)
    refuse = {"status": 500, "json": {"error": "the disk is gone"}}
    await site.page.route("**/api/functions?*", lambda route: route.fulfill(**refuse))
    await site.page.get_by_label("Show", exact=True).select_option("failing")
    note = site.page.get_by_role("alert").filter(has_text="This may be old: the disk is gone")
    await expect(note).to_be_visible()
    await expect(names(site)).to_have_count(4)

    await site.page.unroute("**/api/functions?*")
    await note.get_by_role("button", name="Try again").click()

    await expect(note).to_be_hidden()
    await expect(names(site)).to_have_text(["failing"])


async def test_several_are_disabled_and_enabled_at_once(site):
    await opened(site)
    await site.page.get_by_label("Select plain").check()
    await site.page.get_by_label("Select nightly").check()
    await expect(site.page.get_by_text("2 selected")).to_be_visible()

    await site.page.get_by_role("button", name="Disable", exact=True).click()
    await expect(site.page.get_by_text("2 functions are changed")).to_be_visible()
    assert await disabled(site) == ["nightly", "plain", "resting"]

    await site.page.get_by_label("Select all of this page").check()
    await site.page.get_by_role("button", name="Enable", exact=True).click()
    await expect(site.page.get_by_text("4 functions are changed")).to_be_visible()
    assert await disabled(site) == []


async def test_several_are_deleted_once_their_number_was_typed(site):
    await opened(site)
    await site.page.get_by_label("Select plain").check()
    await site.page.get_by_label("Select failing").check()
    await site.page.get_by_role("button", name="Delete").click()
    dialog = site.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("failing, plain")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    await dialog.get_by_label("Type 2 to confirm").fill("2")

    await dialog.get_by_role("button", name="Delete").click()

    await expect(names(site)).to_have_text(["nightly", "resting"])
    await expect(site.page.get_by_text("selected")).to_be_hidden()


async def test_kd_187_deleting_the_last_row_of_a_page_shows_the_page_before(site):
    for number in range(21):
        await site.create(GREETER, name=f"number-{number:02}")
    await site.sign_in("/functions?sort=name&offset=20")
    await expect(names(site)).to_have_text(["number-20"])
    await site.page.get_by_label("Select number-20").check()
    await site.page.get_by_role("button", name="Delete").click()
    dialog = site.page.get_by_role("dialog")
    await dialog.get_by_label("Type 1 to confirm").fill("1")

    await dialog.get_by_role("button", name="Delete").click()

    await expect(names(site)).to_have_count(20)
    await expect(names(site).last).to_have_text("number-19")
