"""Whatever is sent to the API, its answers are those that its own description foresees.

Schemathesis makes requests from the served document, sensible ones and others, and follows its
links, so that operations meet each other's results.  Functions are scripted: what they answer
is not the API's.
"""

import asyncio
import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from perilune.events import HTTPResponse
from perilune.runtimes import RuntimeRequest

from ..conftest import KEY, Site, open_site

EXAMPLES = int(os.environ.get("PERILUNE_API_EXAMPLES", "1"))
"""Requests per operation and phase; `make test-api` makes more."""
SEED = int(os.environ.get("PERILUNE_API_SEED", "20"))
"""The same requests every time; another number makes others."""
LEAST_CASES = 250 * EXAMPLES
NOT_CHECKED = (
    "negative_data_rejection",  # unknown members and senseless pages are accepted on purpose
    "positive_data_acceptance",  # not every rule can be said in a schema
    "use_after_free",  # a DELETE below /fn/ deletes nothing
)


async def echo(request: RuntimeRequest) -> HTTPResponse:
    return HTTPResponse(body=json.dumps({"type": request.event.type}))


async def prepared(site: Site) -> dict[str, str]:
    """Return ids of a function and an execution for requests that nothing leads to."""
    site.runtime.behaviours = defaultdict(lambda: echo)
    function_id = await site.create(echo)
    await site.client.get(f"/fn/{function_id}")
    return {
        "function_id": function_id,
        "execution_id": (await site.executions(function_id))[0]["id"],
    }


def strict(document: dict, known: dict[str, str]) -> dict:
    """Return the document with answers that have no other members, and with known ids."""
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema and not name.endswith("Body"):
            schema["additionalProperties"] = False
    endless = set()
    for item in document["paths"].values():
        for method in [method for method, one in item.items() if is_endless(one)]:
            endless.add(item.pop(method)["operationId"])
        for operation in item.values():
            for one in operation.get("parameters", ()):
                if one["name"] in known:
                    one["examples"] = {"known": {"value": known[one["name"]]}}
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                links = response.get("links", {})
                for name in [n for n, one in links.items() if one["operationId"] in endless]:
                    del links[name]
    return document


def is_endless(operation: dict) -> bool:
    """Whether the answer goes on until the client has enough; those have tests of their own."""
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


async def schemathesis(document: Path, site: Site, *options: str) -> tuple[int | None, str]:
    """Return how a run ended and what it said."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        str(document),
        f"--url=http://127.0.0.1:{site.server.port}",
        f"--header=Authorization: Bearer {KEY}",
        f"--exclude-checks={','.join(NOT_CHECKED)}",
        "--no-color",
        "--generation-database=none",
        *options,
        cwd=document.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # The environment of the machine must not send these requests elsewhere.
        env={**os.environ, "NO_PROXY": "*"},
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.slow
async def test_every_answer_is_one_that_the_document_foresees(tmp_path, monkeypatch):
    # Hundreds of cases show a wrong token; only the first ones would be answered 401.
    monkeypatch.setattr("perilune.api.access.backoff.FREE_FAILURES", 1_000_000)
    async with open_site(tmp_path) as site:
        known = await prepared(site)
        document = strict((await site.client.get("/docs/openapi.json")).json(), known)
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(document))

        code, said = await schemathesis(path, site, f"--max-examples={EXAMPLES}", f"--seed={SEED}")

        assert code == 0, said
        cases = re.search(r"(\d+) generated, (\d+) passed", said)
        assert cases is not None, said
        assert int(cases[1]) >= LEAST_CASES, said
        operations = sum(len(item) for item in document["paths"].values())
        assert f"Selected: {operations}/{operations}" in said
        assert len(site.runtime.requests) > 6 * EXAMPLES
        assert await site.server.store.check_integrity() == []
