"""What the database reports, as errors of the store."""

import psycopg
from psycopg import errors

from perilune.store.errors import DiskFull, StoreError, StoreUnavailable, TextNotStorable

_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure)
_ELSEWHERE = (errors.ReadOnlySqlTransaction, errors.AdminShutdown, errors.CrashShutdown)


def is_conflict(error: BaseException) -> bool:
    """Tell whether the transaction clashed with another server's, and can be repeated."""
    return isinstance(error, _AGAIN)


def is_elsewhere(error: BaseException) -> bool:
    """Tell whether this connection is of no use any more: writes go to another server now."""
    return isinstance(error, _ELSEWHERE)


def is_refusal(error: BaseException) -> bool:
    """Tell whether a constraint refused the values."""
    return isinstance(error, psycopg.IntegrityError)


def outage(what: str, error: Exception) -> StoreUnavailable:
    """Return the error for *what* did not work because of *error*, which is its cause."""
    kind = DiskFull if isinstance(error, errors.DiskFull) else StoreUnavailable
    named = kind(f"{what}: {_said(error)}")
    named.__cause__ = error
    return named


def as_store_error(error: Exception) -> StoreError:
    """Return *error* as a `StoreError`, with the original as its cause.

    Values the database refuses are a plain `StoreError`; that is the caller's doing.
    Everything else it reports means it did not work: `StoreUnavailable`.
    """
    if isinstance(error, StoreError):
        return error
    named: StoreError
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        named = TextNotStorable()  # the driver finds that out
    elif isinstance(error, psycopg.IntegrityError | psycopg.DataError):
        named = StoreError(f"the database refused the values: {_said(error)}")
    elif isinstance(error, psycopg.Error) and not isinstance(error, psycopg.ProgrammingError):
        return outage("the database failed", error)
    else:
        named = StoreError(f"the database cannot take the values: {_said(error)}")
    named.__cause__ = error
    return named


def _said(error: Exception) -> str:
    """Return what is wrong, in one line, and have *error* say no more than that itself.

    What PostgreSQL adds may be a whole row: code, values, secrets.
    """
    if isinstance(error, psycopg.Error):
        said = error.diag.message_primary or " ".join(str(error).split())
        error.args = (said,)
        return said
    return str(error)
