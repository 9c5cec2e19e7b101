"""Digests, message authentication and random identifiers."""

from collections.abc import Callable
from typing import Any

NATIVE: dict[str, Callable[..., Any]] = {}
