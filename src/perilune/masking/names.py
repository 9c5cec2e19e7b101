"""Which names announce a secret.

One vocabulary for headers, query parameters, form fields, JSON members and
`name: value` in log lines.  A name is split into words (at anything that is
not a letter or digit, at digits, at case changes); words that merely contain a
sensitive stem, such as `monkey`, are taken out, and what remains is searched
for stems.  Searching stems instead of comparing words keeps glued names hidden
(`xapikey`, `PassWord`): when in doubt, hide.

A bare `key` is a secret in a header or an address but an ordinary word in JSON,
hence two strengths.
"""

import re
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Final, TypeVar

MAX_REMEMBERED_NAMES: Final = 4096
MAX_REMEMBERED_LENGTH: Final = 64

STEMS: Final = (
    "key",
    "token",
    "secret",
    "pass",
    "pwd",
    "auth",
    "cookie",
    "credential",
    "bearer",
    "sess",
    "jwt",
    "otp",
    "srf",
)
"""Every sensitive name contains one of these in lower case (or an extra name)."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list that is easier to read without quotes."""
    return frozenset(text.split())


_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_STRONG: Final = re.compile(
    r"""token | secret | passw | passphrase | passcode | passkey | auth | cookie
      | credential | bearer
      | (?: api | access | account | admin | app | application | client | consumer | crypto
          | decryption | deploy | encrypt | encryption | hmac | host | licen[cs]e | master
          | private | root | secret | server | service | session | shared | sign | signing
          | ssh | gpg | pgp | storage | subscription | webhook
        ) [^a-z0-9]* key""",
    re.VERBOSE,
)
_WEAK: Final = re.compile("key")
# Sensitive words that begin with an ordinary one; `authorIzation` would be taken apart.
_NEVER_SPLIT: Final = re.compile(r"authori[sz](?!ed)|authenticat(?!ed)")

_STRONG_WORDS: Final = word_set(
    "pwd userpwd jwt otp totp csrf xsrf sessionid sessid phpsessid jsessionid"
)

# Ordinary words around a stem.  `authenticate` and `authorization` are not here.
_HARMLESS_WORDS: Final = word_set(
    """
    author authors authored authoring authorship coauthor coauthors authorname authorid
    authority authorities authoritative authentic authenticity
    authenticated unauthenticated authorized unauthorized authorised unauthorised
    keyboard keyboards keyword keywords keynote keynotes keyframe keyframes keypad keypress
    keydown keyup keystroke keystrokes keyspace keyspaces keystone keyhole keycap keycode keyed
    keyless hotkey hotkeys
    monkey monkeys donkey donkeys turkey turkeys hockey jockey whiskey mickey smokey
    tokenize tokenized tokenizer tokenizers tokenization tokenise tokenised tokeniser
    secretary secretaries secretariat possession obsession
    """
)

# `max_tokens` counts tokens; `reset_tokens` holds them.
_MEASURES: Final = word_set(
    """
    completion prompt max maximum min minimum total input output used usage remaining limit
    ratelimit cached reasoning thinking prediction budget audio count num number
    """
)

_HARMLESS_NAMES: Final = frozenset({("access", "control", "allow", "credentials")})

_Value = TypeVar("_Value")


class Strength(IntEnum):
    """How surely a name announces a secret."""

    NONE = 0
    WEAK = 1
    """In headers, addresses and forms; not as a JSON member (`key`, `tokens`)."""
    STRONG = 2


class Memo(dict[str, _Value]):
    """Answers about names, computed once and bounded in number and size.

    Names come from outside, so long ones are not kept, and when there are too
    many all are forgotten: a hit stays one dictionary look-up.
    """

    def __init__(self, compute: Callable[[str], _Value]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, name: str) -> _Value:
        value = self._compute(name)
        if len(name) <= MAX_REMEMBERED_LENGTH:
            if len(self) >= MAX_REMEMBERED_NAMES:
                self.clear()
            self[name] = value
        return value


class NameRules:
    """Decides about names; `extra_names` are sensitive wherever their words occur in a row."""

    def __init__(self, extra_names: Iterable[str] = ()) -> None:
        self._extras = tuple(filter(None, (_split(name) for name in extra_names)))
        self.stems: tuple[str, ...] = STEMS + tuple({extra[0] for extra in self._extras})
        self.strengths: Memo[Strength] = Memo(self._judge)

    def _judge(self, name: str) -> Strength:
        lowered = name.lower()
        if not any(stem in lowered for stem in self.stems):
            return Strength.NONE
        words = _split(name)
        if any(_has_row(words, extra) for extra in self._extras):
            return Strength.STRONG
        if not words or words[-1] == "count" or words in _HARMLESS_NAMES:
            return Strength.NONE
        if _STRONG_WORDS.intersection(words) or _is_session(words) or _NEVER_SPLIT.search(lowered):
            return Strength.STRONG

        counted = not _MEASURES.isdisjoint(words)

        def blank_harmless(match: re.Match[str]) -> str:
            word = match[0].lower()
            harmless = word in _HARMLESS_WORDS or (counted and word == "tokens")
            return " " if harmless else word

        rest = _WORD.sub(blank_harmless, name)
        if _STRONG.search(rest):
            return Strength.WEAK if words == ("tokens",) else Strength.STRONG
        return Strength.WEAK if _WEAK.search(rest) else Strength.NONE


def _split(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def _has_row(words: tuple[str, ...], row: tuple[str, ...]) -> bool:
    if "".join(row) in words:
        return True
    return any(words[at : at + len(row)] == row for at in range(len(words) - len(row) + 1))


def _is_session(words: tuple[str, ...]) -> bool:
    """`user_session` and `session_id_2` identify a session, `session_duration` does not."""
    letters = [word for word in words if not word.isdigit() and word not in _HARMLESS_WORDS]
    for at, word in enumerate(letters):
        if word.endswith("session"):
            return at + 1 == len(letters) or letters[at + 1] in {"id", "ids"}
    return False
