"""The languages that ship."""

from perilune.runtimes.language import Language
from perilune.runtimes.lua import LUA

LANGUAGES: tuple[Language, ...] = (LUA,)
