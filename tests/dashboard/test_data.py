"""The key-value pairs of a function."""

import base64

from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER


async def opened(site: Site, **pairs: str) -> str:
    function_id = await site.create(GREETER)
    for key, value in pairs.items():
        await site.api.put(f"/api/functions/{function_id}/kv/{key}", json={"value": value})
    await site.sign_in(f"/functions/{function_id}/data")
    await site.page.get_by_role("heading", name="Key-value data").wait_for()
    return function_id


async def pair(site: Site, function_id: str, key: str) -> dict:
    return (await site.api.get(f"/api/functions/{function_id}/kv/{key}")).json()


async def test_a_entry_is_made_changed_and_removed(site):
    function_id = await opened(site)
    page = site.page
    dialog = page.get_by_role("dialog")
    await expect(page.get_by_text("No data")).to_be_visible()
    await page.get_by_role("button", name="New pair").click()
    await dialog.get_by_label("Key").fill("a/b c")
    await dialog.get_by_label("Value").fill("one")
    await dialog.get_by_label("Expires after (seconds)").fill("600")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name="a/b c")).to_contain_text("in 10 minutes")
    assert (await pair(site, function_id, "a%2Fb%20c"))["value"] == "one"

    await page.get_by_role("button", name="Edit").click()
    await expect(dialog.get_by_label("Value")).to_have_value("one")
    await dialog.get_by_label("Value").fill("two")
    await dialog.get_by_label("Expires after (seconds)").fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("row", name="a/b c")).to_contain_text("Never")
    assert (await pair(site, function_id, "a%2Fb%20c"))["value"] == "two"

    await page.get_by_role("button", name="Delete a/b c").click()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No data")).to_be_visible()


async def test_a_new_entry_replaces_none_that_is_there(site):
    function_id = await opened(site, taken="kept")
    dialog = site.page.get_by_role("dialog")
    await site.page.get_by_role("button", name="New pair").click()
    await expect(dialog.get_by_label("Key")).to_be_focused()
    await dialog.get_by_label("Key").fill("taken")
    await dialog.get_by_label("Value").fill("other")

    await dialog.get_by_role("button", name="Save").click()

    await expect(dialog.get_by_role("alert")).to_contain_text("There is this key already")
    assert (await pair(site, function_id, "taken"))["value"] == "kept"


async def test_what_is_wrong_with_a_entry_is_said_at_its_field(site):
    await opened(site)
    dialog = site.page.get_by_role("dialog")
    await site.page.get_by_role("button", name="New pair").click()
    await dialog.get_by_label("Key").fill("k" * 600)
    await dialog.get_by_label("Expires after (seconds)").fill("soon")
    await expect(dialog.get_by_role("alert")).to_have_text("A whole number.")
    await expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    await dialog.get_by_label("Expires after (seconds)").fill("60")

    await dialog.get_by_role("button", name="Save").click()

    await expect(dialog.get_by_role("alert")).to_have_text("The key may have 512 bytes.")
    await expect(dialog.get_by_label("Key")).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_label("Expires after")).not_to_have_attribute("aria-invalid", "true")


async def test_keys_are_found_by_their_beginning(site):
    await opened(site, **{"user:1": "x", "user:2": "y", "other": "z"})
    rows = site.page.locator(".table tbody tr")
    await expect(rows).to_have_count(3)

    await site.page.get_by_label("Keys beginning with").fill("user:")

    await expect(rows).to_have_count(2)
    await site.page.get_by_label("Keys beginning with").fill("nothing")
    await expect(site.page.get_by_text("No key begins like this")).to_be_visible()


async def test_bytes_stay_bytes(site):
    function_id = await opened(site)
    data = base64.b64encode(b"\xff\x00\xfe").decode()
    path = f"/api/functions/{function_id}/kv/%FF"
    assert (await site.api.put(path, json={"value": data, "base64": True})).status_code == 200
    await site.page.reload()
    await expect(site.page.get_by_role("row").nth(1)).to_contain_text("base64")

    await site.page.get_by_role("button", name="Edit").click()
    dialog = site.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Value (base64)")).to_have_value(data)
    await dialog.get_by_label("Value (base64)").fill(base64.b64encode(b"\xfd").decode())
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()

    now = (await site.api.get(path)).json()
    assert (now["value"], now["base64"]) == (base64.b64encode(b"\xfd").decode(), True)
