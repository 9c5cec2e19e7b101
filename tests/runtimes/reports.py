"""Reports of Lua failures, and how LuaJIT words those."""

import lupa.luajit21

from perilune.runtimes.languages.lua_wording import LUA_WORDING
from perilune.runtimes.report import (
    format_report,
)


def report(message: str, *, source: str = "", kind: str = "runtime", line=None, column=None) -> str:
    """Build a report of a Lua failure."""
    return format_report(
        kind=kind, message=message, line=line, column=column, source=source, wording=LUA_WORDING
    )


def headline(text: str) -> str | None:
    """Return the first line of the tip, if there is one."""
    _, mark, tip = text.partition("\n[TIP] ")
    return tip.partition("\n")[0] if mark else None


def lua_failure(source: str) -> str:
    """Execute a source, then its handler if it has one; return LuaJIT's error with traceback."""
    lua = lupa.luajit21.LuaRuntime(encoding=None)
    execute = lua.eval(
        b"""function(source)
          strings = { split = string.rep, upper = string.upper }
          log = { info = function() end, debug = function() end }
          kv = { set = function() end, get = function() end }
          local chunk, err = loadstring(source, "=<string>")
          if not chunk then return err end
          local function run() chunk() if handler then handler({}, {}) end end
          local function trace(err) return debug.traceback(tostring(err), 2) end
          local ok, err = xpcall(run, trace)
          return ok and "no failure" or err
        end"""
    )
    failure: bytes = execute(source.encode())
    return failure.decode("utf-8", "replace")
