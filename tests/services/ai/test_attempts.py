"""How often a provider is asked, and how long a chat may take (KD-13)."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from perilune.services.ai import ChatClient
from perilune.services.ai.client import MAX_TIMEOUT_S
from tests.services.ai.conftest import OVERLOADED, asking, failure
from tests.upstream.ai_provider import (
    Page,
)


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_a_busy_provider_is_asked_again(client, provider, pauses, status):
    provider.pages = [Page(status=status, body=OVERLOADED), Page(status=status, body="<html>")]

    response = await client.chat("f_ours", asking())

    assert response.content == 'Hi <there> & "you"'
    assert pauses.taken == [0.25, 0.5]
    assert len({each.text for each in provider.received}) == 1
    assert len(provider.received) == 3


async def test_after_three_attempts_the_last_answer_counts(client, provider):
    provider.pages = [Page(status=500, body="<html>")] * 2 + [Page(status=429, body=OVERLOADED)] * 2

    error = await failure(client, asking())

    assert str(error) == "OpenAI API error: Rate limit exceeded"
    assert error.status_code == 429
    assert len(provider.received) == 3


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [pytest.param(0.0, [0.125, 0.25], id="least"), pytest.param(1.0, [0.375, 0.75], id="most")],
)
async def test_pauses_differ(http, env, provider, pauses, jitter, expected):
    client = ChatClient(http, env, sleep=pauses, jitter=lambda: jitter)
    provider.pages = [Page(status=500)] * 2

    await client.chat("f_ours", asking())

    assert pauses.taken == expected


def in_seconds(now, seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(now.time + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(lambda _: "3", 3.0, id="seconds"),
        pytest.param(lambda _: "0", 0.0, id="at-once"),
        pytest.param(lambda now: in_seconds(now, 5), 5.0, id="date"),
        pytest.param(lambda now: in_seconds(now, -5), 0.0, id="past"),
        pytest.param(
            lambda now: in_seconds(now, 5).replace("GMT", "-0000"), 5.0, id="date-without-zone"
        ),
        pytest.param(lambda _: "soon", 0.25, id="unreadable"),
        pytest.param(lambda _: "-1", 0.25, id="negative"),
        pytest.param(lambda _: "²", 0.25, id="odd-digit"),
        pytest.param(lambda _: "1 Jan 999999999999 23:59:59 GMT", 0.25, id="absurd-date"),
        pytest.param(lambda _: "Fri, 99 Feb 2024 99:99:99 GMT", 0.25, id="no-such-date"),
    ],
)
async def test_the_provider_says_how_long_to_wait(client, provider, pauses, now, header, expected):
    provider.pages = [Page(status=429, body=OVERLOADED, headers={"Retry-After": header(now)})]

    await client.chat("f_ours", asking())

    assert pauses.taken == [expected]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("16", id="seconds"),
        pytest.param("99999999999999999999", id="for-ever"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", id="date"),
    ],
)
async def test_a_pause_that_takes_too_much_of_the_time_is_not_made(
    client, provider, pauses, header
):
    provider.pages = [Page(status=429, body=OVERLOADED, headers={"Retry-After": header})]

    error = await failure(client, asking(timeout_s=60.0))

    assert str(error) == "OpenAI API error: Rate limit exceeded"
    assert pauses.taken == []
    assert len(provider.received) == 1


async def test_no_request_lasts_longer_than_the_time_of_the_chat(client, provider):
    provider.may_answer.clear()

    error = await failure(client, asking(timeout_s=1.0))

    assert str(error).startswith("HTTP request failed: ")
    assert error.partial is not None and error.partial.request_json == provider.received[0].text
    assert len(provider.received) == 1


async def test_without_time_nothing_is_sent(client, provider):
    error = await failure(client, asking(timeout_s=0.0))

    assert str(error) == "HTTP request failed: no time is left"
    assert error.partial is not None and error.partial.request_json != ""
    assert provider.received == []


@pytest.mark.parametrize(
    ("timeout_s", "expected"),
    [
        pytest.param(None, [MAX_TIMEOUT_S, MAX_TIMEOUT_S - 100], id="own-limit"),
        pytest.param(3600.0, [MAX_TIMEOUT_S, MAX_TIMEOUT_S - 100], id="capped"),
        pytest.param(500.0, [500.0, 400.0], id="given"),
    ],
)
async def test_all_attempts_share_the_time(env, http, provider, now, timeout_s, expected):
    limits: list[float | None] = []

    class Watched:
        """The real client, and what it is told about time."""

        def __getattr__(self, name):
            return getattr(http, name)

        async def post(self, request):
            limits.append(request.timeout_s)
            return await http.post(request)

    async def wait(_seconds: float) -> None:
        now.time += 100

    client = ChatClient(Watched(), env, sleep=wait, monotonic=now)
    provider.pages = [Page(status=500)]

    await client.chat("f_ours", asking(timeout_s=timeout_s))

    assert limits == expected


async def test_a_chat_can_be_cancelled(client, provider):
    provider.may_answer.clear()
    chat = asyncio.create_task(client.chat("f_ours", asking()))
    while not provider.received:
        await asyncio.sleep(0)

    chat.cancel()

    with pytest.raises(asyncio.CancelledError):
        await chat
