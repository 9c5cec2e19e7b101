"""What is measured: each case is a function and the request that calls it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A guest function under load."""

    name: str
    code: str
    method: str = "GET"
    body: str = ""
    runtime: str = "lua"

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

CASES = (
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
    Case("hello javascript", HELLO["javascript"], runtime="javascript"),
    Case("hello typescript", HELLO["typescript"], runtime="typescript"),
    Case("fib(27) javascript", FIB_IN_JAVASCRIPT, runtime="javascript"),
    Case("hello python", HELLO["python"], runtime="python"),
    Case("fib(27) python", FIB_IN_PYTHON, runtime="python"),
)
