"""Routers of all languages: an address that a function makes leads back to its route."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from perilune.api.calls.events import parse_target
from perilune.events import HTTPEvent
from tests.runtimes.conftest import Box, open_box

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = {
    "lua": """
local routes = router.new()
routes:get("/files/:name", function(event, params) return { body = "file " .. params.name } end)
routes:get("/deep/*rest", function(event, params) return { body = "deep " .. params.rest } end)
routes:get("/plain text", function() return { body = "plain" } end)
routes:any("/*", function() return { body = "other" } end)
function handler(ctx, event)
  if event.query.make then
    return { body = router.path("/files/:name", { name = event.query.make }) }
  end
  if event.query.changed then event.relativePath = event.query.changed end
  return routes:dispatch(event)
end
""",
    "python": """
from perilune_guest import router
routes = router.new()
routes.get("/files/:name", lambda event, params: "file " + params["name"])
routes.get("/deep/*rest", lambda event, params: "deep " + params["rest"])
routes.get("/plain text", lambda event, params: "plain")
routes.any("/*", lambda event, params: "other")

def handler(ctx, event):
    if "make" in event.query:
        return router.path("/files/:name", {"name": event.query["make"]})
    if "changed" in event.query:
        event = {**event, "relativePath": event.query["changed"]}
    return routes.dispatch(event)
""",
    "javascript": """
import { router } from "perilune";
const routes = router.new();
routes.get("/files/:name", (event, params) => "file " + params.name);
routes.get("/deep/*rest", (event, params) => "deep " + params.rest);
routes.get("/plain text", () => "plain");
routes.any("/*", () => "other");
export default (ctx, event) => {
  if (event.query.make) return router.path("/files/:name", { name: event.query.make });
  if (event.query.changed) event = { ...event, relativePath: event.query.changed };
  return routes.dispatch(event);
};
""",
}
NAMES = ["plain", "a b", "50%", "a/b", "../x", "a?b#c", "%2F", "ü", "日本", "a+b", "a;b=c"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CODE)
async def box(request, tmp_path_factory) -> AsyncIterator[tuple[Box, str]]:
    directory: Path = tmp_path_factory.mktemp(request.param)
    async with open_box(directory, language=request.param) as opened:
        yield opened, await opened.add(CODE[request.param])


async def answer(box: tuple[Box, str], raw_path: str, **query: str) -> str:
    """Return what the function answers to a request for this address."""
    opened, function_id = box
    target = parse_target(raw_path.encode())
    assert target is not None
    event = HTTPEvent(
        method="GET",
        path=target.path,
        relative_path=target.relative_path,
        raw_relative_path=target.raw_relative_path,
        query=query,
    )
    result = await opened.call(function_id, event)
    assert result.response is not None, result.error
    body = result.response.body
    return body.decode() if isinstance(body, bytes) else body


@pytest.mark.parametrize("name", NAMES)
async def test_an_address_that_a_router_makes_leads_back_to_its_route(box, name):
    made = await answer(box, f"/fn/{box[1]}/", make=name)

    assert await answer(box, made) == f"file {name}"


@pytest.mark.parametrize("mount", ["/fn/gr%C3%BC%C3%9Fe", "/fn/a:@%3Bb", "/fn/hello"])
async def test_an_address_begins_with_the_path_that_was_called(box, mount):
    for below in ("", "/", "/x/", "/x%2Fy"):
        made = await answer(box, mount + below, make="a")
        assert made == f"{mount}/files/a"


async def test_an_event_of_no_call_below_fn_is_the_functions_own(box):
    opened, function_id = box
    for path in ("/tick", "/fn/x/y"):
        result = await opened.call(
            function_id, HTTPEvent(method="GET", path=path, query={"make": "a"})
        )
        assert result.response.body in (
            f"/fn/{function_id}/files/a",
            f"/fn/{function_id}/files/a".encode(),
        )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/files/a/b", "other", id="two segments"),
        pytest.param("/files%2Fa", "other", id="one segment"),
        pytest.param("/deep/a%2Fb/c", "deep a/b/c", id="a rest"),
        pytest.param("/plain%20text", "plain", id="an escaped literal"),
        pytest.param("/files/%zz", "file %zz", id="no escape"),
        pytest.param("/files/%zz%41", "file %zzA", id="half an escape"),
    ],
)
async def test_paths_are_cut_before_they_are_decoded(box, path, body):
    assert await answer(box, f"/fn/{box[1]}{path}") == body


async def test_a_path_that_the_function_has_changed_is_taken_as_it_is(box):
    assert await answer(box, f"/fn/{box[1]}/x%2Fy", changed="/files/100%25") == "file 100%25"
