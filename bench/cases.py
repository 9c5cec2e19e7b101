"""What is measured: each case is a function and the request that calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CONNECTIONS = (1, 32)
"""At which a case is measured unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Case:
    """A guest function under load."""

    name: str
    code: str
    method: str = "GET"
    body: str = ""
    runtime: str = "lua"
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: tuple[int, ...] = CONNECTIONS

    def source(self, upstream: str) -> str:
        """Return the code, with the address of a server on loopback filled in."""
        return self.code.replace("UPSTREAM", upstream)


FIB = """
function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
function handler(ctx, event) return { statusCode = 200, body = tostring(fib(27)) } end
"""

FIB_IN_PYTHON = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def handler(ctx, event):
    return {"statusCode": 200, "body": str(fib(27))}
"""

FIB_IN_JAVASCRIPT = """
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
export default function handler() { return { statusCode: 200, body: String(fib(27)) }; }
"""

FIB_TIMED_INSIDE = """
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
export default function handler() {
  const started = performance.now();
  fib(27);
  return { statusCode: 200, body: String(performance.now() - started) };
}
"""
"""Answers with the milliseconds that fib took: the same without the request around it."""

HELLO = {
    "lua": 'function handler(ctx, event) return { statusCode = 200, body = "hello" } end',
    "python": 'def handler(ctx, event):\n    return {"statusCode": 200, "body": "hello"}',
    "javascript": 'export default () => ({ statusCode: 200, body: "hello" });',
    "typescript": (
        "interface Answer { statusCode: number; body: string }\n"
        'export default (): Answer => ({ statusCode: 200, body: "hello" });'
    ),
}
"""The smallest function of each language; those other than Lua are compared with Lua's."""

BROWSER_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Cache-Control": "max-age=0",
    "Referer": "https://shop.example/catalogue?page=2&sort=price",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
"""What a browser sends besides `Host`."""

BESIDE_PEERS = (
    Case("hello", HELLO["lua"], connections=(1, 8, 32, 128)),
    Case("hello, ten headers", HELLO["lua"], headers=BROWSER_HEADERS, connections=(32,)),
)
"""What all systems can do."""

LUA = (
    Case("hello", HELLO["lua"]),
    Case(
        "json echo",
        """
function handler(ctx, event)
  local data = json.decode(event.body)
  data.seen = true
  return { statusCode = 200, body = json.encode(data) }
end
""",
        "POST",
        '{"name":"lamp","tags":["a","b"],"price":12.5,"stock":{"berlin":3,"paris":0}}',
    ),
    Case(
        "kv counter",
        """
function handler(ctx, event)
  local n = tonumber(kv.get("n") or "0") + 1
  kv.set("n", tostring(n))
  return { statusCode = 200, body = tostring(n) }
end
""",
    ),
    Case(
        "one kv.get",
        """
function handler(ctx, event)
  return { statusCode = 200, body = kv.get("n") or "none" }
end
""",
    ),
    Case(
        "ten kv.get",
        """
function handler(ctx, event)
  local value
  for _ = 1, 10 do value = kv.get("n") end
  return { statusCode = 200, body = value or "none" }
end
""",
    ),
    Case(
        "http.get",
        """
function handler(ctx, event)
  local response, problem = http.get("UPSTREAM")
  if problem then error(problem) end
  return { statusCode = response.statusCode, body = response.body }
end
""",
    ),
    Case(
        "five log lines",
        """
function handler(ctx, event)
  for i = 1, 5 do log.info("step " .. i .. " of five is done") end
  return { statusCode = 200, body = "logged" }
end
""",
    ),
    Case("fib(27)", FIB),
)

PYTHON = (
    Case("hello", HELLO["python"]),
    Case(
        "kv counter",
        """
from perilune_guest import kv

def handler(ctx, event):
    n = int(kv.get("n") or "0") + 1
    kv.set("n", str(n))
    return str(n)
""",
    ),
    Case(
        "ten kv.get",
        """
from perilune_guest import kv

def handler(ctx, event):
    for _ in range(10):
        value = kv.get("n")
    return value or "none"
""",
    ),
    Case(
        "http.get",
        """
from perilune_guest import http

def handler(ctx, event):
    return http.get("UPSTREAM").body
""",
    ),
    Case(
        "five log lines",
        """
from perilune_guest import log

def handler(ctx, event):
    for i in range(5):
        log.info(f"step {i} of five is done")
    return "logged"
""",
    ),
    Case("fib(27)", FIB_IN_PYTHON),
)

JAVASCRIPT = (
    Case("hello", HELLO["javascript"]),
    Case(
        "kv counter",
        """
import { kv } from "perilune";
export default async function handler() {
  const n = Number(await kv.get("n") ?? 0) + 1;
  await kv.set("n", String(n));
  return String(n);
}
""",
    ),
    Case(
        "ten kv.get",
        """
import { kv } from "perilune";
export default async function handler() {
  let value;
  for (let i = 0; i < 10; i++) value = await kv.get("n");
  return value ?? "none";
}
""",
    ),
    Case(
        "http.get",
        """
import { http } from "perilune";
export default async () => (await http.get("UPSTREAM")).body;
""",
    ),
    Case(
        "five log lines",
        """
import { log } from "perilune";
export default function handler() {
  for (let i = 1; i <= 5; i++) log.info(`step ${i} of five is done`);
  return "logged";
}
""",
    ),
    Case("fib(27)", FIB_IN_JAVASCRIPT),
)


def in_language(case: Case, runtime: str) -> Case:
    """Return a case of a language other than Lua: few of them are measured at one connection."""
    at = CONNECTIONS if case.name in ("hello", "fib(27)") else CONNECTIONS[1:]
    return replace(case, name=f"{case.name} {runtime}", runtime=runtime, connections=at)


CASES = (
    *LUA,
    *(in_language(case, "python") for case in PYTHON),
    *(in_language(case, "javascript") for case in JAVASCRIPT),
    Case("hello typescript", HELLO["typescript"], runtime="typescript"),
)
"""What only a server of functions with records, host calls and languages can do."""
