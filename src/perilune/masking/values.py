"""Known secrets: values that are hidden wherever they stand, as they are or encoded."""

import html
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from perilune.masking.names import word_set
from perilune.masking.text import REDACTED

MIN_CHARS: Final = 8
MIN_LINE_CHARS: Final = 16
MIN_DIFFERENT_CHARS: Final = 4
MAX_FORMS: Final = 300
"""Every form is looked for in every text, so their number has a bound."""

_COMMON: Final = word_set(
    """
    [redacted] 127.0.0.1 deployment development disabled eu-central-1 eu-west-1 http://localhost
    https://localhost localhost password perilune postgres postgresql production undefined
    us-east-1 us-west-2 username
    """
)


_HTML_IN_JSON: Final = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}
"""What encoders escape whose JSON may stand in a page: ours, and that of Go."""
_KEPT_IN_PATHS: Final = ("", "/", "!~*'()", "$&+:=@", "/:@!$&'()*+,;=", "/?:@!$&'()*+,;=#~")
"""What one program or another does not escape in addresses, besides letters and digits."""


class HiddenValues:
    """Values that a text must not show."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Prepare for *values*; those that are short or common are passed over."""
        self.values: tuple[str, ...] | None = tuple(values)
        """All of them."""
        telling = [value for value in map(str.strip, self.values or ()) if _is_telling(value)]
        # The values themselves first: of very many forms the last ones are left out.
        found = dict.fromkeys(telling)
        for value in telling:
            found.update(dict.fromkeys(_encoded(value)))
        for value in telling:
            found.update(dict.fromkeys(_lines(value)))
        # Longer ones first, so that no rest of one is left that holds another.
        self._forms = sorted(list(found)[:MAX_FORMS], key=len, reverse=True)
        self.count = len(self._forms)
        """How many forms are looked for."""

    def are_in(self, text: str) -> bool:
        """Return whether one of the values is in *text*."""
        return any(form in text for form in self._forms)

    def hide(self, text: str) -> str:
        """Return *text* with every value replaced."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, REDACTED)
        return text


class Everything(HiddenValues):
    """Hides every text as a whole, for when nobody can say what is secret."""

    def __init__(self) -> None:
        super().__init__()
        self.values = None
        self.count = 1

    def are_in(self, text: str) -> bool:
        """Return True."""
        return True

    def hide(self, text: str) -> str:
        """Return what takes the place of every text."""
        return REDACTED


@lru_cache(maxsize=64)
def hidden_values(values: tuple[str, ...]) -> HiddenValues:
    """Return what hides *values*; preparing for them takes its time, so it is kept."""
    return HiddenValues(values)


def _is_telling(value: str) -> bool:
    return (
        len(value) >= MIN_CHARS
        and len(set(value)) >= MIN_DIFFERENT_CHARS
        and value.lower() not in _COMMON
    )


def _encoded(value: str) -> Iterator[str]:
    """Yield a value as JSON, Python, HTML, addresses and base64 have it."""
    for is_ascii in (False, True):
        text = value
        for _ in range(2):  # JSON in JSON: a body in the record of a request
            text = json.dumps(text, ensure_ascii=is_ascii)[1:-1]
            yield text
            yield text.translate(_HTML_IN_JSON)
    yield from (repr(value)[1:-1], html.escape(value), html.escape(value, quote=False))
    data = value.encode("utf-8", "surrogatepass")
    yield from (quote(data, kept) for kept in _KEPT_IN_PATHS)
    yield from (quote_plus(data), quote_plus(data, "*").replace("~", "%7E"))
    for before in range(3):
        # Of the characters at both ends some bits belong to what is beside the value.
        known = b64encode(bytes(before) + data)[: (before + len(data)) * 8 // 6]
        yield from _alphabets(known[(0, 2, 3)[before] :])
    yield from _alphabets(b64encode(data))
    yield from _alphabets(b64encode(data).rstrip(b"="))


def _alphabets(encoded: bytes) -> Iterator[str]:
    text = encoded.decode()
    yield text
    yield text.replace("+", "-").replace("/", "_")


def _lines(value: str) -> Iterator[str]:
    """Yield the lines of a value of several lines: logs have them one by one."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        for line in lines:
            # "-----BEGIN PRIVATE KEY-----" is no secret.
            if len(line) >= MIN_LINE_CHARS and _is_telling(line) and not line.startswith("-----"):
                yield line
