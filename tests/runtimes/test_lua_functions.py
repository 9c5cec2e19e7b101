"""Lua functions, from the event to the response, in real workers."""

import json

import pytest

from perilune.events import HTTPEvent
from perilune.runtimes.guest.api.handler import CTX, EVENT
from tests.runtimes.conftest import Box

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("plain", "plain", id="ASCII"),
        pytest.param("h\\195\\169", "hé", id="UTF-8"),
        pytest.param("\\255", "\udcff", id="other bytes"),
    ],
)
async def test_header_bytes_arrive_as_text(lua: Box, given: str, expected: str) -> None:
    result = await lua.run(
        f'function handler() return {{ headers = {{ ["X-A"] = "{given}", ["X-B"] = {{ "{given}", '
        '"b" } } } end'
    )

    assert result.response is not None
    assert result.response.headers == {"X-A": expected, "X-B": [expected, "b"]}


async def test_handlers_are_called_as_described(lua: Box) -> None:
    body = await lua.body(
        "local function names(t)\n"
        "  local found = {} for name in pairs(t) do found[#found + 1] = name end\n"
        "  return found\n"
        "end\n"
        "function handler(...)\n"
        "  return { body = { names((select(1, ...))), names((select(2, ...))) } }\n"
        "end"
    )

    for found, described in zip(json.loads(body), (CTX, EVENT), strict=True):
        always = {one.name for one in described.members if "nil" not in one.type}
        assert always <= set(found) <= {member.name for member in described.members}


async def test_event_bytes_arrive_as_they_are(lua: Box) -> None:
    event = HTTPEvent(
        method="POST",
        path="/fn/f/\udcff",
        headers={"X-Name": "h\udcc3\udca9"},
        query={"q\udcfe": "v"},
        body=b"\x00\xff",
    )

    body = await lua.body(
        "function handler(ctx, event)\n"
        "  local keys = {} for k in pairs(event.query) do keys[#keys + 1] = k end\n"
        "  return { body = table.concat({ #event.body, event.headers['x-name'],"
        " event.path:byte(-1), keys[1]:byte(2) }, '|') }\n"
        "end",
        event,
    )

    assert body == "2|hé|255|254"


async def test_the_context_names_the_execution(lua: Box) -> None:
    result = await lua.run(
        "function handler(ctx) return { body = ctx.executionId .. ctx.requestId ..ctx.functionName"
        " .. ctx.version } end"
    )

    assert result.response is not None
    assert result.response.body == (result.execution_id * 2 + "f1").encode()


async def test_kv_belongs_to_the_function(lua: Box) -> None:
    writer = "function handler() kv.set('k', 'secret') return { body = kv.get('k') } end"
    reader = "function handler() return { body = tostring(kv.get('k')) } end"

    assert await lua.body(writer) == "secret"
    assert await lua.body(reader) == "nil"


async def test_every_kv_call_works(lua: Box) -> None:
    body = await lua.body("""
function handler()
  local out = {}
  out[1] = kv.incr("n") .. kv.incr("n", 4)
  out[2] = tostring(kv.cas("lock", nil, "me")) .. tostring(kv.cas("lock", nil, "you"))
  for i = 1, 5 do kv.set("user:" .. i, "v" .. i) end
  local page = kv.list("user:", 3)
  out[3] = #page.items .. page.items[1].key .. page.items[3].value
  out[4] = #kv.list("user:", 3, page.cursor).items
  out[5] = tostring(kv.set("short", "x", { ttl = 60 })) .. kv.get("short")
  out[6] = tostring(kv.delete("short")) .. tostring(kv.get("short"))
  out[7] = tostring(select(2, kv.set(string.rep("k", 600), "v")))
  return { body = table.concat(out, "\\n") }
end""")

    lines = body.split("\n")
    assert lines[:6] == ["15", "truefalse", "3user:1v3", "2", "truex", "truenil"]
    assert "512" in lines[6]


async def test_env_rules_hold_for_functions(lua: Box) -> None:
    body = await lua.body("""
function handler()
  local ok, err = env.set("bad key!", "v")
  env.set("GOOD", "1")
  return { body = tostring(ok) .. "|" .. tostring(err) .. "|" .. env.get("GOOD") }
end""")

    assert body == (
        "false|env_var_key: environment variable key can only contain letters, numbers,"
        " and underscores|1"
    )


async def test_host_calls_are_limited(lua: Box) -> None:
    body = await lua.body("""
function handler()
  local err
  for i = 1, 1001 do err = select(2, kv.get("missing")) end
  return { body = tostring(err) }
end""")

    assert body == "limit of 1000 host calls in one execution reached"


async def test_logs_are_stored_in_order_and_masked(lua: Box) -> None:
    result = await lua.run("""
function handler()
  log.debug("one") log.warn("two", { id = 7 }) print("three", 3)
  log.error("token: abcdefghijklmnop x")
  return {}
end""")

    lines, total = await lua.store.logs.page(result.execution_id, None, 0)
    assert total == 4
    assert [(line.level, line.message) for line in lines] == [
        (1, "one"),
        (2, 'two {"id":7}'),
        (0, "three\t3"),
        (3, "[REDACTED] x"),
    ]


async def test_an_error_report_shows_line_frame_and_tip(lua: Box) -> None:
    result = await lua.run("function handler(ctx, event)\n  local t = nil\n  return t.x\nend\n")

    message = (await lua.record(result)).error_message or ""
    assert message.startswith("Error at line 3: <string>:3: attempt to index")
    assert "stack traceback:" in message
    assert ">   3 |   return t.x" in message
    assert "[TIP]" in message


async def test_no_global_survives_an_execution(lua: Box) -> None:
    function_id = await lua.add("""
counter = (counter or 0) + 1
function handler()
  string.leak = (string.leak or 0) + 1
  kv.mine = (kv.mine or 0) + 1
  return { body = counter .. "/" .. string.leak .. "/" .. kv.mine }
end""")

    for _ in range(3):
        result = await lua.call(function_id)
        assert result.response is not None
        assert result.response.body == b"1/1/1"


async def test_a_new_version_runs_at_once(lua: Box) -> None:
    function_id = await lua.add("function handler() return { body = 'old' } end")
    await lua.call(function_id)
    await lua.store.create_version(function_id, "function handler() return { body = 'new' } end")

    result = await lua.call(function_id)

    assert result.response is not None
    assert result.response.body == b"new"
