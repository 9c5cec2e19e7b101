"""What the dashboard takes for members of answers, the API has in its description."""

import re
from pathlib import Path

ANSWERS = Path("src/perilune/dashboard/frontend/answers.ts")

_INTERFACE = re.compile(
    r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
_MEMBER = re.compile(r"^  (\w+)\??:", re.MULTILINE)


def interfaces() -> dict[str, set[str]]:
    """The members of each interface, inherited ones included."""
    found: dict[str, set[str]] = {}
    for name, parent, body in _INTERFACE.findall(ANSWERS.read_text("utf-8")):
        found[name] = set(_MEMBER.findall(body)) | found.get(parent, set())
    return found


def shapes(part: object) -> list[set[str]]:
    """The names of the properties of every object that is described in *part*."""
    if isinstance(part, list):
        return [shape for one in part for shape in shapes(one)]
    if not isinstance(part, dict):
        return []
    own = [set(part["properties"])] if isinstance(part.get("properties"), dict) else []
    return own + shapes(list(part.values()))


async def test_the_api_describes_everything_that_the_dashboard_reads(site):
    document = (await site.api.get("/docs/openapi.json")).json()
    described = shapes(document)
    assert len(interfaces()) > 10 and len(described) > 20

    unknown = {
        name: members
        for name, members in interfaces().items()
        if not any(members <= shape for shape in described)
    }
    assert unknown == {}
