"""Signing in and out, the frame, languages, themes, the palette."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Request, expect

from perilune.app import open_server
from tests.dashboard.conftest import KEY, open_site, settings_of
from tests.dashboard.sample import GREETER
from tests.dashboard.test_executions import change

STATIC = Path("src/perilune/dashboard/static")
BUILT = sorted(f"/built/{path.name}" for path in (STATIC / "built").iterdir())


async def test_a_wrong_key_is_refused_and_the_right_one_admitted(site):
    await site.open("/functions")
    field = site.page.get_by_label("API key")
    await field.fill("not the key of this server")
    await site.page.get_by_role("button", name="Sign in").click()
    await expect(site.page.get_by_text("This is not the key of this server.")).to_be_visible()
    await expect(field).to_have_attribute("aria-invalid", "true")

    await field.fill(KEY)
    await field.press("Enter")

    await expect(site.page.get_by_role("heading", name="Functions", exact=True)).to_be_visible()
    assert "#!/functions" in site.page.url  # the place that was wanted


async def test_the_key_stays_in_no_storage_of_the_browser(site):
    await site.sign_in()

    kept = await site.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )

    assert KEY not in kept and "auth_token" not in kept


async def test_signing_out_ends_the_session(site):
    await site.sign_in("/functions")
    await site.page.get_by_role("button", name="Sign out").click()

    await expect(site.page.get_by_label("API key")).to_be_visible()
    status = await site.page.evaluate("fetch('/api/functions').then((answer) => answer.status)")
    assert status == 401


async def test_an_expired_session_leads_to_signing_in_and_back(site):
    function_id = await site.create(GREETER)
    await site.sign_in("/functions")
    await site.page.get_by_role("link", name="quotes").wait_for()
    sessions = (await site.api.get("/api/auth/sessions")).json()["sessions"]
    for one in sessions:
        await site.api.delete(f"/api/auth/sessions/{one['id']}")

    # Not by its link: what is still being loaded may have noticed, and the list have gone.
    await site.open(f"/functions/{function_id}")
    await site.page.get_by_label("API key").fill(KEY)
    await site.page.get_by_role("button", name="Sign in").click()

    await expect(site.page.get_by_role("heading", name="quotes")).to_be_visible()


async def test_lists_are_empty_then_filled_searched_and_sorted(site):
    await site.sign_in("/functions")
    await expect(site.page.get_by_text("No functions yet")).to_be_visible()
    for name in ("bravo", "alpha", "charlie"):
        await site.create(GREETER, name=name)

    await site.page.reload()
    links = site.page.get_by_role("table").get_by_role("link")
    await expect(links).to_have_count(3)
    await site.page.get_by_role("button", name="Name").click()
    await expect(links).to_have_text(["alpha", "bravo", "charlie"])
    await site.page.get_by_label("Search functions").fill("RAV")
    await expect(links).to_have_text(["bravo"])
    await site.page.get_by_label("Search functions").fill("nothing like it")
    await expect(site.page.get_by_text("No function matches")).to_be_visible()


async def test_the_language_is_switched_without_a_reload_and_stays(site):
    await site.sign_in("/functions")
    await site.page.evaluate("window.notReloaded = true")

    await site.page.get_by_role("button", name="Switch language to Português").click()

    await expect(site.page.get_by_role("heading", name="Funções", exact=True)).to_be_visible()
    assert await site.page.evaluate("[document.documentElement.lang, window.notReloaded]") == [
        "pt-BR",
        True,
    ]
    await site.page.reload()
    await expect(site.page.get_by_role("heading", name="Funções", exact=True)).to_be_visible()


async def test_the_theme_is_switched_and_stays(site):
    await site.sign_in("/functions")
    before = await site.page.evaluate("getComputedStyle(document.body).backgroundColor")

    await site.page.get_by_role("button", name="Dark theme").click()

    after = await site.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    await site.page.reload()
    await site.page.get_by_role("button", name="Light theme").wait_for()
    assert await site.page.evaluate("getComputedStyle(document.body).backgroundColor") == after


async def test_the_theme_follows_the_system_until_one_is_chosen(site):
    await site.sign_in("/overview")
    await site.page.get_by_role("button", name="Dark theme").wait_for()

    await site.page.emulate_media(color_scheme="dark")

    await expect(site.page.get_by_role("button", name="Light theme")).to_be_visible()
    await site.page.get_by_role("button", name="Light theme").click()
    await site.page.emulate_media(color_scheme="light")
    await site.page.emulate_media(color_scheme="dark")
    await expect(site.page.get_by_role("button", name="Dark theme")).to_be_visible()


async def test_the_palette_is_used_by_keyboard_alone(site):
    function_id = await site.create(GREETER, name="payment-webhook")
    await site.create(GREETER, name="other")
    await site.sign_in("/overview")
    keys = site.page.keyboard

    await keys.press("Control+k")
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()
    await keys.type("paywe")
    first = site.page.get_by_role("option").first
    await expect(first).to_contain_text("payment-webhook")
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    await keys.press("Control+n")
    await expect(site.page.get_by_role("option", selected=True)).to_contain_text("Versions")
    await keys.press("Enter")

    await expect(site.page).to_have_url(re.compile(f"/functions/{function_id}/versions$"))
    await keys.press("Control+k")
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()
    await keys.type("zzzz no such thing")
    await expect(site.page.get_by_text("Nothing found")).to_be_visible()
    await keys.press("Escape")
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_hidden()


async def test_old_links_and_unknown_places(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}")
    await expect(site.page.get_by_role("heading", name="quotes")).to_be_visible()

    await site.open("/functions/unknown/settings")
    await expect(site.page.get_by_role("heading", name="Not found")).to_be_visible()
    await site.open("/%E0%A4%A")
    await expect(site.page.get_by_role("heading", name="There is no such page")).to_be_visible()


async def test_without_the_server_a_banner_says_so_until_it_is_back(site):
    await site.sign_in("/functions")
    await site.page.get_by_text("No functions yet").wait_for()
    await site.page.clock.install()

    await site.page.context.set_offline(True)
    await site.page.get_by_role("link", name="Executions").click()
    await expect(site.page.get_by_text("The server can't be reached. What you see")).to_be_visible()

    await site.page.context.set_offline(False)
    await site.page.clock.fast_forward(3_000)  # when it asks again whether the server is there
    await expect(site.page.get_by_text("What you see may be old")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/licences.txt", *BUILT])
async def test_files_are_hardened_compressed_and_cached(site, path):
    answer = await site.api.get(path, headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-encoding"] == "gzip"
    assert ("immutable" in answer.headers["cache-control"]) == (path in BUILT)
    again = await site.api.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/built/", "/built", "/main.tsx", "/../site.py", "/nothing.js", "/x"]
)
async def test_there_are_no_listings_and_nothing_else(site, path):
    assert (await site.api.get(path)).status_code == 404


async def test_the_first_load_is_small_and_comes_from_here(site):
    loaded: list[Request] = []
    site.page.on("requestfinished", lambda request: loaded.append(request))

    await site.sign_in("/overview")
    await site.page.get_by_text("No functions yet").wait_for()

    urls = [one.url for one in loaded]
    assert len(urls) > 3 and all(url.startswith(site.url) for url in urls), urls
    assert not any("codemirror" in url for url in urls)
    sizes = [(await one.sizes())["responseBodySize"] for one in loaded]
    assert sum(sizes) < 400_000


async def test_the_palette_switches_functions_and_schedules(site):
    function_id = await site.create(
        GREETER, name="nightly", cron_schedule="0 3 * * *", cron_status="active"
    )
    await site.sign_in(f"/functions/{function_id}/versions")
    title = site.page.locator(".screen-title")
    await expect(title).to_contain_text("Enabled")

    async def choose(text: str) -> None:
        await site.page.keyboard.press("Control+k")
        await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()
        await site.page.keyboard.type(text)
        await expect(site.page.get_by_role("option").first).to_contain_text(text)
        await site.page.keyboard.press("Enter")

    await choose("nightly → Disable")
    await expect(title).to_contain_text("Disabled")
    await choose("nightly → Enable")
    await expect(title).to_contain_text("Enabled")
    # The message of the change before may still be there.
    async with site.page.expect_response(lambda answer: answer.request.method == "PUT"):
        await choose("nightly → Pause the schedule")

    await site.open(f"/functions/{function_id}/settings")
    await expect(site.page.get_by_label("Run on this schedule")).not_to_be_checked()


async def test_the_palette_runs_functions(site):
    function_id = await site.create(
        GREETER, name="nightly", cron_schedule="0 3 * * *", cron_status="active"
    )
    await site.sign_in("/overview")

    for name, trigger in (("nightly → Run", "http"), ("nightly → Run as scheduled", "cron")):
        await site.page.keyboard.press("Control+k")
        await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()
        await site.page.keyboard.type(name)
        await expect(site.page.get_by_role("option", name=name, exact=True)).to_be_visible()
        palette = site.page.get_by_role("dialog")
        await expect(palette.get_by_role("option", selected=True)).to_have_text(name)
        await site.page.keyboard.press("Enter")
        event = site.page.get_by_label("Event", exact=True)
        await expect(event).to_contain_text(f'"trigger": "{trigger}"')

    ran = (await site.api.get(f"/api/functions/{function_id}/executions")).json()["executions"]
    assert [one["trigger"] for one in ran] == ["test", "test"]


async def test_other_shortcuts_with_k_stay_those_of_the_browser(site):
    await site.sign_in("/overview")
    # It is told of a key after the dashboard, which listens in the same place.
    await site.page.evaluate(
        "taken = []; addEventListener('keydown',"
        " (event) => event.key.toLowerCase() === 'k' && taken.push(event.defaultPrevented))"
    )

    for keys in ("Control+Shift+k", "Control+Alt+k", "Control+k"):
        await site.page.keyboard.press(keys)

    assert await site.page.evaluate("taken") == [False, False, True]
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_visible()


async def test_kd_181_the_search_button_opens_the_palette_and_gets_the_focus_back(site):
    await site.sign_in("/overview")
    button = site.page.get_by_role("button", name="Search")
    await button.click()
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()

    await site.page.keyboard.press("Escape")

    await expect(button).to_be_focused()


async def test_kd_186_the_palette_finds_functions_that_are_not_among_the_latest(site):
    function_id = await site.create(GREETER, name="the-first-of-many")
    await asyncio.gather(*(site.create(GREETER, name=f"later-{at}") for at in range(100)))
    change(site, "update functions set created_at = 1 where id = ?", function_id)
    await site.sign_in("/overview")
    await site.page.keyboard.press("Control+k")
    palette = site.page.get_by_role("dialog")
    await palette.get_by_role("option", name="later-0 → Test").wait_for()
    await expect(palette.get_by_role("option", name="the-first-of-many")).to_have_count(0)

    await site.page.keyboard.type("first-of")

    await expect(palette.get_by_role("option").first).to_contain_text("the-first-of-many")


async def test_the_last_choice_comes_first_in_the_palette(site):
    await site.sign_in("/functions")
    await site.page.keyboard.press("Control+k")
    await expect(site.page.get_by_role("combobox", name="Commands")).to_be_focused()
    await site.page.keyboard.type("access")
    await site.page.keyboard.press("Enter")
    await expect(site.page.get_by_role("heading", name="Access", exact=True)).to_be_visible()

    await site.page.keyboard.press("Control+k")

    first = site.page.get_by_role("dialog").get_by_role("option").first
    await expect(first).to_contain_text("Access")
    await expect(first).to_contain_text("recent")


async def test_a_signed_in_person_does_not_see_the_login(site):
    await site.sign_in("/overview")

    await site.open("/login?next=/tokens")

    await expect(site.page.get_by_role("heading", name="Access", exact=True)).to_be_visible()


async def test_too_many_tries_are_told_how_long_to_wait(browser, tmp_path):
    # A server of its own: it lets nobody sign in afterwards.
    async with (
        open_server(settings_of(tmp_path)) as server,
        open_site(server, browser) as site,
    ):
        await site.open("/login")
        refused = site.page.get_by_text("This is not the key of this server.")
        told = site.page.get_by_text(re.compile(r"Too many attempts\. Try again in \d+ seconds?\."))
        for attempt in range(20):
            await site.page.get_by_label("API key").fill(f"wrong key number {attempt}")
            await site.page.get_by_role("button", name="Sign in").click()
            await expect(refused.or_(told)).to_be_visible()
            if await told.is_visible():
                return
        raise AssertionError("never told to wait")


async def test_the_title_of_the_page_names_what_is_shown(site):
    function_id = await site.create(GREETER)
    execution = (await site.api.get(f"/fn/{function_id}")).headers["x-execution-id"]
    await site.sign_in("/functions")
    await expect(site.page).to_have_title("Functions · Perilune")
    await site.open(f"/functions/{function_id}/versions")
    await expect(site.page).to_have_title("quotes · Versions · Perilune")
    await site.open(f"/executions/{execution}")
    await expect(site.page).to_have_title("quotes · Execution · Perilune")

    await site.page.get_by_role("button", name="Switch language to Português").click()

    await expect(site.page).to_have_title("quotes · Execução · Perilune")


async def test_nothing_is_refused_while_it_is_found_out_who_is_there(site):
    refused: list[str] = []
    site.page.on("response", lambda one: refused.append(one.url) if one.status >= 400 else None)

    await site.open("/")
    await site.page.get_by_label("API key").wait_for()
    await site.sign_in("/overview")

    assert refused == []
