"""One test per defect of the predecessor in who may do what; KD-nn names it.

Details are tested beside the code; here stands that the defect is not there.
"""

import logging
import re
import stat
from pathlib import Path

import httpx
import pytest

from perilune.api import KEY_FILE, UnusableKeyError, load_api_key
from tests.api.conftest import KEY, open_site
from tests.store.helpers import rows

ROOT = Path(__file__).parents[2]
PUBLIC_PATHS = (
    "/",
    "/docs",
    "/docs/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/llms.txt",
    "/nope",
)


async def log_in(client: httpx.AsyncClient, **more) -> httpx.Response:
    answer = await client.post("/api/auth/login", json={"apiKey": KEY}, **more)
    assert answer.status_code == 200
    return answer


async def test_kd_01_the_cookie_is_a_session_that_can_be_ended(site, stranger, tmp_path):
    login = await log_in(stranger)
    cookie = login.headers["set-cookie"]
    token = login.cookies["auth_token"]
    assert (await stranger.get("/api/functions")).status_code == 200
    stored = rows(tmp_path / "data" / "lunar.db", "SELECT * FROM sessions")

    await stranger.post("/api/auth/logout")

    kept = await stranger.get("/api/functions", headers={"Cookie": f"auth_token={token}"})
    key = await stranger.get("/api/functions", headers={"Cookie": f"auth_token={KEY}"})
    assert KEY not in cookie and len(token) * 6 >= 128
    assert token not in repr(stored) and KEY not in repr(stored) and len(stored) == 1
    assert (kept.status_code, key.status_code) == (401, 401)


@pytest.mark.parametrize(
    ("settings", "headers", "secure"),
    [
        pytest.param({}, {}, False, id="plain"),
        pytest.param({"base_url": "https://example.org"}, {}, True, id="base URL"),
        pytest.param(
            {"trusted_proxies": ("127.0.0.1",)}, {"X-Forwarded-Proto": "https"}, True, id="proxy"
        ),
        pytest.param({}, {"X-Forwarded-Proto": "https"}, False, id="anybody's word"),
    ],
)
async def test_kd_01_the_cookie_is_secure_where_it_can_be(tmp_path, settings, headers, secure):
    async with open_site(tmp_path, **settings) as site:
        login = await log_in(site.client, headers=headers)

    assert login.headers["set-cookie"].endswith("; Secure") is secure


async def test_kd_02_no_function_gets_a_credential(site, stranger):
    login = await log_in(stranger)
    made = await site.client.post("/api/tokens", json={"name": "t", "scopes": ["invoke"]})
    session, token = login.cookies["auth_token"], made.json()["token"]
    function_id = await site.answering()

    await stranger.get(f"/fn/{function_id}")
    assert "Cookie" not in site.runtime.event.headers, "its path keeps the cookie away"
    for credential in (KEY, token):
        await stranger.get(
            f"/fn/{function_id}",
            headers={
                "Cookie": f"theme=dark; auth_token={session}; lang=en",
                "Authorization": f"Bearer {credential}",
            },
        )

        event = site.runtime.event
        assert "Authorization" not in event.headers
        assert event.headers["Cookie"] == "theme=dark; lang=en"
        assert session not in repr(event) and credential not in repr(event)
    await stranger.get(f"/fn/{function_id}", headers={"Authorization": "Bearer its-own"})
    assert site.runtime.event.headers["Authorization"] == "Bearer its-own"


async def test_kd_03_a_foreign_page_changes_nothing(site, stranger):
    await log_in(stranger)
    own = {"X-Requested-With": "x", "Sec-Fetch-Site": "same-origin"}
    body = {"name": "n", "code": "c"}

    refused = [
        (await stranger.post("/api/functions", json=body, headers=headers)).status_code
        for headers in (
            {},
            {"Sec-Fetch-Site": "same-origin"},
            own | {"Sec-Fetch-Site": "same-site"},
            {"X-Requested-With": "x", "Origin": "null"},
            {"X-Requested-With": "x", "Origin": "https://evil.example"},
        )
    ]

    assert set(refused) == {403}
    assert (await site.client.get("/api/functions")).json()["functions"] == []
    assert (await stranger.post("/api/functions", json=body, headers=own)).status_code == 200


async def test_kd_03_a_function_can_neither_set_nor_use_the_session(site, stranger):
    function_id = await site.answering(
        headers={"Set-Cookie": "auth_token=fixed; Path=/", "Content-Type": "text/html"},
        body="<script>fetch('/api/functions')</script>",
    )

    answer = await stranger.get(f"/fn/{function_id}")

    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"] == "sandbox allow-scripts allow-forms"


async def test_kd_03_functions_can_have_an_origin_of_their_own(tmp_path):
    async with open_site(tmp_path, function_host="fn.example.org") as site:
        function_id = await site.answering()
        there = {"Host": "fn.example.org"}

        statuses = [
            (await site.client.get(path, headers=headers)).status_code
            for path, headers in (
                (f"/fn/{function_id}", there),
                ("/api/functions", there),
                ("/", there),
                (f"/fn/{function_id}", {}),
                ("/api/functions", {}),
            )
        ]

    assert statuses == [200, 404, 404, 404, 200]


@pytest.mark.parametrize("content", ["", "\n", "short-key"])
async def test_kd_04_a_key_file_without_a_key_opens_nothing(tmp_path, content):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / KEY_FILE).write_text(content)

    with pytest.raises(UnusableKeyError, match="at least 16 are needed; `perilune key rotate`"):
        async with open_site(tmp_path, api_key=""):
            pass


async def test_kd_04_empty_input_is_no_credential(stranger):
    for headers in ({"Cookie": "auth_token="}, {"Authorization": "Bearer"}, {"Authorization": ""}):
        assert (await stranger.get("/api/functions", headers=headers)).status_code == 401
    for body in ({}, {"apiKey": ""}, {"apiKey": None}):
        assert (await stranger.post("/api/auth/login", json=body)).status_code == 401


async def test_kd_05_a_line_break_in_the_key_file_locks_nobody_out(tmp_path, caplog):
    (tmp_path / "data").mkdir(mode=0o700)
    file = tmp_path / "data" / KEY_FILE
    file.write_text(f"{KEY}\r\n")
    file.chmod(0o644)

    async with open_site(tmp_path, api_key="") as site:
        answer = await site.client.get("/api/functions")

    assert answer.status_code == 200
    assert "can be read by others" in caplog.text
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    load_api_key("", fresh)
    assert stat.S_IMODE((fresh / KEY_FILE).stat().st_mode) == 0o600


async def test_kd_06_a_generated_key_is_in_no_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    async with open_site(tmp_path, api_key="") as site:
        key = (tmp_path / "data" / KEY_FILE).read_text().strip()
        await site.client.post("/api/auth/login", json={"apiKey": key})

    assert len(key) == 64 and key not in caplog.text
    assert key not in repr(site.server.key) and key not in repr(site.server.settings)


def test_kd_07_there_is_no_default_secret():
    """Wherever the repository shows how to set a key, it shows none that works."""
    given = re.compile(r"""API_KEY["']?\s*[=:]\s*["']?(?P<value>[^\s"'`,;)}]{16,})""")
    folders = ("src", "docs", "examples", "tools", "bench", ".ci")
    files = [*ROOT.glob("*"), *(one for name in folders for one in (ROOT / name).rglob("*"))]
    texts = [one for one in files if one.suffix in (".md", ".py", ".yml", ".yaml", ".toml", "")]

    found = [
        (file.name, match["value"])
        for file in texts
        if file.is_file() and "__pycache__" not in file.parts
        for match in given.finditer(file.read_text(encoding="utf-8", errors="replace"))
        if not match["value"].startswith(("$", "<"))
    ]

    assert len(texts) > 100
    assert found == []


async def test_kd_08_no_page_of_another_origin_may_read_what_is_ours(site):
    origin = {"Origin": "https://evil.example"}
    paths = ("/api/functions", "/api/nope", "/api/auth/login", *PUBLIC_PATHS)
    answers = [await site.client.get(path, headers=origin) for path in paths]
    answers.append(await site.client.options("/api/functions", headers=origin))
    function_id = await site.answering(headers={"Access-Control-Allow-Origin": "https://one"})

    preflight = await site.client.options(
        f"/fn/{function_id}",
        headers=origin
        | {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "x-own",
        },
    )
    called = await site.client.get(f"/fn/{function_id}", headers=origin)

    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "x-own"
    assert called.headers["access-control-allow-origin"] == "https://one"


async def test_kd_09_attempts_are_limited_and_logged(site, stranger, caplog):
    caplog.set_level("INFO", logger="perilune.audit")
    await log_in(stranger)
    wrong = [
        await stranger.post("/api/auth/login", json={"apiKey": "wrong-secret"}) for _ in range(12)
    ]
    right = await stranger.post("/api/auth/login", json={"apiKey": KEY})

    assert [one.status_code for one in wrong] == [401] * 10 + [429] * 2
    assert right.status_code == 429 and int(right.headers["retry-after"]) >= 1
    assert right.json()["success"] is False
    fields = [record.fields for record in caplog.records if record.name == "perilune.audit"]
    events = [one["event"] for one in fields]
    assert events == ["login", *["login failed"] * 10, "address blocked"]
    assert {one["address"] for one in fields} == {"127.0.0.1"}
    assert KEY not in caplog.text and "wrong-secret" not in caplog.text


async def test_kd_19_nobody_else_on_the_machine_can_read_the_data(tmp_path):
    async with open_site(tmp_path, api_key="") as site:
        data = tmp_path / "data"
        key = (data / KEY_FILE).read_text().strip()
        login = await site.client.post("/api/auth/login", json={"apiKey": key})
        assert login.status_code == 200, "something has been written"
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in data.iterdir()}

        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert {"lunar.db", KEY_FILE} <= set(modes)
        assert set(modes.values()) == {0o600}, modes


async def test_kd_19_what_others_can_read_is_warned_about(tmp_path, caplog):
    async with open_site(tmp_path):
        pass
    assert "others" not in caplog.text
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "lunar.db").chmod(0o644)

    async with open_site(tmp_path):
        pass

    assert "the data directory" in caplog.text and "chmod 700" in caplog.text
    assert "the database can be read by others" in caplog.text and "chmod 600" in caplog.text


async def test_kd_22_every_answer_of_ours_is_hardened(site, stranger):
    paths = ("/api/functions", "/api/nope", "/api/auth/login", *PUBLIC_PATHS)
    answers = [await client.get(path) for path in paths for client in (site.client, stranger)]
    answers.append(await stranger.post("/healthz"))
    answers.append(await stranger.post("/api/auth/logout"))

    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["referrer-policy"] == "same-origin", answer.url
        assert headers["x-frame-options"] == "DENY", answer.url
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, answer.url
        assert "script-src" not in policy or "unsafe" not in policy.partition("style-src")[0]


async def test_kd_105_wrong_methods_and_paths_of_the_api_are_answered_in_json(site, stranger):
    cases = {
        ("PATCH", "/api/functions"): (405, "Method not allowed", "GET, HEAD, POST"),
        ("GET", "/api/auth/login"): (405, "Method not allowed", "POST"),
        ("GET", "/api/nope"): (404, "Not found", None),
    }
    for (method, path), (status, error, allow) in cases.items():
        answer = await site.client.request(method, path)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.headers.get("allow") == allow
        assert answer.headers["content-type"] == "application/json"

    strange = await stranger.patch("/api/functions")
    assert (strange.status_code, strange.json()) == (401, {"error": "Authentication required"})


async def test_kd_206_there_are_several_keys_with_limits(site, stranger):
    made = {}
    for scope in ("read", "deploy", "admin"):
        answer = await site.client.post("/api/tokens", json={"name": scope, "scopes": [scope]})
        made[scope] = {"Authorization": f"Bearer {answer.json()['token']}"}
    body = {"name": "n", "code": "c"}

    statuses = {
        scope: (
            (await stranger.get("/api/functions", headers=headers)).status_code,
            (await stranger.post("/api/functions", json=body, headers=headers)).status_code,
            (await stranger.get("/api/tokens", headers=headers)).status_code,
        )
        for scope, headers in made.items()
    }

    assert statuses == {
        "read": (200, 403, 403),
        "deploy": (200, 200, 403),
        "admin": (200, 200, 200),
    }
