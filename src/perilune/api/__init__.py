"""HTTP: calls of functions below `/fn/`, the management API below `/api`, health.

`gateway.py` is the outermost application.  `invoke.py` serves functions with
nothing between it and the server, since that is the path that counts;
`management.py` serves the API.  `errors.py` alone knows the status of an error.
"""

from perilune.api.about import About
from perilune.api.access import Access, build_access
from perilune.api.backup import Backups
from perilune.api.checking import Checks
from perilune.api.docs import Documentation
from perilune.api.environment import Environment
from perilune.api.executions import Executions
from perilune.api.functions import Functions
from perilune.api.gateway import AccessLog, Gateway
from perilune.api.guards import Guards
from perilune.api.health import Readiness
from perilune.api.invoke import CallLimits, FunctionEndpoint
from perilune.api.keys import (
    KEY_FILE,
    ApiKey,
    UnusableKeyError,
    load_api_key,
    read_api_key,
    rotate_api_key,
)
from perilune.api.management import AddRoutes, ManagementApi
from perilune.api.metrics import FigureSource, Metrics
from perilune.api.packages import VersionPackages
from perilune.api.pairs import Pairs
from perilune.api.protocol import ConnectionLimits
from perilune.api.routes import (
    add_backup_routes,
    add_environment_routes,
    add_pair_routes,
    add_schedule_routes,
    add_signing_routes,
    add_statistics_routes,
    add_stream_routes,
    add_trial_routes,
)
from perilune.api.schedules import Schedules
from perilune.api.server import HttpServer, ListenError, bind_sockets
from perilune.api.signing import Signing
from perilune.api.statistics import Statistics
from perilune.api.streams import Streams
from perilune.api.tls import Certificate, TlsError
from perilune.api.tokens import Tokens
from perilune.api.trials import Trials
from perilune.api.validation import Offer
from perilune.api.versions import Versions

__all__ = [
    "KEY_FILE",
    "About",
    "Access",
    "AccessLog",
    "AddRoutes",
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
    "Offer",
    "Pairs",
    "Readiness",
    "Schedules",
    "Signing",
    "Statistics",
    "Streams",
    "TlsError",
    "Tokens",
    "Trials",
    "UnusableKeyError",
    "VersionPackages",
    "Versions",
    "add_backup_routes",
    "add_environment_routes",
    "add_pair_routes",
    "add_schedule_routes",
    "add_signing_routes",
    "add_statistics_routes",
    "add_stream_routes",
    "add_trial_routes",
    "bind_sockets",
    "build_access",
    "load_api_key",
    "read_api_key",
    "rotate_api_key",
]
