"""The log of who was let in, who was not, and what became of credentials (KD-09).

Never a credential itself, nor a part of one.
"""

import logging
from enum import StrEnum

_log = logging.getLogger("perilune.audit")


class AuditEvent(StrEnum):
    """What is worth a line."""

    LOGIN = "login"
    LOGIN_FAILED = "login failed"
    LOGOUT = "logout"
    CREDENTIAL_REFUSED = "credential refused"
    ADDRESS_BLOCKED = "address blocked"
    SESSION_ENDED = "session ended"
    TOKEN_CREATED = "token created"  # noqa: S105  # no secret
    TOKEN_REVOKED = "token revoked"  # noqa: S105  # no secret


_WARNINGS = frozenset(
    {AuditEvent.LOGIN_FAILED, AuditEvent.CREDENTIAL_REFUSED, AuditEvent.ADDRESS_BLOCKED}
)


def audit(event: AuditEvent, address: str, **details: object) -> None:
    """Write one line about something that came from *address*."""
    fields: dict[str, object] = {"event": str(event), "address": address, **details}
    text = "".join(f", {name} {value}" for name, value in details.items())
    level = logging.WARNING if event in _WARNINGS else logging.INFO
    _log.log(level, "%s from %s%s", event, address or "-", text, extra={"fields": fields})
