"""Long lists and long logs stay responsive."""

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER

LONGEST_FRAME_MS = 100
LOGGING = """
function handler()
  for number = 1, 9999 do log.info("line " .. number) end
  return { statusCode = 200, body = "x" }
end
"""
FRAMES = """
(() => {
  const frames = [];
  let before = performance.now();
  const note = (now) => {
    frames.push(now - before);
    before = now;
    window.watching = requestAnimationFrame(note);
  };
  window.frames_ = frames;
  window.watching = requestAnimationFrame(note);
})()
"""


async def longest_frame_ms(site: Site, steps: int) -> float:
    """Scroll by wheel where the mouse is; return the longest time between two frames."""
    await site.page.evaluate(FRAMES)
    for step in range(steps):
        await site.page.mouse.wheel(0, 400 if step < steps * 3 / 4 else -400)
    found = await site.page.evaluate("cancelAnimationFrame(window.watching), window.frames_")
    assert len(found) > steps / 4, "frames were drawn meanwhile"
    return max(found[1:])


@pytest.mark.soak
async def test_a_list_of_a_thousand_functions_stays_responsive(site):
    for number in range(1000):
        await site.create(GREETER, name=f"function-{number:04}")
    await site.sign_in("/functions?limit=100&sort=name")
    await site.page.get_by_role("link", name="function-0000", exact=True).wait_for()
    await site.page.mouse.move(600, 400)

    assert await longest_frame_ms(site, 40) < LONGEST_FRAME_MS
    await site.page.get_by_label("Search functions").fill("function-0999")
    await expect(site.page.get_by_role("link", name="function-0999")).to_be_visible()


@pytest.mark.soak
async def test_an_execution_with_ten_thousand_lines_stays_responsive(site):
    function_id = await site.create(LOGGING)
    answer = await site.api.get(f"/fn/{function_id}")
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    await site.sign_in(f"/executions/{answer.headers['x-execution-id']}")
    log = site.page.get_by_role("log")
    await expect(site.page.get_by_text("9,999 lines")).to_be_visible()
    assert sum("/logs?" in url for url in asked) == 10
    assert await log.locator(".log-line").count() < 100, "only what can be seen is drawn"

    await log.scroll_into_view_if_needed()
    await log.hover()
    assert await longest_frame_ms(site, 60) < LONGEST_FRAME_MS

    await log.evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    await expect(log.get_by_text("line 9999", exact=True)).to_be_visible()
    # All of it is here: it can be searched with the network gone.
    await site.page.context.set_offline(True)
    await site.page.get_by_label("Search the log").fill("line 5000")
    await expect(log.locator(".log-line")).to_have_count(1)
