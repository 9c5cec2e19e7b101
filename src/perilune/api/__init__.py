"""HTTP: calls of functions below `/fn/`, the management API below `/api`, health.

`gateway.py` decides who answers a request.  `calls/call.py` answers calls of functions with
nothing between it and the connection, since that is the path that counts;
`management.py` serves the API.  `errors.py` alone knows the status of an error.
"""

from perilune.api.access.access import Access, build_access
from perilune.api.access.keys import (
    KEY_FILE,
    ApiKey,
    UnusableKeyError,
    load_api_key,
    read_api_key,
    rotate_api_key,
)
from perilune.api.access.tokens import Tokens
from perilune.api.calls.call import open_calls
from perilune.api.calls.endpoint import CallLimits, FunctionEndpoint
from perilune.api.calls.guards import Guards
from perilune.api.calls.lookup import function_path
from perilune.api.connections.server import HttpServer, ListenError, bind_sockets
from perilune.api.connections.shared import ConnectionLimits
from perilune.api.connections.tls import Certificate, TlsError
from perilune.api.docs import Documentation
from perilune.api.gateway import AccessLog, Gateway
from perilune.api.handlers.about import About
from perilune.api.handlers.backup import Backups
from perilune.api.handlers.checking import Checks
from perilune.api.handlers.entries import Entries
from perilune.api.handlers.environment import Environment
from perilune.api.handlers.executions import Executions
from perilune.api.handlers.functions import Functions
from perilune.api.handlers.packages import VersionPackages
from perilune.api.handlers.schedules import Schedules
from perilune.api.handlers.servers import Servers
from perilune.api.handlers.signing import Signing
from perilune.api.handlers.statistics import Statistics
from perilune.api.handlers.streams import Streams
from perilune.api.handlers.trials import Trials
from perilune.api.handlers.versions import Versions
from perilune.api.health import NotReady, Readiness
from perilune.api.management import ManagementApi
from perilune.api.metrics import Metrics, MetricSource
from perilune.api.routes import Handlers
from perilune.api.rules.functions import Capabilities

__all__ = [
    "KEY_FILE",
    "About",
    "Access",
    "AccessLog",
    "ApiKey",
    "Backups",
    "CallLimits",
    "Capabilities",
    "Certificate",
    "Checks",
    "ConnectionLimits",
    "Documentation",
    "Entries",
    "Environment",
    "Executions",
    "FunctionEndpoint",
    "Functions",
    "Gateway",
    "Guards",
    "Handlers",
    "HttpServer",
    "ListenError",
    "ManagementApi",
    "MetricSource",
    "Metrics",
    "NotReady",
    "Readiness",
    "Schedules",
    "Servers",
    "Signing",
    "Statistics",
    "Streams",
    "TlsError",
    "Tokens",
    "Trials",
    "UnusableKeyError",
    "VersionPackages",
    "Versions",
    "bind_sockets",
    "build_access",
    "function_path",
    "load_api_key",
    "open_calls",
    "read_api_key",
    "rotate_api_key",
]
