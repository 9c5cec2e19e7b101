"""Addresses that show wrong credentials have to wait (KD-09)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api.access.backoff import (
    FORGOTTEN_AFTER_S,
    FREE_FAILURES,
    MAX_ADDRESSES,
    MAX_WAIT_S,
    Backoff,
    OwnBackoff,
    SharedBackoff,
    group_of,
)
from perilune.store import IN_MEMORY, open_store

from .conftest import KEY

WRONG = {"Authorization": "Bearer wrong"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["own", "shared"])
async def backoff(request, clock):
    """The counts of one server, and those of all."""
    if request.param == "own":
        yield OwnBackoff(clock)
        return
    async with open_store(IN_MEMORY, clock=clock) as store:
        yield SharedBackoff(store.limits, clock)


async def exhaust(backoff: Backoff, address: str) -> None:
    for _ in range(FREE_FAILURES - 1):
        assert await backoff.failed(address) == 0


async def test_the_wait_doubles_up_to_its_bound(backoff, clock):
    await exhaust(backoff, "192.0.2.1")
    waits = []
    for _ in range(9):
        waits.append(await backoff.failed("192.0.2.1"))
        assert await backoff.wait_s("192.0.2.1") == waits[-1]
        clock.now += waits[-1]
        assert await backoff.wait_s("192.0.2.1") == 0

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_wait_is_told_in_whole_seconds_that_suffice(backoff, clock):
    await exhaust(backoff, "a")
    assert await backoff.failed("a") == 1

    clock.now += 0.3

    assert await backoff.wait_s("a") == 1


async def test_others_do_not_wait(backoff):
    await exhaust(backoff, "192.0.2.1")
    await backoff.failed("192.0.2.1")

    assert await backoff.wait_s("192.0.2.2") == 0


async def test_a_success_ends_it(backoff):
    await exhaust(backoff, "192.0.2.1")
    await backoff.failed("192.0.2.1")

    await backoff.succeeded("192.0.2.1")

    assert await backoff.wait_s("192.0.2.1") == 0
    await exhaust(backoff, "192.0.2.1")


async def test_failures_are_forgotten_after_a_while(backoff, clock):
    await exhaust(backoff, "192.0.2.1")

    clock.now += FORGOTTEN_AFTER_S + 1

    await exhaust(backoff, "192.0.2.1")


async def test_memory_is_bounded_and_the_oldest_failure_is_forgotten(clock):
    backoff = OwnBackoff(clock)
    await exhaust(backoff, "10.255.255.1")
    await exhaust(backoff, "10.255.255.2")
    await backoff.failed("10.255.255.1")
    for number in range(MAX_ADDRESSES - 1):
        await backoff.failed(f"10.0.{number // 256}.{number % 256}")

    assert await backoff.failed("10.255.255.2") == 0, "forgotten"
    assert await backoff.wait_s("10.255.255.1") == 0, "forgotten in turn"
    assert len(backoff._failures) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff:2", True, id="one /64"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="two /64"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", True, id="mapped"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4"),
        pytest.param("fe80::1%eth0", "fe80::1%eth1", True, id="zone"),
        pytest.param("unknown", "", False, id="no address"),
    ],
)
def test_addresses_that_count_as_one(one, other, same):
    assert (group_of(one) == group_of(other)) is same


@given(st.text())
def test_any_text_has_a_bounded_group(text):
    assert len(group_of(text)) <= 64


@given(st.integers(FREE_FAILURES, 5000))
async def test_no_number_of_failures_makes_a_longer_wait(count):
    backoff = OwnBackoff(lambda: 0.0)
    waits = [await backoff.failed("a") for _ in range(count)]

    assert max(waits) <= MAX_WAIT_S and waits == sorted(waits)


# --- over HTTP ----------------------------------------------------------------


async def test_wrong_bearer_tokens_make_the_address_wait(site, stranger, caplog):
    caplog.set_level("INFO", logger="perilune.audit")
    answers = [await stranger.get("/api/functions", headers=WRONG) for _ in range(12)]

    assert [one.status_code for one in answers] == [401] * 10 + [429] * 2
    assert answers[-1].json() == {"error": "Too many failed attempts, try again later"}
    assert answers[-1].headers["retry-after"] == "1"
    right = await site.client.get("/api/functions")
    assert right.status_code == 429, "what is not looked at can't be right"
    events = [record.fields["event"] for record in caplog.records]
    assert events == ["credential refused"] * 10 + ["address blocked"], "no line per refusal"
    assert "wrong" not in caplog.text.replace("credential refused", "")


async def test_strangers_without_a_token_are_not_counted(stranger, site):
    for _ in range(15):
        assert (await stranger.get("/api/functions")).status_code == 401

    assert (await site.client.get("/api/functions")).status_code == 200


async def new_tokens(site, number: int) -> list[dict[str, str]]:
    """Make tokens that nobody has shown yet; return the headers that show them."""
    made = [
        await site.client.post("/api/tokens", json={"name": f"t{one}", "scopes": ["admin"]})
        for one in range(number)
    ]
    return [{"Authorization": f"Bearer {one.json()['token']}"} for one in made]


async def test_a_right_token_that_is_new_resets_the_count(site, stranger):
    tokens = await new_tokens(site, 3)

    for token in tokens:
        for _ in range(9):
            assert (await stranger.get("/api/functions", headers=WRONG)).status_code == 401
        assert (await stranger.get("/api/functions", headers=token)).status_code == 200


async def test_a_session_goes_on_while_its_address_waits(stranger):
    assert (await stranger.post("/api/auth/login", json={"apiKey": KEY})).status_code == 200
    for _ in range(12):
        await stranger.get("/api/functions", headers=WRONG | {"Cookie": ""})

    assert (await stranger.get("/api/functions", headers=WRONG)).status_code == 200
    assert (await stranger.get("/api/functions", headers={"Cookie": ""})).status_code == 401


async def test_protected_functions_do_not_bypass_the_wait(site, stranger):
    function_id = await site.answering()
    changed = await site.client.put(f"/api/functions/{function_id}", json={"access": "token"})
    assert changed.status_code == 200
    (token,) = await new_tokens(site, 1)
    for _ in range(10):
        assert (await stranger.get(f"/fn/{function_id}", headers=WRONG)).status_code == 401

    call = await stranger.get(f"/fn/{function_id}", headers=token)
    api = await stranger.get("/api/functions", headers=token)

    assert (call.status_code, api.status_code) == (429, 429)
    assert int(call.headers["retry-after"]) >= 1
    assert site.runtime.requests == [], "and nothing was executed"


async def test_kd_09_attempts_are_limited_and_logged(site, stranger, caplog):
    caplog.set_level("INFO", logger="perilune.audit")
    await stranger.post("/api/auth/login", json={"apiKey": KEY})
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
