"""AI chat for guest code: the providers, and the record of every attempt."""

from perilune.services.ai.client import ChatClient
from perilune.services.ai.fake import FakeAIClient
from perilune.services.ai.tracker import StoreAITracker, TrackedAIClient
from perilune.services.ai.types import (
    AIClient,
    AIConfigError,
    AIError,
    AITracker,
    ChatRequest,
    ChatResponse,
    Message,
    TrackAIRequest,
    TrackedChatResult,
    Usage,
)

__all__ = [
    "AIClient",
    "AIConfigError",
    "AIError",
    "AITracker",
    "ChatClient",
    "ChatRequest",
    "ChatResponse",
    "FakeAIClient",
    "Message",
    "StoreAITracker",
    "TrackAIRequest",
    "TrackedAIClient",
    "TrackedChatResult",
    "Usage",
]
