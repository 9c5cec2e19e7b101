"""The routes of the management API, one module per subject.

A `Route` says what an operation accepts and answers; requests are served and the OpenAPI
document is made from it.
"""

from dataclasses import dataclass

from perilune.api.access.access import Access
from perilune.api.handlers.about import About
from perilune.api.handlers.backup import Backups
from perilune.api.handlers.checking import Checks
from perilune.api.handlers.entries import Entries
from perilune.api.handlers.environment import Environment
from perilune.api.handlers.executions import Executions
from perilune.api.handlers.functions import Functions
from perilune.api.handlers.schedules import Schedules
from perilune.api.handlers.servers import Servers
from perilune.api.handlers.signing import Signing
from perilune.api.handlers.statistics import Statistics
from perilune.api.handlers.streams import Streams
from perilune.api.handlers.trials import Trials
from perilune.api.handlers.versions import Versions
from perilune.api.routes.auth import auth_routes
from perilune.api.routes.backup import backup_routes
from perilune.api.routes.documents import document_routes
from perilune.api.routes.entries import entry_routes
from perilune.api.routes.environment import environment_routes
from perilune.api.routes.executions import execution_routes
from perilune.api.routes.functions import function_routes
from perilune.api.routes.route import Route, RouteTable
from perilune.api.routes.schedules import schedule_routes
from perilune.api.routes.servers import server_routes
from perilune.api.routes.signing import signing_routes
from perilune.api.routes.statistics import statistics_routes
from perilune.api.routes.streams import stream_routes
from perilune.api.routes.tokens import token_routes
from perilune.api.routes.trials import trial_routes
from perilune.api.routes.versions import version_routes

__all__ = ["Handlers", "Route", "RouteTable", "all_routes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What the management API is about."""

    about: About
    access: Access
    backups: Backups
    """None where the store can't be copied."""
    checks: Checks
    environment: Environment
    executions: Executions
    functions: Functions
    entries: Entries
    schedules: Schedules
    servers: Servers
    signing: Signing
    statistics: Statistics
    streams: Streams
    trials: Trials
    versions: Versions


def all_routes(handlers: Handlers) -> tuple[Route, ...]:
    """Return every route of the management API."""
    access = handlers.access
    return (
        *auth_routes(access.sign_in, access.sessions),
        *token_routes(access.tokens),
        *function_routes(handlers.functions),
        *environment_routes(handlers.environment),
        *signing_routes(handlers.signing),
        *version_routes(handlers.versions),
        *schedule_routes(handlers.schedules),
        *entry_routes(handlers.entries),
        *execution_routes(handlers.executions),
        *statistics_routes(handlers.statistics),
        *stream_routes(handlers.streams),
        *trial_routes(handlers.trials, handlers.checks),
        *document_routes(handlers.about),
        *server_routes(handlers.servers),
        *backup_routes(handlers.backups),
    )
