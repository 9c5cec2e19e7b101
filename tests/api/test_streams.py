"""The management API: executions and logs as they happen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from perilune.api import Streams
from perilune.api.errors import TooManyStreams
from perilune.api.handlers import streams as streams_module
from perilune.engine import ExecutionEvent, ExecutionEventBus, ExecutionEventKind
from perilune.engine.event_bus import MAX_WAITING
from perilune.events import HTTPResponse
from perilune.store import ExecutionStatus, ExecutionTrigger

from .conftest import open_site


class Events:
    """Reads the events of one stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> tuple[str, dict]:
        name = ""
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    return name, json.loads(line[6:])
        raise EOFError

    async def is_over(self) -> bool:
        try:
            await self.next()
        except EOFError:
            return True
        return False


@asynccontextmanager
async def follow(site, path: str) -> AsyncIterator[Events]:
    async with site.client.stream("GET", path) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        lines = answer.aiter_lines()
        # From here on nothing is missed.
        assert (await anext(lines)).startswith("retry: ")
        yield Events(lines)


async def test_executions_are_told_as_they_begin_and_end(site):
    function_id = await site.answering(status_code=404)
    async with follow(site, "/api/executions/stream") as events:
        called = await site.client.post(f"/fn/{function_id}?secret=1", content=b"body")
        started, ended = await events.next(), await events.next()

    same = {
        "id": called.headers["x-execution-id"],
        "function_id": function_id,
        "function_version_id": f"ver_{function_id}_v1",
        "trigger": "http",
        "created_at": started[1]["created_at"],
    }
    assert started == ("started", {"moment": "started", "status": "pending", **same})
    assert ended[1].pop("duration_ms") >= 0
    assert ended == ("ended", {"moment": "ended", "status": "error", **same})


async def test_a_function_has_a_stream_of_its_own(site):
    ours, theirs = await site.answering(), await site.answering()
    async with follow(site, f"/api/functions/{ours}/executions/stream") as events:
        await site.client.get(f"/fn/{theirs}")
        await site.client.get(f"/fn/{ours}")

        assert [(await events.next())[1]["function_id"] for _ in range(2)] == [ours, ours]


async def test_an_execution_that_is_cancelled_has_ended_too(quick_probes, site):
    started = asyncio.Event()

    async def hang(_):
        started.set()
        await asyncio.Event().wait()

    function_id = await site.create(hang)
    async with follow(site, "/api/executions/stream") as events:
        call = asyncio.create_task(site.client.get(f"/fn/{function_id}"))
        await started.wait()
        call.cancel()

        assert (await events.next())[0] == "started"
        name, ended = await events.next()

    assert (name, ended["status"], ended["error_kind"]) == ("ended", "error", "cancelled")


async def test_nobody_is_told_anything_when_the_listener_has_gone(site):
    function_id = await site.answering()
    async with follow(site, "/api/executions/stream"):
        assert len(site.server.event_bus.subscribers) == 1

    async with asyncio.timeout(30):
        while site.server.event_bus.subscribers:
            await site.client.get(f"/fn/{function_id}")


async def test_the_server_does_not_wait_for_listeners(tmp_path):
    async with (
        open_site(tmp_path, shutdown_grace=60.0) as site,
        follow(site, "/api/executions/stream") as events,
    ):
        async with asyncio.timeout(30):
            assert await site.server.stop()

        assert await events.is_over()


async def test_a_log_is_followed_to_its_end(site):
    begun, go_on = asyncio.Event(), asyncio.Event()
    ids = []

    async def log_slowly(request):
        ids.append(request.context.execution_id)
        site.server.store.logs.append("l1", ids[0], 0, "first", 1000)
        begun.set()
        await go_on.wait()
        site.server.store.logs.append("l2", ids[0], 2, "second", 1001)
        return HTTPResponse()

    function_id = await site.create(log_slowly)
    call = asyncio.create_task(site.client.get(f"/fn/{function_id}"))
    await begun.wait()

    async with follow(site, f"/api/executions/{ids[0]}/logs/stream") as events:
        first = await events.next()
        go_on.set()
        rest = [await events.next() for _ in range(2)]
        assert await events.is_over()
    await call

    assert first == ("line", {"level": "info", "message": "first", "created_at": 1000})
    assert rest == [
        ("line", {"level": "warn", "message": "second", "created_at": 1001}),
        ("end", {"status": "success"}),
    ]


async def test_the_log_of_an_execution_that_is_over_comes_at_once(site, monkeypatch):
    monkeypatch.setattr(streams_module, "LINES_PER_READ", 2)
    function_id = await site.answering()
    execution_id = (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]
    for number in range(5):
        site.server.store.logs.append(f"l{number}", execution_id, 0, f"{number}", 1000)
    await site.answering()

    async with follow(site, f"/api/executions/{execution_id}/logs/stream") as events:
        found = [await events.next() for _ in range(6)]

    assert [data.get("message") for _, data in found] == ["0", "1", "2", "3", "4", None]


async def test_streams_are_for_those_who_may_read(stranger):
    assert (await stranger.get("/api/executions/stream")).status_code == 401


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/functions/nope/executions/stream", "Function not found"),
        ("/api/executions/nope/logs/stream", "Execution not found"),
    ],
)
async def test_missing_things_are_not_found(site, path, text):
    answer = await site.client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": text})


async def test_there_are_only_so_many_streams(site, monkeypatch):
    monkeypatch.setattr(streams_module, "MAX_STREAMS", 1)
    async with follow(site, "/api/executions/stream"):
        answer = await site.client.get("/api/executions/stream")

    assert (answer.status_code, answer.json()) == (503, {"error": "Too many streams are open"})


async def test_a_burst_gets_no_more_streams_than_there_are(site, monkeypatch):
    monkeypatch.setattr(streams_module, "MAX_STREAMS", 2)
    function_id = await site.answering()
    streams = Streams(site.server.store, ExecutionEventBus(), None)  # type: ignore[arg-type]

    found = await asyncio.gather(
        *(streams.executions(one) for one in [function_id, None] * 4), return_exceptions=True
    )

    # None of them has begun yet, as when all answers are still on their way.
    opened = [one for one in found if not isinstance(one, Exception)]
    refused = [one for one in found if isinstance(one, TooManyStreams)]
    assert (len(opened), len(refused)) == (2, 6)


@pytest.mark.parametrize("has_begun", [True, False])
async def test_the_place_of_a_stream_is_free_when_it_is_over(site, monkeypatch, has_begun):
    monkeypatch.setattr(streams_module, "MAX_STREAMS", 1)
    streams = Streams(site.server.store, ExecutionEventBus(), None)  # type: ignore[arg-type]

    for _ in range(3):
        parts = await streams.executions()
        if has_begun:
            await anext(parts)
            await parts.aclose()  # type: ignore[attr-defined]
        else:
            del parts

    with pytest.raises(TooManyStreams):
        _ = [await streams.executions(), await streams.executions()]


async def test_a_head_request_takes_no_place(site, monkeypatch):
    monkeypatch.setattr(streams_module, "MAX_STREAMS", 1)
    for _ in range(3):
        await site.client.head("/api/executions/stream")

    async with follow(site, "/api/executions/stream") as events:
        await site.client.get(f"/fn/{await site.answering()}")
        assert (await events.next())[0] == "started"


def event(number: int) -> ExecutionEvent:
    return ExecutionEvent(
        kind=ExecutionEventKind.STARTED,
        id=f"e{number}",
        function_id="f",
        function_version_id="v",
        trigger=ExecutionTrigger.HTTP,
        status=ExecutionStatus.PENDING,
        created_at=0,
    )


async def test_a_slow_subscriber_learns_how_much_is_lost(site):
    event_bus = ExecutionEventBus()
    parts = await Streams(site.server.store, event_bus, None).executions()  # type: ignore[arg-type]
    await anext(parts)
    waiting = asyncio.ensure_future(anext(parts))
    for number in range(MAX_WAITING + 7):
        event_bus.publish(event(number))

    text = (await waiting).decode()
    await parts.aclose()  # type: ignore[attr-defined]

    assert text.startswith('event: lost\ndata: {"count":7}\n\nevent: started\n')
    assert text.count("event: started") == MAX_WAITING
    assert '"e6"' not in text and '"e7"' in text
    assert event_bus.subscribers == set()


async def test_silence_is_broken_by_a_comment(site):
    streams = Streams(site.server.store, ExecutionEventBus(), None, heartbeat_s=0.001)  # type: ignore[arg-type]
    parts = await streams.executions()
    await anext(parts)

    assert await anext(parts) == b": still here\n\n"
    await parts.aclose()  # type: ignore[attr-defined]


async def test_a_stream_ends_so_that_rights_are_looked_at_again(site):
    times = iter([0.0, 1.0, streams_module.LIFE_S + 1])
    streams = Streams(
        site.server.store,
        ExecutionEventBus(),
        None,  # type: ignore[arg-type]
        heartbeat_s=0.001,
        monotonic=lambda: next(times),
    )

    parts = [part async for part in await streams.executions()]

    assert parts == [b"retry: 2000\n\n", b": still here\n\n"]


async def test_a_head_of_a_stream_does_not_follow_it(site):
    async with asyncio.timeout(30):
        answer = await site.client.head("/api/executions/stream")
        after = await site.client.get("/healthz")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in answer.headers
    assert after.status_code == 200
    assert not site.server.event_bus.subscribers
