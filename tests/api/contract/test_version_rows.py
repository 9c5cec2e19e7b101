"""The tables of the REST contract for versions and executions, row by row (sections 4 and 5)."""

import pytest

from .replay import FIRST, SECOND, VERSION_1, VERSION_2, Row, page, refused, replay, row

ONE = "/api/functions/{id}"
GONE = "/api/functions/nope"
EXECUTION = {
    "id": "{execution}",
    "function_id": "{id}",
    "function_version_id": "{v1}",
    "status": "success",
    "duration_ms": ...,
    "event_json": ...,
    "trigger": "http",
    "created_at": ...,
    "method": "POST",
    "path": "/fn/{id}",
    "request_bytes": 2,
    "http_status": 201,
    "response_bytes": 4,
}

VERSIONS = [
    row("list", f"GET {ONE}/versions", 200, {"versions": [VERSION_2, VERSION_1], **page(2)}),
    refused("list: missing", f"GET {GONE}/versions", 404, "Function not found"),
    refused(
        "list: store",
        f"GET {ONE}/versions",
        500,
        "Failed to list versions",
        failing="list_versions",
    ),
    row(
        "kd-102 an empty list is a list",
        "GET /api/functions/bare/versions",
        200,
        {"versions": [], **page(0)},
    ),
    row("get", f"GET {ONE}/versions/1", 200, VERSION_1),
    row("get: +1", f"GET {ONE}/versions/+1", 200, VERSION_1),
    row("get: 01", f"GET {ONE}/versions/01", 200, VERSION_1),
    refused("get: no number", f"GET {ONE}/versions/one", 400, "Invalid version number"),
    refused("get: large number", f"GET {ONE}/versions/{2**63}", 400, "Invalid version number"),
    refused("get: missing", f"GET {ONE}/versions/3", 404, "Version not found"),
    refused("get: zero", f"GET {ONE}/versions/0", 404, "Version not found"),
    refused("get: missing function", f"GET {GONE}/versions/1", 404, "Version not found"),
    row("activate", f"POST {ONE}/versions/{{v1}}/activate", 200, VERSION_1 | {"is_active": True}),
    refused("activate: missing", f"POST {ONE}/versions/nope/activate", 404, "Version not found"),
    refused(
        "kd-68 activate: of another",
        "POST /api/functions/bare/versions/{v1}/activate",
        404,
        "Version not found",
    ),
    refused(
        "activate: store",
        f"POST {ONE}/versions/{{v1}}/activate",
        500,
        "Failed to activate version",
        failing="Versions.activate",
    ),
    row("delete", f"DELETE {ONE}/versions/{{v1}}", 204),
    refused("delete: active", f"DELETE {ONE}/versions/{{v2}}", 400, "Cannot delete active version"),
    refused("delete: missing", f"DELETE {ONE}/versions/nope", 404, "Version not found"),
    refused(
        "kd-68 delete: of another",
        "DELETE /api/functions/bare/versions/{v1}",
        404,
        "Version not found",
    ),
    refused(
        "delete: store",
        f"DELETE {ONE}/versions/{{v1}}",
        500,
        "Failed to delete version",
        failing="delete_version",
    ),
    row(
        "diff",
        f"GET {ONE}/diff/2/1",
        200,
        {
            "old_version": 2,
            "new_version": 1,
            "diff": [
                {"line_type": "removed", "old_line": 1, "content": SECOND},
                {"line_type": "added", "new_line": 1, "content": FIRST},
            ],
        },
    ),
    refused("diff: v1 no number", f"GET {ONE}/diff/x/y", 400, "Invalid version number v1"),
    refused("diff: v2 no number", f"GET {ONE}/diff/9/y", 400, "Invalid version number v2"),
    refused("diff: v1 missing", f"GET {ONE}/diff/8/9", 404, "Version v1 not found"),
    refused("diff: v2 missing", f"GET {ONE}/diff/1/9", 404, "Version v2 not found"),
    refused("diff: missing function", f"GET {GONE}/diff/1/2", 404, "Version v1 not found"),
]
"""Section 4."""

LISTED = "/api/executions/{execution}"
UNKNOWN = "/api/executions/nope"
EXECUTIONS = [
    row("list", f"GET {ONE}/executions", 200, {"executions": [EXECUTION], **page(1)}),
    row(
        "kd-102 an empty list is a list",
        "GET /api/functions/bare/executions",
        200,
        {"executions": [], **page(0)},
    ),
    refused("list: missing", f"GET {GONE}/executions", 404, "Function not found"),
    refused(
        "list: store",
        f"GET {ONE}/executions",
        500,
        "Failed to list executions",
        failing="find_executions",
    ),
    row("get", f"GET {LISTED}", 200, EXECUTION),
    refused("get: missing", f"GET {UNKNOWN}", 404, "Execution not found"),
    row(
        "logs",
        f"GET {LISTED}/logs",
        200,
        EXECUTION
        | {"logs": [{"level": "warn", "message": "careful", "created_at": 1000}], **page(1)},
    ),
    refused("logs: missing", f"GET {UNKNOWN}/logs", 404, "Execution not found"),
    row("ai requests", f"GET {LISTED}/ai-requests", 200, {"ai_requests": [], **page(0)}),
    refused("ai requests: missing", f"GET {UNKNOWN}/ai-requests", 404, "Execution not found"),
    row("e-mail requests", f"GET {LISTED}/email-requests", 200, {"email_requests": [], **page(0)}),
    refused(
        "e-mail requests: missing", f"GET {UNKNOWN}/email-requests", 404, "Execution not found"
    ),
]
"""Section 5."""


@pytest.mark.parametrize("one", VERSIONS)
async def test_versions(site, one: Row, monkeypatch):
    await replay(site, one, monkeypatch)


@pytest.mark.parametrize("one", EXECUTIONS)
async def test_executions(site, one: Row, monkeypatch):
    await replay(site, one, monkeypatch)
