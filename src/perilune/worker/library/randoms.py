"""Random values from the generator of the system."""

from collections.abc import Callable
from typing import Any

NATIVE: dict[str, Callable[..., Any]] = {}
