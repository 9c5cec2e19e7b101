"""What calls of language models have cost, by prices that somebody has entered."""

import json

import pytest
from playwright.async_api import expect

from tests.dashboard.test_executions import card
from tests.dashboard.test_screens import wrong
from tests.upstream.ai_provider import open_ai_provider

ASKING = """
function handler(ctx, event)
  email.send({ from = "a@example.org", to = "somebody@example.org", subject = "Hello",
    text = "hi" })
  for _, model in ipairs({ "gpt-small", "gpt-large" }) do
    ai.chat({ provider = "openai", model = model,
      messages = { { role = "user", content = "hi" } } })
  end
  return { body = "x" }
end
"""
KEPT = "localStorage.getItem('perilune-ai-prices')"


async def asked(site) -> str:
    """Execute a function that asks two models; return the id of the execution."""
    async with open_ai_provider() as ai:
        function_id = await site.create(ASKING)
        variables = {"OPENAI_API_KEY": "sk-test-secret", "OPENAI_ENDPOINT": f"{ai.url}/v1"}
        await site.api.put(f"/api/functions/{function_id}/env", json={"env_vars": variables})
        answer = await site.api.get(f"/fn/{function_id}")
    return answer.headers["x-execution-id"]


async def test_costs_are_estimated_by_the_prices_of_this_browser_and_never_guessed(site):
    execution_id = await asked(site)
    await site.sign_in(f"/executions/{execution_id}")
    calls = card(site, "AI requests")
    await expect(calls).to_contain_text("2 API calls")
    await expect(calls.get_by_text("≈")).to_have_count(0)
    await calls.get_by_role("button", name="Prices").click()
    dialog = site.page.get_by_role("dialog")
    small = dialog.get_by_role("group", name="openai/gpt-small")
    await small.get_by_label("Input").fill("3")
    await expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    await small.get_by_label("Output").fill("fifteen")
    await expect(small.get_by_label("Output")).to_have_attribute("aria-invalid", "true")
    await small.get_by_label("Output").fill("15,0")
    await small.get_by_label("Output").press("Enter")

    # 11 tokens in, 7 out.
    first = calls.get_by_role("listitem").first
    await expect(first.get_by_text("≈ $0.000138")).to_be_visible()
    await expect(calls.get_by_role("heading").locator("..")).to_contain_text(
        "2 API calls · ≈ $0.000138 · 1 without a price"
    )
    await expect(calls.get_by_role("listitem").last.get_by_text("≈")).to_have_count(0)
    await site.page.reload()
    await expect(first.get_by_text("≈ $0.000138")).to_be_visible()


async def test_old_prices_are_said_to_be_old_and_can_be_taken_back(site):
    execution_id = await asked(site)
    await site.sign_in("/overview")
    price = {"input": 1, "output": 1, "entered": 1_600_000_000}
    broken = {"input": "x", "output": 1, "entered": 1}
    models = {"openai/gpt-small": price, "openai/gpt-large": broken}
    text = json.dumps({"currency": "EUR", "models": models})
    await site.page.evaluate(f"localStorage.setItem('perilune-ai-prices', {json.dumps(text)})")
    await site.page.reload()
    await site.open(f"/executions/{execution_id}")
    calls = card(site, "AI requests")
    cost = calls.get_by_role("listitem").first.get_by_text("≈ €0.000018")
    await expect(cost).to_have_attribute(
        "title", "Price of Sep 13, 2020: look it up again, it may have changed"
    )

    await calls.get_by_role("button", name="Prices").click()
    small = site.page.get_by_role("dialog").get_by_role("group", name="openai/gpt-small")
    await small.get_by_label("Input").fill("")
    await small.get_by_label("Output").fill("")
    await site.page.get_by_role("dialog").get_by_role("button", name="Save").click()

    await expect(calls.get_by_text("≈")).to_have_count(0)
    assert await site.page.evaluate(KEPT) is None


@pytest.mark.soak
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_requests_and_prices_are_accessible_and_fit_a_phone(site, theme):
    execution_id = await asked(site)
    await site.page.emulate_media(color_scheme=theme)
    await site.sign_in(f"/executions/{execution_id}")
    for title in ("AI requests", "E-mails"):
        await card(site, title).get_by_role("button", name="Details").first.click()
    problems = {"requests": await wrong(site)}
    await site.picture(f"{theme}/execution-requests")
    await card(site, "AI requests").get_by_role("button", name="Prices").click()
    await site.page.get_by_role("dialog").wait_for()
    problems["prices"] = await wrong(site)
    await site.picture(f"{theme}/dialog-prices")
    await site.page.keyboard.press("Escape")

    await site.page.set_viewport_size({"width": 390, "height": 844})
    await site.picture("phone/execution-requests")

    assert await site.page.evaluate("document.documentElement.scrollWidth") == 390
    assert {name: found for name, found in problems.items() if found} == {}
