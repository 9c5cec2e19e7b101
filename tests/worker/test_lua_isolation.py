"""What Lua functions don't have, and can't change for others."""

import re
from pathlib import Path

import pytest

from perilune.worker import lua_interpreter
from tests.worker.lua_guest import Guest

LUA = Path(lua_interpreter.__file__).with_name("lua")


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        pytest.param('require("os")', "require", id="require"),
        pytest.param('dofile("/etc/passwd")', "dofile", id="dofile"),
        pytest.param('loadfile("x")', "loadfile", id="loadfile"),
        pytest.param('module("x")', "module", id="module"),
        pytest.param("newproxy()", "newproxy", id="newproxy"),
        pytest.param("string.dump(print)", "string.dump", id="dump"),
        pytest.param('os.execute("id")', "os.execute", id="execute"),
        pytest.param("os.exit(3)", "os.exit", id="exit"),
        pytest.param('os.getenv("PATH")', "os.getenv", id="getenv"),
        pytest.param('io.open("/etc/passwd")', "io.open", id="open"),
        pytest.param('io.stdout:write("x")', "io.stdout", id="stdout"),
        pytest.param("debug.getinfo(1)", "debug.getinfo", id="getinfo"),
        pytest.param("debug.getregistry()", "debug.getregistry", id="registry"),
        pytest.param("package.loaded.os = 1", "package.loaded", id="package"),
        pytest.param('package.path = package.path .. ";x"', "package.path", id="as text"),
        pytest.param('return ";x" .. package.cpath', "package.cpath", id="as text at the end"),
        pytest.param("print(package.config)", "package.config", id="printed"),
        pytest.param("channel.make()", "channel.make", id="channel"),
    ],
)
def test_removed_function_says_so(guest, statement, name):
    message = guest.error(statement)

    assert message.endswith(f"{name} is not available in the sandbox")
    assert message.startswith("<string>:1: ")


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param('loadstring("\\27LJ\\2")', id="loadstring"),
        pytest.param('load("\\27LJ\\2")', id="load"),
        pytest.param('load(function() return "\\27LJ" end)', id="reader"),
        pytest.param('loadstring("\\239\\187\\191\\27LJ")', id="behind a byte order mark"),
        pytest.param('loadstring("#\\n\\27LJ")', id="behind a comment line"),
    ],
)
def test_bytecode_is_refused(guest, expression):
    assert guest.text(f"({expression})") == "nil"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("\x1bLJ\x02", 1, id="bytecode"),
        pytest.param("#!/usr/bin/lua\n\x1bLJ\x02", 2, id="bytecode behind a line for the shell"),
    ],
)
def test_source_must_be_plain_text(guest, source, line):
    failure = guest.failure(source)

    assert failure.kind == "syntax"
    assert failure.line == line


TRUSTED = ["string.rep", "pcall", "kv.get", "json.encode", "loadstring", "tostring", "log.info"]


@pytest.mark.parametrize("function", TRUSTED)
def test_trusted_environments_are_out_of_reach(guest, function):
    assert guest.text(f"getfenv({function}) == _G") == "true"
    assert "cannot change" in guest.error(f"setfenv({function}, {{}})")


def test_no_stack_level_leads_to_a_trusted_environment(guest):
    """Level by level up a stack with `sort`, `gsub` and the interpreter's own functions in it."""
    found = guest.body(
        """
        local pcall, getfenv, setfenv, G, seen = pcall, getfenv, setfenv, _G, {}
        local function walk()
          for level = 0, 30 do
            local ok, env = pcall(getfenv, level)
            if ok and env ~= G then seen[#seen + 1] = "got " .. level end
          end
          return "x"
        end
        table.sort({2, 1}, function() ("a"):gsub("a", walk) return true end)
        return table.concat(seen, ", ")
        """
    )

    assert found == ""


def test_no_stack_level_lets_a_trusted_environment_be_changed():
    """Whatever a script does to the levels above it, the next invocation works as before."""
    guest = Guest()
    guest.execute(
        """
        local pcall, setfenv = pcall, setfenv
        local function walk() for level = 0, 30 do pcall(setfenv, level, {}) end return "x" end
        function handler()
          table.sort({2, 1}, function() ("a"):gsub("a", walk) return true end)
          return {}
        end
        """
    )

    assert guest.text('json.encode({tostring(1)}) .. ("x"):upper()') == '["1"]X'


def test_environments_of_guest_functions_work(guest):
    assert guest.text("getfenv() == _G and getfenv(1) == _G and getfenv(0) == _G") == "true"
    changed = "(function() local f = function() return x end setfenv(f, {x = 7}) return f() end)()"
    assert guest.text(changed) == "7"
    assert guest.text('(function() y = 8 return loadstring("return y")() end)()') == "8"
    assert guest.text('loadstring("return getfenv(1)")() == _G') == "true"


def test_string_metatable_is_closed(guest):
    assert guest.text('getmetatable("")') == "false"
    assert "protected" in guest.error("setmetatable(io, {})")
    assert guest.text('pcall(setmetatable, "", {})') == "false"


@pytest.mark.parametrize(
    "expression",
    [
        "kv.get",
        "pcall(kv.get)",
        "pcall(kv.set, 1, {})",
        "pcall(time.sleep, {})",
        "pcall(json.decode)",
    ],
)
def test_no_python_object_reaches_the_guest(guest, expression):
    kinds = guest.texts(
        "(function(...) local k = {} "
        "for i = 1, select('#', ...) do k[i] = type((select(i, ...))) end "
        f"return table.concat(k, ' ') end)({expression})"
    )

    assert "userdata" not in kinds[0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("leak = (leak or 0) + 1 return leak", id="global"),
        pytest.param("string.leak = (string.leak or 0) + 1 return string.leak", id="library"),
        pytest.param("kv.leak = (kv.leak or 0) + 1 return kv.leak", id="module"),
    ],
)
def test_no_change_survives(guest, change):
    assert [guest.body(change) for _ in range(3)] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("damage", "probe", "healthy"),
    [
        pytest.param("kv.get = 1", "type(kv.get)", "function", id="module function"),
        pytest.param("_G.string = nil", 'type(string) .. ("x"):rep(2)', "tablexx", id="library"),
        pytest.param("rawset(io, 'open', 1)", "type(io.open)", "table", id="removed library"),
        pytest.param("tostring = nil pairs = nil", "type(pairs)", "function", id="base"),
        pytest.param(
            "setmetatable(_G, {__index = error})", "getmetatable(_G) == nil", "true", id="_G"
        ),
        pytest.param(
            "getmetatable(event.headers).__index = 5",
            'event.headers["user-agent"]',
            "curl/8",
            id="headers",
        ),
        pytest.param(
            'getmetatable(json.decode("[]")).__tostring = error',
            'getmetatable(json.decode("[]")).__tostring == nil',
            "true",
            id="array mark",
        ),
        pytest.param("collectgarbage('stop')", "1", "1", id="collector"),
    ],
)
def test_damage_is_gone_next_time(guest, damage, probe, healthy):
    guest.body(f"{damage} return ''")

    assert guest.text(probe) == healthy


def test_compiled_string_methods_do_not_remember_another_invocation():
    """Traces treat the string metatable as constant, so none may be shared."""
    guest = Guest()
    code = """
    function handler(ctx, event)
      if event.body == "evil" then string.rep = function() return "evil" end end
      local n = 0
      for _ = 1, 20000 do n = n + (("ab"):rep(2) == "abab" and 1 or 0) end
      return {body = n}
    end
    """

    counts = [guest.response(code, body=body).body for body in ["x", "evil", "x", "evil", "x"]]

    assert counts == [b"20000", b"0", b"20000", b"0", b"20000"]


def test_string_methods_follow_the_guest_string_table(guest):
    code = (
        "function string.starts(s, p) return s:sub(1, #p) == p end "
        'return tostring(("abc"):starts("ab"))'
    )

    assert guest.body(code) == "true"
    assert guest.text('("abc").starts') == "nil"


def test_trusted_lua_calls_no_methods():
    """The string metatable is the guest's while its code runs, so `s:sub()` would be too."""
    sources = sorted(LUA.rglob("*.lua"))

    calls = [
        f"{path.name}: {line.strip()}"
        for path in sources
        for line in path.read_text().splitlines()
        if re.search(r"[\w)\]]:\w+[ ({\"']", re.sub(r'"[^"]*"|--.*', '""', line))
    ]

    assert len(sources) > 10
    assert calls == []


def test_random_numbers_differ_between_invocations(guest):
    assert len({guest.text("math.random(1, 2^30)") for _ in range(5)}) > 1
    guest.body("math.randomseed(1) return ''")
    assert len({guest.text("math.random(1, 2^30)") for _ in range(5)}) > 1


def test_many_invocations_neither_grow_nor_accumulate():
    guest = Guest()
    code = (
        "kept = {} function handler(ctx, event) for i = 1, 3 do kept[i] = event.path .. i end "
        "return {body = #kept, headers = {['X-A'] = 'b'}} end"
    )

    def heap_after(count: int) -> int:
        for _ in range(count):
            guest.response(code)
        guest.interpreter._collect()  # measures garbage otherwise
        return int(guest.interpreter._lua.get_memory_used())

    heap_after(3000)
    before = heap_after(500)
    after = heap_after(3000)

    assert after - before < 64 * 1024
