"""E-mail for guest code: the providers, and the record of every attempt."""

from perilune.services.email.client import DefaultEmailClient
from perilune.services.email.fake import FakeEmailClient
from perilune.services.email.resend import ResendClient
from perilune.services.email.smtp import SMTPClient
from perilune.services.email.tracker import StoreEmailTracker, TrackedEmailClient
from perilune.services.email.types import (
    Attachment,
    EmailClient,
    EmailConfigError,
    EmailError,
    EmailTracker,
    EmailValidationError,
    SendRequest,
    SendResponse,
    Tag,
    TrackedSendResult,
    TrackEmailRequest,
)
from perilune.services.email.validate import validate_send_request

__all__ = [
    "Attachment",
    "DefaultEmailClient",
    "EmailClient",
    "EmailConfigError",
    "EmailError",
    "EmailTracker",
    "EmailValidationError",
    "FakeEmailClient",
    "ResendClient",
    "SMTPClient",
    "SendRequest",
    "SendResponse",
    "StoreEmailTracker",
    "Tag",
    "TrackEmailRequest",
    "TrackedEmailClient",
    "TrackedSendResult",
    "validate_send_request",
]
