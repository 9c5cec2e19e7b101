"""The routes of the management API, one module per subject.

A `Route` says what an operation accepts and answers; requests are served and the OpenAPI
document is made from it.
"""

from dataclasses import dataclass

from perilune.api.access.access import Access
from perilune.api.routes.auth import auth_routes
from perilune.api.routes.backup import backup_routes
from perilune.api.routes.documents import document_routes
from perilune.api.routes.environment import environment_routes
from perilune.api.routes.executions import execution_routes
from perilune.api.routes.functions import function_routes
from perilune.api.routes.pairs import pair_routes
from perilune.api.routes.route import Route, RouteTable
from perilune.api.routes.schedules import schedule_routes
from perilune.api.routes.signing import signing_routes
from perilune.api.routes.statistics import statistics_routes
from perilune.api.routes.streams import stream_routes
from perilune.api.routes.tokens import token_routes
from perilune.api.routes.trials import trial_routes
from perilune.api.routes.versions import version_routes
from perilune.api.subjects.about import About
from perilune.api.subjects.backup import Backups
from perilune.api.subjects.checking import Checks
from perilune.api.subjects.environment import Environment
from perilune.api.subjects.executions import Executions
from perilune.api.subjects.functions import Functions
from perilune.api.subjects.pairs import Pairs
from perilune.api.subjects.schedules import Schedules
from perilune.api.subjects.signing import Signing
from perilune.api.subjects.statistics import Statistics
from perilune.api.subjects.streams import Streams
from perilune.api.subjects.trials import Trials
from perilune.api.subjects.versions import Versions

__all__ = ["Route", "RouteTable", "Subjects", "all_routes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What the management API is about."""

    about: About
    access: Access
    backups: Backups | None
    """None where the store can't be copied."""
    checks: Checks
    environment: Environment
    executions: Executions
    functions: Functions
    pairs: Pairs
    schedules: Schedules
    signing: Signing
    statistics: Statistics
    streams: Streams
    trials: Trials
    versions: Versions


def all_routes(subjects: Subjects) -> tuple[Route, ...]:
    """Return every route of the management API."""
    access = subjects.access
    return (
        *auth_routes(access.sign_in, access.sessions),
        *token_routes(access.tokens),
        *function_routes(subjects.functions),
        *environment_routes(subjects.environment),
        *signing_routes(subjects.signing),
        *version_routes(subjects.versions),
        *schedule_routes(subjects.schedules),
        *pair_routes(subjects.pairs),
        *execution_routes(subjects.executions),
        *statistics_routes(subjects.statistics),
        *stream_routes(subjects.streams),
        *trial_routes(subjects.trials, subjects.checks),
        *document_routes(subjects.about),
        *backup_routes(subjects.backups),
    )
