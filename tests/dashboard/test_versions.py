"""Versions: looking at them, comparing, activating, deleting."""

import re

from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.test_code import active

FIRST = "-- one\n\nfunction handler()\n  return { body = 'a' }\nend\n"
SECOND = "-- one\n\n\nfunction handler()\n  return { body = 'b' }\nend\n"


async def opened(site: Site, *codes: str, place: str = "versions") -> str:
    function_id = await site.create(codes[0])
    for code in codes[1:]:
        await site.api.put(f"/api/functions/{function_id}", json={"code": code})
    await site.sign_in(f"/functions/{function_id}/{place}")
    return function_id


async def test_two_versions_are_chosen_and_compared_smaller_first(site):
    await opened(site, FIRST, SECOND, "-- three")
    page = site.page
    await expect(page.get_by_role("button", name="Select two versions to compare")).to_be_disabled()
    for number in (3, 2, 1):
        await page.get_by_label(f"Select version {number}").check()
    # The oldest tick made room.
    await expect(page.get_by_label("Select version 3")).not_to_be_checked()

    await page.get_by_role("button", name="Compare v1 and v2").click()

    await expect(page).to_have_url(re.compile("/diff/1/2$"))
    await expect(page.get_by_text("2 lines added")).to_be_visible()
    await expect(page.get_by_text("1 line removed")).to_be_visible()


async def test_kd_170_blank_lines_are_compared_like_others(site):
    await opened(site, FIRST, SECOND, place="diff/1/2")
    page = site.page
    await page.get_by_role("button", name="Inline").click()

    rows = page.locator(".diff-table tr")
    await expect(page.locator("tr.added")).to_have_count(2)
    shown = [
        (await row.get_attribute("class") or "", await row.locator(".diff-text").text_content())
        for row in await rows.all()
    ]
    assert ("added", "") in shown and ("unchanged", "") in shown
    assert [text for kind, text in shown if kind != "added"] == FIRST.splitlines()
    assert [text for kind, text in shown if kind != "removed"] == SECOND.splitlines()


async def test_side_by_side_marks_what_differs_within_a_line(site):
    await opened(site, FIRST, SECOND, place="diff/1/2")
    page = site.page

    await expect(page.locator("mark")).to_have_text(["a", "b"])
    await page.get_by_role("link", name="Swap").click()

    await expect(page).to_have_url(re.compile("/diff/2/1$"))
    await expect(page.locator("mark")).to_have_text(["b", "a"])


async def test_what_is_unchanged_is_folded_and_shown_again(site):
    many = "".join(f"-- line {number}\n" for number in range(30))
    await opened(site, many, many + "-- end\n", place="diff/1/2")
    page = site.page
    await expect(page.get_by_text("27 unchanged lines")).to_be_visible()

    await page.get_by_role("button", name="Changes only").click()

    await expect(page.get_by_text("-- line 0", exact=True).first).to_be_visible()


async def test_equal_versions_say_so(site):
    function_id = await opened(site, FIRST, SECOND, FIRST, place="diff/1/3")
    assert (await active(site, function_id))[0] == 3

    await expect(site.page.get_by_text("These versions have the same code")).to_be_visible()


async def test_a_comparison_is_copied_as_a_patch(site):
    await opened(site, FIRST, SECOND, place="diff/1/2")
    await site.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    await site.page.get_by_role("button", name="Copy as patch").click()
    await expect(site.page.get_by_text("Copied").first).to_be_visible()

    copied = await site.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(
        "--- v1\n+++ v2\n@@ -1,5 +1,6 @@\n -- one\n \n+\n function handler()\n"
    )


async def test_an_old_version_is_looked_at_and_activated(site):
    function_id = await opened(site, FIRST, SECOND)
    page = site.page
    row = page.get_by_role("row").filter(has=page.get_by_label("Select version 1"))
    await row.get_by_role("button", name="View").click()
    source = page.get_by_role("textbox", name="Code of version 1")
    await expect(source).to_contain_text("return { body = 'a' }")
    await page.keyboard.press("Escape")
    await expect(source).to_be_hidden()

    await row.get_by_role("button", name="Activate").click()
    await page.get_by_role("dialog").get_by_role("button", name="Activate").click()

    await expect(page.get_by_text("Version 1 is active")).to_be_visible()
    await expect(page.locator(".screen-title").get_by_text("v1")).to_be_visible()
    assert await active(site, function_id) == (1, FIRST)


async def test_a_version_is_deleted_after_a_question(site):
    function_id = await opened(site, FIRST, SECOND)
    page = site.page
    dialog = page.get_by_role("dialog")
    await page.get_by_role("button", name="Delete version 1").click()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Select version 1")).to_be_visible()

    await page.get_by_role("button", name="Delete version 1").click()
    await dialog.get_by_role("button", name="Delete").click()

    await expect(page.get_by_label("Select version 1")).to_be_hidden()
    await expect(page.get_by_role("button", name="Delete version 2")).to_have_count(0)
    listed = (await site.api.get(f"/api/functions/{function_id}/versions")).json()["versions"]
    assert [one["version"] for one in listed] == [2]


async def test_kd_187_deleting_the_last_row_of_a_page_shows_the_page_before(site):
    await opened(site, *(f"-- {number}" for number in range(21)), place="versions?offset=20")
    await site.page.get_by_role("button", name="Delete version 1").click()

    await site.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(site.page.get_by_label("Select version 2", exact=True)).to_be_visible()
