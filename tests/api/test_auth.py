"""Logging in, sessions, and what a cookie may do (`rest-api` 1)."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api.access.csrf import has_proof

from .conftest import KEY, open_site

PROOF = {"X-Requested-With": "test"}


async def log_in(client: httpx.AsyncClient, key: str = KEY) -> httpx.Response:
    return await client.post("/api/auth/login", json={"apiKey": key})


@pytest.fixture
async def member(stranger):
    """A client that has logged in; its cookie is all it has."""
    answer = await log_in(stranger)
    assert answer.status_code == 200
    return stranger


# --- login --------------------------------------------------------------------


async def test_a_login_gives_a_cookie_that_is_not_the_key(stranger):
    answer = await log_in(stranger)

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    token, *attributes = rest.split("; ")
    assert name == "auth_token"
    assert attributes == [
        "Path=/api",
        "Max-Age=86400",
        "HttpOnly",
        "SameSite=Strict",
        "Priority=High",
    ]
    assert KEY not in token and len(token) >= 43


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param(b'{"apiKey":"wrong"}', 401, "Invalid API key", id="wrong"),
        pytest.param(b'{"apiKey":""}', 401, "Invalid API key", id="empty"),
        pytest.param(b"{}", 401, "Invalid API key", id="missing"),
        pytest.param(b'{"apiKey":null}', 401, "Invalid API key", id="null"),
        pytest.param(b'{"apiKey":"\\ud800"}', 400, "Invalid request body", id="no text"),
        pytest.param(b'{"apiKey":5}', 400, "Invalid request body", id="number"),
        pytest.param(b"[]", 400, "Invalid request body", id="list"),
        pytest.param(b"", 400, "Invalid request body", id="nothing"),
        pytest.param(b"{", 400, "Invalid request body", id="broken"),
    ],
)
async def test_logins_that_fail(stranger, body, status, error):
    answer = await stranger.post("/api/auth/login", content=body)

    assert (answer.status_code, answer.json()) == (status, {"success": False, "error": error})
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/logout"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_answered_in_json(stranger, method, path):
    answer = await stranger.request(method, path)

    assert (answer.status_code, answer.json()) == (405, {"error": "Method not allowed"})
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/api/auth", "/api/auth/nope", "/api/auth/login/"])
async def test_nothing_else_below_auth_is_public(stranger, path):
    assert (await stranger.get(path)).status_code == 401


# --- sessions -----------------------------------------------------------------


async def test_the_cookie_opens_the_api(member):
    answer = await member.get("/api/functions")
    me = (await member.get("/api/auth/me")).json()

    assert answer.status_code == 200
    assert me["kind"] == "session" and "admin" in me["scopes"]
    assert me["expires_at"] > 0


async def test_whether_there_is_a_session_is_told_to_anybody(member):
    answer = (await member.get("/api/auth/session")).json()

    assert answer["kind"] == "session" and answer["expires_at"] > 0


@pytest.mark.parametrize("headers", [{}, {"Cookie": "auth_token=wrong"}], ids=["none", "wrong"])
async def test_without_a_session_there_is_none_which_is_no_error(stranger, headers):
    answer = await stranger.get("/api/auth/session", headers=headers)

    assert (answer.status_code, answer.json()) == (200, {"kind": "none"})


async def test_a_wrong_key_beside_a_right_cookie_does_no_harm(member):
    answer = await member.get("/api/functions", headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 200


async def test_a_wrong_cookie_beside_the_right_key_does_no_harm(site):
    answer = await site.client.get("/api/functions", headers={"Cookie": "auth_token=wrong"})

    assert answer.status_code == 200


async def test_one_of_several_cookies_suffices(stranger):
    token = (await log_in(stranger)).cookies["auth_token"]
    stranger.cookies.clear()

    answer = await stranger.get(
        "/api/functions", headers={"Cookie": f"auth_token={KEY}; a=b; auth_token={token}"}
    )

    assert answer.status_code == 200


async def test_a_logout_ends_the_session_on_the_server(member):
    token = member.cookies["auth_token"]

    answer = await member.post("/api/auth/logout")

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("auth_token=; Path=/api; Max-Age=0; HttpOnly")
    again = await member.get("/api/functions", headers={"Cookie": f"auth_token={token}"})
    assert again.status_code == 401


async def test_a_logout_without_a_session_is_fine(stranger):
    answer = await stranger.post("/api/auth/logout")

    assert (answer.status_code, answer.json()) == (200, {"success": True})


async def test_sessions_are_listed_and_ended(site, member):
    await log_in(site.client)
    site.client.cookies.clear()

    listed = (await member.get("/api/auth/sessions")).json()
    other, own = listed["sessions"]
    ended = await site.client.delete(f"/api/auth/sessions/{own['id']}")

    assert listed["pagination"]["total"] == 2
    assert (other["current"], own["current"]) == (False, True)
    assert own["address"] == "127.0.0.1" and own["user_agent"].startswith("python-httpx")
    assert set(own) == {
        "id", "created_at", "last_used_at", "expires_at", "address", "user_agent", "current"
    }  # fmt: skip
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await member.get("/api/functions")).status_code == 401
    assert (await site.client.delete("/api/auth/sessions/nope")).status_code == 404


async def test_the_lifetime_is_a_setting(tmp_path):
    async with open_site(tmp_path, session_lifetime=600.0) as site:
        answer = await log_in(site.client)

    assert "Max-Age=600;" in answer.headers["set-cookie"]


async def test_a_login_fails_when_its_session_cannot_be_stored(stranger, site):
    await site.server.store.close()

    answer = await log_in(stranger)

    assert answer.status_code == 500
    assert answer.json() == {"success": False, "error": "Failed to create session"}
    assert "set-cookie" not in answer.headers


async def test_a_failing_store_differs_from_a_missing_session(member, site):
    await site.server.store.close()

    answer = await member.get("/api/functions")

    assert (answer.status_code, answer.json()) == (503, {"error": "Storage unavailable"})


# --- proof that a change comes from our own page -------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 403, id="no proof"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 403, id="no header of its own"),
        pytest.param({"X-Requested-With": ""}, 403, id="empty header"),
        pytest.param(PROOF, 400, id="no browser"),
        pytest.param(PROOF | {"Sec-Fetch-Site": "same-origin"}, 400, id="own page"),
        pytest.param(PROOF | {"Sec-Fetch-Site": "same-site"}, 403, id="sister host"),
        pytest.param(PROOF | {"Sec-Fetch-Site": "cross-site"}, 403, id="other site"),
        pytest.param(PROOF | {"Sec-Fetch-Site": "none"}, 403, id="no page"),
        pytest.param(PROOF | {"Origin": "http://evil.example"}, 403, id="other origin"),
        pytest.param(PROOF | {"Origin": "null"}, 403, id="opaque origin"),
        pytest.param(
            PROOF | {"Origin": "http://own.example", "Host": "own.example"}, 400, id="own"
        ),
        pytest.param(
            PROOF | {"Origin": "https://own.example:443", "Host": "own.example"},
            400,
            id="tls proxy",
        ),
        pytest.param(
            PROOF | {"Origin": "http://own.example:81", "Host": "own.example"}, 403, id="other port"
        ),
        pytest.param(PROOF | {"Origin": "http://own.example:x"}, 403, id="no origin at all"),
        pytest.param(PROOF | {"Origin": "http://[::1]:3000", "Host": "[::1]:3000"}, 400, id="IPv6"),
        pytest.param(
            PROOF | {"Origin": "http://own.example@evil.example", "Host": "own.example"},
            403,
            id="user part",
        ),
    ],
)
async def test_a_change_with_a_cookie_needs_a_proof(member, headers, status):
    """400 says that the request was let in and its body looked at."""
    answer = await member.post("/api/functions", content=b"", headers=headers)

    assert answer.status_code == status, answer.text


@given(
    st.dictionaries(
        st.sampled_from([b"x-requested-with", b"sec-fetch-site", b"origin", b"host"]),
        st.binary(max_size=30)
        | st.sampled_from([b"http://a", b"http://[", b"a:b", b"http://a:70000"]),
    ),
    st.sampled_from(["", "http://localhost:3000", "https://a.example/x"]),
)
def test_no_header_breaks_the_look_at_the_proof(headers, base_url):
    proven = has_proof(headers.items(), base_url)

    if not headers.get(b"x-requested-with", b"").strip():
        assert not proven
    if headers.get(b"sec-fetch-site") not in (None, b"same-origin"):
        assert not proven


async def test_reading_with_a_cookie_needs_none(member):
    answer = await member.get("/api/functions", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


async def test_a_bearer_token_needs_no_proof_even_beside_a_cookie(member):
    headers = {"Authorization": f"Bearer {KEY}", "Sec-Fetch-Site": "cross-site"}

    answer = await member.post("/api/functions", content=b"", headers=headers)

    assert answer.status_code == 400


async def test_the_public_address_counts_behind_a_proxy_that_changes_the_host(tmp_path):
    async with open_site(tmp_path, base_url="https://functions.example") as site:
        await log_in(site.client)
        del site.client.headers["Authorization"]
        token = site.client.cookies["auth_token"]
        # The client itself sends no cookie that is `Secure` without TLS.
        cookie = {"Cookie": f"auth_token={token}"} | PROOF

        own, other = [
            await site.client.post("/api/functions", content=b"", headers=cookie | {"Origin": one})
            for one in ("https://functions.example", "http://functions.example")
        ]

    assert (own.status_code, other.status_code) == (400, 403)


# --- proxies ------------------------------------------------------------------

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7, 192.0.2.9"}


async def test_kd_205_a_trusted_proxy_names_scheme_and_client(tmp_path):
    async with open_site(tmp_path, trusted_proxies=("127.0.0.1", "192.0.2.0/24")) as site:
        answer = await site.client.post("/api/auth/login", json={"apiKey": KEY}, headers=FORWARDED)
        (session,) = (await site.client.get("/api/auth/sessions")).json()["sessions"]
        function_id = await site.answering()
        await site.client.get(f"/fn/{function_id}", headers=FORWARDED)

    assert answer.headers["set-cookie"].endswith("; Secure")
    assert session["address"] == "198.51.100.7"
    assert site.runtime.event.remote_addr == "198.51.100.7"
    assert site.runtime.event.scheme == "https"


async def test_nobody_else_is_believed(site):
    answer = await site.client.post("/api/auth/login", json={"apiKey": KEY}, headers=FORWARDED)
    (session,) = (await site.client.get("/api/auth/sessions")).json()["sessions"]
    function_id = await site.answering()
    await site.client.get(f"/fn/{function_id}", headers=FORWARDED)

    assert "Secure" not in answer.headers["set-cookie"]
    assert session["address"] == site.runtime.event.remote_addr == "127.0.0.1"
    assert site.runtime.event.scheme == "http"


# --- waiting --------------------------------------------------------------------


async def test_tokens_in_use_do_not_wait_for_others_and_do_not_end_their_wait(site, stranger):
    """A stranger behind the same proxy locks nobody out; any token's holder has to wait too."""
    made = await site.client.post("/api/tokens", json={"name": "t", "scopes": ["read"]})
    used = {"Authorization": f"Bearer {made.json()['token']}"}
    made = await site.client.post("/api/tokens", json={"name": "u", "scopes": ["read"]})
    unused = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await stranger.get("/api/functions", headers=used)).status_code == 200

    answers = []
    for number in range(11):
        wrong = {"Authorization": f"Bearer wrong-{number}"}
        answers.append((await stranger.get("/api/functions", headers=wrong)).status_code)
        answers.append((await stranger.get("/api/functions", headers=used)).status_code)

    assert answers[0::2] == [401] * 10 + [429]
    assert answers[1::2] == [200] * 11
    assert (await stranger.get("/api/functions", headers=unused)).status_code == 429
    assert (await log_in(stranger)).status_code == 429


async def test_a_revoked_token_that_was_in_use_waits_like_any_other(site, stranger):
    made = (await site.client.post("/api/tokens", json={"name": "t", "scopes": ["read"]})).json()
    token = {"Authorization": f"Bearer {made['token']}"}
    assert (await stranger.get("/api/functions", headers=token)).status_code == 200
    await site.client.delete(f"/api/tokens/{made['id']}")

    answers = [await stranger.get("/api/functions", headers=token) for _ in range(11)]

    assert [one.status_code for one in answers] == [401] * 10 + [429]


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
        login = await site.client.post("/api/auth/login", json={"apiKey": KEY}, headers=headers)

    assert login.headers["set-cookie"].endswith("; Secure") is secure
