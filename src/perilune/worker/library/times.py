"""Times as text, by Go reference layouts."""

from collections.abc import Callable
from typing import Any

NATIVE: dict[str, Callable[..., Any]] = {}
