"""Lists of executions, and one execution with everything it left behind."""

import asyncio
import json
import re
import sqlite3

import pytest
from playwright.async_api import Locator, expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import FAILING, GREETER
from tests.upstream.ai_provider import open_ai_provider
from tests.upstream.resend import open_resend

ANSWERING = """
function handler(ctx, event)
  return { statusCode = 200, headers = { ["Content-Type"] = "%s" }, body = [[%s]] }
end
"""
WAITING = """
function handler(ctx, event)
  log.info("begun")
  while not kv.get("go") do time.sleep(20) end
  log.info("ended")
  return { body = "x" }
end
"""
ASKING = """
function handler(ctx, event)
  ai.chat({ provider = "openai", model = "gpt-small",
    messages = { { role = "user", content = "hi" } } })
  ai.chat({ provider = "anthropic", model = "claude-x",
    messages = { { role = "user", content = "hi" } } })
  email.send({ from = "a@example.org", to = { "b@example.org", "c@example.org" },
    subject = "Greetings", html = "<b>hi</b>", text = "hi" })
  return { body = "x" }
end
"""
STREAMS = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(...given) {
    super(...given);
    streams.push(this);
  }
};
"""


async def run(site: Site, code: str, name: str = "quotes", **settings) -> tuple[str, str]:
    """Create a function and call it; return its id and that of the execution."""
    function_id = await site.create(code, name=name, **settings)
    answer = await site.api.post(f"/fn/{function_id}/there?a=1", content="in")
    return function_id, answer.headers["x-execution-id"]


async def opened(site: Site, execution_id: str) -> None:
    await site.sign_in(f"/executions/{execution_id}")
    await site.page.get_by_role("heading", name="Execution", exact=True).wait_for()


def card(site: Site, title: str) -> Locator:
    heading = site.page.get_by_role("heading", name=re.compile(f"^{title}"), level=2)
    return site.page.locator("section.card").filter(has=heading)


def change(site: Site, statement: str, *values: str) -> None:
    """Write into the database what no version of the server would."""
    path = next(site.server.settings.data_dir.glob("*.db"))
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


async def test_an_error_is_shown_with_its_frame_and_leads_to_its_line(site):
    _, execution_id = await run(site, FAILING)
    await opened(site, execution_id)
    error = card(site, "Error")
    await expect(error).to_contain_text("Error at line 3")
    await expect(error.locator(".frame-line.failed")).to_contain_text("event.user.name")
    await expect(error.locator(".note")).to_be_visible()
    assert "[CODE]" not in await error.inner_text()
    assert "[CODE]" not in await card(site, "Log").inner_text()

    await error.get_by_role("link", name="Go to line 3").click()

    await expect(site.page.locator(".cm-activeLine")).to_contain_text("event.user.name")


async def test_json_is_shown_in_order_and_the_event_is_whole(site):
    code = ANSWERING % ("application/json", '{"b":1,"a":[true,null]}')
    _, execution_id = await run(site, code, save_response=True)

    await opened(site, execution_id)

    body = card(site, "Response").get_by_label("Body", exact=True)
    await expect(body).to_have_text('{\n  "b": 1,\n  "a": [\n    true,\n    null\n  ]\n}')
    event = json.loads(await card(site, "Event").locator("pre").inner_text())
    assert (event["method"], event["body"], event["query"]) == ("POST", "in", {"a": "1"})


async def test_without_a_stored_response_it_says_why(site):
    _, execution_id = await run(site, GREETER)

    await opened(site, execution_id)

    await expect(card(site, "Response")).to_contain_text("No response was stored")


async def test_calls_of_models_and_mails_are_shown_in_full(site):
    async with open_ai_provider() as ai, open_resend() as mail:
        function_id = await site.create(ASKING)
        variables = {
            "OPENAI_API_KEY": "sk-test-secret",
            "OPENAI_ENDPOINT": f"{ai.url}/v1",
            "RESEND_API_KEY": "re_test_secret",
            "RESEND_BASE_URL": mail.url,
        }
        await site.api.put(f"/api/functions/{function_id}/env", json={"env_vars": variables})
        answer = await site.api.get(f"/fn/{function_id}")
    await opened(site, answer.headers["x-execution-id"])
    asked, sent = card(site, "AI requests"), card(site, "E-mails")
    await expect(asked).to_contain_text("2 API calls")
    first, second = (asked.get_by_role("listitem").nth(at) for at in range(2))
    await expect(first).to_contain_text("11 in / 7 out")
    await expect(second).to_contain_text("Error")

    await first.get_by_role("button", name="Details").click()
    await expect(first.get_by_label("Response", exact=True)).to_contain_text("gpt-small-2025")
    await second.get_by_role("button", name="Details").click()
    await expect(second.locator(".note.bad")).to_contain_text("ANTHROPIC_API_KEY")

    await expect(sent).to_contain_text("b@example.org (+1)")
    await expect(sent).to_contain_text("HTML + Text")
    await sent.get_by_role("button", name="Details").click()
    await expect(sent).to_contain_text("email_fake_123")
    assert "secret" not in (await site.page.content()).replace("Secrets were replaced", "").lower()


async def test_kd_182_an_execution_that_goes_on_is_followed_to_its_end(site):
    function_id = await site.create(WAITING)
    await site.sign_in(f"/functions/{function_id}/executions")
    await site.page.get_by_text("No executions yet").wait_for()
    await site.page.evaluate(f"void fetch('/fn/{function_id}', {{ credentials: 'omit' }})")
    # The list says by itself that something began.
    await expect(site.page.get_by_role("row").nth(1)).to_contain_text("Running")
    await site.page.get_by_role("row").nth(1).get_by_role("link").first.click()
    head = site.page.locator(".screen-title")
    await expect(head).to_contain_text("Running")
    await expect(card(site, "Log")).to_contain_text("begun")

    await site.api.put(f"/api/functions/{function_id}/kv/go", json={"value": "1"})

    await expect(head).to_contain_text("Success")
    await expect(card(site, "Log")).to_contain_text("ended")


async def test_kd_185_an_unreadable_record_is_shown_as_text(site):
    _, execution_id = await run(site, GREETER, save_response=True)
    change(
        site,
        "update executions set event_json = ?, response_json = ? where id = ?",
        '{"method": "GE',
        "{broken",
        execution_id,
    )

    await opened(site, execution_id)

    await expect(card(site, "Event").locator("pre")).to_have_text('{"method": "GE')
    await expect(card(site, "Response").locator("pre")).to_have_text("{broken")
    await expect(card(site, "Log")).to_contain_text("greeting world")


async def test_kd_185_an_execution_is_shown_without_its_function(site):
    _, execution_id = await run(site, GREETER)
    await site.page.route("**/api/functions/*", lambda route: route.fulfill(status=404, json={}))

    await opened(site, execution_id)

    await expect(card(site, "Log")).to_contain_text("greeting world")


async def test_the_same_event_is_run_again(site):
    function_id, execution_id = await run(site, GREETER)
    await opened(site, execution_id)

    await site.page.get_by_role("button", name="Run again").click()

    await expect(site.page.get_by_text("Run again with the same event")).to_be_visible()
    await expect(site.page.locator(".screen-title")).to_contain_text("Replay")
    assert execution_id not in site.page.url
    listed = (await site.api.get(f"/api/functions/{function_id}/executions")).json()["executions"]
    assert [one["trigger"] for one in listed] == ["replay", "http"]


async def test_the_version_that_ran_is_compared_with_the_active_one(site):
    function_id, execution_id = await run(site, GREETER)
    await site.api.put(f"/api/functions/{function_id}", json={"code": FAILING})
    await opened(site, execution_id)

    await site.page.get_by_role("link", name="Compare with active").click()

    await expect(site.page).to_have_url(re.compile("/diff/1/2$"))


async def test_the_event_is_taken_over_into_the_test_screen(site):
    _, execution_id = await run(site, GREETER)
    await opened(site, execution_id)

    await site.page.get_by_role("link", name="Open in test").click()

    await expect(site.page.get_by_label("Method")).to_have_value("POST")
    await expect(site.page.get_by_label("Path")).to_have_value("/there")
    await expect(site.page.get_by_label("Query")).to_have_value("a=1")
    await expect(site.page.get_by_role("textbox", name="Body")).to_have_value("in")


async def test_logs_are_searched_and_filtered(site):
    code = """function handler()
      log.info("one") log.warn("two") log.error("three") log.debug("four") return {} end"""
    _, execution_id = await run(site, code)
    await opened(site, execution_id)
    lines = card(site, "Log").locator(".log-line")
    await expect(lines).to_have_count(4)

    await card(site, "Log").get_by_label("Level").select_option("warn")
    await expect(lines).to_have_count(1)
    await card(site, "Log").get_by_label("Level").select_option("")
    await card(site, "Log").get_by_label("Search the log").fill("THR")
    await expect(lines).to_have_count(1)
    await expect(lines).to_contain_text("three")


async def test_executions_are_filtered_and_the_filter_is_in_the_address(site):
    function_id, _ = await run(site, FAILING)
    await site.api.put(f"/api/functions/{function_id}", json={"code": GREETER})
    await site.api.get(f"/fn/{function_id}")
    await site.sign_in(f"/functions/{function_id}/executions")
    rows = site.page.locator(".table tbody tr")
    await expect(rows).to_have_count(2)

    await site.page.get_by_label("Status").select_option("error")
    await expect(rows).to_have_count(1)
    await expect(site.page).to_have_url(re.compile("status=error"))
    await site.page.reload()
    await expect(rows).to_have_count(1)
    await site.page.get_by_label("Status").select_option("")
    await expect(rows).to_have_count(2)
    await site.page.get_by_label("Version").fill("2")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Success")


async def test_the_last_day_of_a_function_is_drawn(site):
    function_id, _ = await run(site, FAILING)

    await site.sign_in(f"/functions/{function_id}/executions")

    chart = site.page.get_by_role("img", name="1 execution, 1 of them failed")
    await expect(chart.locator("canvas")).to_be_visible()


async def test_executions_are_listed_with_the_names_of_their_functions(site):
    function_id = await site.create(GREETER, name="the-first-of-many")
    await site.api.get(f"/fn/{function_id}")
    calls = (site.create(GREETER, name=f"later-{number}") for number in range(101))
    await asyncio.gather(*calls)

    await site.sign_in("/executions")

    await expect(site.page.locator(".table tbody tr")).to_contain_text("the-first-of-many")


async def test_kd_185_one_broken_request_leaves_the_rest_of_the_page(site):
    _, execution_id = await run(site, GREETER)
    pagination = {"total": 1, "limit": 20, "offset": 0}
    no_list = {"ai_requests": None, "pagination": pagination}
    no_recipients = {"email_requests": [{"id": "a", "to": None}], "pagination": pagination}
    await site.page.route("**/ai-requests?*", lambda route: route.fulfill(json=no_list))
    await site.page.route("**/email-requests?*", lambda route: route.fulfill(json=no_recipients))

    await opened(site, execution_id)

    await expect(site.page.get_by_text("This part can't be shown")).to_be_visible()
    await expect(card(site, "E-mails").get_by_role("listitem")).to_have_count(1)
    await expect(card(site, "Log")).to_contain_text("greeting world")


async def test_executions_are_deleted_from_their_list_and_where_they_are_shown(site):
    function_id, first = await run(site, GREETER)
    second = (await site.api.get(f"/fn/{function_id}")).headers["x-execution-id"]
    await site.sign_in(f"/functions/{function_id}/executions")
    rows = site.page.locator(".table tbody tr")
    await expect(rows).to_have_count(2)
    dialog = site.page.get_by_role("dialog")

    await site.page.get_by_role("button", name=f"Delete execution {first}").click()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(rows).to_have_count(2)
    await site.page.get_by_role("button", name=f"Delete execution {first}").click()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(rows).to_have_count(1)
    await rows.get_by_role("link", name=second).click()
    await site.page.get_by_role("button", name="Delete this execution").click()
    await dialog.get_by_role("button", name="Delete").click()

    await expect(site.page.get_by_text("No executions yet")).to_be_visible()
    assert (await site.api.get("/api/executions")).json()["executions"] == []


async def test_an_error_leads_to_the_line_in_the_version_that_failed(site):
    function_id, execution_id = await run(site, FAILING)
    await site.api.put(f"/api/functions/{function_id}", json={"code": GREETER})
    await opened(site, execution_id)

    version = site.page.locator(".screen-title").get_by_role("link", name="v1")
    await expect(version).to_have_attribute("href", f"#!/functions/{function_id}?version=1")

    await card(site, "Error").get_by_role("link", name="Go to line 3").click()

    await expect(site.page).to_have_url(re.compile("version=1&line=3"))
    await expect(site.page.locator(".cm-activeLine")).to_contain_text("event.user.name")


async def test_the_list_of_all_executions_is_live(site):
    function_id = await site.create(GREETER)
    await site.sign_in("/executions")
    await expect(site.page.get_by_text("Live")).to_be_visible()

    await site.api.get(f"/fn/{function_id}")

    await expect(site.page.locator(".table tbody tr")).to_have_count(1)
    await expect(site.page.locator(".table tbody tr")).to_contain_text("Success")


async def test_a_list_loads_again_when_the_server_is_back(site):
    function_id = await site.create(GREETER)
    await site.sign_in()
    await site.page.context.set_offline(True)
    await site.open("/executions?since=24h")
    await expect(site.page.get_by_role("heading", name="Loading failed")).to_be_visible()

    await site.page.context.set_offline(False)

    await expect(site.page.get_by_text("No execution matches")).to_be_visible()
    await expect(site.page.get_by_text("Loading failed")).to_have_count(0)
    await site.api.get(f"/fn/{function_id}")
    await expect(site.page.get_by_role("row", name="quotes")).to_be_visible()


async def test_a_stream_that_comes_back_shows_what_was_missed(site):
    await site.create(GREETER)
    await site.page.add_init_script(STREAMS)
    await site.sign_in("/executions")
    live = site.page.get_by_text("Live", exact=True)
    await expect(live).to_be_visible()

    await site.page.evaluate("streams.at(-1).dispatchEvent(new Event('error'))")
    await expect(live).to_be_hidden()
    asked = site.page.expect_request(re.compile(r"/api/executions\?"))
    async with asked:
        await site.page.evaluate("streams.at(-1).dispatchEvent(new Event('open'))")

    await expect(live).to_be_visible()


async def test_a_list_that_could_not_be_loaded_again_is_dimmed(site):
    _, execution_id = await run(site, GREETER)
    await site.sign_in("/executions")
    row = site.page.get_by_role("row", name=execution_id)
    await row.wait_for()
    await site.page.clock.install()
    opacity = (
        "(row) => { let least = 1; for (let one = row; one; one = one.parentElement)"
        " least = Math.min(least, Number(getComputedStyle(one).opacity)); return least; }"
    )
    assert await row.evaluate(opacity) == 1

    await site.page.context.set_offline(True)
    await site.page.get_by_label("Status").select_option("Error")
    await expect(site.page.locator(".stale")).to_have_count(1)

    assert await row.evaluate(opacity) < 1
    await site.page.context.set_offline(False)
    await site.page.clock.fast_forward(3_000)  # when it asks again whether the server is there
    await expect(row).to_have_count(0)
    await expect(site.page.locator(".stale")).to_have_count(0)


async def test_a_filter_without_a_match_counts_none_and_unknown_words_are_no_filter(site):
    _, execution_id = await run(site, GREETER)
    await site.sign_in("/executions?q=nothing-has-this")
    await site.page.get_by_role("heading", name="No execution matches").wait_for()
    subtitle = site.page.locator(".card-head").first
    await expect(subtitle).to_contain_text("0 executions")
    await expect(subtitle).not_to_contain_text("≥")

    await site.open("/executions?status=bogus&trigger=x&since=ever&version=1.5")

    await expect(site.page.get_by_role("row", name=execution_id)).to_be_visible()
    await expect(site.page.get_by_label("Status")).to_have_value("")
    await expect(site.page.get_by_text("Loading failed")).to_have_count(0)


@pytest.mark.parametrize(
    ("place", "back"),
    [
        ("/functions/nope", "/functions"),
        ("/functions/nope/settings", "/functions"),
        ("/executions/nope", "/executions"),
        ("/nothing", "/"),
    ],
)
async def test_what_is_not_there_has_a_heading_and_a_way_back(site, place, back):
    await site.sign_in(place)

    await expect(site.page.get_by_role("heading", level=1)).to_be_visible()
    link = site.page.get_by_role("main").get_by_role("link")
    await expect(link).to_have_attribute("href", f"#!{back}")


async def test_a_function_that_failed_did_not_answer_whatever_is_saved(site):
    _, failed = await run(site, FAILING, save_response=True)
    await opened(site, failed)

    await expect(card(site, "Response")).to_contain_text("The function did not answer.")
    await expect(card(site, "Response")).not_to_contain_text("Save responses")
