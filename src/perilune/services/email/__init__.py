"""E-mail for guest code: the providers, and the record of every attempt."""

from perilune.services.email.types import (
    EmailClient,
    EmailConfigError,
    EmailError,
    EmailTracker,
    EmailValidationError,
    SendRequest,
    SendResponse,
    Tag,
    TrackedSendResult,
    TrackRequest,
)

__all__ = [
    "EmailClient",
    "EmailConfigError",
    "EmailError",
    "EmailTracker",
    "EmailValidationError",
    "SendRequest",
    "SendResponse",
    "Tag",
    "TrackRequest",
    "TrackedSendResult",
]
