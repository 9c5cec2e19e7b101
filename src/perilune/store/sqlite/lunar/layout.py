"""The tables of Lunar and since which version of its schema they and their columns exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """One table of Lunar."""

    name: str
    since: int
    columns: tuple[str, ...]
    """Those it has had from its beginning."""
    later: Mapping[str, int] = field(default_factory=dict)
    """The others, and since when."""

    def always(self, version: int) -> tuple[str, ...]:
        """Return the columns it must have in this version; none before it exists."""
        if version < self.since:
            return ()
        return (*self.columns, *(name for name, since in self.later.items() if since <= version))


TABLES = (
    Table(
        "functions",
        1,
        ("id", "name", "description", "created_at", "updated_at"),
        {
            "disabled": 2,
            "retention_days": 4,
            "cron_schedule": 7,
            "cron_status": 7,
            "save_response": 9,
        },
    ),
    Table(
        "function_versions",
        1,
        ("id", "function_id", "version", "code", "created_at", "created_by", "is_active"),
    ),
    Table("env_vars", 1, ("function_id", "key", "value")),
    Table("kv_store", 1, ("function_id", "key", "value")),
    Table(
        "executions",
        1,
        (
            "id",
            "function_id",
            "function_version_id",
            "status",
            "duration_ms",
            "error_message",
            "created_at",
        ),
        {"event_json": 3, "trigger": 8, "response_json": 9},
    ),
    Table("logs", 1, ("id", "execution_id", "level", "message", "timestamp")),
    Table(
        "ai_requests",
        5,
        (
            "id",
            "execution_id",
            "provider",
            "model",
            "endpoint",
            "request_json",
            "response_json",
            "status",
            "error_message",
            "input_tokens",
            "output_tokens",
            "duration_ms",
            "created_at",
        ),
    ),
    Table(
        "email_requests",
        6,
        (
            "id",
            "execution_id",
            "from_address",
            "to_addresses",
            "subject",
            "has_text",
            "has_html",
            "request_json",
            "response_json",
            "status",
            "error_message",
            "email_id",
            "duration_ms",
            "created_at",
        ),
    ),
)
"""In the order in which they are taken over: what others refer to comes first."""


def names_of(version: int) -> dict[str, str]:
    """Return what stands for each later column in a statement: its name, or NULL."""
    return {
        f"{table.name}.{name}": name if since <= version else "NULL"
        for table in TABLES
        for name, since in table.later.items()
    }
