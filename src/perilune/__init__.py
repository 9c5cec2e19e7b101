"""Perilune: a self-hosted function platform for Lua, JavaScript/TypeScript and Python."""

__version__ = "0.1.0"
