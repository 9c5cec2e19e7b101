"""Writing code: drafts, checks, completion, saving."""

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, expect

from tests.dashboard.conftest import WAIT_MS, Site
from tests.dashboard.sample import GREETER

BROKEN = "function handler(ctx, event)\n  local x = = 1\nend\n"


def editor(site: Site) -> Locator:
    return site.page.get_by_role("textbox", name="Code of quotes")


async def opened(site: Site, code: str = GREETER, **settings) -> str:
    """Show the code of a new function; return its id."""
    function_id = await site.create(code, **settings)
    await site.sign_in(f"/functions/{function_id}")
    await editor(site).wait_for()
    await site.page.get_by_role("heading", name="Reference").wait_for()
    # The editor is made anew once with what it knows of the reference.
    await site.page.locator(".reference summary").first.wait_for()
    return function_id


async def write(site: Site, text: str) -> None:
    """Replace the whole text."""
    await editor(site).focus()
    await site.page.keyboard.press("ControlOrMeta+a")
    await site.page.keyboard.insert_text(text)


async def active(site: Site, function_id: str) -> tuple[int, str]:
    version = (await site.api.get(f"/api/functions/{function_id}")).json()["active_version"]
    return version["version"], version["code"]


def button(site: Site, name: str) -> Locator:
    return site.page.get_by_role("button", name=name, exact=True)


async def test_saving_makes_a_version_and_the_badge_says_so(site):
    function_id = await opened(site)
    await expect(button(site, "Save")).to_be_disabled()
    await write(site, "function handler() return { body = 'new' } end")
    await expect(site.page.get_by_text("Unsaved")).to_be_visible()

    await editor(site).press("ControlOrMeta+s")

    await expect(site.page.get_by_text("Saved as version 2")).to_be_visible()
    await expect(site.page.locator(".screen-title").get_by_text("v2", exact=True)).to_be_visible()
    await expect(site.page.get_by_text("Unsaved")).to_be_hidden()
    assert await active(site, function_id) == (2, "function handler() return { body = 'new' } end")


async def test_a_line_of_the_version_that_ran_stays_editable_after_it_was_saved(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}?version=1&line=4")
    await editor(site).wait_for()
    await write(site, "function handler() return { body = 'mended' } end")

    await button(site, "Save").click()

    await expect(site.page.get_by_text("Saved as version 2")).to_be_visible()
    await expect(editor(site)).to_have_text("function handler() return { body = 'mended' } end")
    await expect(button(site, "Save")).to_be_disabled()
    await expect(site.page).to_have_url(re.compile(f"{function_id}$"))
    assert (await active(site, function_id))[0] == 2


async def test_what_is_typed_stays_when_the_function_is_loaded_again(site):
    function_id = await site.create(GREETER)
    await site.sign_in(f"/functions/{function_id}?version=1&line=4")
    await editor(site).wait_for()
    await write(site, "-- a draft")
    await expect(site.page.get_by_text("Unsaved")).to_be_visible()

    await site.page.keyboard.press("ControlOrMeta+k")
    await site.page.get_by_role("combobox").fill("quotes disable")
    await site.page.get_by_role("option", name=re.compile("Disable")).first.click()

    await expect(site.page.locator(".screen-title").get_by_text("Disabled")).to_be_visible()
    await expect(editor(site)).to_have_text("-- a draft")
    await expect(site.page.get_by_text("Code of version")).to_have_count(0)


async def test_saving_can_lead_to_the_test_screen(site):
    function_id = await opened(site)
    await write(site, "function handler() return { body = 'x' } end")

    await button(site, "Save and test").click()

    await expect(site.page).to_have_url(re.compile(f"{function_id}/test$"))
    await expect(site.page.get_by_role("dialog")).to_have_count(0)


async def test_kd_183_a_draft_survives_a_reload_and_can_be_discarded(site):
    function_id = await opened(site)
    await write(site, "-- a draft")
    await expect(site.page.get_by_text("Unsaved")).to_be_visible()
    site.page.on("dialog", lambda dialog: dialog.accept())

    await site.page.reload()

    await expect(editor(site)).to_have_text("-- a draft")
    await button(site, "Discard changes").click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Discard changes").click()
    await expect(editor(site)).to_contain_text("Greets whoever calls it")
    assert (await active(site, function_id))[0] == 1


async def test_kd_183_a_draft_survives_the_loss_of_the_network(site):
    function_id = await opened(site)
    await site.page.context.set_offline(True)
    await write(site, "-- written offline")

    await button(site, "Save").click()

    await expect(site.page.get_by_text("The server can't be reached.").first).to_be_visible()
    await expect(editor(site)).to_have_text("-- written offline")
    await site.page.context.set_offline(False)
    site.page.on("dialog", lambda dialog: dialog.accept())
    await site.page.reload()
    await expect(editor(site)).to_have_text("-- written offline")
    assert (await active(site, function_id))[0] == 1


async def test_kd_183_leaving_with_changes_asks(site):
    await opened(site)
    await write(site, "-- changed")
    await expect(site.page.get_by_text("Unsaved")).to_be_visible()
    tab = site.page.get_by_role("link", name="Versions", exact=True)
    dialog = site.page.get_by_role("dialog")

    await tab.click()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(editor(site)).to_have_text("-- changed")
    assert not site.page.url.endswith("/versions")

    await tab.click()
    await dialog.get_by_role("button", name="Leave without saving").click()
    await expect(site.page.get_by_role("heading", name="Version history")).to_be_visible()


async def test_saving_over_a_newer_version_asks(site):
    function_id = await opened(site)
    await write(site, "handler = print -- mine")
    await site.api.put(f"/api/functions/{function_id}", json={"code": "-- theirs"})
    dialog = site.page.get_by_role("dialog")

    await button(site, "Save").click()
    await expect(dialog.get_by_text("Version 2 has become active since you began")).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    assert await active(site, function_id) == (2, "-- theirs")

    await button(site, "Save").click()
    await dialog.get_by_role("button", name="Save anyway").click()
    await expect(site.page.get_by_text("Saved as version 3")).to_be_visible()


async def test_an_old_draft_says_what_it_was_based_on_however_often_it_is_loaded(site):
    function_id = await opened(site)
    await write(site, "-- mine")
    await expect(site.page.get_by_text("Unsaved")).to_be_visible()
    await site.api.put(f"/api/functions/{function_id}", json={"code": "-- theirs"})
    site.page.on("dialog", lambda dialog: dialog.accept())

    for _ in range(2):
        await site.page.reload()

        note = site.page.get_by_text("This draft was based on version 1; version 2 is active now.")
        await expect(note).to_be_visible()


async def test_errors_are_marked_and_saving_asks(site):
    function_id = await opened(site)
    await write(site, BROKEN)

    await expect(site.page.locator(".cm-lint-marker-error")).to_be_visible()
    await expect(button(site, "Line 2")).to_be_visible()
    await button(site, "Line 2").click()
    await expect(site.page.locator(".cm-activeLine")).to_contain_text("local x = = 1")
    await button(site, "Save").click()
    dialog = site.page.get_by_role("dialog")
    await expect(dialog.get_by_text("This code can't be run")).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    assert (await active(site, function_id))[0] == 1

    await button(site, "Save").click()
    await dialog.get_by_role("button", name="Save anyway").click()
    await expect(site.page.get_by_text("Saved as version 2")).to_be_visible()


async def test_saving_broken_code_asks_even_before_it_was_marked(site):
    function_id = await opened(site)
    await write(site, BROKEN)

    await editor(site).press("ControlOrMeta+s")

    await expect(site.page.get_by_role("dialog")).to_contain_text("This code can't be run")
    assert (await active(site, function_id))[0] == 1


async def test_kd_184_after_a_dot_only_members_are_offered_and_inserted_once(site):
    await opened(site)
    await write(site, "")
    await site.page.keyboard.type("log.")
    options = site.page.locator(".cm-tooltip-autocomplete li")
    await expect(options.first).to_be_visible()
    labels = await options.locator(".cm-completionLabel").all_inner_texts()
    assert sorted(labels) == ["debug", "error", "info", "warn"]

    await site.page.keyboard.type("inf")
    await expect(options).to_have_count(1)
    await take_first_offer(site, "log.info(")

    assert "log.log" not in await editor(site).inner_text()


async def test_kd_184_all_members_are_known(site):
    await opened(site)
    labels = site.page.locator(".cm-tooltip-autocomplete .cm-completionLabel")

    for typed, expected in (
        ("strings.rep", "repeat"),
        ("http.po", "post"),
        ("url.", "encode"),
        ("env.se", "set"),
    ):
        await write(site, "")
        await expect(labels).to_have_count(0)
        await site.page.keyboard.type(typed)

        await expect(labels.filter(has_text=expected).first).to_be_visible()


async def test_nothing_is_lost_however_fast_it_is_typed(site):
    await opened(site)
    await write(site, "x")
    text = "a quick brown fox jumps over the lazy dog " * 3

    await site.page.keyboard.type(text)

    await expect(editor(site)).to_contain_text(f"x{text}".strip())


async def take_first_offer(site, inserted: str) -> None:
    """Click what completion offers first until it stands in the code.

    The editor ignores keys and clicks in the moment in which the offers appear or change, and
    what is clicked may be replaced meanwhile.
    """
    offer = site.page.locator(".cm-tooltip-autocomplete li").first
    async with asyncio.timeout(WAIT_MS / 1000):
        while inserted not in await editor(site).inner_text():
            with suppress(PlaywrightError):
                await offer.click(timeout=1000)


async def test_kd_184_a_reserved_name_is_inserted_so_that_it_runs(site):
    await opened(site)
    await write(site, "")
    await site.page.keyboard.type("strings.repe")

    await take_first_offer(site, 'strings["repeat"](')
    assert "strings.strings" not in await editor(site).inner_text()


@pytest.mark.parametrize(
    ("runtime", "typed", "inserted", "wanted", "example"),
    [
        (
            "python",
            "strings.to_up",
            "strings.to_upper(",
            "base64.url_encode",
            'text = base64.url_encode("hello")',
        ),
        pytest.param(
            "javascript",
            "random.he",
            "random.hex(",
            "random.hex",
            "const token = random.hex(16)",
            marks=pytest.mark.soak,
        ),
    ],
)
async def test_help_is_in_the_language_of_the_function(
    site, runtime, typed, inserted, wanted, example
):
    code = {"python": "def handler(ctx, event): return 1", "javascript": "export default () => 1;"}
    known = (await site.api.get("/api/version")).json()["runtimes"]
    if runtime not in known:
        pytest.skip(f"{runtime} is not installed")
    await opened(site, code[runtime], runtime=runtime)
    await write(site, "")
    await site.page.keyboard.type(typed)

    await take_first_offer(site, inserted)

    await write(site, "")
    search = site.page.get_by_label("Search the reference")
    await search.fill(wanted)
    await button(site, f"Insert an example of {wanted}").click()
    await expect(editor(site)).to_contain_text(example)
    # What JavaScript has of its own is not offered as ours.
    await search.fill("strings.trim")
    trims = site.page.get_by_role("button", name=re.compile("example of strings.trim"))
    await expect(trims).to_have_count(3 if runtime == "python" else 0)


async def test_hovering_a_member_says_what_it_does(site):
    await opened(site)

    await editor(site).locator(".cm-line", has_text="log.info").get_by_text("info").hover()

    await expect(site.page.locator(".editor-tip")).to_contain_text("log.info(")


async def test_the_reference_is_searched_and_inserts_examples(site):
    await opened(site)
    await write(site, "")
    await site.page.get_by_label("Search the reference").fill("kv.get")

    await button(site, "Insert an example of kv.get").click()

    await expect(editor(site)).to_contain_text("kv.get(")


async def test_the_editor_is_maximized_and_keeps_what_can_be_undone(site):
    await opened(site)
    await write(site, "-- one")
    await button(site, "Maximize the editor").click()
    await expect(site.page.get_by_role("heading", name="Reference")).to_be_hidden()
    await editor(site).press("ControlOrMeta+z")

    await button(site, "Restore the editor").click()

    await expect(editor(site)).to_contain_text("Greets whoever calls it")


async def test_a_link_to_a_line_shows_it(site):
    function_id = await opened(site, "-- 1\n-- 2\n-- 3\nfunction handler() end\n")

    await site.open(f"/functions/{function_id}?line=3")

    await expect(site.page.locator(".cm-activeLine")).to_have_text("-- 3")
