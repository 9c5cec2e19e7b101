"""The test screen: what it shows is what it sends, and what comes back is what it shows."""

import base64
import json
import re

import pytest
from playwright.async_api import Locator, expect

from tests.dashboard.conftest import Site

ECHO = """
function handler(ctx, event)
  log.info("echoing")
  local headers = { ["Content-Type"] = "application/json", ["X-Answer"] = "yes" }
  return { statusCode = 200, headers = headers, body = json.encode({
    method = event.method, path = event.relativePath, query = event.query,
    body = event.body, name = event.headers["X-Name"], kind = event.headers["Content-Type"],
    cookie = event.headers["Cookie"],
  }) }
end
"""


async def opened(site: Site, code: str = ECHO, **settings) -> str:
    function_id = await site.create(code, **settings)
    await site.sign_in(f"/functions/{function_id}/test")
    await site.page.get_by_role("heading", name="Request", exact=True).wait_for()
    return function_id


def response(site: Site) -> Locator:
    heading = site.page.get_by_role("heading", name=re.compile("^Response"))
    return site.page.locator("section.card").filter(has=heading)


async def send(site: Site) -> None:
    await site.page.get_by_role("button", name="Send").click()
    await expect(response(site).locator(".badge").first).to_be_visible()


async def request_with(site: Site, method: str, body: str | None = None) -> None:
    await site.page.get_by_label("Method").select_option(method)
    if body is not None:
        await site.page.get_by_role("textbox", name="Body").fill(body)


async def add_header(site: Site, name: str, value: str) -> None:
    await site.page.get_by_role("button", name="Add header").click()
    await expect(site.page.get_by_label("Name of the header").last).to_be_focused()
    await site.page.get_by_label("Name of the header").last.fill(name)
    await site.page.get_by_label("Value of the header").last.fill(value)


async def answered(site: Site) -> dict:
    return json.loads(await response(site).locator("pre").inner_text())


async def test_kd_180_headers_and_a_body_that_is_not_json_are_sent_as_shown(site):
    await opened(site)
    page = site.page
    await page.get_by_label("Method").select_option("POST")
    await page.get_by_label("Path").fill("/users/1")
    await page.get_by_label("Query").fill("a=1&b=x%20y")
    await page.get_by_role("button", name="Text").click()
    await page.get_by_role("button", name="Add header").click()
    await page.get_by_label("Name of the header").last.fill("X-Name")
    await page.get_by_label("Value of the header").last.fill("Ada")
    await page.get_by_role("textbox", name="Body").fill('not "json"\n  {broken ')

    await send(site)

    assert await answered(site) == {
        "method": "POST",
        "path": "/users/1",
        "query": {"a": "1", "b": "x y"},
        "body": 'not "json"\n  {broken ',
        "name": "Ada",
        "kind": "text/plain; charset=utf-8",
    }
    await expect(page.get_by_text("info  echoing")).to_be_visible()
    await response(site).get_by_role("button", name="Headers").click()
    await expect(response(site).get_by_text("x-answer")).to_be_visible()


async def test_kd_180_json_is_not_written_anew(site):
    await opened(site)
    text = '{"b":1.0,   "a":[1e2]}'
    await site.page.get_by_label("Method").select_option("PUT")
    await site.page.get_by_role("textbox", name="Body").fill(text)

    await send(site)

    assert (await answered(site))["body"] == text


@pytest.mark.parametrize(
    ("status", "tone"),
    [
        pytest.param(201, "good", marks=pytest.mark.soak),
        (204, "good"),
        (404, "warn"),
        (500, "bad"),
    ],
)
async def test_kd_180_every_status_is_shown_for_what_it_is(site, status, tone):
    await opened(site, f"function handler() return {{ statusCode = {status} }} end")

    await site.page.get_by_role("button", name="Send").click()

    badge = response(site).locator(".badge", has_text=str(status))
    await expect(badge).to_have_class(f"badge {tone}")


async def test_a_redirect_is_not_followed(site):
    await opened(
        site, 'function handler() return { statusCode = 302, headers = { Location = "/x" } } end'
    )

    await site.page.get_by_role("button", name="Send").click()

    await expect(response(site).locator(".badge", has_text="3xx")).to_be_visible()
    await expect(response(site)).to_contain_text("The function answered with a redirect.")


async def test_a_page_can_be_looked_at(site):
    page = "<p id=shown>shown</p><script>document.body.textContent = 'run'</script>"
    code = (
        "function handler() return { statusCode = 200, "
        f'headers = {{ ["Content-Type"] = "text/html" }}, body = [[{page}]] }} end'
    )
    await opened(site, code)
    await send(site)

    await response(site).get_by_role("button", name="Page").click()

    frame = site.page.frame_locator("iframe.preview")
    await expect(frame.locator("#shown")).to_have_text("shown")
    assert all("script" in one for one in site.problems), site.problems
    site.problems.clear()


async def test_the_link_leads_to_the_execution(site):
    await opened(site)
    await send(site)

    await response(site).get_by_role("link", name="Execution").click()

    await expect(site.page).to_have_url(re.compile("/executions/"))
    await expect(site.page.get_by_text("echoing")).to_be_visible()


async def test_a_draft_is_run_without_being_saved(site):
    function_id = await opened(site)
    draft = "function handler(ctx, event) return { statusCode = 201, body = 'draft' } end"
    kept = json.dumps({"code": draft, "base": 1})
    await site.page.evaluate(f"localStorage.setItem('perilune-draft:{function_id}', {kept!r})")
    await site.page.reload()

    await site.page.get_by_role("button", name="Draft").click()
    await send(site)

    await expect(response(site).locator(".badge").first).to_have_text("201")
    await expect(response(site).locator("pre")).to_have_text("draft")
    found = (await site.api.get(f"/api/functions/{function_id}")).json()
    assert found["active_version"]["version"] == 1
    listed = (await site.api.get(f"/api/functions/{function_id}/executions")).json()
    assert [one["trigger"] for one in listed["executions"]] == ["test"]


async def test_a_draft_that_fails_is_shown_with_its_line(site):
    function_id = await opened(site)
    kept = json.dumps({"code": "function handler()\n  error('no')\nend", "base": 1})
    await site.page.evaluate(f"localStorage.setItem('perilune-draft:{function_id}', {kept!r})")
    await site.page.reload()
    await site.page.get_by_role("button", name="Draft").click()

    await site.page.get_by_role("button", name="Send").click()

    await expect(site.page.get_by_role("link", name="Go to line 2")).to_be_visible()


async def test_the_schedule_is_simulated(site):
    code = "function handler(ctx, event) return { body = event.trigger .. event.method } end"
    await opened(site, code, cron_schedule="0 0 * * *", cron_status="paused")
    await site.page.get_by_role("button", name="Simulate the schedule").click()
    await expect(site.page.get_by_label("Method")).to_have_value("POST")

    await send(site)

    await expect(response(site).locator("pre")).to_have_text("cronPOST")


async def test_requests_are_remembered_per_function(site):
    await opened(site)
    await site.page.get_by_label("Path").fill("/first")
    await send(site)
    await site.page.get_by_role("button", name="Reset").click()
    await expect(site.page.get_by_label("Path")).to_have_value("")

    await site.page.get_by_role("button", name="Use again").first.click()
    await expect(site.page.get_by_label("Path")).to_have_value("/first")
    other = await site.create(ECHO, name="other")
    await site.open(f"/functions/{other}/test")
    await expect(site.page.get_by_role("heading", name="other")).to_be_visible()
    await expect(site.page.get_by_label("Path")).to_have_value("")


async def test_drafts_of_requests_are_restored_without_credentials(site):
    function_id = await opened(site)
    await site.page.get_by_label("Path").fill("/half")
    await site.page.get_by_label("Authorization", exact=True).select_option("bearer")
    await site.page.get_by_label("Token").fill("s3cret-token")
    await send(site)

    await site.page.reload()

    await expect(site.page.get_by_label("Path")).to_have_value("/half")
    await expect(site.page.get_by_label("Name of the header").last).to_have_value("Authorization")
    await expect(site.page.get_by_label("Value of the header").last).to_have_value("")
    kept = await site.page.evaluate("JSON.stringify({...localStorage})")
    assert "s3cret-token" not in kept and function_id in kept


async def test_requests_are_saved_under_a_name_used_and_forgotten(site):
    await opened(site)
    page = site.page
    await page.get_by_label("Path").fill("/orders")
    await page.get_by_role("button", name="Save this request").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_label("Name").fill("orders of today")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved as orders of today")).to_be_visible()
    await page.get_by_role("button", name="Reset").click()
    await page.reload()

    await page.get_by_role("button", name="Use orders of today").click()
    await expect(page.get_by_label("Path")).to_have_value("/orders")
    await page.get_by_role("button", name="Forget orders of today").click()

    await expect(page.get_by_text("orders of today", exact=True)).to_have_count(0)


async def test_the_form_is_sent_by_keyboard_and_can_be_broken_off(site):
    await opened(site, "function handler() while true do end end", timeout_s=60)
    await site.page.get_by_label("Path").focus()

    await site.page.keyboard.press("Control+Enter")
    await site.page.get_by_role("button", name="Cancel").click()

    await expect(site.page.get_by_role("button", name="Send")).to_be_enabled()
    await expect(site.page.get_by_text("Send the request to see")).to_be_visible()


async def test_a_form_is_sent_as_its_rows_say(site):
    await opened(site)
    page = site.page
    await request_with(site, "POST")
    await page.get_by_role("button", name="Form", exact=True).click()
    for name, value in (("name", "Ada & Bob"), ("city", "São Paulo")):
        await page.get_by_role("button", name="Add field").click()
        await page.get_by_label("Name of the field").last.fill(name)
        await page.get_by_label("Value of the field").last.fill(value)
    encoded = "name=Ada+%26+Bob&city=S%C3%A3o+Paulo"
    await expect(page.get_by_text(encoded, exact=True)).to_be_visible()

    await send(site)

    found = await answered(site)
    assert (found["body"], found["kind"]) == (encoded, "application/x-www-form-urlencoded")


async def test_a_file_is_sent_byte_for_byte(site):
    code = """
    function handler(ctx, event)
      return { headers = { ["X-Kind"] = event.headers["Content-Type"] }, body = event.body }
    end
    """
    await opened(site, code)
    await request_with(site, "PUT")
    await site.page.get_by_role("button", name="File", exact=True).click()
    await expect(site.page.get_by_text("No file: the body is empty")).to_be_visible()
    data = bytes(range(256))
    file = {"name": "all.png", "mimeType": "image/png", "buffer": data}

    await site.page.locator("input[type=file]").set_input_files([file])
    await expect(site.page.get_by_text("all.png · 256 B")).to_be_visible()
    await send(site)

    shown = response(site).locator("pre")
    await expect(shown).to_contain_text("000000f0  f0 f1 f2")
    await response(site).get_by_role("button", name="Base64").click()
    await expect(shown).to_have_text(base64.b64encode(data).decode())
    await response(site).get_by_role("button", name="Headers").click()
    await expect(response(site)).to_contain_text("image/png")


async def test_without_a_content_type_none_is_sent(site):
    await opened(site)
    await request_with(site, "POST", "x")
    await site.page.get_by_role("button", name="Remove header Content-Type").click()
    await expect(site.page.get_by_role("button", name="Add header")).to_be_focused()

    await send(site)

    assert "kind" not in await answered(site)


@pytest.mark.parametrize(
    ("name", "value", "text", "can_send"),
    [
        pytest.param("X Name", "x", "can't be the name of a header", False, id="name"),
        pytest.param("X-Name", "日本", "can't be sent in a header", False, id="value"),
        pytest.param("", "x", "has no name", False, id="nameless"),
        pytest.param("Cookie", "a=b", "Browsers let no page set", True, id="of-browsers"),
    ],
)
async def test_headers_that_cannot_be_sent_are_told(site, name, value, text, can_send):
    await opened(site)

    await add_header(site, name, value)

    await expect(site.page.get_by_text(text)).to_be_visible()
    is_wrong = await site.page.get_by_label("Name of the header").last.get_attribute("aria-invalid")
    assert (is_wrong == "true") != can_send
    button = site.page.get_by_role("button", name="Send")
    await (expect(button).to_be_enabled() if can_send else expect(button).to_be_disabled())


async def test_the_address_is_shown_as_it_is_sent(site):
    await opened(site)
    await site.page.get_by_label("Path").fill("/a b/#c/é")
    await site.page.get_by_label("Query").fill("q=x y#z")

    shown = await site.page.locator("output.address").inner_text()
    await send(site)

    assert shown.endswith("/a%20b/%23c/%C3%A9?q=x%20y%23z")
    found = await answered(site)
    assert (found["path"], found["query"]) == ("/a b/#c/é", {"q": "x y#z"})


async def test_basic_credentials_are_written_for_the_person(site):
    code = 'function handler(ctx, event) return { body = event.headers["Authorization"] } end'
    await opened(site, code)

    await site.page.get_by_label("Authorization", exact=True).select_option("basic")
    await site.page.get_by_label("User").fill("Zoë")
    await site.page.get_by_label("Password").fill("a:b")

    value = site.page.get_by_label("Value of the header").last
    expected = "Basic " + base64.b64encode("Zoë:a:b".encode()).decode()
    await expect(value).to_have_value(expected)
    await expect(site.page.get_by_label("Password")).to_have_value("a:b")
    await site.page.get_by_label("Authorization", exact=True).select_option("No authorization")
    await expect(site.page.get_by_label("Name of the header")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["standard", "github", "stripe"])
async def test_requests_are_signed_as_the_function_wants_it(site, scheme):
    settings = {"access": "signature", "signature_scheme": scheme}
    function_id = await opened(site, ECHO, **settings)
    path = f"/api/functions/{function_id}/signing-secrets"
    secret = (await site.api.post(path, json={})).json()["value"]
    await request_with(site, "POST", '{"name":"é"}')
    await expect(site.page.get_by_text("Calls of this function have to be signed")).to_be_visible()
    await send(site)
    await expect(response(site).locator(".badge").first).to_have_text("401")

    await site.page.get_by_label("Authorization", exact=True).select_option("signature")
    await site.page.get_by_label("Signing secret").fill(secret)
    for body in ('{"name":"é"}', '{"name":"changed"}'):
        await site.page.get_by_role("textbox", name="Body").fill(body)
        await site.page.get_by_role("button", name="Send").click()

        await expect(response(site).locator(".badge").first).to_have_text("200")
        await expect(response(site)).to_contain_text(json.loads(body)["name"])
    await expect(site.page.get_by_label("Name of the header")).not_to_have_count(1)


async def test_a_secret_that_can_sign_nothing_is_said_and_nothing_is_sent(site):
    function_id = await opened(site, ECHO, access="signature", signature_scheme="standard")
    await request_with(site, "POST", "{}")
    await site.page.get_by_label("Authorization", exact=True).select_option("signature")
    await site.page.get_by_label("Signing secret").fill("whsec_*")

    await site.page.get_by_role("button", name="Send").click()

    await expect(site.page.get_by_label("Signing secret")).to_have_attribute("aria-invalid", "true")
    await expect(response(site).locator(".badge")).to_have_count(0)
    listed = (await site.api.get(f"/api/functions/{function_id}/executions")).json()
    assert listed["pagination"]["total"] == 0


async def test_the_body_can_be_seen_as_it_came(site):
    code = (
        "function handler() return { headers = { ['Content-Type'] = 'application/json' }, "
        "body = '{\"a\":  1}' } end"
    )
    await opened(site, code)
    await send(site)
    await expect(response(site).locator("pre")).to_have_text('{\n  "a": 1\n}')
    await expect(response(site)).to_contain_text("9 B")

    await response(site).get_by_role("button", name="Raw").click()

    await expect(response(site).locator("pre")).to_have_text('{"a":  1}')


async def test_the_bench_of_a_disabled_function_says_so(site):
    await opened(site, disabled=True)

    await expect(site.page.get_by_text("The function is disabled")).to_be_visible()
