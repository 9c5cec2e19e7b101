"""Which SMTP server a function uses, read from its environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from perilune.services.email.types import EmailConfigError

DEFAULT_PORT = 587
MAX_PORT = 65535

_HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}")


class SMTPTLS(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    """Begins in clear text and is encrypted before anything is said (RFC 3207)."""
    IMPLICIT = "implicit"
    """Is encrypted from the start (RFC 8314)."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SMTPSettings:
    """A server, and who we are to it."""

    host: str
    port: int
    tls: SMTPTLS
    username: str
    """Empty: no authentication."""
    password: str = field(repr=False)


def read_smtp_settings(variables: Mapping[str, str]) -> SMTPSettings:
    """Read the `SMTP_*` variables.

    Raises:
        EmailConfigError: one is missing or unusable; the password is never named.
    """
    host = variables.get("SMTP_HOST", "").strip()
    if not host:
        raise EmailConfigError("SMTP_HOST not set in function environment")
    if not _HOST.fullmatch(host):
        raise EmailConfigError(f"SMTP_HOST is not a host name: {host!r}")
    username, password = variables.get("SMTP_USERNAME", ""), variables.get("SMTP_PASSWORD", "")
    if bool(username) != bool(password):
        missing = "SMTP_PASSWORD" if username else "SMTP_USERNAME"
        raise EmailConfigError(f"{missing} not set in function environment")
    return SMTPSettings(
        host=host,
        port=_port(variables.get("SMTP_PORT", "").strip()),
        tls=_tls(variables.get("SMTP_TLS", "").strip().lower()),
        username=username,
        password=password,
    )


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MAX_PORT):
        raise EmailConfigError(f"SMTP_PORT is not a port: {text!r}")
    return int(text)


def _tls(text: str) -> SMTPTLS:
    try:
        return SMTPTLS(text) if text else SMTPTLS.STARTTLS
    except ValueError:
        raise EmailConfigError(
            f"SMTP_TLS is unknown: {text!r} (use starttls, implicit or none)"
        ) from None
