"""Hostile Lua: every attempt is denied or ends that one execution; others never notice."""

import pytest

from perilune.store import ExecutionStatus
from tests.runtimes.attacks import attack, together
from tests.runtimes.conftest import Box

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _in_handler(code: str) -> str:
    return f"function handler(ctx, event)\ndo\n{code}\nend\nreturn {{ body = 'survived' }}\nend"


DENIED = [
    pytest.param("return io.open('/etc/passwd'):read('*a')", id="read /etc/passwd"),
    pytest.param("return io.lines('/etc/passwd')()", id="io.lines"),
    pytest.param("return dofile('/etc/passwd')", id="dofile"),
    pytest.param("return loadfile('/etc/passwd')()", id="loadfile"),
    pytest.param("return os.getenv('PATH')", id="environment"),
    pytest.param("return os.execute('id')", id="os.execute"),
    pytest.param("return io.popen('id')", id="io.popen"),
    pytest.param("return os.exit(3)", id="os.exit"),
    pytest.param("return os.remove('/tmp/x')", id="os.remove"),
    pytest.param("return require('ffi').C.getpid()", id="ffi"),
    pytest.param("return package.loadlib('libc.so.6', 'system')", id="loadlib"),
    pytest.param("return debug.getregistry()", id="registry"),
    pytest.param("return debug.getupvalue(kv.get, 1)", id="upvalues of the library"),
    pytest.param("return jit.off()", id="jit"),
    pytest.param("return newproxy(true)", id="newproxy"),
    pytest.param("return string.dump(handler)", id="string.dump"),
    pytest.param("return assert(loadstring('\\27LJ\\2'))()", id="bytecode by loadstring"),
    pytest.param(
        "local n = 0 return assert(load(function() n = n + 1"
        " return n == 1 and '\\27LJ\\2' or nil end))()",
        id="bytecode by load",
    ),
    pytest.param("return setfenv(kv.get, {})", id="environment of the library"),
    pytest.param("getmetatable('').__index = {}", id="metatable of strings"),
    pytest.param("return python.eval('1')", id="the host language"),
]


@pytest.mark.parametrize("attempt", DENIED)
async def test_missing_modules_cannot_be_used(lua: Box, attempt: str) -> None:
    code = _in_handler(
        f"local ok, result = pcall(function()\n{attempt}\nend)\n"
        "return { body = (ok and 'ALLOWED ' or 'denied ') .. tostring(result) }"
    )

    body = await lua.body(code)

    assert body.startswith("denied "), body


async def test_no_environment_of_the_host_can_be_reached(lua: Box) -> None:
    """getfenv shows the guest's own globals, whatever function it is asked about."""
    body = await lua.body(
        _in_handler(
            "local seen = {} for _, f in ipairs({ 0, 1, print, kv.get, pcall, string.rep }) do\n"
            "local ok, env = pcall(getfenv, f)\n"
            "if ok and env ~= nil and rawget(env, 'ffi') then seen[#seen + 1] = 'ffi' end\n"
            "if ok and env ~= nil and rawget(env, 'io') and rawget(env, 'io').write then"
            " local w = pcall(env.io.write, 'x') if w then seen[#seen + 1] = 'io' end end\n"
            "end return { body = 'seen:' .. table.concat(seen, ',') }"
        )
    )

    assert body == "seen:"


async def test_source_that_is_bytecode_is_refused(lua: Box) -> None:
    result = await lua.run("\x1bLJ\x02 handler")

    record = await lua.record(result)
    assert (record.status, record.error_kind) == (ExecutionStatus.ERROR, "syntax")


ENDLESS = [
    pytest.param("while true do end", id="plain loop"),
    pytest.param("while true do pcall(function() while true do end end) end", id="loop in pcall"),
    pytest.param(
        "local subject, pattern = ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b'"
        " return { body = tostring(subject:find(pattern)) }",
        id="pattern",
    ),
    pytest.param(
        "local t = {} for i = 1, 1e5 do t[i] = i end"
        " table.sort(t, function() while true do end end)",
        id="table.sort",
    ),
    pytest.param("('x'):gsub('.', function() while true do end end)", id="gsub"),
    pytest.param(
        "local co = coroutine.wrap(function() while true do end end) co()", id="coroutine"
    ),
    pytest.param("while true do kv.get('x') end", id="host calls"),
    pytest.param("time.sleep(1e9)", id="sleep"),
    pytest.param("while true do log.info('again and again') end", id="log lines"),
    pytest.param("repeat until false", id="repeat"),
    pytest.param("::top:: goto top", id="goto"),
    pytest.param(
        "setmetatable(_G, { __index = function() while true do end end }) return nothing",
        id="metamethod",
    ),
]


@pytest.mark.parametrize("codes", together(ENDLESS))
async def test_endless_work_ends_at_the_deadline(lua: Box, codes: list[str]) -> None:
    await attack(lua, [*map(_in_handler, codes)], kinds={"timeout"})


async def test_endless_top_level_code_ends_at_the_deadline(lua: Box) -> None:
    await attack(lua, "while true do end", kinds={"timeout"})


GREEDY = [
    pytest.param("local s = 'x' while true do s = s .. s end", id="string doubling"),
    pytest.param("local t = {} for i = 1, 1e12 do t[i] = i end", id="table growth"),
    pytest.param("local t = {} for i = 1, 1e12 do t[i] = { i } end", id="many tables"),
    pytest.param("return { body = string.rep('x', 1e10) }", id="string.rep"),
    pytest.param("return { body = ('x'):rep(1e9) }", id="output of 1 GB"),
    pytest.param(
        "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end",
        id="coroutines",
    ),
    pytest.param("local f = '' for i = 1, 1e9 do f = f .. 'x' end", id="concatenation"),
]


@pytest.mark.parametrize("code", GREEDY)
async def test_memory_is_bounded(lua: Box, code: str) -> None:
    await attack(lua, _in_handler(code), kinds={"memory", "timeout"})


async def test_memory_errors_that_are_caught_change_nothing_for_others(lua: Box) -> None:
    await attack(
        lua,
        _in_handler("while true do pcall(string.rep, 'x', 1e10) end"),
        kinds={"timeout", "memory"},
    )


CLEAN = [
    pytest.param(
        "local v, err = json.encode({ [1] = 1, [300000000] = 2 }) return { body = tostring(err) }",
        "sparse",
        id="sparse json.encode",
    ),
    pytest.param(
        "local t = {} t.t = t local v, err = json.encode(t) return { body = tostring(err) }",
        "",
        id="cyclic json.encode",
    ),
    pytest.param(
        "local t = {} local c = t for i = 1, 1e5 do c.x = {} c = c.x end"
        " local v, err = json.encode(t) return { body = tostring(err) }",
        "",
        id="deep json.encode",
    ),
    pytest.param(
        "local ok, err = json.decode(string.rep('[', 1e6)) return { body = tostring(err) }",
        "",
        id="deep json.decode",
    ),
]


@pytest.mark.parametrize(("code", "text"), CLEAN)
async def test_awkward_values_are_reported_to_the_guest(lua: Box, code: str, text: str) -> None:
    body = await lua.body(_in_handler(code))

    assert body != "nil"
    assert text in body


RECURSIVE = [
    pytest.param("local function f(n) return 1 + f(n + 1) end f(1)", id="plain recursion"),
    pytest.param(
        "local function f() return (('x'):gsub('.', f)) end f()", id="C recursion through gsub"
    ),
    pytest.param(
        "local function f(a, b) table.sort({ 3, 2, 1 }, f) return false end f()",
        id="C recursion through sort",
    ),
    pytest.param(
        "local function f() local c = coroutine.wrap(f) c() end f()", id="coroutine recursion"
    ),
    pytest.param("local function f() return pcall(f) end f() error('deep')", id="pcall recursion"),
    pytest.param(
        "local t = {} for i = 1, 3e5 do t = setmetatable({}, { __index = t }) end"
        " return { body = tostring(t.x) }",
        id="chain of metatables",
    ),
    pytest.param(
        "local t = setmetatable({}, {}) getmetatable(t).__index = t"
        " return { body = tostring(t.x) }",
        id="loop of metatables",
    ),
]


@pytest.mark.parametrize("code", RECURSIVE)
async def test_recursion_is_an_error_of_that_execution(lua: Box, code: str) -> None:
    await attack(lua, _in_handler(code), kinds={"runtime", "memory", "timeout"})


async def test_a_flood_of_log_lines_is_cut(lua: Box) -> None:
    result = await lua.run(
        _in_handler("for i = 1, 12000 do log.info('line ' .. i) end return { body = 'done' }")
    )

    assert result.error is None
    lines, total = await lua.store.logs.page(result.execution_id, None, 0)
    assert total == 10_001
    assert "limit" in lines[-1].message


async def test_a_huge_log_line_is_cut(lua: Box) -> None:
    result = await lua.run(_in_handler("log.info(string.rep('L', 1e6)) return { body = 'done' }"))

    (line,), _ = await lua.store.logs.page(result.execution_id, None, 0)
    assert len(line.message) < 70_000


async def test_a_response_that_is_too_large_names_the_limit(lua: Box) -> None:
    result = await lua.run(_in_handler("return { body = string.rep('x', 7 * 1024 * 1024) }"))

    record = await lua.record(result)
    assert "exceeds the limit of 6291456 bytes" in (record.error_message or "")
