"""API tokens: making them, checking them, revoking them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from perilune.api.access.token_text import is_token, new_token, token_digest
from perilune.api.errors import InvalidRequest
from perilune.api.failures import failing_as, page_info
from perilune.api.scopes import Caller, CallerKind, TokenScope, rights_of
from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.ids import new_id
from perilune.store import ApiToken, PaginationParams, TokenRows, to_json

MAX_NAME_CHARS = 100
MAX_LIFETIME_S = 10 * 365 * 86400
REMEMBERED_S = 2.0
"""A token that has been checked is not looked up again for so long.

So this is how long a token still works that was revoked by another process.
"""
MAX_REMEMBERED = 1024
USE_NOTED_EVERY_S = 60

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/ -]*")


class TokenChecker:
    """Recognises API tokens.

    `recall` answers at once and from memory, for paths where every
    microsecond counts; `check` looks a token up if need be.
    """

    def __init__(
        self,
        rows: TokenRows,
        *,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._monotonic = monotonic
        self._checked: dict[bytes, _Checked] = {}

    def recall(self, token: bytes) -> Caller | None:
        """Return whose token this is if that was checked a moment ago; None: ask `check`."""
        found = self._checked.get(token_digest(token))
        if found is None or self._monotonic() >= found.until:
            return None
        now = self._clock()
        expires_at = found.caller.expires_at
        if expires_at is not None and now >= expires_at:
            return None
        self._note_use(found, now)
        return found.caller

    async def check(self, token: bytes) -> Caller | None:
        """Return whose token this is; None if it is not in force.

        Raises:
            StoreError: it can't be looked up.
        """
        if not is_token(token):
            return None
        known = self.recall(token)
        if known is not None:
            return known
        digest = token_digest(token)
        # Found by its digest: how long the search takes tells nothing about other tokens.
        record = await self._rows.find(digest)
        now = self._clock()
        if record is None or (record.expires_at is not None and now >= record.expires_at):
            self._checked.pop(digest, None)
            return None
        return self._remember(digest, record, now)

    def forget(self, token_id: str) -> None:
        """Drop what is remembered of a token, because it has been revoked."""
        for digest, one in list(self._checked.items()):
            if one.caller.id == token_id:
                del self._checked[digest]

    def _remember(self, digest: bytes, record: ApiToken, now: float) -> Caller:
        previous = self._checked.pop(digest, None)
        noted = record.last_used_at or 0
        found = _Checked(
            caller=Caller(
                CallerKind.TOKEN,
                rights_of(record.scopes),
                id=record.id,
                name=record.name,
                expires_at=record.expires_at,
            ),
            until=self._monotonic() + REMEMBERED_S,
            # The row may not have got yet what was queued for it.
            use_noted_at=max(noted, previous.use_noted_at if previous else 0),
        )
        while len(self._checked) >= MAX_REMEMBERED:
            del self._checked[next(iter(self._checked))]
        self._checked[digest] = found
        self._note_use(found, now)
        return found.caller

    def _note_use(self, found: "_Checked", now: float) -> None:
        if now - found.use_noted_at >= USE_NOTED_EVERY_S:
            found.use_noted_at = int(now)
            self._rows.note_use(found.caller.id, found.use_noted_at)


class Tokens:
    """What administrators do with API tokens.  Raises as `Functions` does."""

    def __init__(
        self,
        rows: TokenRows,
        *,
        revoked: Callable[[str], None] = lambda _: None,
        clock: WallClock = wall_clock,
    ) -> None:
        """Use *rows*; *revoked* is told the id of a token as soon as it is gone."""
        self._rows = rows
        self._revoked = revoked
        self._clock = clock

    async def create(
        self, name: str, scopes: list[str], lifetime_s: int | None = None
    ) -> dict[str, Any]:
        """Make a token; its text is in the answer, and nowhere else ever again.

        Args:
            name: what it is for; unique.
            scopes: what it allows.
            lifetime_s: seconds until it expires; None: it does not.

        Raises:
            InvalidRequest: a rule is broken.
            TokenNameTaken: another token has this name.
        """
        now, text = int(self._clock()), new_token()
        token = ApiToken(
            id=new_id(),
            name=checked_name(name),
            scopes=checked_scopes(scopes),
            created_at=now,
            expires_at=None if lifetime_s is None else now + checked_lifetime(lifetime_s),
        )
        with failing_as("Failed to create token"):
            await self._rows.create(token, token_digest(text.encode("ascii")))
        return to_json(token) | {"token": text}

    async def page(self, params: PaginationParams) -> dict[str, Any]:
        """Return one part of the list, newest first; never the tokens themselves."""
        with failing_as("Failed to list tokens"):
            found, total = await self._rows.page(params)
        return {"tokens": [to_json(one) for one in found], "pagination": page_info(total, params)}

    async def revoke(self, token_id: str) -> ApiToken:
        """End a token, at once; return what it was.

        Raises:
            TokenNotFound: there is none with this id.
        """
        with failing_as("Failed to revoke token"):
            token = await self._rows.delete(token_id)
        self._revoked(token_id)
        return token


def checked_name(name: str) -> str:
    """Return the name of a token without blanks around it.

    Raises:
        InvalidRequest: it is empty, too long, or has characters a log line should not have.
    """
    text = name.strip()
    if not text:
        raise InvalidRequest("name: name cannot be empty")
    if len(text) > MAX_NAME_CHARS:
        raise InvalidRequest(f"name: name cannot be longer than {MAX_NAME_CHARS} characters")
    if not _NAME.fullmatch(text):
        raise InvalidRequest(
            "name: name must begin with a letter or digit and can only contain letters, digits,"
            " blanks and . _ - @ /"
        )
    return text


def checked_scopes(scopes: list[str]) -> list[str]:
    """Return the scopes of a token, each once, in a fixed order.

    Raises:
        InvalidRequest: there are none, or one is unknown.
    """
    known = " ".join(TokenScope)
    if not scopes:
        raise InvalidRequest(f"scopes: at least one is needed of: [{known}]")
    if any(one not in tuple(TokenScope) for one in scopes):
        raise InvalidRequest(f"scopes: scopes must be of: [{known}]")
    return [str(one) for one in TokenScope if one in scopes]


def checked_lifetime(seconds: int) -> int:
    """Return how long a token is to live.

    Raises:
        InvalidRequest: that is no time at all, or longer than ten years.
    """
    if not 1 <= seconds <= MAX_LIFETIME_S:
        raise InvalidRequest(f"expires_in: expires_in must be from 1 to {MAX_LIFETIME_S} seconds")
    return seconds


@dataclass(slots=True)
class _Checked:
    """A token that was found in force."""

    caller: Caller
    until: float
    use_noted_at: int
