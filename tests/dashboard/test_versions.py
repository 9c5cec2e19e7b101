"""Versions: looking at them, comparing, activating, deleting."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.dashboard.conftest import Site
from tests.dashboard.test_code import active
from tests.dashboard.test_screens import wrong

FIRST = "-- one\n\nfunction handler()\n  return { body = 'a' }\nend\n"
SECOND = "-- one\n\n\nfunction handler()\n  return { body = 'b' }\nend\n"


async def opened(site: Site, *codes: str, place: str = "versions") -> str:
    function_id = await site.create(codes[0])
    for code in codes[1:]:
        await site.api.put(f"/api/functions/{function_id}", json={"code": code})
    await site.sign_in(f"/functions/{function_id}/{place}")
    return function_id


def row_of(site: Site, version: int) -> Locator:
    """Return the row of a version."""
    box = site.page.get_by_label(f"Select version {version}", exact=True)
    return site.page.get_by_role("row").filter(has=box)


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


async def test_unchanged_lines_are_folded_and_can_be_shown(site):
    many = "".join(f"-- line {number}\n" for number in range(30))
    await opened(site, many, many + "-- end\n", place="diff/1/2")
    page = site.page
    await expect(page.get_by_text("27 unchanged lines")).to_be_visible()

    await page.get_by_role("button", name="Changes only").click()

    await expect(page.get_by_text("-- line 0", exact=True).first).to_be_visible()


async def test_a_folded_part_is_opened(site):
    many = [f"-- line {number}" for number in range(60)]
    changed = [*many]
    changed[30] = "-- changed"
    await opened(site, "\n".join(many), "\n".join(changed), place="diff/1/2")
    page = site.page
    await expect(page.get_by_role("button", name="unchanged lines")).to_have_count(2)

    await page.get_by_role("button", name="27 unchanged lines").click()

    await expect(page.get_by_text("-- line 0", exact=True).first).to_be_visible()
    await expect(page.get_by_role("button", name="unchanged lines")).to_have_count(1)


async def test_changes_are_gone_through_by_buttons_and_by_keys(site):
    many = [f"-- line {number}" for number in range(200)]
    changed = ["-- changed" if number in (10, 100, 190) else one for number, one in enumerate(many)]
    await opened(site, "\n".join(many), "\n".join(changed), place="diff/1/2")
    page = site.page
    await page.get_by_role("button", name="Changes only").click()
    await expect(page.get_by_text("3 changes")).to_be_visible()

    await page.get_by_role("button", name="Next change").click()
    await expect(page.get_by_text("Change 1 of 3")).to_be_visible()
    region = page.get_by_role("region", name="Differences of the code")
    await region.press("n")
    await expect(page.get_by_text("Change 2 of 3")).to_be_visible()
    await expect(page.locator("tr.current")).to_contain_text("-- line 100")
    await expect(page.locator("tr.current")).to_be_in_viewport()

    for _ in range(2):
        await region.press("p")
    await expect(page.get_by_text("Change 3 of 3")).to_be_visible()
    await page.get_by_role("button", name="Inline").click()
    await expect(page.locator("tr.current")).to_contain_text("-- line 190")


@pytest.mark.parametrize("look", ["Side by side", "Inline"])
async def test_code_has_its_colours_and_words_their_marks_in_both_looks(site, look):
    await opened(
        site,
        'function handler() return { body = "one", statusCode = 200 } end',
        'function handler() return { body = "two", statusCode = 201 } end',
        place="diff/1/2",
    )
    await site.page.get_by_role("button", name=look).click()

    marks = ["one", "200", "two", "201"]
    await expect(site.page.locator(".diff-text mark")).to_have_text(marks)
    keyword = site.page.locator(".diff-text .tok-keyword").first
    await expect(keyword).to_have_text("function")
    await expect(site.page.locator(".diff-text mark .tok-number").first).to_have_text("200")


async def test_a_selection_holds_code_of_one_side(site):
    await opened(site, FIRST, SECOND, place="diff/1/2")
    left = site.page.locator('[data-side="left"]')
    start, end = await left.first.bounding_box(), await left.last.bounding_box()

    await site.page.mouse.move(start["x"] + 9, start["y"] + 5)
    await site.page.mouse.down()
    await site.page.mouse.move(end["x"] + end["width"] - 5, end["y"] + end["height"] - 3)
    await site.page.mouse.up()

    selected = await site.page.evaluate("getSelection().toString()")
    assert "body = 'a'" in selected and "body = 'b'" not in selected
    assert not re.search(r"\d|[+\u2212]", selected)


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


async def test_a_patch_has_a_hunk_for_each_part(site, tmp_path):
    many = [f"-- line {number}" for number in range(60)]
    changed = ["-- first", *many[:30], *many[31:]]
    await opened(site, "\n".join(many) + "\n", "\n".join(changed) + "\n", place="diff/1/2")
    await site.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await site.page.get_by_role("button", name="Copy as patch").click()
    await expect(site.page.get_by_text("Copied").first).to_be_visible()

    copied = await site.page.evaluate("navigator.clipboard.readText()")

    heads = [line for line in copied.splitlines() if line.startswith("@@")]
    assert heads == ["@@ -1,3 +1,4 @@", "@@ -28,7 +29,6 @@"]
    assert len(copied.splitlines()) == 2 + 2 + 4 + 7


async def test_an_old_version_is_looked_at_and_activated(site):
    function_id = await opened(site, FIRST, SECOND)
    page = site.page
    row = row_of(site, 1)
    await row.get_by_role("link", name="v1").click()
    source = page.get_by_role("textbox", name="Code of version 1")
    await expect(source).to_contain_text("return { body = 'a' }")
    await page.go_back()

    await row.get_by_role("button", name="Activate").click()
    await page.get_by_role("dialog").get_by_role("button", name="Activate").click()

    await expect(page.get_by_text("Version 1 is active")).to_be_visible()
    await expect(page.locator(".screen-title").get_by_text("v1", exact=True)).to_be_visible()
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


async def test_executions_of_a_version_stay_if_wanted(site):
    function_id = await opened(site, FIRST)
    await site.api.get(f"/fn/{function_id}")
    await site.api.put(f"/api/functions/{function_id}", json={"code": SECOND})
    page = site.page
    await page.reload()
    await page.get_by_role("button", name="Delete version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Its executions with their logs are deleted too.")
    await dialog.get_by_label("Keep its executions").check()
    await expect(dialog).to_contain_text("Its executions with their logs stay.")
    assert await wrong(site) == []

    await dialog.get_by_role("button", name="Delete").click()

    await expect(page.get_by_label("Select version 1", exact=True)).to_be_hidden()
    listed = (await site.api.get(f"/api/functions/{function_id}/executions")).json()
    assert listed["pagination"]["total"] == 1
    await site.open(f"/functions/{function_id}/executions")
    await expect(page.get_by_role("cell", name="v1", exact=True)).to_be_visible()


async def test_the_list_says_what_each_version_is_and_what_became_of_it(site):
    function_id = await opened(site, "-- a remark\nfunction handler() return {} end\n")
    await site.api.get(f"/fn/{function_id}")
    await site.api.get(f"/fn/{function_id}")
    made = await site.api.post("/api/tokens", json={"name": "pipeline", "scopes": ["deploy"]})
    failing = {"code": "function handler() error('no') end", "note": "try it"}
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    await site.api.put(f"/api/functions/{function_id}", json=failing, headers=headers)
    await site.api.get(f"/fn/{function_id}")
    await site.page.reload()

    first, second = row_of(site, 1), row_of(site, 2)

    await expect(first).to_contain_text("-- a remark")
    await expect(first).to_contain_text("45 B")
    await expect(first.get_by_role("link", name="2 succeeded")).to_be_visible()
    await expect(first).not_to_contain_text("failed")
    await expect(second).to_contain_text("try it")
    await expect(second).to_contain_text("by pipeline")
    await second.get_by_role("link", name="1 failed").click()
    await expect(site.page).to_have_url(re.compile(r"/executions\?version=2&status=error$"))
    await expect(site.page.get_by_role("cell", name="v2", exact=True)).to_have_count(1)


async def test_a_version_is_restored_as_a_new_one(site):
    function_id = await opened(site, FIRST, SECOND)
    page = site.page

    await page.get_by_role("button", name="Restore version 1 as a new version").click()
    await page.get_by_role("dialog").get_by_role("button", name="Restore").click()

    await expect(row_of(site, 3)).to_contain_text("Version 1 again")
    await expect(page.locator(".screen-title").get_by_text("v3", exact=True)).to_be_visible()
    assert await active(site, function_id) == (3, FIRST)


async def test_a_version_is_compared_with_the_active_one_in_one_click(site):
    await opened(site, FIRST, SECOND, "-- three")

    await row_of(site, 1).get_by_role("link", name="Compare with active").click()

    await expect(site.page).to_have_url(re.compile("/diff/1/3$"))


async def test_kd_187_deleting_the_last_row_of_a_page_shows_the_page_before(site):
    await opened(site, *(f"-- {number}" for number in range(21)), place="versions?offset=20")
    await site.page.get_by_role("button", name="Delete version 1").click()

    await site.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(site.page.get_by_label("Select version 2", exact=True)).to_be_visible()
