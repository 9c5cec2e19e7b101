"""HTTP: calls of functions below `/fn/`, the management API below `/api`, health.

`gateway.py` is the outermost application.  `invoke.py` serves functions with
nothing between it and the server, since that is the path that counts;
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
from perilune.api.calls.guards import Guards
from perilune.api.calls.invoke import CallLimits, FunctionEndpoint
from perilune.api.connections.server import HttpServer, ListenError, bind_sockets
from perilune.api.connections.shared import ConnectionLimits
from perilune.api.connections.tls import Certificate, TlsError
from perilune.api.docs import Documentation
from perilune.api.gateway import AccessLog, Gateway
from perilune.api.health import NotReady, Readiness
from perilune.api.management import ManagementApi
from perilune.api.metrics import FigureSource, Metrics
from perilune.api.routes import Subjects
from perilune.api.rules.functions import Offer
from perilune.api.subjects.about import About
from perilune.api.subjects.backup import Backups
from perilune.api.subjects.checking import Checks
from perilune.api.subjects.environment import Environment
from perilune.api.subjects.executions import Executions
from perilune.api.subjects.functions import Functions
from perilune.api.subjects.packages import VersionPackages
from perilune.api.subjects.pairs import Pairs
from perilune.api.subjects.schedules import Schedules
from perilune.api.subjects.signing import Signing
from perilune.api.subjects.statistics import Statistics
from perilune.api.subjects.streams import Streams
from perilune.api.subjects.trials import Trials
from perilune.api.subjects.versions import Versions

__all__ = [
    "KEY_FILE",
    "About",
    "Access",
    "AccessLog",
    "ApiKey",
    "Backups",
    "CallLimits",
    "Certificate",
    "Checks",
    "ConnectionLimits",
    "Documentation",
    "Environment",
    "Executions",
    "FigureSource",
    "FunctionEndpoint",
    "Functions",
    "Gateway",
    "Guards",
    "HttpServer",
    "ListenError",
    "ManagementApi",
    "Metrics",
    "NotReady",
    "Offer",
    "Pairs",
    "Readiness",
    "Schedules",
    "Signing",
    "Statistics",
    "Streams",
    "Subjects",
    "TlsError",
    "Tokens",
    "Trials",
    "UnusableKeyError",
    "VersionPackages",
    "Versions",
    "bind_sockets",
    "build_access",
    "load_api_key",
    "read_api_key",
    "rotate_api_key",
]
