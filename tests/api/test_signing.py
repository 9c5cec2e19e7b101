"""Signing secrets over HTTP: shown once, several at a time, gone when removed."""

import base64
import time

import pytest

from perilune.api.signatures import can_sign

from .management import create
from .signed import GITHUB, GITHUB_SECRET, STANDARD_SECRET, standard


async def path_of(site, **settings) -> tuple[str, str]:
    function_id = await site.answering(body="ok")
    if settings:
        await site.client.put(f"/api/functions/{function_id}", json=settings)
    return f"/api/functions/{function_id}/signing-secrets", f"/fn/{function_id}"


async def test_a_generated_secret_is_shown_once(site):
    path, _ = await path_of(site)

    made = (await site.client.post(path, json={})).json()
    listed = await site.client.get(path)

    assert can_sign("standard", made["value"]) and made["value"].startswith("whsec_")
    assert listed.json() == {
        "signing_secrets": [{name: made[name] for name in ("id", "function_id", "created_at")}]
    }
    assert made["value"] not in listed.text


async def test_a_given_secret_lets_calls_in_until_it_is_removed(site, stranger):
    path, url = await path_of(site, access="signature", signature_scheme="github")
    made = (await site.client.post(path, json={"value": GITHUB_SECRET})).json()
    before = await stranger.post(url, content=b"Hello, World!", headers=GITHUB)

    removed = await site.client.delete(f"{path}/{made['id']}")
    again = await site.client.delete(f"{path}/{made['id']}")
    after = await stranger.post(url, content=b"Hello, World!", headers=GITHUB)

    assert made["value"] == GITHUB_SECRET
    assert (before.status_code, removed.status_code, after.status_code) == (200, 204, 401)
    assert (again.status_code, again.json()) == (404, {"error": "Signing secret not found"})


async def test_all_secrets_are_replaced_at_once_and_equal_ones_stay(site, stranger):
    path, url = await path_of(site, access="signature", signature_scheme="github")
    kept = (await site.client.post(path, json={"value": GITHUB_SECRET})).json()
    await site.client.post(path, json={"value": "one that goes away"})
    wanted = {"values": [GITHUB_SECRET, "one that comes anew", GITHUB_SECRET]}

    tried = await site.client.put(path, json=wanted | {"dry_run": True})
    between = (await site.client.get(path)).json()["signing_secrets"]
    done = await site.client.put(path, json=wanted)
    again = (await site.client.put(path, json=wanted)).json()

    assert (tried.json()["added"], tried.json()["removed"]) == (1, 1) and len(between) == 2
    assert (done.json()["added"], done.json()["removed"]) == (1, 1)
    assert (again["added"], again["removed"]) == (0, 0)
    listed = [one["id"] for one in again["signing_secrets"]]
    assert len(listed) == 2 and kept["id"] in listed
    assert "anew" not in done.text + tried.text
    answer = await stranger.post(url, content=b"Hello, World!", headers=GITHUB)
    assert answer.status_code == 200


async def test_a_set_with_a_wrong_secret_changes_nothing(site):
    path, _ = await path_of(site, access="signature")
    await site.client.post(path, json={"value": STANDARD_SECRET})

    wrong = await site.client.put(path, json={"values": [STANDARD_SECRET, "not for this scheme"]})
    many = await site.client.put(
        path, json={"values": [f"secret number {n:02}" for n in range(11)]}
    )

    assert (wrong.status_code, many.status_code) == (400, 400)
    assert len((await site.client.get(path)).json()["signing_secrets"]) == 1


async def test_a_secret_is_replaced_without_losing_a_call(site, stranger):
    """While both are in force, calls signed with either are accepted."""
    path, url = await path_of(site, access="signature")
    old = (await site.client.post(path, json={"value": STANDARD_SECRET})).json()
    new = (await site.client.post(path, json={})).json()
    now = int(time.time())

    def signed(secret, message):
        key = base64.b64decode(secret["value"].removeprefix("whsec_"))
        return standard(b"", key, message=message, time=now)

    both = [(await stranger.post(url, headers=signed(one, one["id"]))) for one in (old, new)]
    await site.client.delete(f"{path}/{old['id']}")
    later = [(await stranger.post(url, headers=signed(one, "m2"))) for one in (old, new)]

    assert [one.status_code for one in both + later] == [200, 200, 401, 200]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("short", "value: value must have from 16 to 500 characters", id="short"),
        pytest.param("x" * 501, "value: value must have from 16 to 500 characters", id="long"),
        pytest.param("x" * 16 + "\n", "value: value cannot contain control characters", id="lf"),
        pytest.param(
            GITHUB_SECRET, "value: value must be whsec_ and base64 of 24 to 64 bytes", id="scheme"
        ),
    ],
)
async def test_short_and_common_values_are_not_secrets(site, value, text):
    path, _ = await path_of(site, access="signature")

    answer = await site.client.post(path, json={"value": value})

    assert (answer.status_code, answer.json()) == (400, {"error": text})
    assert (await site.client.get(path)).json() == {"signing_secrets": []}


async def test_the_eleventh_secret_is_refused(site):
    path, _ = await path_of(site)
    for _ in range(10):
        assert (await site.client.post(path, json={})).status_code == 200

    answer = await site.client.post(path, json={})

    assert answer.status_code == 400
    assert answer.json() == {"error": "signing_secrets: cannot have more than 10 signing secrets"}


async def test_secrets_belong_to_one_function(site):
    path, _ = await path_of(site)
    other = (await create(site))["id"]
    made = (await site.client.post(path, json={})).json()

    for answer in (
        await site.client.get("/api/functions/nope/signing-secrets"),
        await site.client.post("/api/functions/nope/signing-secrets", json={}),
        await site.client.delete(f"/api/functions/nope/signing-secrets/{made['id']}"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
    stolen = await site.client.delete(f"/api/functions/{other}/signing-secrets/{made['id']}")
    assert stolen.status_code == 404
    assert len((await site.client.get(path)).json()["signing_secrets"]) == 1
