"""The reference of the REST API has every operation that the server describes."""

import re
from pathlib import Path

import pytest

from tests.api.conftest import open_site

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rest-api.md"
OPERATION = re.compile(
    r"^(?:### |.*?`)((?:[A-Z]+, )*[A-Z]+) (/(?:api|metrics|healthz|readyz|llms)[^\n`?]*)",
    re.MULTILINE,
)
"""A heading, or an operation named in running text; several methods may share a path."""
PARAMETER = re.compile(r"\{[^}]*\}")
CALLS = "/fn/"
"""Calls of functions have one heading for all methods."""


@pytest.fixture
async def described(tmp_path) -> set[str]:
    async with open_site(tmp_path) as site:
        document = (await site.client.get("/docs/openapi.json")).json()
    return {
        f"{method.upper()} {PARAMETER.sub('{}', path)}"
        for path, item in document["paths"].items()
        for method in item
        if not path.startswith((CALLS, "/docs"))
    }


async def test_every_operation_is_in_the_reference_and_nothing_else(described):
    page = PAGE.read_text()
    documented = {
        f"{method} {PARAMETER.sub('{}', path)}"
        for methods, path in OPERATION.findall(page)
        for method in methods.split(", ")
    }

    assert described - documented == set(), "not in the reference"
    assert documented - described == set(), "not served"
    assert f"### {CALLS}" in page and "`/docs`" in page
