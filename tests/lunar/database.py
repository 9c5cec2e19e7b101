"""Makes a database as Lunar leaves it, at every version of its schema.

Run as a script to get a file to try things with: `python -m tests.lunar.database FILE [VERSION]`.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

MIGRATIONS: dict[int, str] = {
    1: """
        CREATE TABLE kv_store (
            function_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (function_id, key));
        CREATE INDEX idx_function_id ON kv_store(function_id);
        CREATE TABLE env_vars (
            function_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (function_id, key));
        CREATE INDEX idx_env_function_id ON env_vars(function_id);
        CREATE TABLE logs (
            id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, level INTEGER NOT NULL,
            message TEXT NOT NULL, timestamp INTEGER NOT NULL);
        CREATE INDEX idx_logs_execution_id ON logs(execution_id);
        CREATE INDEX idx_logs_level ON logs(level);
        CREATE INDEX idx_logs_timestamp ON logs(timestamp);
        CREATE TABLE functions (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
        CREATE TABLE function_versions (
            id TEXT PRIMARY KEY, function_id TEXT NOT NULL, version INTEGER NOT NULL,
            code TEXT NOT NULL, created_at INTEGER NOT NULL, created_by TEXT,
            is_active INTEGER NOT NULL DEFAULT 0,
            FOREIGN KEY (function_id) REFERENCES functions(id) ON DELETE CASCADE,
            UNIQUE (function_id, version));
        CREATE INDEX idx_function_versions_function_id ON function_versions(function_id);
        CREATE INDEX idx_function_versions_active ON function_versions(function_id, is_active);
        CREATE TABLE executions (
            id TEXT PRIMARY KEY, function_id TEXT NOT NULL, function_version_id TEXT NOT NULL,
            status TEXT NOT NULL, duration_ms INTEGER, error_message TEXT,
            created_at INTEGER NOT NULL,
            FOREIGN KEY (function_id) REFERENCES functions(id) ON DELETE CASCADE,
            FOREIGN KEY (function_version_id) REFERENCES function_versions(id)
                ON DELETE CASCADE);
        CREATE INDEX idx_executions_function_id ON executions(function_id);
    """,
    2: """
        ALTER TABLE functions ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX idx_functions_disabled ON functions(disabled);
    """,
    3: "ALTER TABLE executions ADD COLUMN event_json TEXT;",
    4: "ALTER TABLE functions ADD COLUMN retention_days INTEGER;",
    5: """
        CREATE TABLE ai_requests (
            id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, provider TEXT NOT NULL,
            model TEXT NOT NULL, endpoint TEXT NOT NULL, request_json TEXT NOT NULL,
            response_json TEXT, status TEXT NOT NULL, error_message TEXT,
            input_tokens INTEGER, output_tokens INTEGER, duration_ms INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE);
        CREATE INDEX idx_ai_requests_execution_id ON ai_requests(execution_id);
        CREATE INDEX idx_ai_requests_created_at ON ai_requests(created_at);
    """,
    6: """
        CREATE TABLE email_requests (
            id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, from_address TEXT NOT NULL,
            to_addresses TEXT NOT NULL, subject TEXT NOT NULL,
            has_text INTEGER NOT NULL DEFAULT 0, has_html INTEGER NOT NULL DEFAULT 0,
            request_json TEXT NOT NULL, response_json TEXT, status TEXT NOT NULL,
            error_message TEXT, email_id TEXT, duration_ms INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE);
        CREATE INDEX idx_email_requests_execution_id ON email_requests(execution_id);
        CREATE INDEX idx_email_requests_created_at ON email_requests(created_at);
    """,
    7: """
        ALTER TABLE functions ADD COLUMN cron_schedule TEXT;
        ALTER TABLE functions ADD COLUMN cron_status TEXT DEFAULT 'paused';
    """,
    8: "ALTER TABLE executions ADD COLUMN trigger TEXT DEFAULT 'http';",
    9: """
        ALTER TABLE functions ADD COLUMN save_response BOOLEAN DEFAULT 0;
        ALTER TABLE executions ADD COLUMN response_json TEXT;
    """,
}

SINCE = {
    ("functions", "disabled"): 2,
    ("functions", "retention_days"): 4,
    ("functions", "cron_schedule"): 7,
    ("functions", "cron_status"): 7,
    ("functions", "save_response"): 9,
    ("executions", "event_json"): 3,
    ("executions", "trigger"): 8,
    ("executions", "response_json"): 9,
    ("ai_requests", ""): 5,
    ("email_requests", ""): 6,
}
"""Which version brought the columns and tables that were not there from the first."""

NEWEST = max(MIGRATIONS)
CREATED = 1_700_000_000

GREETER = """\
function handler(ctx, event)
  log.info("called " .. (kv.get("name") or "nobody"))
  return { statusCode = 200, body = env.get("GREETING") .. ", " .. (kv.get("name") or "nobody") }
end
"""

Rows = dict[str, list[dict[str, Any]]]


def write_database(
    path: Path, rows: Rows, version: int = NEWEST, *, dirty: int = 0, mode: str = "delete"
) -> None:
    """Create *path* with these rows; what the version does not have yet is left out."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()
        for number in range(1, min(version, NEWEST) + 1):
            connection.executescript(MIGRATIONS[number])
        connection.execute("CREATE TABLE schema_migrations (version uint64, dirty bool)")
        connection.execute("CREATE UNIQUE INDEX version_unique ON schema_migrations (version)")
        connection.execute("INSERT INTO schema_migrations VALUES (?, ?)", (version, dirty))
        connection.execute("BEGIN")
        for table, members in rows.items():
            if SINCE.get((table, ""), 1) > version:
                continue
            for row in members:
                present = {k: v for k, v in row.items() if SINCE.get((table, k), 1) <= version}
                columns, marks = ", ".join(present), ", ".join("?" * len(present))
                connection.execute(
                    f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(present.values())
                )
        connection.execute("COMMIT")


def bytes_as_text(connection: sqlite3.Connection, table: str, column: str, value: bytes) -> None:
    """Store bytes as Lunar does (KD-74): as text, whatever they are."""
    connection.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT)", (value,))


def function_row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"d0k3m2c9a8v7q1e5t6{number:01d}g",
        "name": f"function {number}",
        "description": None,
        "created_at": CREATED + number,
        "updated_at": CREATED + number,
    } | changes


def version_row(function: dict[str, Any], version: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ver_{function['id']}_v{version}",
        "function_id": function["id"],
        "version": version,
        "code": GREETER,
        "created_at": CREATED,
        "created_by": None,
        "is_active": 0,
    } | changes


def execution_row(version: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"e0k3m2c9a8v7q1e5{number:03d}0",
        "function_id": version["function_id"],
        "function_version_id": version["id"],
        "status": "success",
        "duration_ms": 12,
        "error_message": None,
        "created_at": CREATED + 100,
        "event_json": '{"method":"GET"}',
        "trigger": "http",
        "response_json": '{"statusCode":200}',
    } | changes


def log_row(execution_id: str, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"l0k3m2c9a8v7q1e5{number:03d}0",
        "execution_id": execution_id,
        "level": 0,
        "message": f"line {number}",
        "timestamp": CREATED + 100,
    } | changes


def ai_row(execution_id: str, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"a0k3m2c9a8v7q1e5{number:03d}0",
        "execution_id": execution_id,
        "provider": "openai",
        "model": "m",
        "endpoint": "https://api.example.org/v1/chat",
        "request_json": '{"messages":[]}',
        "response_json": '{"choices":[]}',
        "status": "success",
        "error_message": None,
        "input_tokens": 3,
        "output_tokens": None,
        "duration_ms": 800,
        "created_at": CREATED + 100,
    } | changes


def email_row(execution_id: str, number: int, to: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"m0k3m2c9a8v7q1e5{number:03d}0",
        "execution_id": execution_id,
        "from_address": "me@example.org",
        "to_addresses": to,
        "subject": "Hello",
        "has_text": 1,
        "has_html": 0,
        "request_json": "{}",
        "response_json": None,
        "status": "success",
        "error_message": None,
        "email_id": "re_1",
        "duration_ms": 90,
        "created_at": CREATED + 100,
    } | changes


def some_rows() -> Rows:
    """An installation with two functions that are in use, and no fault in it."""
    greeter = function_row(
        1,
        name="greeter",
        description="Grüße",
        disabled=0,
        retention_days=30,
        cron_schedule="*/5 * * * *",
        cron_status="active",
        save_response=1,
    )
    idle = function_row(
        2,
        disabled=1,
        retention_days=None,
        cron_schedule="",
        cron_status="paused",
        save_response=None,
    )
    versions = [
        version_row(greeter, 1, code="function handler() return 1 end", created_by="ann"),
        version_row(greeter, 2, is_active=1),
        version_row(idle, 1, is_active=1),
    ]
    executions = [
        execution_row(versions[1], 1),
        execution_row(versions[1], 2, trigger="cron", response_json=None),
        execution_row(versions[0], 3, status="error", error_message="boom", event_json=None),
        execution_row(versions[2], 4, status="pending", duration_ms=None),
    ]
    first, second = executions[0]["id"], executions[1]["id"]
    return {
        "functions": [greeter, idle],
        "function_versions": versions,
        "env_vars": [
            {"function_id": greeter["id"], "key": "GREETING", "value": "Good day"},
            {"function_id": idle["id"], "key": "1ST", "value": "x"},
        ],
        "kv_store": [
            {"function_id": greeter["id"], "key": "name", "value": "Ada"},
            {"function_id": greeter["id"], "key": "", "value": ""},
        ],
        "executions": executions,
        "logs": [log_row(first, 1), log_row(second, 2, level=3), log_row(first, 3, message="a\nb")],
        "ai_requests": [ai_row(first, 1), ai_row(second, 2, status="error")],
        "email_requests": [
            email_row(first, 1, "a@example.org,b@example.org"),
            email_row(second, 2, '"Doe, Jane" <j@example.org>,x@example.org'),
        ],
    }


if __name__ == "__main__":
    write_database(
        Path(sys.argv[1]), some_rows(), int(sys.argv[2]) if len(sys.argv) > 2 else NEWEST
    )
