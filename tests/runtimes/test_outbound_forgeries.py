"""Calls of http, ai and email that no binding sends: from a worker that has been taken over."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import RuntimeRequest, WorkerDiedError, WorkerLimits, WorkerRuntime
from perilune.services.ai import FakeAIClient, StoreAITracker
from perilune.services.email import FakeEmailClient, StoreEmailTracker
from perilune.services.http import FakeClient
from perilune.services.logger import StoreLogger
from perilune.worker.frames import Call, encode
from tests.runtimes.conftest import FORGER
from tests.store.memory import NoRows

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = b"http://h/"
CHAT = {
    b"provider": b"openai",
    b"model": b"m",
    b"messages": [{b"role": b"user", b"content": b"c"}],
    b"max_tokens": 1,
}
TIME_LEFT_S = 60.0
MAIL = {b"from": b"a", b"to": [b"b"], b"subject": b"s", b"text": b"t"}


@dataclass(frozen=True)
class Forger:
    """A runtime whose workers send what they are told to, and what came of it outside."""

    runtime: WorkerRuntime
    http: FakeClient = field(default_factory=FakeClient)
    ai: FakeAIClient = field(default_factory=FakeAIClient)
    email: FakeEmailClient = field(default_factory=FakeEmailClient)

    @property
    def limits_s(self) -> list[float | None]:
        """The time limit of each request that was made."""
        chats = [request.timeout_s for _, request in self.ai.requests]
        mails = [request.timeout_s for _, request in self.email.requests]
        return [request.timeout_s for request in self.http.requests] + chats + mails


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forger() -> AsyncIterator[Forger]:
    http, ai, email = FakeClient(), FakeAIClient(), FakeEmailClient()
    runtime = WorkerRuntime(
        logger=StoreLogger(NoRows()),
        http_client=http,
        ai_client=ai,
        ai_tracker=StoreAITracker(NoRows()),
        email_client=email,
        email_tracker=StoreEmailTracker(NoRows()),
        limits=WorkerLimits(warm=1, maximum=2),
        languages=[FORGER],
    )
    async with runtime:
        yield Forger(runtime, http, ai, email)


def sending(name: str, args: list[Any]) -> RuntimeRequest:
    code = encode(Call(name, args)).hex()
    return RuntimeRequest(
        code=code,
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=code,
        deadline=asyncio.get_running_loop().time() + TIME_LEFT_S,
    )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        pytest.param("http.trace", [URL], id="unknown name"),
        pytest.param("http.request", [b"GET"], id="too few arguments"),
        pytest.param("http.get", [URL, [1]], id="list as options"),
        pytest.param("http.get", [URL, {1: b"x"}], id="number as option"),
        pytest.param("http.get", [URL, {b"headers": b"x"}], id="text as headers"),
        pytest.param("http.get", [URL, {b"headers": {b"A": 1}}], id="number as header"),
        pytest.param("http.get", [URL, {b"query": {b"a": [b"x"]}}], id="list as query value"),
        pytest.param("http.get", [URL, {b"timeout": b"1"}], id="text as timeout"),
        pytest.param("http.get", [URL, {b"timeout": float("nan")}], id="NaN as timeout"),
        pytest.param("http.get", [URL, {b"maxBytes": True}], id="boolean as maxBytes"),
        pytest.param("http.post", [URL, {b"body": {b"a": b"b"}}], id="table as body"),
        pytest.param("http.post", [URL, {b"form": [b"a"]}], id="list as form"),
        pytest.param("ai.chat", [], id="no options"),
        pytest.param("ai.chat", [{}], id="empty options"),
        pytest.param("ai.chat", [{**CHAT, b"model": None}], id="no model"),
        pytest.param("ai.chat", [{**CHAT, b"messages": b"hi"}], id="text as messages"),
        pytest.param("ai.chat", [{**CHAT, b"messages": [b"hi"]}], id="text as message"),
        pytest.param("ai.chat", [{**CHAT, b"messages": [{b"role": b"user"}]}], id="no content"),
        pytest.param("ai.chat", [{**CHAT, b"max_tokens": float("inf")}], id="infinite tokens"),
        pytest.param("ai.chat", [{**CHAT, b"max_tokens": None}], id="no tokens"),
        pytest.param("ai.chat", [{**CHAT, b"temperature": b"0"}], id="text as temperature"),
        pytest.param("ai.chat", [{**CHAT, b"endpoint": [URL]}], id="list as endpoint"),
        pytest.param("email.send", [b"x"], id="text as options"),
        pytest.param("email.send", [{**MAIL, b"to": b"b"}], id="text as receivers"),
        pytest.param("email.send", [{**MAIL, b"cc": [1]}], id="number as receiver"),
        pytest.param("email.send", [{**MAIL, b"subject": 1}], id="number as subject"),
        pytest.param("email.send", [{**MAIL, b"headers": [b"A"]}], id="list as headers"),
        pytest.param("email.send", [{**MAIL, b"tags": [{b"name": b"n"}]}], id="tag, no value"),
        pytest.param("email.send", [{**MAIL, b"attachments": {b"a": b"b"}}], id="no files"),
        pytest.param(
            "email.send", [{**MAIL, b"attachments": [{b"filename": b"f"}]}], id="file, no content"
        ),
    ],
)
async def test_a_forged_call_stops_its_worker_and_reaches_nobody(
    forger: Forger, name: str, args: list[Any]
) -> None:
    before = forger.limits_s

    async with asyncio.timeout(30):
        with pytest.raises(WorkerDiedError, match="the worker was stopped"):
            await forger.runtime.execute(sending(name, args))

    assert forger.limits_s == before


@pytest.mark.parametrize(
    ("name", "args"),
    [
        pytest.param("http.get", [URL, {b"query": [], b"timeout": 1e9}], id="http"),
        pytest.param("ai.chat", [CHAT], id="ai"),
        pytest.param("email.send", [MAIL], id="email"),
    ],
)
async def test_requests_of_bindings_get_the_remaining_time(
    forger: Forger, name: str, args: list[Any]
) -> None:
    """So the forged calls above are refused for what is wrong with them, not for the rest."""
    for requests in (forger.http.requests, forger.ai.requests, forger.email.requests):
        requests.clear()
    task = asyncio.create_task(forger.runtime.execute(sending(name, args)))

    async with asyncio.timeout(30):
        while not forger.limits_s:
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    (limit_s,) = forger.limits_s
    assert limit_s is not None and 0 < limit_s <= TIME_LEFT_S
