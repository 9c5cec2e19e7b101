"""How functions may be called: the rules for settings of access, rate, methods and time.

An explicit null, or an empty text, clears what can be cleared; `UNSET` leaves it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from perilune.api.errors import InvalidRequest
from perilune.api.signatures import SCHEMES

ACCESS = ("public", "token", "signature")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAX_RATE_LIMIT = 1_000_000
MAX_RATE_WINDOW_S = 86_400
MAX_CONCURRENCY = 10_000

# What the description of the API says of these members; the rules are checked below.
_METHOD = f"({'|'.join(METHODS)})"
AccessWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(ACCESS)})]
SchemeWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["", *SCHEMES]})]
MethodList = Annotated[
    str, msgspec.Meta(extra_json_schema={"pattern": f"^({_METHOD}(,{_METHOD})*)?$"})
]
Timeout = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1})]
RateLimit = Annotated[
    int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MAX_RATE_LIMIT})
]
RateWindow = Annotated[
    int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MAX_RATE_WINDOW_S})
]
Concurrency = Annotated[
    int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MAX_CONCURRENCY})
]


class CallSettings(TypedDict):
    """The settings of calls, as members of `UpdateFunctionRequest`."""

    timeout_s: int | UnsetType | None
    access: str | UnsetType
    signature_scheme: str | UnsetType | None
    allowed_methods: str | UnsetType | None
    rate_limit: int | UnsetType | None
    rate_window_s: int | UnsetType | None
    max_concurrency: int | UnsetType | None
    handles_options: bool | UnsetType
    unsandboxed_html: bool | UnsetType


def checked_calls(body: Any, longest_s: int) -> CallSettings:
    """Return the settings of calls that *body*, a `FunctionBody`, asks for.

    Args:
        body: what was asked for.
        longest_s: the server's own limit of time.

    Raises:
        InvalidRequest: a rule is broken.
    """
    return CallSettings(
        timeout_s=_count("timeout_s", body.timeout_s, longest_s),
        access=UNSET if body.access is None else _one_of("access", body.access, ACCESS),
        signature_scheme=_scheme(body.signature_scheme),
        allowed_methods=_methods(body.allowed_methods),
        rate_limit=_count("rate_limit", body.rate_limit, MAX_RATE_LIMIT),
        rate_window_s=_count("rate_window_s", body.rate_window_s, MAX_RATE_WINDOW_S),
        max_concurrency=_count("max_concurrency", body.max_concurrency, MAX_CONCURRENCY),
        handles_options=_flag(body.handles_options),
        unsandboxed_html=_flag(body.unsandboxed_html),
    )


def _scheme(text: str | UnsetType | None) -> str | UnsetType | None:
    return _one_of("signature_scheme", text, SCHEMES) if text else _cleared(text)


def _methods(text: str | UnsetType | None) -> str | UnsetType | None:
    """Return the methods in a fixed order, each once."""
    if not text:
        return _cleared(text)
    words = {word.strip().upper() for word in text.split(",")}
    if not words <= set(METHODS):
        raise InvalidRequest(
            "allowed_methods: allowed_methods must be a comma-separated list of:"
            f" [{' '.join(METHODS)}]"
        )
    return ",".join(method for method in METHODS if method in words)


def _count(name: str, value: int | UnsetType | None, most: int) -> int | UnsetType | None:
    if isinstance(value, int) and not 1 <= value <= most:
        raise InvalidRequest(f"{name}: {name} must be between 1 and {most}")
    return value


def _flag(value: bool | UnsetType | None) -> bool | UnsetType:
    return UNSET if value is None else value


def _one_of(name: str, text: str | UnsetType, words: Sequence[str]) -> str | UnsetType:
    if text is not UNSET and text not in words:
        raise InvalidRequest(f"{name}: {name} must be one of: [{' '.join(words)}]")
    return text


def _cleared(text: str | UnsetType | None) -> UnsetType | None:
    return UNSET if text is UNSET else None
