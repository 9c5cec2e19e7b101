"""Connections to the database server: how they are opened, and what each of them is told."""

import time
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from perilune.store.errors import StoreUnavailable, UnknownStore

READ_TIMEOUT_S = 30
"""A statement that only reads is given up after so long."""
LOCK_TIMEOUT_S = 5
"""How long a write waits for a row that another server is changing."""
AWAY_S = 0.25
"""A database that could not be reached is not tried again before that."""

_DEFAULTS: Mapping[str, Any] = {
    "application_name": "perilune",
    "client_encoding": "UTF8",
    "connect_timeout": 5,
    # A host that has vanished is noticed within half a minute, not within hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    # Of several hosts the one that can be written to: after a fail-over that is another one.
    "target_session_attrs": "read-write",
}
_SECRET = ("password", "sslpassword")
_MOST_PREPARED = 500
"""Statements that a connection keeps prepared: more than there are."""

RawConnection = psycopg.Connection[tuple[Any, ...]]


class Target:
    """The database that a URL names, and whether it can be reached."""

    def __init__(self, url: str) -> None:
        """Take *url* apart, which is one of libpq's.

        Raises:
            UnknownStore: It is none; the text does not show it.
        """
        try:
            given = conninfo_to_dict(url)
        except (psycopg.Error, UnicodeError):
            # What libpq says of it may hold the password.
            raise UnknownStore(
                "the URL of a PostgreSQL database is postgresql://USER@HOST/DATABASE"
            ) from None
        self._parameters = {**_DEFAULTS, **given}
        self._secrets = [
            str(given[name]) for name in ("password", "sslpassword") if given.get(name)
        ]
        self._away_until = 0.0
        self._reason = ""

    def connect(self, *, reads_only: bool = False) -> RawConnection:
        """Open a connection, which commits each statement by itself unless told to begin.

        Raises:
            StoreUnavailable: The database can't be reached, or could not a moment ago.
        """
        if time.monotonic() < self._away_until:
            raise StoreUnavailable(self._reason)
        try:
            connection: RawConnection = psycopg.connect(
                **self._parameters, autocommit=True, cursor_factory=RawCursor, context=_ADAPTERS
            )
        except psycopg.Error as error:
            self._away_until = time.monotonic() + AWAY_S
            self._reason = f"the database cannot be reached: {self._without_secrets(error)}"
            raise StoreUnavailable(self._reason) from None
        connection.prepared_max = _MOST_PREPARED
        try:
            connection.execute(_settings(reads_only=reads_only).encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def _without_secrets(self, error: Exception) -> str:
        text = " ".join(str(error).split())
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _settings(*, reads_only: bool) -> str:
    """Return what a new connection is told; texts, since a pooler may refuse start options."""
    settings = {
        "TimeZone": "UTC",
        "lock_timeout": f"{LOCK_TIMEOUT_S}s",
        # Of a host that is frozen in the middle of a transaction.
        "idle_in_transaction_session_timeout": "60s",
        "jit": "off",
    }
    if reads_only:
        settings |= {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{READ_TIMEOUT_S}s",
        }
    else:
        # What is written is found by its key.  Statistics of a table that has just grown, or is
        # new, would have the whole of it read for each batch.
        settings |= dict.fromkeys(("enable_hashjoin", "enable_mergejoin", "enable_seqscan"), "off")
    return "; ".join(f"SET {name} = '{value}'" for name, value in settings.items())


class _FlagDumper(Dumper):
    """Flags are numbers in the database."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _WholeLoader(Loader):
    """A sum of whole numbers is a whole number, which PostgreSQL calls numeric."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text else int(text)


def _adapters() -> AdaptersMap:
    """Return how values are given: whole numbers and texts always with one type each.

    So that each statement is prepared once, and not for small, middle and large numbers.
    """
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(str, StrDumper)
    adapters.register_dumper(bool, _FlagDumper)
    adapters.register_loader("numeric", _WholeLoader)
    return adapters


_ADAPTERS = _adapters()
