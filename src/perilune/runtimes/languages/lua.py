"""Lua functions: LuaJIT in workers forked from a zygote."""

from perilune.runtimes.language import Language
from perilune.runtimes.languages.lua_wording import LUA_WORDING
from perilune.runtimes.workers.forking import forked

LUA = Language(
    name="lua",
    open_spawner=forked("perilune.worker.lua_interpreter", shares_values=True),
    wording=LUA_WORDING,
    starts_at_once=True,
    can_check=True,
)
