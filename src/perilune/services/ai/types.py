"""AI chat for guest code: what is asked and answered, and how each attempt is recorded."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from perilune.errors import PeriluneError
from perilune.services.tracking import Tracker
from perilune.store import AIRequest, AIRequestStatus


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to a model."""

    provider: str
    """`openai` or `anthropic`."""
    model: str
    messages: tuple[Message, ...]
    max_tokens: int = 0
    """0 means not given."""
    temperature: float | None = None
    """None means not given; 0 is sent."""
    endpoint: str = ""
    """Base URL instead of the one from the function's environment."""
    timeout_s: float | None = None
    """For all attempts together; None means the client's own limit, which is never passed."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens a provider counted."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResponse:
    """A model's answer, with what was sent and received to get it."""

    content: str = ""
    model: str = ""
    usage: Usage = Usage()
    endpoint: str = ""
    """Full URL."""
    request_json: str = ""
    response_json: str = ""


class AIError(PeriluneError):
    """A chat that failed; the message may be shown to guest code."""

    code: ClassVar[str] = "ai_error"

    def __init__(
        self,
        message: str,
        partial: ChatResponse | None = None,
        *,
        status_code: int | None = None,
        provider_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.partial = partial
        """What was sent and received before the failure; None if no request was built."""
        self.status_code = status_code
        """HTTP status of the provider's answer; None if there was none."""
        self.provider_code = provider_code
        """The provider's own name for the failure, if it gave one."""


class AIConfigError(AIError):
    """Provider or key are not configured; nothing was sent."""

    code = "ai_config_error"


class AIClient(Protocol):
    """Talks to the providers with the keys of a function's environment."""

    async def chat(self, function_id: str, request: ChatRequest) -> ChatResponse:
        """Return the model's answer.  Raises `AIError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackAIRequest:
    """One attempt, as it is recorded."""

    provider: str
    model: str
    endpoint: str
    """Full URL; empty if it failed before it was known."""
    request_json: str
    status: AIRequestStatus
    duration_ms: int
    response_json: str | None = None
    error_message: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedChatResult:
    """An attempt together with its record: `response` or `error` is set."""

    track_data: TrackAIRequest
    response: ChatResponse | None = None
    error: Exception | None = None


AITracker: TypeAlias = Tracker[TrackAIRequest, AIRequest]
