"""The languages that ship."""

from perilune.runtimes.language import Language
from perilune.runtimes.lua import LUA
from perilune.runtimes.python import PYTHON

LANGUAGES: tuple[Language, ...] = (LUA, PYTHON)
