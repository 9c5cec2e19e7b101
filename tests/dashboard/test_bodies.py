"""Bodies in the forms that they have: JSON as a tree, images, text, bytes; and what was masked."""

import base64

from playwright.async_api import expect

from tests.dashboard.test_executions import card, opened, run
from tests.dashboard.test_screens import wrong

PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
).decode()
ANSWERING = """
function handler(ctx, event)
  return { statusCode = 200, headers = { ["Content-Type"] = "%s" }, body = [==[%s]==],
    isBase64Encoded = %s }
end
"""
DECODED = "(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"


async def answered(site, kind: str, body: str, *, is_base64: bool = False):
    """Show an execution that answered this; return the card of the response."""
    code = ANSWERING % (kind, body, str(is_base64).lower())
    _, execution_id = await run(site, code, save_response=True)
    await opened(site, execution_id)
    return card(site, "Response")


async def test_json_is_a_tree_that_opens_by_keyboard(site):
    deep = '{"list":[1,{"inner":{"deepest":"here"}}],"none":null}'
    response = await answered(site, "application/json", deep)
    await response.get_by_role("button", name="Tree").click()
    tree = response.get_by_role("group", name="Body", exact=True)
    await expect(tree).to_contain_text("list: [ ] 2 members")
    await expect(tree.get_by_text("deepest")).to_be_hidden()

    await tree.get_by_text("1: { }").focus()
    await site.page.keyboard.press("Enter")
    await tree.get_by_text("inner: { }").click()

    await expect(tree.get_by_text('deepest: "here"')).to_be_visible()
    await expect(tree.get_by_text("none: null")).to_be_visible()
    assert await wrong(site) == []


async def test_long_lists_of_a_tree_are_shown_in_parts(site):
    response = await answered(site, "application/json", str(list(range(150))))
    await response.get_by_role("button", name="Tree").click()
    leaves = response.locator(".tree-leaf")
    await expect(leaves).to_have_count(100)

    await response.get_by_role("button", name="50 more").click()

    await expect(leaves).to_have_count(150)


async def test_an_image_is_shown_and_so_are_its_bytes(site):
    response = await answered(site, "image/png", PIXEL, is_base64=True)
    image = response.get_by_role("img", name="Image that the function answered")
    assert await image.evaluate(DECODED) == [1, 1]

    await response.get_by_role("button", name="Hex").click()
    await expect(response.get_by_label("Body", exact=True)).to_contain_text(
        "00000000  89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52  ·PNG········IHDR"
    )
    await response.get_by_role("button", name="Base64").click()
    await expect(response.get_by_label("Body", exact=True)).to_have_text(PIXEL)


async def test_a_drawing_is_shown_without_running_it(site):
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">'
        "<script>window.top.document.title = 'ran'</script><rect width='3' height='2'/></svg>"
    )
    response = await answered(site, "image/svg+xml", drawing)

    image = response.get_by_role("img", name="Image that the function answered")
    assert await image.evaluate(DECODED) == [3, 2]

    await response.get_by_role("button", name="Text", exact=True).click()
    await expect(response.get_by_label("Body", exact=True)).to_have_text(drawing)
    assert "ran" not in await site.page.title()


async def test_text_has_bytes_and_invalid_base64_is_still_shown(site):
    response = await answered(site, "text/plain", "né")
    await response.get_by_role("button", name="Hex").click()
    await expect(response.get_by_label("Body", exact=True)).to_contain_text("6e c3 a9")


async def test_received_forms_are_shown_with_their_masked_fields(site):
    function_id = await site.create("function handler() return { body = 'x' } end")
    answer = await site.api.post(
        f"/fn/{function_id}",
        json={"order": {"id": 7}},
        headers={"Authorization": "Bearer of-secrets", "X-Plain": "y"},
    )
    await opened(site, answer.headers["x-execution-id"])
    event = card(site, "Event")
    await expect(event).to_contain_text("[REDACTED]")
    await expect(event.get_by_role("note")).to_contain_text("Secrets were replaced")

    await event.get_by_role("button", name="Body", exact=True).click()
    await event.get_by_role("button", name="Tree").click()

    await expect(event.get_by_role("group", name="Body", exact=True)).to_contain_text("id: 7")


async def test_without_secrets_nothing_is_said_of_them(site):
    _, execution_id = await run(site, "function handler() return { body = 'x' } end")

    await opened(site, execution_id)

    await expect(card(site, "Event").locator("pre")).to_contain_text("relativePath")
    await expect(card(site, "Event").get_by_role("note")).to_have_count(0)
