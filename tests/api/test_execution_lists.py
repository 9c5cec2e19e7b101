"""The management API: lists of executions by filter, in parts (`rest-api` 2 and 5, KD-69)."""

import pytest

from perilune.api.rules.lists import execution_parameters
from perilune.store import Execution, ExecutionStatus, ExecutionTrigger

from .management import CODE, create


async def add(site, function_id: str, number: int, **members) -> str:
    version = members.pop("version", 1)
    made = await site.server.store.create_execution(
        Execution(
            id=f"e{number:03d}",
            function_id=function_id,
            function_version_id=f"ver_{function_id}_v{version}",
            created_at=1_700_000_000 + number,
            event_json="{}",
            **members,
        )
    )
    return made.id


@pytest.fixture
async def function_id(site):
    """A function of two versions with twelve executions, every third a failure."""
    function_id = (await create(site))["id"]
    await site.client.put(f"/api/functions/{function_id}", json={"code": CODE + " "})
    for number in range(12):
        failed = number % 3 == 0
        await add(
            site,
            function_id,
            number,
            version=1 if number < 6 else 2,
            status=ExecutionStatus.ERROR if failed else ExecutionStatus.SUCCESS,
            error_message=f"Error: no {number}\nat" if failed else None,
            trigger=ExecutionTrigger.CRON if number % 4 == 0 else ExecutionTrigger.HTTP,
        )
    return function_id


async def listed(site, path: str, **query) -> tuple[list[int], dict]:
    answer = await site.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    return [int(one["id"][1:]) for one in document["executions"]], document["pagination"]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"status": "error"}, [9, 6, 3, 0]),
        ({"status": "success", "limit": 3}, [11, 10, 8]),
        ({"status": "pending"}, []),
        ({"trigger": "cron"}, [8, 4, 0]),
        ({"version": "1", "status": "error"}, [3, 0]),
        ({"version": "+02", "trigger": "cron"}, [8]),
        ({"q": "NO 9"}, [9]),
        ({"since": "1700000009"}, [11, 10, 9]),
        ({"until": "1700000002"}, [1, 0]),
        ({"since": "1h"}, []),
        ({"until": "1d", "limit": 1}, [11]),
        ({"status": "", "trigger": "", "q": "", "cursor": "", "limit": "1"}, [11]),
    ],
)
async def test_lists_show_the_requested_functions(site, function_id, query, numbers):
    found, _ = await listed(site, f"/api/functions/{function_id}/executions", **query)

    assert found == numbers
    if "version" not in query:
        assert (await listed(site, "/api/executions", **query))[0] == numbers


async def test_executions_of_all_functions_come_with_the_names(site, function_id):
    name = (await site.client.get(f"/api/functions/{function_id}")).json()["name"]

    mixed = (await site.client.get("/api/executions")).json()["executions"]
    own = (await site.client.get(f"/api/functions/{function_id}/executions")).json()["executions"]

    assert {one["function_name"] for one in mixed} == {name}
    assert not any("function_name" in one for one in own)


async def test_a_cursor_goes_on_where_the_last_part_ended(site, function_id):
    path = f"/api/functions/{function_id}/executions"

    first, pagination = await listed(site, path, limit=5)
    await add(site, function_id, 500)
    second, after = await listed(site, path, limit=5, offset=3, cursor=pagination["next_cursor"])
    third, end = await listed(site, path, limit=5, cursor=after["next_cursor"])

    assert (first, second, third) == ([11, 10, 9, 8, 7], [6, 5, 4, 3, 2], [1, 0])
    assert end == {"total": 13, "limit": 5, "offset": 0}


async def test_the_list_of_all_executions_names_their_functions(site, function_id):
    other = (await create(site))["id"]
    await add(site, other, 99)

    answer = (await site.client.get("/api/executions?limit=2")).json()

    assert [one["function_id"] for one in answer["executions"]] == [other, function_id]
    assert answer["pagination"]["total"] == 13


async def test_kd_69_a_summary_has_no_event_and_one_line_of_the_error(site, function_id):
    answer = await site.client.get("/api/executions?fields=summary&status=error&limit=1")

    (row,) = answer.json()["executions"]
    assert row["error_message"] == "Error: no 9"
    assert "event_json" not in row and "response_json" not in row


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("status=failed", "status: status must be one of: [pending success error]"),
        ("trigger=x", "trigger: trigger must be one of: [http cron"),
        ("since=yesterday", "since: since must be Unix seconds or a duration such as 90m or 7d"),
        ("until=-1", "until: until must be"),
        ("until=1w", "until: until must be"),
        ("cursor=x", "cursor: cursor must come from an earlier answer"),
        ("fields=none", "fields: fields must be one of: [full summary]"),
        ("q=" + "x" * 201, "q: q cannot be longer than 200 characters"),
    ],
)
async def test_filters_that_make_no_sense_are_refused(site, function_id, query, text):
    for path in ("/api/executions", f"/api/functions/{function_id}/executions"):
        answer = await site.client.get(f"{path}?{query}")

        assert answer.status_code == 400
        assert answer.json()["error"].startswith(text)


async def test_versions_and_offsets_that_are_not_there(site, function_id):
    path = f"/api/functions/{function_id}/executions"

    answers = [
        await site.client.get(f"{path}?version=1x"),
        await site.client.get(f"{path}?version=3"),
        await site.client.get("/api/functions/nope/executions?version=1"),
        await site.client.get("/api/executions?offset=10001"),
    ]

    assert [(one.status_code, one.json()["error"]) for one in answers] == [
        (400, "Invalid version number"),
        (404, "Version not found"),
        (404, "Function not found"),
        (400, "offset: offset cannot be more than 10000, go on with a cursor"),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("17", 17), ("30s", 970), ("2m", 880), ("1h", -2600), ("1d", -85400)],
)
def test_durations_count_back_from_now(text, seconds):
    parameters = {one.name: one for one in execution_parameters(lambda: 1000.9)}

    assert parameters["since"].value({"since": text}) == seconds
    assert parameters["until"].value({"since": text}) is None
