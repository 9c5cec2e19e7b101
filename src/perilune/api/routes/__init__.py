"""The routes of the management API, one module per subject.

Each module has a function that adds its routes to a `RouteTable`.  What a route
accepts and answers is said where it is added; the served document comes from it.
"""

from perilune.api.routes.auth import add_auth_routes
from perilune.api.routes.backup import add_backup_routes
from perilune.api.routes.documents import add_document_routes
from perilune.api.routes.environment import add_environment_routes
from perilune.api.routes.executions import add_execution_routes
from perilune.api.routes.functions import add_function_routes
from perilune.api.routes.pairs import add_pair_routes
from perilune.api.routes.schedules import add_schedule_routes
from perilune.api.routes.signing import add_signing_routes
from perilune.api.routes.statistics import add_statistics_routes
from perilune.api.routes.streams import add_stream_routes
from perilune.api.routes.table import RouteTable
from perilune.api.routes.tokens import add_token_routes
from perilune.api.routes.trials import add_trial_routes
from perilune.api.routes.versions import add_version_routes

__all__ = [
    "RouteTable",
    "add_auth_routes",
    "add_backup_routes",
    "add_document_routes",
    "add_environment_routes",
    "add_execution_routes",
    "add_function_routes",
    "add_pair_routes",
    "add_schedule_routes",
    "add_signing_routes",
    "add_statistics_routes",
    "add_stream_routes",
    "add_token_routes",
    "add_trial_routes",
    "add_version_routes",
]
