"""Screens as they look: what axe finds wrong; `make soak` has every screen, with pictures."""

import json
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER, Sample, fill
from tests.dashboard.test_texts import texts

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, and off unless asked for
}
SERIOUS = {"serious", "critical"}
QUICK = ("overview", "functions", "settings", "execution-error")
"""Screens that have a chart, a table, forms, and code between them."""


def places(sample: Sample) -> dict[str, tuple[str, str]]:
    """Name of each screen, its place, and a text that is there once it has been loaded."""
    one = f"/functions/{sample.function_id}"
    return {
        "overview": ("/overview", "Next scheduled runs"),
        "functions": ("/functions", "quotes"),
        "create": ("/functions/new", "Answers every request"),
        "code": (one, "Reference"),
        "versions": (f"{one}/versions", "Select two versions"),
        "compare": (f"{one}/diff/1/2", "lines added"),
        "executions": (f"{one}/executions", "1 execution"),
        "all-executions": ("/executions", "Everything that ran"),
        "data": (f"{one}/data", "Key-value data"),
        "settings": (f"{one}/settings", "This can't be undone"),
        "test": (f"{one}/test", "Code examples"),
        "execution-success": (f"/executions/{sample.success_id}", "greeting Ada"),
        "execution-error": (f"/executions/{sample.error_id}", "Go to line"),
        "tokens": ("/tokens", "API tokens"),
        "not-found": ("/nowhere", "There is no such page"),
    }


async def arrive(site: Site, place: str, text: str) -> None:
    """Open a place and wait until nothing of it is missing any more."""
    await site.open(place)
    await site.page.get_by_text(text).locator("visible=true").first.wait_for()
    await expect(site.page.locator(".loading")).to_have_count(0)


async def wrong(site: Site) -> list[str]:
    """What axe says about the page as it is."""
    await site.page.evaluate(AXE.read_text("utf-8"))
    found = await site.page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


async def test_some_screens_are_accessible(site):
    sample = await fill(site)
    await site.sign_in()

    problems = {}
    for name in QUICK:
        await arrive(site, *places(sample)[name])
        problems[name] = await wrong(site)

    assert {name: found for name, found in problems.items() if found} == {}


async def test_code_is_accessible_on_a_phone_and_where_names_are_written_from_the_right(site):
    await site.page.set_viewport_size({"width": 390, "height": 844})
    long = ("-- " + "a comment that is longer than a phone is wide " * 3 + "\n") * 80
    await site.create(f"{GREETER}{long}", name="دالة")
    function_id = await site.create(f"{GREETER}{long}", name="quotes")
    await site.sign_in()
    await arrive(site, f"/functions/{function_id}", "Reference")
    on_a_phone = await wrong(site)
    await site.page.set_viewport_size({"width": 1440, "height": 900})
    await arrive(site, "/functions", "دالة")

    assert on_a_phone + await wrong(site) == []


@pytest.mark.soak
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_screen_is_accessible(site, theme):
    sample = await fill(site)
    await site.page.emulate_media(color_scheme=theme)
    await site.open("/login")
    await site.page.get_by_label("API key").wait_for()
    problems = {"login": await wrong(site)}
    await site.picture(f"{theme}/login")
    await site.sign_in()

    for name, (place, text) in places(sample).items():
        await arrive(site, place, text)
        problems[name] = await wrong(site)
        await site.picture(f"{theme}/{name}")

    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.soak
async def test_every_screen_fits_a_phone(site):
    """Nothing but code is wider than the window, and no table has to be scrolled sideways."""
    sample = await fill(site)
    await site.page.set_viewport_size({"width": 390, "height": 844})
    await site.sign_in()

    too_wide = {}
    wider = (
        "[...document.querySelectorAll('.table-wrap')]"
        ".map((one) => one.scrollWidth - one.clientWidth)"
    )
    for name, (place, text) in places(sample).items():
        await arrive(site, place, text)
        await site.picture(f"phone/{name}")
        width = await site.page.evaluate("document.documentElement.scrollWidth")
        tables = await site.page.evaluate(wider)
        if width > 390 or any(tables):
            too_wide[name] = width, tables

    assert too_wide == {}


@pytest.mark.soak
async def test_dialogs_and_the_palette_are_accessible(site):
    sample = await fill(site)
    await site.sign_in()
    page, one = site.page, f"/functions/{sample.function_id}"
    openers = {
        "import": (f"{one}/settings", "Import .env"),
        "delete": (f"{one}/settings", "Delete"),
        "delete-version": (f"{one}/versions", "Delete version 1"),
        "pair": (f"{one}/data", "New pair"),
        "token": ("/tokens", "New token"),
    }
    problems = {}

    for name, (place, button) in openers.items():
        await site.open(place)
        await page.get_by_role("button", name=button, exact=True).first.click()
        await page.get_by_role("dialog").wait_for()
        problems[name] = await wrong(site)
        await site.picture(f"light/dialog-{name}")
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="hidden")
    await page.keyboard.press("Control+k")
    await page.get_by_role("option").first.wait_for()
    problems["palette"] = await wrong(site)
    await site.picture("light/palette")

    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.slow
async def test_no_screen_shows_a_raw_key_or_a_text_of_the_other_language(site):
    sample = await fill(site)
    await site.sign_in()
    await site.page.get_by_role("button", name="Switch language to Português").click()
    english, portuguese = texts("en"), texts("pt-BR")
    foreign = {
        text.strip('"')
        for key, text in english.items()
        if text.startswith('"') and text not in portuguese.values() and " " in text
    }

    shown = {}
    for name, (place, _) in places(sample).items():
        await site.open(place)
        await site.page.locator("#main").get_by_role("heading").first.wait_for()
        await expect(site.page.locator(".loading")).to_have_count(0)
        lines = (await site.page.locator("body").inner_text()).splitlines()
        shown[name] = [line for line in map(str.strip, lines) if line in foreign or line in english]

    assert {name: found for name, found in shown.items() if found} == {}
