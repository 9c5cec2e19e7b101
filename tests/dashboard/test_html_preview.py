"""The preview of HTML that a function answered (KD-23)."""

from playwright.async_api import Request

PAGE = """
function handler(ctx, event)
  return {
    statusCode = 200,
    headers = { ["Content-Type"] = "text/html" },
    body = [[<p id="shown">shown</p>
      <img src="/llms.txt?image"><link rel="stylesheet" href="/llms.txt?style">
      <iframe src="/llms.txt?frame"></iframe>
      <script>document.getElementById("shown").textContent = "changed";
        fetch("/llms.txt?script");</script>
      <form action="/llms.txt" id="form"><input name="form" value="1">
        <button>send</button></form>]],
  }
end
"""


async def test_kd_23_it_runs_nothing_loads_nothing_and_has_no_origin(site):
    function_id = await site.create(PAGE, save_response=True)
    called = await site.api.get(f"/fn/{function_id}")
    asked: list[Request] = []
    site.page.on("request", lambda request: asked.append(request))

    await site.sign_in(f"/executions/{called.headers['x-execution-id']}")
    preview = site.page.frame_locator("iframe.preview")
    await preview.locator("#shown").wait_for()
    await preview.get_by_role("button", name="send").click()
    await site.page.wait_for_load_state("networkidle")

    frame = site.page.locator("iframe.preview")
    assert await frame.get_attribute("sandbox") == ""
    assert await frame.get_attribute("referrerpolicy") == "no-referrer"
    assert await preview.locator("#shown").inner_text() == "shown"
    # Some browsers report what they refuse as a request, and that the page's policy ended it.
    loaded = [one.url for one in asked if "llms.txt" in one.url and one.failure != "csp"]
    assert loaded == []
    # What the browser refused, it says.
    assert site.problems and all("lock" in one or "iolat" in one for one in site.problems)
    site.problems.clear()
