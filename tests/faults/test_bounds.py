"""The server stays small and quick beside clients, functions and upstreams that mean harm."""

import http.client
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from bench.processes import Server, resident_bytes, serving
from tests.faults.attackers import (
    BODY_BYTES,
    DENSE_BODY,
    Attack,
    attacking,
    call_again_and_again,
    have_endless_answers_fetched,
    ignore_answers,
    withhold_bodies,
)
from tests.runtimes.test_hostile_frames import SPEAK

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("ss") is None, reason="ss is not installed"),
]

MIB = 1024 * 1024
MOST_BYTES = 256 * MIB
"""Of the server's memory, what its connections have yet to send included."""
MOST_RATIO = 5.0
"""Between another function's median latency beside an attack and beside busy loops."""
HOSTILE = 12
"""Callers of a hostile function: as many as it gets workers."""
KINDS_OF_UPSTREAMS = 5
WARM_UP_S = 2.0
BASELINE_S = 4.0
"""Before an attack and once more after it, since others may use the machine, too."""
ATTACK_S = 14.0
"""Longer than a large body waits for its place."""
WEIGH_EVERY_S = 0.25

HELLO = 'function handler() return { body = "hello" } end'
BUSY = "function handler() local stop = os.time() + 2 while os.time() < stop do end return {} end"
TAKER = "function handler(ctx, event) return { body = tostring(#event.body) } end"
LONG_ANSWER = (
    f'local text = string.rep("x", {BODY_BYTES}) function handler() return {{ body = text }} end'
)
FETCHER = """
function handler(ctx, event)
  for _ = 1, 50 do http.get(event.query.url) end
  return { body = "done" }
end"""
LOGGER = """
local words = {}
for n = 1, 7000 do words[n] = "n" .. n .. "key:" .. n end
local line = table.concat(words, " "):sub(1, 65000)
function handler() for _ = 1, 16 do log.info(line) end return {} end"""
"""Text that takes long to be masked."""
RAW_LOGGER = f"""{SPEAK}
    line = " ".join(f"n{{n}}key:{{n}}" for n in range(7000))[:65000].encode()
    log = call("log.info", b"\\xc6" + struct.pack(">I", len(line)) + line)
    for _ in range(16):
        send(log)
    return "done"
"""
CALLS_BEYOND_THE_LIMIT = "function handler() while true do kv.get('x') end end"
LINES_BEYOND_THE_LIMIT = "function handler() while true do log.info('x') end end"


@dataclass(frozen=True)
class Seen:
    """What the caller of another function notices, and what the server takes."""

    latencies_s: list[float]
    most_bytes: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {
        "EXECUTION_TIMEOUT": "20",
        "PERILUNE_HTTP_ALLOW": "127.0.0.1",
        "PERILUNE_LOG_LEVEL": "error",
    }
    with serving(tmp_path_factory.mktemp("bounds"), environment) as running:
        yield running


def bodies(server: Server) -> list[Attack]:
    return [(withhold_bodies, [server.add_function("taker", TAKER)])]


def answers(server: Server) -> list[Attack]:
    return [(ignore_answers, [server.add_function("long answer", LONG_ANSWER)])]


def called(server: Server, code: str, callers: int, runtime: str = "lua") -> Attack:
    return call_again_and_again, [server.add_function("hostile", code, runtime), callers]


def dense_bodies(server: Server) -> list[Attack]:
    return [(call_again_and_again, [server.add_function("taker", TAKER), 4, DENSE_BODY])]


def upstreams(server: Server) -> list[Attack]:
    return [(have_endless_answers_fetched, [server.add_function("fetcher", FETCHER)])]


def all_together(server: Server) -> list[Attack]:
    return [
        *bodies(server),
        *answers(server),
        called(server, LOGGER, HOSTILE // 2),
        called(server, RAW_LOGGER, HOSTILE // 2, "python"),
        *upstreams(server),
    ]


@pytest.mark.parametrize(
    ("attack", "busy"),
    [
        pytest.param(bodies, [HOSTILE], id="bodies that are not finished"),
        pytest.param(answers, [HOSTILE], id="answers that are not read"),
        pytest.param(dense_bodies, [HOSTILE], id="dense bodies"),
        pytest.param(lambda s: [called(s, LOGGER, HOSTILE)], [HOSTILE], id="dense lines"),
        pytest.param(
            lambda s: [called(s, RAW_LOGGER, HOSTILE, "python")], [HOSTILE], id="raw dense lines"
        ),
        pytest.param(lambda s: [called(s, LINES_BEYOND_THE_LIMIT, HOSTILE)], [HOSTILE], id="lines"),
        pytest.param(lambda s: [called(s, CALLS_BEYOND_THE_LIMIT, HOSTILE)], [HOSTILE], id="calls"),
        pytest.param(upstreams, [KINDS_OF_UPSTREAMS], id="endless upstreams"),
        pytest.param(
            all_together,
            [HOSTILE, HOSTILE // 2, HOSTILE // 2, KINDS_OF_UPSTREAMS],
            id="all together",
        ),
    ],
)
def test_an_attack_costs_others_little_more_than_busy_loops(server: Server, attack, busy) -> None:
    """*busy* has the number of workers that each hostile function keeps busy."""
    hello = server.add_function("hello", HELLO)
    loops = [called(server, BUSY, callers) for callers in busy]

    with attacking(loops):
        before = watch(server, hello, BASELINE_S)
    with attacking(attack(server)):
        seen = watch(server, hello, ATTACK_S)
    with attacking(loops):
        after = watch(server, hello, BASELINE_S)

    usual_s = statistics.median(before.latencies_s + after.latencies_s)
    median_s = statistics.median(seen.latencies_s)
    print(
        f"{usual_s * 1000:.1f} ms beside busy loops, {median_s * 1000:.1f} ms beside the attack"
        f" ({median_s / usual_s:.1f} times), {seen.most_bytes / MIB:.0f} MiB"
    )
    assert seen.most_bytes < MOST_BYTES
    assert median_s < MOST_RATIO * usual_s


def watch(server: Server, url: str, duration_s: float) -> Seen:
    """Call a function again and again on one connection, and weigh the server meanwhile."""
    host, path = urlsplit(url).netloc, urlsplit(url).path
    latencies: list[float] = []
    most_bytes = 0
    begun = weigh_at = time.monotonic()
    with closing(http.client.HTTPConnection(host, timeout=60)) as client:
        while time.monotonic() < begun + WARM_UP_S + duration_s:
            asked = time.monotonic()
            client.request("GET", path)
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (200, b"hello")
            if asked > begun + WARM_UP_S:
                latencies.append(time.monotonic() - asked)
            if time.monotonic() > weigh_at:
                size = resident_bytes(server.process.pid) + unsent_bytes(urlsplit(url).port)
                most_bytes, weigh_at = max(most_bytes, size), time.monotonic() + WEIGH_EVERY_S
    return Seen(latencies, most_bytes)


def unsent_bytes(port: int | None) -> int:
    """Return what the kernel holds in the send queues of connections to a port."""
    command = ["ss", "-tmnH", "sport", "=", f":{port}"]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sum(map(int, re.findall(r"skmem:\([^)]*,w(\d+),", table)))
