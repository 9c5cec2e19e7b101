"""What guest code can use beyond its own process: logs, data, configuration, the outside world.

Each service has a protocol, what ships for it, and a variant in memory where
that helps tests.  A function's id scopes data and configuration; an
execution's id scopes logs and records of requests.
"""

from perilune.services.ai import (
    AIClient,
    AIConfigError,
    AIError,
    AITracker,
    ChatRequest,
    ChatResponse,
    Message,
    TrackedChatResult,
    Usage,
)
from perilune.services.ai import TrackRequest as AITrackRequest
from perilune.services.email import (
    EmailClient,
    EmailConfigError,
    EmailError,
    EmailTracker,
    EmailValidationError,
    SendRequest,
    SendResponse,
    Tag,
    TrackedSendResult,
)
from perilune.services.email import TrackRequest as EmailTrackRequest
from perilune.services.env import (
    Env,
    EnvError,
    EnvStore,
    EnvValidationError,
    EnvVariableNotFound,
    MemoryEnv,
    check_env_variable,
    check_env_variables,
)
from perilune.services.http import HTTPClient, HTTPClientError, HTTPError, Request, Response
from perilune.services.kv import (
    KV,
    KVError,
    KVKeyNotFound,
    KVLimitError,
    KVLimits,
    KVPage,
    KVStore,
    MemoryKV,
)
from perilune.services.logger import (
    Logger,
    LogLevel,
    LogLimits,
    MemoryLogger,
    StoreLogger,
    api_name,
    display_name,
)

__all__ = [
    "KV",
    "AIClient",
    "AIConfigError",
    "AIError",
    "AITrackRequest",
    "AITracker",
    "ChatRequest",
    "ChatResponse",
    "EmailClient",
    "EmailConfigError",
    "EmailError",
    "EmailTrackRequest",
    "EmailTracker",
    "EmailValidationError",
    "Env",
    "EnvError",
    "EnvStore",
    "EnvValidationError",
    "EnvVariableNotFound",
    "HTTPClient",
    "HTTPClientError",
    "HTTPError",
    "KVError",
    "KVKeyNotFound",
    "KVLimitError",
    "KVLimits",
    "KVPage",
    "KVStore",
    "LogLevel",
    "LogLimits",
    "Logger",
    "MemoryEnv",
    "MemoryKV",
    "MemoryLogger",
    "Message",
    "Request",
    "Response",
    "SendRequest",
    "SendResponse",
    "StoreLogger",
    "Tag",
    "TrackedChatResult",
    "TrackedSendResult",
    "Usage",
    "api_name",
    "check_env_variable",
    "check_env_variables",
    "display_name",
]
