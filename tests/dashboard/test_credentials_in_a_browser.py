"""What a real browser makes of the session: where it sends it, and who may use it."""

import json

from tests.dashboard.conftest import KEY

ATTACK = """
function handler(ctx, event)
  local page = [[<!doctype html><title>running</title><script>
    const seen = { cookie: "", reads: "", writes: "" };
    const attempt = async (init) => {
      try {
        const answer = await fetch("/api/functions", { credentials: "include", ...init });
        return String(answer.status);
      } catch (error) {
        return error.name;
      }
    };
    (async () => {
      try { seen.cookie = document.cookie; } catch (error) { seen.cookie = error.name; }
      seen.reads = await attempt({});
      const body = JSON.stringify({ name: "planted", code: "x" });
      seen.simple = await attempt({ method: "POST", body, mode: "no-cors" });
      seen.writes = await attempt({
        method: "POST", body, headers: { "X-Requested-With": "x" },
      });
      document.title = JSON.stringify(seen);
    })();
  </script>]]
  return {
    statusCode = 200,
    headers = { ["Content-Type"] = "text/html" },
    body = page .. "<p id=cookie>" .. tostring(event.headers.Cookie) .. "</p>",
  }
end
"""


async def test_kd_02_kd_03_a_page_of_a_function_gets_nothing_out_of_the_session(site):
    function_id = await site.create(ATTACK)
    await site.sign_in()

    await site.page.goto(f"{site.url}/fn/{function_id}")
    await site.page.wait_for_function("document.title.startsWith('{')")

    seen = json.loads(await site.page.title())
    assert await site.page.locator("#cookie").inner_text() == "nil", "the cookie was not sent"
    assert seen["cookie"] == "SecurityError"
    assert seen["reads"] == seen["writes"] == "TypeError", "refused by the browser"
    assert all("blocked by CORS policy" in one for one in site.problems)
    site.problems.clear()
    listed = (await site.api.get("/api/functions")).json()["functions"]
    assert [one["id"] for one in listed] == [function_id], "nothing was planted"


async def test_kd_03_a_page_of_our_own_may_use_the_session(site):
    """The proof that changes need is one that browsers really give."""
    await site.sign_in()

    statuses = await site.page.evaluate(
        """async () => {
          const body = JSON.stringify({ name: "made", code: "function handler() end" });
          const send = (headers) => fetch("/api/functions", { method: "POST", body, headers });
          const own = await send({ "X-Requested-With": "x" });
          const bare = await send({});
          return [own.status, bare.status, document.cookie];
        }"""
    )

    assert statuses == [200, 403, ""]
    cookies = await site.page.context.cookies(f"{site.url}/api/functions")
    assert [(one["name"], one["path"], one["httpOnly"]) for one in cookies] == [
        ("auth_token", "/api", True)
    ]
    assert await site.page.context.cookies(f"{site.url}/fn/x") == []


FILL = """
function handler(ctx, event)
  local n, path = tonumber(event.query.n), event.query.path
  local cookies = {}
  for i = 1, tonumber(event.query.cookies) do
    cookies[i] = ("c%d_%d=%s; Max-Age=34560000; Priority=High; Path=%s"):format(
      n, i, ("x"):rep(tonumber(event.query.size)), path)
  end
  local headers = { ["Set-Cookie"] = cookies, ["Content-Type"] = "text/html" }
  if n == 1 then return { headers = headers, body = "<title>done</title>" } end
  local rest = event.rawQuery:gsub("^n=%d+", "n=" .. (n - 1))
  headers.Location = event.path .. "?" .. rest
  return { statusCode = 302, headers = headers }
end
"""


async def test_kd_03_cookies_of_a_function_neither_push_out_the_session_nor_block_the_api(site):
    function_id = await site.create(FILL)
    await site.sign_in()
    # Once more by the browser itself, which takes the cookie with all its attributes.
    login = "(apiKey) => fetch('/api/auth/login', {method: 'POST', body: JSON.stringify({apiKey})})"
    await site.page.evaluate(login, KEY)

    for query in (
        "n=5&cookies=60&size=1&path=/api",
        "n=15&cookies=20&size=1&path=/fn",
        "n=2&cookies=40&size=3900&path=/api",
    ):
        await site.page.goto(f"{site.url}/fn/{function_id}?{query}")
        await site.page.wait_for_function("document.title === 'done'")

    stored = await site.page.context.cookies([site.url + "/api/x", f"{site.url}/fn/{function_id}"])
    assert len(stored) > 100, "the function has cookies"
    assert {one["path"] for one in stored} == {"/api", f"/fn/{function_id}"}
    await site.page.goto(site.url)
    status = await site.page.evaluate("fetch('/api/auth/me').then((answer) => answer.status)")
    assert status == 200
    on_api = await site.page.context.cookies(site.url + "/api/x")
    assert [one["name"] for one in on_api] == ["auth_token"]
