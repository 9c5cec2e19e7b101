"""URLs: parsing, building, joining and escaping, as in Go's net/url."""

from collections.abc import Callable
from typing import Any

NATIVE: dict[str, Callable[..., Any]] = {}
