"""The test screen: what it shows is what it sends, and what comes back is what it shows."""

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
    ("status", "tone"), [(201, "good"), (204, "good"), (404, "warn"), (500, "bad")]
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

    await site.page.get_by_role("button", name="Use again").click()
    await expect(site.page.get_by_label("Path")).to_have_value("/first")
    other = await site.create(ECHO, name="other")
    await site.open(f"/functions/{other}/test")
    await expect(site.page.get_by_role("heading", name="other")).to_be_visible()
    await expect(site.page.get_by_label("Path")).to_have_value("")


@pytest.mark.parametrize(
    ("language", "body", "part"),
    [
        ("curl", "it's", r"""--data-binary 'it'\''s'"""),
        ("javascript", 'two\nlines "x"', r'body: "two\nlines \"x\"",'),
        ("python", '{"a":1}', r'data="{\"a\":1}".encode(),'),
        ("go", "back`quote", 'strings.NewReader("back`quote")'),
    ],
)
async def test_kd_191_examples_send_what_is_shown(site, language, body, part):
    await opened(site)
    await site.page.get_by_label("Method").select_option("POST")
    await site.page.get_by_role("textbox", name="Body").fill(body)

    await site.page.get_by_label("Language of the example").select_option(language)

    example = site.page.get_by_label("Code examples", exact=True)
    await expect(example).to_contain_text(part)
    await expect(example).to_contain_text("application/json")
