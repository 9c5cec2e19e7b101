"""The example functions that are written in TypeScript as well."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("deno")

from perilune.runtimes.javascript_types import FILE_NAME, javascript_types
from tests.examples.conftest import EXAMPLES, TOKEN, Stage, open_stage
from tests.worker.deno_guest import DENO, ENVIRONMENT


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage for TypeScript."""
    async with open_stage(tmp_path, language="typescript") as opened:
        yield opened


async def test_visits_are_counted(stage: Stage) -> None:
    counter = await stage.deploy("counter")

    answers = [await counter.call() for _ in range(3)]

    assert [(one.status, one.json) for one in answers] == [(200, {"visits": n}) for n in (1, 2, 3)]


async def test_urls_are_shortened_for_those_who_may(stage: Stage) -> None:
    shortener = await stage.deploy("url_shortener", SHORTENER_TOKEN="opensesame")
    body = json.dumps({"url": "https://example.org/a?b=c#d"})

    stranger = await shortener.call("POST", body=body)
    bad = [
        await shortener.call("POST", headers=TOKEN, body=one)
        for one in ("", "null", '{"url": 7}', '{"url": "javascript:alert(1)"}')
    ]
    made = await shortener.call("POST", headers=TOKEN, body=body)
    followed = await shortener.call("GET", "/" + made.json["code"])
    unknown = await shortener.call("GET", "/nothere")

    assert stranger.status == 401
    assert [one.status for one in bad] == [400, 400, 400, 400]
    assert made.status == 201
    assert (followed.status, followed.response.headers["Location"]) == (
        302,
        "https://example.org/a?b=c#d",
    )
    assert unknown.status == 404


@pytest.mark.slow
def test_their_types_are_right(tmp_path: Path) -> None:
    types = tmp_path / FILE_NAME
    types.write_text(javascript_types(), encoding="utf-8")
    files = []
    for example in sorted(EXAMPLES.glob("*.ts")):
        file = tmp_path / example.name
        file.write_text(f'/// <reference path="./{FILE_NAME}" />\n{example.read_text()}')
        files.append(str(file))

    checked = subprocess.run(
        [str(DENO), "check", "--quiet", "--no-config", "--no-remote", *files],
        env=ENVIRONMENT | {"DENO_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert len(files) == 2
    assert checked.returncode == 0, checked.stderr
