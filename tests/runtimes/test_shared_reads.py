"""Functions that read their pairs and variables in shared memory see what they always saw."""

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from perilune.clock import wall_clock
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import RuntimeRequest, WorkerLimits, WorkerRuntime
from perilune.runtimes.shared_log import SharedLog
from perilune.services.env import Env
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import value_tables
from perilune.worker.frames import Call, FrameReader, FromWorker, Invoke, Reply, Result, encode
from perilune.worker.shared_values import NEVER
from perilune.worker.socket_channel import SocketChannel
from tests.runtimes.conftest import Box
from tests.runtimes.test_shared_values import open_pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLENTY = 10**9
READ = {
    "lua": """
function handler(ctx, event)
  local pair, name = kv.get("pair"), env.get("NAME")
  return { body = tostring(pair) .. " " .. tostring(name) }
end""",
    "python": """
from perilune_guest import env, kv

def handler(ctx, event):
    pair, name = kv.get("pair"), env.get("NAME")
    return f"{pair or 'nil'} {name or 'nil'}"
""",
}
WRITE = {
    "lua": """
function handler(ctx, event)
  local seen = {}
  local function see() seen[#seen + 1] = tostring(kv.get("k")) end
  see() kv.set("k", "1") see() kv.incr("k", 4) see()
  kv.cas("k", "no", "x") see() kv.cas("k", "5", "six") see()
  kv.set("k", "short", { ttl = 1 }) see() while kv.get("k") do time.sleep(20) end
  kv.set("k", "7") kv.delete("k") see()
  seen[#seen + 1] = tostring(env.get("V")) env.set("V", "v") seen[#seen + 1] = env.get("V")
  env.delete("V") seen[#seen + 1] = tostring(env.get("V"))
  return { body = table.concat(seen, " ") }
end""",
    "python": """
import time
from perilune_guest import env, kv

def handler(ctx, event):
    seen = []
    def see():
        seen.append(kv.get("k"))
    see(); kv.set("k", "1"); see(); kv.incr("k", 4); see()
    kv.cas("k", "no", "x"); see(); kv.cas("k", "5", "six"); see()
    kv.set("k", "short", ttl=1); see()
    while kv.get("k"):
        time.sleep(0.02)
    kv.set("k", "7"); kv.delete("k"); see()
    seen.append(env.get("V")); env.set("V", "v"); seen.append(env.get("V"))
    env.delete("V"); seen.append(env.get("V"))
    return " ".join(one or "nil" for one in seen)
""",
}
MANY = {
    "lua": """
function handler(ctx, event)
  for _ = 1, 990 do kv.get("pair") end
  local written, problem = 0, nil
  for _ = 1, 20 do
    local ok, err = kv.set("other", "x")
    if ok then written = written + 1 else problem = err end
  end
  local value, err = kv.get("pair")
  return { body = written .. " " .. problem .. " " .. tostring(value) .. " " .. err }
end""",
    "python": """
from perilune_guest import KvError, kv

def handler(ctx, event):
    for _ in range(990):
        kv.get("pair")
    written, problem = 0, None
    for _ in range(20):
        try:
            kv.set("other", "x")
            written += 1
        except KvError as error:
            problem = error
    try:
        kv.get("pair")
    except KvError as error:
        return f"{written} {problem} nil {error}"
""",
}
LIMIT = "limit of 1000 host calls in one execution reached"

LANGUAGES = ["lua", "python"]


@pytest.fixture(params=LANGUAGES)
def box(request: pytest.FixtureRequest) -> Box:
    found: Box = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def _is_never_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in memory does not depend on how busy the machine is."""
    monkeypatch.setattr(value_tables, "LOADING_FACTOR", 0)
    monkeypatch.setattr("perilune.store.sqlite.connection.writer.SLOW_S", math.inf)


@pytest.fixture
def asked(box: Box, monkeypatch: pytest.MonkeyPatch) -> list[bytes | str]:
    """The keys and names that the server was asked for."""
    seen: list[bytes | str] = []
    for rows in (box.store.kv, box.store.env):
        get = rows.get

        async def note(function_id: str, key: bytes | str, get=get) -> object:
            seen.append(key)
            return await get(function_id, key)

        monkeypatch.setattr(rows, "get", note)
    return seen


async def body_of(box: Box, function_id: str) -> str:
    result = await box.call(function_id)
    assert result.error is None, result.error
    assert result.response is not None
    body = result.response.body
    return body.decode() if isinstance(body, bytes) else body


async def test_the_server_is_asked_once(box: Box, asked: list[bytes | str]) -> None:
    fn = await box.add(READ[box.language])
    await box.store.kv.set(fn, b"pair", b"1", None, PLENTY)

    assert [await body_of(box, fn) for _ in range(5)] == ["1 nil"] * 5

    assert asked == [b"pair"]


async def test_a_function_sees_what_it_has_written(box: Box) -> None:
    fn = await box.add(WRITE[box.language])

    assert await body_of(box, fn) == "nil 1 5 5 six short nil nil v nil"


async def test_what_others_write_shows_at_once(box: Box) -> None:
    store = box.store
    fn = await box.add(READ[box.language])
    assert await body_of(box, fn) == "nil nil"
    for number in range(20):
        await store.kv.set(fn, b"pair", b"%d" % number, None, PLENTY)
        assert await body_of(box, fn) == f"{number} nil"
    await store.env.set(fn, "NAME", "n", True)
    assert await body_of(box, fn) == "19 n"
    async with store.transaction() as tx:
        await tx.kv.delete(fn, b"pair")
        await tx.env.replace(fn, {"NAME": "m"})
    assert await body_of(box, fn) == "nil m"
    await store.kv.set(fn, b"pair", b"x" * 300_000, None, PLENTY)
    assert await body_of(box, fn) == "x" * 300_000 + " m"
    await store.kv.set(fn, b"pair", b"late", wall_clock() - 1, PLENTY)
    assert await body_of(box, fn) == "nil m"


async def test_each_function_sees_its_own(box: Box) -> None:
    ours, theirs = [await box.add(READ[box.language]) for _ in range(2)]
    await box.store.kv.set(ours, b"pair", b"ours", None, PLENTY)
    await box.store.env.set(theirs, "NAME", "theirs")

    for _ in range(3):
        assert await body_of(box, ours) == "ours nil"
        assert await body_of(box, theirs) == "nil theirs"


async def test_what_does_not_fit_is_asked_for(box: Box, asked: list[bytes | str]) -> None:
    fn = await box.add(READ[box.language])
    await box.store.kv.set(fn, b"pair", b"1", None, PLENTY)
    await box.store.kv.set(fn, b"large", bytes(value_tables.MAX_TABLE_BYTES), None, PLENTY)

    assert [await body_of(box, fn) for _ in range(3)] == ["1 nil"] * 3

    assert asked == [b"pair", "NAME"] * 3


class OtherKV(KV):
    """Answers by itself."""

    async def get(self, function_id: str, key: bytes) -> bytes:
        """Return something else than what is stored."""
        return b"other " + await super().get(function_id, key)


async def test_a_store_of_the_embedder_is_asked_each_time(lua: Box) -> None:
    fn = await lua.add("")
    await lua.store.kv.set(fn, b"pair", b"1", None, PLENTY)
    request = RuntimeRequest(
        code=READ["lua"],
        context=ExecutionContext(execution_id="e", function_id=fn, started_at=1),
        event=HTTPEvent(method="GET", path="/"),
    )
    async with WorkerRuntime(
        logger=StoreLogger(lua.store.logs),
        kv_store=OtherKV(lua.store.kv),
        env_store=Env(lua.store.env),
        limits=WorkerLimits(warm=1, maximum=1),
    ) as runtime:
        for _ in range(3):
            result = await runtime.execute(request)
            assert result.response is not None
            assert result.response.body == b"other 1 nil"


async def test_reads_count_towards_the_limit_of_host_calls(box: Box) -> None:
    fn = await box.add(MANY[box.language])

    for _ in range(2):
        assert await body_of(box, fn) == f"10 {LIMIT} nil {LIMIT}"


async def test_all_copies_together_have_a_limit(
    box: Box, asked: list[bytes | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_tables, "MAX_COPIED_BYTES", -1)
    fn = await box.add(READ[box.language])

    assert [await body_of(box, fn) for _ in range(2)] == ["nil nil"] * 2

    assert asked == [b"pair", "NAME"] * 2


@contextmanager
def open_channel() -> Iterator[tuple[socket.socket, SocketChannel, SharedLog]]:
    """The host's end of a connection, a worker's channel, and what they share."""
    log, values = open_pair()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, SocketChannel(theirs, values), log
    log.close()


def invoke(*, calls_only: bool = False) -> Invoke:
    return Invoke("v", None, {}, {}, 1.0, calls_only=calls_only)


async def test_an_invocation_that_is_observed_reads_nothing_by_itself() -> None:
    with open_channel() as (_, channel, log):
        log.fill({b"kpair": (b"1", NEVER)})
        channel.begin(invoke(calls_only=True), 1000)
        assert channel.look_up(b"kpair") is None

        channel.begin(invoke(), 1000)
        assert channel.look_up(b"kpair") == (b"1",)


async def test_a_worker_says_how_much_it_has_read() -> None:
    with open_channel() as (host, channel, log):
        log.fill({b"kpair": (b"1", NEVER)})
        reader: FrameReader[FromWorker] = FrameReader(FromWorker)
        channel.begin(invoke(), 3)
        for _ in range(2):
            channel.look_up(b"kpair")
        host.sendall(encode(Reply(None)))
        channel.send(Call("kv.set", []))
        channel.receive()
        assert channel.look_up(b"kpair") is None  # two reads and a call are all there may be
        channel.finish(Result(200, {}, b"", False))
        channel.begin(invoke(), 3)
        channel.finish(Result(200, {}, b"", False))

        frames: list[FromWorker] = []
        while len(frames) < 3:
            frames += reader.feed(host.recv(65536))

    assert [frame.reads for frame in frames if isinstance(frame, Call | Result)] == [2, 2, 0]
