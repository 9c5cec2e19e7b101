"""What WCAG 2.2 AA asks for beyond what axe can see."""

import re

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER, fill
from tests.dashboard.test_screens import arrive, places

ZOOMED = [
    pytest.param(640, 400, id="zoom of 200 %"),
    pytest.param(320, 256, id="zoom of 400 %"),
]
SPACED = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
document.adoptedStyleSheets.push(sheet);
"""
CUT = """
[...document.querySelectorAll("button, .button, h1, h2, h3, label, .badge, th, .tabs a")]
  .filter((one) => one.getClientRects().length && one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).overflowX !== "visible"
    && !one.closest(".visually-hidden, .truncate, table") && !one.matches(".visually-hidden, .truncate"))
  .map((one) => one.outerHTML.slice(0, 120))
"""  # noqa: E501
TITLES = {
    "": "quotes · Code · Perilune",
    "/versions": "quotes · Versions · Perilune",
    "/executions": "quotes · Executions · Perilune",
    "/data": "quotes · Data · Perilune",
    "/settings": "quotes · Settings · Perilune",
    "/test": "quotes · Test · Perilune",
}


async def width_of(site: Site) -> int:
    return await site.page.evaluate("document.documentElement.scrollWidth")


WIDTHS = (320, 360, 390, 480, 600, 705, 720, 768, 820, 834, 876, 960, 961, 1024, 1280, 1440, 1920)
PORTUGUESE = "Switch language to Português"


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.soak), "pt"])
async def test_no_window_is_too_narrow_or_too_wide(site, language):
    """Nothing is scrolled sideways, and what stands at the end of the bar can be reached."""
    sample = await fill(site)
    await site.sign_in("/overview")
    if language == "pt":
        await site.page.get_by_role("button", name=PORTUGUESE).click()
    wrong = []
    for name in ("functions", "code", "settings", "execution-error"):
        place, _ = places(sample)[name]
        await site.open(place)
        await site.page.get_by_role("heading", level=1).wait_for()
        await expect(site.page.locator(".loading")).to_have_count(0)
        for width in WIDTHS:
            await site.page.set_viewport_size({"width": width, "height": 800})
            end = site.page.get_by_role("button", name=re.compile("^(Sign out|Sair)$"))
            box = await end.bounding_box()
            assert box is not None
            if await width_of(site) > width or box["x"] + box["width"] > width:
                wrong.append((name, width, await width_of(site), box))

    assert wrong == []


@pytest.mark.soak
@pytest.mark.parametrize(("width", "height"), ZOOMED)
async def test_screens_are_read_in_one_direction_when_they_are_zoomed(site, width, height):
    sample = await fill(site)
    await site.sign_in()
    await site.page.set_viewport_size({"width": width, "height": height})

    too_wide = {}
    for name, (place, text) in places(sample).items():
        await arrive(site, place, text)
        await site.picture(f"zoom-{width}/{name}")
        found = await width_of(site)
        if found > width:
            too_wide[name] = found

    assert too_wide == {}


@pytest.mark.soak
async def test_nothing_is_cut_off_when_texts_are_spaced(site):
    sample = await fill(site)
    await site.sign_in()
    await site.page.evaluate(SPACED)

    cut = {}
    for name, (place, text) in places(sample).items():
        await arrive(site, place, text)
        found = await site.page.evaluate(CUT)
        if found or await width_of(site) > 1280:
            cut[name] = found

    assert cut == {}


async def test_nothing_moves_for_those_who_do_not_want_it(site):
    await site.page.emulate_media(reduced_motion="reduce")
    await site.sign_in("/functions")
    await site.page.get_by_role("button", name="Dark theme").hover()
    moving = (
        "document.getAnimations()"
        ".filter((one) => (one.effect?.getComputedTiming().duration ?? 0) > 1).length"
    )

    await site.page.get_by_role("button", name="Dark theme").click()

    assert await site.page.evaluate(moving) == 0
    longest = (
        "Math.max(...[...document.querySelectorAll('*')].map((one) =>"
        " parseFloat(getComputedStyle(one).transitionDuration)))"
    )
    assert await site.page.evaluate(longest) < 0.001


async def test_titles_say_which_function_and_which_part(site):
    function_id = await site.create(GREETER)
    await site.sign_in("/overview")

    for part, title in TITLES.items():
        await site.open(f"/functions/{function_id}{part}")
        await expect(site.page).to_have_title(title)
        await expect(site.page.get_by_role("heading", level=1)).to_have_text("quotes")
    await site.page.get_by_role("button", name="Switch language to Português").click()
    await expect(site.page).to_have_title("quotes · Teste · Perilune")
    await site.open("/overview")
    await expect(site.page).to_have_title("Visão geral · Perilune")


async def test_the_first_key_leads_past_the_navigation(site):
    await site.sign_in("/functions")
    await site.page.get_by_role("heading", name="Functions", exact=True).wait_for()
    await site.page.reload()
    await site.page.get_by_role("heading", name="Functions", exact=True).wait_for()

    await site.page.keyboard.press("Tab")
    skip = site.page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await site.page.keyboard.press("Enter")

    await expect(site.page.locator("main")).to_be_focused()
    await site.page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert await site.page.evaluate(inside)


async def test_messages_are_read_out_and_stay_while_they_are_read(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}/settings")
    page = site.page
    await page.get_by_role("heading", name="Danger zone").wait_for()
    await page.clock.install()
    await page.get_by_label("Description").fill("described")
    await page.keyboard.press("Control+s")
    region = page.locator(".toasts [role=status][aria-live=polite]")
    await expect(region.get_by_text("Saved")).to_be_visible()

    await region.locator(".toast").hover()
    await page.clock.fast_forward(60_000)
    await expect(region.get_by_text("Saved")).to_be_visible()
    await page.mouse.move(0, 0)
    await page.clock.fast_forward(60_000)

    await expect(region.get_by_text("Saved")).to_be_hidden()


async def test_errors_are_read_out_at_once(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}/settings")
    await site.page.get_by_role("heading", name="Danger zone").wait_for()
    await site.api.delete(f"/api/functions/{function_id}")
    await site.page.get_by_label("Description").fill("described")

    await site.page.keyboard.press("Control+s")

    region = site.page.locator(".toasts [role=alert][aria-live=assertive]")
    await expect(region).to_contain_text("There is no such function (any more).")


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.soak), "pt-BR"])
async def test_times_are_relative_with_the_exact_one_and_its_zone_beside(site, language):
    await site.page.add_init_script(f"localStorage.setItem('lunar-locale', '{language}')")
    await site.open("/login")
    await site.page.locator("input").fill("0123456789abcdef-dashboard")
    await site.page.keyboard.press("Enter")
    await site.page.locator(".topnav").wait_for()
    await site.open("/tokens")

    moment = site.page.locator("tbody td span[title]").first

    await expect(moment).to_have_text("just now" if language == "en" else "agora mesmo")
    exact = await moment.get_attribute("title")
    zone = await site.page.evaluate(
        "new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' })"
        ".formatToParts().find((one) => one.type === 'timeZoneName').value"
    )
    assert exact is not None and re.search(r"\b20\d\d\b", exact) and zone in exact


async def test_fields_name_their_hints_and_errors(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}/settings")
    memory = site.page.get_by_label("Memory")

    await memory.fill("1")

    described = (await memory.get_attribute("aria-describedby") or "").split()
    texts = [await site.page.locator(f"#{one}").inner_text() for one in described]
    assert texts == ["Of one worker, which is ended beyond it", "At least 16."]
    unlabelled = (
        "[...document.querySelectorAll('input, select, textarea')]"
        ".filter((one) => !one.labels?.length && !one.ariaLabel).length"
    )
    assert await site.page.evaluate(unlabelled) == 0
