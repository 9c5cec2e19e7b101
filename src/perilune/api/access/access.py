"""Everything about who may use the server, built together because its parts share state."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from perilune.api.access.authenticator import Authenticator
from perilune.api.access.backoff import Backoff, OwnBackoff, SharedBackoff
from perilune.api.access.credentials import Credentials
from perilune.api.access.keys import ApiKey, KeyHolder
from perilune.api.access.sessions import Sessions
from perilune.api.access.signin import SignIn
from perilune.api.access.tokens import TokenChecker, Tokens
from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.store import LimitRows, SessionRows, TokenRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The parts that decide who may use the server."""

    credentials: Credentials
    authenticator: Authenticator
    sign_in: SignIn
    sessions: Sessions
    tokens: Tokens
    cors_origins: frozenset[str]
    """Origins whose pages may use the management API (KD-08)."""


def build_access(
    key: ApiKey,
    *,
    token_rows: TokenRows,
    session_rows: SessionRows,
    session_lifetime_s: int,
    base_url: str = "",
    cors_origins: tuple[str, ...] = (),
    function_host: str = "",
    limits: LimitRows | None = None,
    clock: WallClock = wall_clock,
    monotonic: MonotonicClock = monotonic_clock,
) -> Access:
    """Build them.

    Args:
        key: the management key.
        token_rows: the rows of API tokens.
        session_rows: the rows of sessions.
        session_lifetime_s: how long a login lasts.
        base_url: where browsers reach the server.
        cors_origins: see `Access`.
        function_host: the host name whose pages are functions', and so never trusted.
        limits: counts failures for all servers on a store; None: in memory.
        clock: decides what has expired.
        monotonic: measures waits.
    """
    holder = KeyHolder(key, monotonic)
    checker = TokenChecker(token_rows, clock=clock, monotonic=monotonic)
    credentials = Credentials(holder, checker)
    sessions = Sessions(session_rows, holder, lifetime_s=session_lifetime_s, clock=clock)
    backoff: Backoff = OwnBackoff(monotonic) if limits is None else SharedBackoff(limits, clock)
    is_own_host = not function_host or urlsplit(base_url).hostname != function_host
    trusted_url = base_url if is_own_host else ""
    return Access(
        credentials=credentials,
        authenticator=Authenticator(credentials, sessions, backoff, base_url=trusted_url),
        sign_in=SignIn(holder, sessions, backoff, base_url=base_url),
        sessions=sessions,
        tokens=Tokens(token_rows, revoked=checker.forget, clock=clock),
        cors_origins=frozenset(cors_origins),
    )
