"""AI chat for guest code: the providers, and the record of every attempt."""

from perilune.services.ai.types import (
    AIClient,
    AIConfigError,
    AIError,
    AITracker,
    ChatRequest,
    ChatResponse,
    Message,
    TrackedChatResult,
    TrackRequest,
    Usage,
)

__all__ = [
    "AIClient",
    "AIConfigError",
    "AIError",
    "AITracker",
    "ChatRequest",
    "ChatResponse",
    "Message",
    "TrackRequest",
    "TrackedChatResult",
    "Usage",
]
