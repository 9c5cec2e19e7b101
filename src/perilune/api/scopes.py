"""What a credential allows."""

from enum import StrEnum


class Scope(StrEnum):
    """One right of an API token; `ADMIN` includes all others."""

    READ = "read"
    """See functions, versions, executions and figures."""
    INVOKE = "invoke"
    """Call functions, also those that are not public."""
    DEPLOY = "deploy"
    """Change functions, their code, settings and data."""
    ADMIN = "admin"
    """Everything, tokens and sessions included."""
