"""Every screen with Tab and Enter alone, and the focus always in sight."""

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import KEY, Site
from tests.dashboard.sample import fill
from tests.dashboard.test_code import opened
from tests.dashboard.test_screens import arrive, places

ALLOWED_TABS = 150
FOCUSED = """
(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const frame = getComputedStyle(element.closest(".cm-editor") ?? element);
  return {
    name: (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 60),
    tag: element.tagName,
    isEditor: element.classList.contains("cm-content"),
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    isCovered: [0.05, 0.5, 0.95].every((x) => [0.1, 0.5, 0.9].every((y) => {
      const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return !top || !(element.contains(top) || top.contains(element));
    })),
    isMarked: [style, frame].some((one) => one.outlineStyle !== "none" || one.boxShadow !== "none"),
  };
})()
"""


async def walk(site: Site) -> list[dict]:
    """Press Tab until the page is left; return where the focus was."""
    found: list[dict] = []
    for _ in range(ALLOWED_TABS):
        await site.page.keyboard.press("Tab")
        at = await site.page.evaluate(FOCUSED)
        if at is None or (len(found) > 3 and at == found[0]):
            return found
        if at["isEditor"]:
            await site.page.locator(".cm-focused").wait_for()  # it notices a moment later
            at = await site.page.evaluate(FOCUSED)
            await site.page.keyboard.press("Escape")  # as its hint says
        found.append(at)
    raise AssertionError(f"the focus is caught: {found[-3:]}")


async def test_somebody_without_a_mouse_signs_in_and_opens_an_execution(site):
    await fill(site)
    keys = site.page.keyboard
    await site.open("/login")
    await site.page.get_by_label("API key").wait_for()
    await keys.type(KEY)
    await keys.press("Enter")
    await site.page.get_by_role("navigation", name="Sections").wait_for()

    async def follow(name: str) -> None:
        for _ in range(ALLOWED_TABS):
            await keys.press("Tab")
            if (await site.page.evaluate(FOCUSED) or {}).get("name") == name:
                return await keys.press("Enter")
        raise AssertionError(f"{name} can't be reached")

    await follow("Functions")
    await site.page.get_by_role("heading", name="Functions", exact=True).wait_for()
    await site.page.get_by_role("link", name="failing", exact=True).wait_for()
    await follow("failing")
    await site.page.get_by_role("link", name="Settings", exact=True).wait_for()
    await follow("Executions")  # of this function: the focus was put into the screen
    await site.page.locator(".table tbody tr").first.wait_for()
    first = await site.page.locator(".table tbody tr a").first.inner_text()
    await follow(first)
    await expect(site.page.get_by_role("heading", name="Execution", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((1280, 800), id="desk"),
        pytest.param((390, 600), id="phone", marks=pytest.mark.soak),
    ],
)
async def test_every_screen_can_be_walked_through_with_the_focus_in_sight(site, size):
    sample = await fill(site)
    await site.page.set_viewport_size({"width": size[0], "height": size[1]})
    await site.sign_in()
    wrong: dict[str, list[dict]] = {}

    for name, (place, text) in places(sample).items():
        await arrive(site, place, text)
        await site.page.evaluate("document.activeElement?.blur()")
        found = await walk(site)
        assert found, name
        lost = [one for one in found if one["isCovered"] or not (one["isSeen"] and one["isMarked"])]
        nameless = [one for one in found if one["tag"] in ("A", "BUTTON") and not one["name"]]
        if lost or nameless:
            wrong[name] = lost + nameless

    assert wrong == {}


async def test_dialogs_begin_at_their_field_and_give_the_focus_back(site):
    await site.sign_in("/tokens")
    opener = site.page.get_by_role("button", name="New token")
    await opener.focus()
    await site.page.keyboard.press("Enter")
    name = site.page.get_by_role("dialog").get_by_label("Name")
    await expect(name).to_be_focused()

    for _ in range(20):
        await site.page.keyboard.press("Tab")
        is_behind = "document.querySelector('#main, header').contains(document.activeElement)"
        inside = "document.querySelector('dialog').contains(document.activeElement)"
        assert await site.page.evaluate(f"{inside} || !({is_behind})")

    await site.page.keyboard.press("Escape")
    await expect(site.page.get_by_role("dialog")).to_be_hidden()
    await expect(opener).to_be_focused()


APPEARED_WITHIN_THE_TURN = """
async (selector) => {
  for (let steps = 0; steps < 1000 && !document.querySelector(selector); steps += 1) await null;
  return document.querySelector(selector);
}
"""
"""Waits only for what follows at once: nothing is painted and no key arrives meanwhile."""


async def test_keys_right_after_the_editor_was_maximized_are_for_it(site):
    await opened(site)

    reached = await site.page.evaluate(f"""async () => {{
      const appeared = {APPEARED_WITHIN_THE_TURN};
      document.querySelector('[aria-label="Maximize the editor"]').click();
      const scrim = await appeared(".workbench-scrim");
      const isInert = document.querySelector("header").inert;
      dispatchEvent(new KeyboardEvent("keydown", {{ key: "Escape" }}));
      return [scrim !== null, isInert];
    }}""")

    assert reached == [True, True]
    await expect(site.page.locator(".workbench-scrim")).to_be_hidden()


async def test_keys_right_after_the_palette_was_called_are_for_it(site):
    await site.sign_in("/overview")

    at = await site.page.evaluate(f"""async () => {{
      const appeared = {APPEARED_WITHIN_THE_TURN};
      dispatchEvent(new KeyboardEvent("keydown", {{ key: "k", ctrlKey: true, cancelable: true }}));
      const palette = await appeared("dialog.palette");
      return [palette?.open, document.activeElement === palette?.querySelector("input")];
    }}""")

    assert at == [True, True]
