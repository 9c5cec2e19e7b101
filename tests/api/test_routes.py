"""Routes: what is declared is what is called."""

import pytest

from perilune.api.parameters import Parameter
from perilune.api.routes import Route, RouteTable
from perilune.api.scopes import TokenScope


def route(handler, path="/api/things/{thing_id}", method="GET", **more) -> Route:
    return Route(method, path, handler, "op", "Do it", tag="Server", scope=TokenScope.READ, **more)


async def takes_id(thing_id: str) -> None:
    pass


async def takes_size(thing_id: str, size: int) -> None:
    pass


async def takes_body(thing_id: str, body: dict) -> None:
    pass


@pytest.mark.parametrize(
    ("handler", "declared"),
    [
        pytest.param(takes_size, {}, id="a parameter that nobody gives"),
        pytest.param(takes_id, {"parameters": (Parameter("size"),)}, id="one that nobody takes"),
        pytest.param(takes_body, {}, id="a body that nobody gives"),
        pytest.param(takes_id, {"body": dict}, id="a body that nobody takes"),
    ],
)
def test_a_route_that_does_not_fit_its_handler_is_refused(handler, declared):
    with pytest.raises(ValueError, match="op: the handler takes other parameters"):
        route(handler, **declared)


def test_a_path_of_its_own_is_not_meant_by_a_parameter():
    table = RouteTable(
        [
            route(takes_id, method="DELETE"),
            route(takes_id),
            route(lambda: None, "/api/things/new"),
        ]
    )

    routes, texts = table.find("/api/things/x1")
    assert (set(routes), texts) == ({"GET", "DELETE"}, {"thing_id": "x1"})
    routes, texts = table.find("/api/things/new")
    assert (set(routes), texts) == ({"GET"}, {})
    assert table.find("/api/things") == table.find("/api/things/") == ({}, {})
    assert table.find("/api/things/x1/more") == ({}, {})


async def test_a_stream_is_not_an_execution_that_can_be_deleted(site):
    answer = await site.client.delete("/api/executions/stream")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_parameter_given_twice_counts_as_its_first_value(site):
    answer = await site.client.get("/api/functions?limit=2&limit=3")

    assert answer.json()["pagination"]["limit"] == 2


async def test_a_blank_query_is_no_query(site):
    for query in ("?", "?limit", "?limit=&offset=", "?&&"):
        answer = await site.client.get(f"/api/tokens{query}")

        assert answer.json()["pagination"] == {"total": 0, "limit": 20, "offset": 0}, query


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/functions?show=&q=", 200),
        ("/api/functions?sort=", 400),
        ("/api/functions?fields=", 400),
        ("/api/executions?fields=&status=&trigger=&since=&until=&cursor=", 200),
        ("/api/stats?range=", 200),
        ("/api/schedules/preview?cron_schedule=", 400),
        ("/api/stats/functions?ids=", 400),
    ],
)
async def test_some_parameters_may_be_blank(site, path, status):
    assert (await site.client.get(path)).status_code == status


async def test_an_empty_body_counts_as_none_where_it_may_be_left_out(site):
    made = await site.client.post("/api/functions", json={"name": "f", "code": "fine"})
    path = f"/api/functions/{made.json()['id']}"

    checked = await site.client.post(f"{path}/check", content=b"")
    refused = await site.client.put(path, content=b"")

    assert (checked.status_code, checked.json()) == (200, {"ok": True, "errors": []})
    assert (refused.status_code, refused.json()) == (400, {"error": "Invalid request body"})
