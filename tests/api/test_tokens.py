"""Named API tokens: made, listed, used within their scopes, revoked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api.access.token_text import is_token, new_token
from perilune.api.scopes import TokenScope, rights_of

from .conftest import KEY


async def make_token(site, *scopes: str, **members) -> dict:
    body = {"name": f"token {'-'.join(scopes)}", "scopes": list(scopes), **members}
    answer = await site.client.post("/api/tokens", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(token: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['token']}"}


# --- the text -----------------------------------------------------------------


def test_tokens_can_be_recognised_by_their_form():
    one, two = new_token(), new_token()

    assert one != two
    assert re.fullmatch(r"perilune_[0-9A-Za-z]{49}", one)
    assert is_token(one.encode())


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda t: t[:-1], id="short"),
        pytest.param(lambda t: t + "0", id="long"),
        pytest.param(lambda t: t.replace("perilune", "perilunE"), id="prefix"),
        pytest.param(lambda t: t[:20] + ("a" if t[20] != "a" else "b") + t[21:], id="one digit"),
        pytest.param(lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), id="checksum"),
        pytest.param(lambda t: "", id="empty"),
    ],
)
def test_an_altered_token_is_refused(spoilt):
    assert not is_token(spoilt(new_token()).encode())


@given(st.data())
def test_the_checksum_finds_every_wrong_digit(data):
    token = new_token()
    at = data.draw(st.integers(0, len(token) - 1))
    digit = data.draw(st.sampled_from("0123456789abcdefXYZ_-") | st.characters(codec="ascii"))

    changed = token[:at] + digit + token[at + 1 :]

    assert is_token(changed.encode()) is (changed == token)


# --- making, listing, revoking ------------------------------------------------


async def test_a_token_is_shown_once(site):
    made = await make_token(site, "read", name="reports", expires_in=3600)

    listed = await site.client.get("/api/tokens")

    assert is_token(made["token"].encode())
    assert made["expires_at"] == made["created_at"] + 3600
    (item,) = listed.json()["tokens"]
    assert item == {name: made[name] for name in made if name != "token"}
    assert made["token"] not in listed.text


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({"scopes": ["read"]}, "name: name cannot be empty", id="no name"),
        pytest.param(
            {"name": "x" * 101, "scopes": ["read"]},
            "name: name cannot be longer than 100 characters",
            id="long name",
        ),
        pytest.param(
            {"name": "a\nb", "scopes": ["read"]},
            "name: name must begin with a letter or digit and can only contain letters, digits,"
            " blanks and . _ - @ /",
            id="line break",
        ),
        pytest.param(
            {"name": "n"},
            "scopes: at least one is needed of: [read metrics invoke deploy admin]",
            id="none",
        ),
        pytest.param(
            {"name": "n", "scopes": ["read", "root"]},
            "scopes: scopes must be of: [read metrics invoke deploy admin]",
            id="unknown scope",
        ),
        pytest.param(
            {"name": "n", "scopes": ["read"], "expires_in": 0},
            "expires_in: expires_in must be from 1 to 315360000 seconds",
            id="no time",
        ),
        pytest.param({"name": 5, "scopes": ["read"]}, "Invalid request body", id="wrong type"),
    ],
)
async def test_rules(site, body, error):
    answer = await site.client.post("/api/tokens", json=body)

    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert (await site.client.get("/api/tokens")).json()["tokens"] == []


async def test_a_name_is_given_once(site):
    await make_token(site, "read", name="ci")

    answer = await site.client.post("/api/tokens", json={"name": " ci ", "scopes": ["admin"]})

    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "name: another token has this name",
    )


async def test_a_revoked_token_opens_nothing_from_that_moment(site, stranger):
    made = await make_token(site, "read")
    before = await stranger.get("/api/functions", headers=bearer(made))

    revoked = await site.client.delete(f"/api/tokens/{made['id']}")
    after = await stranger.get("/api/functions", headers=bearer(made))

    assert (before.status_code, revoked.status_code, after.status_code) == (200, 204, 401)
    again = await site.client.delete(f"/api/tokens/{made['id']}")
    assert (again.status_code, again.json()) == (404, {"error": "Token not found"})


async def test_the_last_use_is_noted(site, stranger):
    made = await make_token(site, "read")
    assert (await stranger.get("/api/functions", headers=bearer(made))).status_code == 200
    await make_token(site, "invoke")  # a write that waits for the queued one

    listed = (await site.client.get("/api/tokens")).json()["tokens"]

    (item,) = [one for one in listed if one["id"] == made["id"]]
    assert item["last_used_at"] >= made["created_at"]


# --- scopes -------------------------------------------------------------------


def test_scopes_include_each_other():
    assert rights_of(["admin"]) == frozenset(TokenScope)
    assert rights_of(["deploy"]) == {TokenScope.DEPLOY, TokenScope.READ, TokenScope.METRICS}
    assert rights_of(["read"]) == {TokenScope.READ, TokenScope.METRICS}
    assert rights_of(["metrics"]) == {TokenScope.METRICS}
    assert rights_of(["invoke", "unknown"]) == {TokenScope.INVOKE}
    assert rights_of([]) == frozenset()


@pytest.mark.parametrize(
    ("scope", "method", "path", "needed"),
    [
        pytest.param("read", "GET", "/api/functions", None, id="read reads"),
        pytest.param("read", "POST", "/api/functions", "deploy", id="read deploys"),
        pytest.param("read", "DELETE", "/api/functions/x", "deploy", id="read deletes"),
        pytest.param("read", "GET", "/api/tokens", "admin", id="read lists tokens"),
        pytest.param("deploy", "GET", "/api/functions", None, id="deploy reads"),
        pytest.param("deploy", "POST", "/api/functions", None, id="deploy deploys"),
        pytest.param("deploy", "POST", "/api/tokens", "admin", id="deploy makes tokens"),
        pytest.param("deploy", "GET", "/api/auth/sessions", "admin", id="deploy lists sessions"),
        pytest.param("invoke", "GET", "/api/functions", "read", id="invoke reads"),
        pytest.param("invoke", "HEAD", "/api/functions", "read", id="invoke reads heads"),
        pytest.param("admin", "GET", "/api/tokens", None, id="admin lists tokens"),
        pytest.param("admin", "POST", "/api/functions", None, id="admin deploys"),
    ],
)
async def test_a_token_does_what_its_scopes_say(site, stranger, scope, method, path, needed):
    made = await make_token(site, scope)

    answer = await stranger.request(method, path, headers=bearer(made))

    if needed is None:
        # An empty body is refused after the scope was checked.
        assert answer.status_code == (400 if method == "POST" else 200)
        return
    assert answer.status_code == 403
    if method != "HEAD":
        assert answer.json() == {"error": f"This needs a token with the scope {needed}"}
    challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
    assert answer.headers["www-authenticate"] == challenge


async def test_a_token_cannot_log_in(site, stranger):
    made = await make_token(site, "admin")

    answer = await stranger.post("/api/auth/login", json={"apiKey": made["token"]})

    assert answer.status_code == 401


async def test_the_owner_of_a_token(site, stranger):
    made = await make_token(site, "deploy", name="ci")

    me = (await stranger.get("/api/auth/me", headers=bearer(made))).json()
    root = (await site.client.get("/api/auth/me")).json()

    assert me == {
        "kind": "token",
        "id": made["id"],
        "name": "ci",
        "scopes": ["read", "metrics", "deploy"],
    }
    assert root == {"kind": "key", "scopes": ["read", "metrics", "invoke", "deploy", "admin"]}


async def test_no_function_sees_a_token(site, stranger):
    made = await make_token(site, "invoke")
    function_id = await site.answering()

    await stranger.get(f"/fn/{function_id}", headers=bearer(made) | {"X-Other": "stays"})

    assert "Authorization" not in site.runtime.event.headers
    assert site.runtime.event.headers["X-Other"] == "stays"
    assert made["token"] not in repr(site.runtime.event)


async def test_the_key_is_no_token_and_the_other_way_round(site):
    made = await make_token(site, "read")

    assert made["token"] != KEY and not is_token(KEY.encode())


async def test_every_operation_refuses_strangers_and_tokens_without_its_scope(site, stranger):
    """Whatever is added to the API: only logging in and out, and asking whether one is, is open."""
    document = (await site.client.get("/docs/openapi.json")).json()
    invoke, read = await make_token(site, "invoke"), await make_token(site, "read")
    public, refused = set(), 0

    for path, item in document["paths"].items():
        if not path.startswith("/api/"):
            continue
        url = re.sub(r"\{\w+\}", "x", path)
        for method in set(item) - {"parameters"}:
            schemes = item[method]["security"]
            if not schemes:
                public.add((method, path))
                continue
            needed = schemes[0]["bearer"][0]
            other = read if needed == "invoke" else invoke
            strange = await stranger.request(method, url)
            limited = await stranger.request(method, url, headers=bearer(other))
            assert strange.status_code == 401, (method, path)
            assert limited.status_code == 403, (method, path)
            assert f'scope="{needed}"' in limited.headers["www-authenticate"], (method, path)
            refused += 1

    assert public == {
        ("post", "/api/auth/login"),
        ("post", "/api/auth/logout"),
        ("get", "/api/auth/session"),
    }
    assert refused > 20


async def test_the_deploy_scope_cannot_become_administrator_through_a_page(site):
    """Pages outside of the sandbox act for whoever looks at them."""
    made = await site.client.post("/api/tokens", json={"name": "d", "scopes": ["deploy"]})
    deployer = bearer(made.json())
    function_id = await site.answering(body="x")
    path = f"/api/functions/{function_id}"
    wish = {"unsandboxed_html": True}

    refused = [
        await site.client.put(path, json=wish, headers=deployer),
        await site.client.post(
            "/api/functions", json={"name": "g", "code": "c", **wish}, headers=deployer
        ),
    ]
    still = (await site.client.get(path)).json()["unsandboxed_html"]
    await site.client.put(path, json=wish)
    kept = await site.client.put(path, json={"name": "n", **wish}, headers=deployer)
    given_up = await site.client.put(path, json={"unsandboxed_html": False}, headers=deployer)

    assert [one.status_code for one in refused] == [403, 403]
    assert all('scope="admin"' in one.headers["www-authenticate"] for one in refused)
    assert still is False
    assert (kept.status_code, given_up.status_code) == (200, 200)
    assert given_up.json()["unsandboxed_html"] is False
    assert (await site.client.get("/api/functions")).json()["pagination"]["total"] == 1
