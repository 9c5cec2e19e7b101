"""Secrets in running text: log lines, error messages, plain text bodies.

Six kinds are looked for independently, and overlapping finds are hidden as
one, so nothing is left of the longer one: web tokens (JWT), AWS key ids, API
tokens of this server, bearer tokens, the user part of an address, and values
that follow a sensitive name.

Bodies can be large and hostile, therefore everything here is linear: names and
runs are matched possessively and only from their first character, and a value
is not examined twice.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from perilune.masking.names import NameRules, Strength, word_set

REDACTED: Final = "[REDACTED]"
"""The replacement for a secret."""

# Besides the names' stems: the openings of secrets that need no name.
_MARKS: Final = ("eyj", "akia", "perilune_")

_LITERALS: Final = frozenset({"nil", "null", "none", "true", "false", "undefined"})

_JWT: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*?eyJ)[A-Za-z0-9_-]++"
    r"\.(?=eyJ)[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]++)*+"
)
_AWS_KEY_ID: Final = re.compile(r"AKIA[0-9A-Z]{16,}+")
_API_TOKEN: Final = re.compile(r"perilune_[0-9A-Za-z]{49}")
_USER_INFO: Final = re.compile(r"""://(?P<secret>[^\s/?#"'<>`]+)@""")

_BEARER: Final = re.compile(
    r"""bearer (?: \s | %20 | \+ )++ (?: token (?: \s* [:=] \s* | \s+ ) )? ["'`]?
        (?! bearer (?: \s | %20 | \+ ) ) (?P<value> [A-Za-z0-9._~+/=-]++ )""",
    re.VERBOSE | re.IGNORECASE,
)
# What follows the word in a sentence ("the bearer of news").
_BEARER_PROSE: Final = word_set(
    """
    a an and are as at auth authentication authorization by can cannot expired for from had has
    have header in invalid is may missing must not of on or rejected required scheme shall should
    the to tokens was were which who will with
    """
)

# A name that starts its word, perhaps in quotes; then `:` or `=`, or, after one
# of the four words that need neither, white space.
_NAMED: Final = re.compile(
    r"""(?<! [A-Za-z0-9_.-] ) (?P<name> [A-Za-z0-9_.-]++ )
        (?:
            (?P<close> \\{0,3} ["'`]? \]? ) (?P<assign> \s*+ [:=] [\s:=]*+ )
          | (?: (?<=key) | (?<=token) | (?<=secret) | (?<=password) ) ["'`]? \s++
        )""",
    re.VERBOSE | re.IGNORECASE,
)
_WHOLE_WORDS: Final = ("key", "token", "secret", "password")

_OPENING_QUOTE: Final = re.compile(r"""(?P<escapes>\\{0,3})(?P<quote>["'`])""")
_INSIDE: Final = {
    quote: re.compile(rf"(?:[^{quote}\\]|\\.)*+(?={quote})", re.DOTALL) for quote in "\"'`"
}
_TO_LINE_END: Final = re.compile(r"[^\r\n]*+")
_SCHEME: Final = re.compile(
    r"(?:basic|bearer|digest|negotiate|token|apikey)\s++(?=[A-Za-z0-9._~+/=-])", re.IGNORECASE
)
_COOKIE: Final = re.compile(r"""[^\s=;,"']++=[^\r\n"]*+""")
_RUN: Final = re.compile(r"""(?![\[({])(?:\[REDACTED\]|[^\s"'`,;&<>)\]}\\]|\\(?!["'`]))++""")

MIN_VALUE: Final = 10
_PROSE: Final = re.compile(r"[a-z]+")
_SECRET_LIKE: Final = re.compile(r"[A-Za-z0-9_-]{10}|[A-Za-z0-9+/]{20}")
# After a bare `key`, which is also the word for a record's key.
_KEY_LIKE: Final = re.compile(r"[A-Za-z0-9_-]{15}|[A-Za-z0-9+/]{32}")


class Span(NamedTuple):
    """A piece of text to be replaced: from `start` up to, not including, `end`."""

    start: int
    end: int


class TextRules:
    """Hides secrets in text whose structure is not known."""

    def __init__(self, names: NameRules) -> None:
        self._strengths = names.strengths
        self._marks = names.stems + _MARKS
        self.looks = len(self._marks) + 2
        """How many times `may_hide` goes through a text."""

    def may_hide(self, text: str) -> bool:
        """Return False if the text certainly holds nothing to hide.

        This is the usual case and the reason it is a separate question: a few
        substring searches instead of six patterns.
        """
        lowered = text.lower()
        for mark in self._marks:  # a generator in any() would double the cost
            if mark in lowered:
                return True
        return "@" in text and "://" in text

    def mask(self, text: str) -> str:
        """Return the text with every secret that was found replaced."""
        if not self.may_hide(text):
            return text
        spans = sorted([*_shaped(text), *_bearers(text), *self._named(text)])
        return _replace(text, spans) if spans else text

    def _named(self, text: str) -> Iterator[Span]:
        hidden_to = 0
        for match in _NAMED.finditer(text):
            # Values inside a hidden value go with it; looking at them again
            # would make `token=token=token=...` quadratic.
            if match.end() < hidden_to:
                continue
            strength = self._strengths[match["name"]]
            if strength is Strength.NONE:
                continue
            span = _value_of(text, match, strength)
            if span is not None:
                hidden_to = span.end
                yield span


def _shaped(text: str) -> Iterator[Span]:
    """Secrets that are recognised by their own form."""
    if "eyJ" in text:
        yield from (Span(*match.span()) for match in _JWT.finditer(text))
    if "AKIA" in text:
        yield from (Span(*match.span()) for match in _AWS_KEY_ID.finditer(text))
    if "perilune_" in text:
        yield from (Span(*match.span()) for match in _API_TOKEN.finditer(text))
    if "://" in text and "@" in text:
        yield from (Span(*match.span("secret")) for match in _USER_INFO.finditer(text))


def _bearers(text: str) -> Iterator[Span]:
    for match in _BEARER.finditer(text):
        start = match.start()
        inside_word = start > 0 and text[start] == "b" and text[start - 1].isalpha()
        if not inside_word and match["value"].rstrip(".") not in _BEARER_PROSE:
            yield Span(start, match.end())


def _value_of(text: str, match: re.Match[str], strength: Strength) -> Span | None:
    """Find what to hide after a sensitive name; None if no secret follows."""
    name, assign = match["name"], match["assign"]
    at = match.end()
    strong = strength is Strength.STRONG
    if not strong and not name.lower().endswith("key"):
        return None

    quoted = _quoted_value(text, at)
    if quoted is not None:
        content = text[quoted.start : quoted.end]
        if not strong:
            return quoted if _KEY_LIKE.match(content) else None
        return quoted if len(content) >= (1 if assign else MIN_VALUE) else None

    bare = _bare_value(text, match, strong=strong)
    if bare is None:
        return None
    if match["close"] or not name.lower().endswith(_WHOLE_WORDS):
        return bare
    # `token: abc...` goes as a whole; options keep their dashes.
    return Span(match.start() + len(name) - len(name.lstrip(".-")), bare.end)


def _quoted_value(text: str, at: int) -> Span | None:
    """The inside of the quotes that open here; without an end, the rest of the line."""
    opening = _OPENING_QUOTE.match(text, at)
    if opening is None:
        return None
    start = opening.end()
    end = _closing(text, start, opening["escapes"], opening["quote"])
    if end < 0:
        rest = _TO_LINE_END.match(text, start)
        end = rest.end() if rest else len(text)
    return Span(start, end)


def _closing(text: str, at: int, escapes: str, quote: str) -> int:
    r"""Where the quotes opened before `at` close; -1 if they do not.

    The closing quote is escaped exactly as often as the opening one:
    `{\"password\":\"x\"}` is JSON inside a JSON string.
    """
    if not escapes:
        inside = _INSIDE[quote].match(text, at)
        return inside.end() if inside else -1
    end = text.find(escapes + quote, at)
    while end > 0 and text[end - 1] == "\\":
        end = text.find(escapes + quote, end + 1)
    return end


def _bare_value(text: str, match: re.Match[str], *, strong: bool) -> Span | None:
    """The unquoted value after a name, if it is likely to be a secret."""
    at, assign = match.end(), match["assign"]
    if not strong:
        # The short look first: a long run is only walked to be hidden.
        return _run(text, at) if _KEY_LIKE.match(text, at) else None
    if assign:
        scheme = _SCHEME.match(text, at)
        if scheme:
            run = _run(text, scheme.end())
            return Span(at, run.end) if run else None
        cookie = _COOKIE.match(text, at) if match["name"].lower().endswith("cookie") else None
        if cookie:
            return Span(*cookie.span())

    run = _run(text, at)
    if run is None:
        return None
    if assign == "=" or (assign and match["close"]):
        # Certainly an assignment or a member, so the value may be short.
        return None if text[run.start : run.end].lower() in _LITERALS else run
    if not match["name"].lower().endswith(_WHOLE_WORDS) and _PROSE.fullmatch(text, at, run.end):
        return None  # "session: established"
    if _SECRET_LIKE.match(text, at, run.end) or (assign and run.end - at >= MIN_VALUE):
        return run
    return None


def _run(text: str, at: int) -> Span | None:
    """Everything up to a white space, quote or delimiter, without the full stop."""
    run = _RUN.match(text, at)
    if run is None:
        return None
    end = at + len(run[0].rstrip(".:!?"))
    return Span(at, end) if end > at else None


def _replace(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    written = 0
    start, end = spans[0]
    for span in spans[1:]:
        if span.start < end:
            end = max(end, span.end)
            continue
        parts += text[written:start], REDACTED
        written = end
        start, end = span
    parts += text[written:start], REDACTED, text[end:]
    return "".join(parts)
