"""What opens something: the management key and API tokens."""

from typing import Protocol

from perilune.api.access.keys import KeyHolder
from perilune.api.access.token_text import is_token
from perilune.api.headers import RawHeaders
from perilune.api.scopes import Caller, CallerKind, TokenScope

KEY_CALLER = Caller(CallerKind.KEY, frozenset(TokenScope))
"""A holder of the management key may do everything."""


class ApiTokens(Protocol):
    """What API tokens are recognised by; see `TokenChecker`."""

    async def check(self, token: bytes) -> Caller | None:
        """Return whose token this is; None if it is not in force."""
        ...


class Credentials:
    """Recognises bearer tokens: the management key, and API tokens in force."""

    def __init__(self, key: KeyHolder, tokens: ApiTokens) -> None:
        self._key = key
        self._tokens = tokens

    async def check(self, bearer: bytes) -> Caller | None:
        """Return whose token this is; None if it opens nothing.

        Raises:
            StoreError: it can't be looked up.
        """
        return KEY_CALLER if self._key.is_key(bearer) else await self._tokens.check(bearer)

    def holds(self, authorization: bytes) -> bool:
        """Whether a header's value carries a credential of ours (KD-02).

        As bearer token or bare.  What has the form of an API token counts, in
        force or not: no function needs to see one.
        """
        value = authorization.strip()
        token = _bearer(value) or value
        return is_token(token) or self._key.is_key(token)


def bearer_of(headers: RawHeaders) -> bytes:
    """Return the bearer token of a request; empty if there is none."""
    for name, value in headers:
        if name == b"authorization":
            token = _bearer(value.strip())
            if token:
                return token
    return b""


def _bearer(value: bytes) -> bytes:
    scheme, _, token = value.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""
