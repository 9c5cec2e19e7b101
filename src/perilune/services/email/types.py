"""E-mail for guest code: what is sent, and how each attempt is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias

from perilune.errors import PeriluneError
from perilune.services.tracking import Tracker
from perilune.store import EmailRequest, EmailRequestStatus


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that the provider keeps with an e-mail."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with an e-mail."""

    filename: str
    content: bytes
    content_type: str = ""
    """Empty: guessed from the file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """One e-mail.  Empty members are left out of what is sent."""

    from_: str
    to: tuple[str, ...]
    subject: str
    text: str = ""
    html: str = ""
    reply_to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    scheduled_at: str = ""
    attachments: tuple[Attachment, ...] = ()
    timeout_s: float | None = None
    """For the whole exchange; None means the client's own limit, which is never passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResponse:
    """The provider accepted the e-mail."""

    id: str
    request_json: str = ""


class EmailError(PeriluneError):
    """An e-mail that was not sent; the message may be shown to guest code."""

    code: ClassVar[str] = "email_error"

    def __init__(self, message: str, request_json: str = "") -> None:
        super().__init__(message)
        self.request_json = request_json
        """What was sent to the provider; empty if it did not come to that."""


class EmailConfigError(EmailError):
    """The function's environment has no key of the provider; nothing was sent."""

    code = "email_config_error"

    def __init__(self, message: str = "RESEND_API_KEY not set in function environment") -> None:
        super().__init__(message)


class EmailValidationError(EmailError):
    """The e-mail lacks something; nothing was sent."""

    code = "email_invalid"


class EmailClient(Protocol):
    """Sends e-mail with the key of a function's environment."""

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Hand one e-mail to the provider.  Raises `EmailError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackEmailRequest:
    """One attempt, as it is recorded."""

    from_: str
    to: tuple[str, ...]
    subject: str
    has_text: bool
    has_html: bool
    request_json: str
    status: EmailRequestStatus
    duration_ms: int
    response_json: str | None = None
    error_message: str | None = None
    email_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedSendResult:
    """An attempt together with its record: `response` or `error` is set."""

    track_data: TrackEmailRequest
    response: SendResponse | None = None
    error: Exception | None = None


EmailTracker: TypeAlias = Tracker[TrackEmailRequest, EmailRequest]
