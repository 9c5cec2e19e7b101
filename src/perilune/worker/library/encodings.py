"""base64 in its standard and its URL-safe alphabet."""

from collections.abc import Callable
from typing import Any

NATIVE: dict[str, Callable[..., Any]] = {}
