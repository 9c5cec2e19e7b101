"""The examples of the test screen are run: what they send is what the screen shows."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.test_bench import add_header, opened, request_with

ECHO = """
function handler(ctx, event)
  return { statusCode = 200, body = json.encode({
    method = event.method, path = event.relativePath, query = event.query, body = event.body,
    name = event.headers["X-Name"], kind = event.headers["Content-Type"],
  }) }
end
"""
AWKWARD = [
    pytest.param('{"name": "Ada"}', id="json", marks=pytest.mark.soak),
    pytest.param("it's \"quoted\" 'twice' `and` $HOME $(id) \\n %d !", id="quotes"),
    pytest.param("one\ntwo\n\n  three\ttabs\n", id="lines", marks=pytest.mark.soak),
    pytest.param("@/etc/hostname", id="at-sign", marks=pytest.mark.soak),
    pytest.param("São 日本 🌙 \u2028 \u0001", id="unicode"),
]
COMMANDS = {"curl": ["sh"], "python": [sys.executable], "javascript": ["node"]}
ENDINGS = {"curl": "sh", "python": "py", "javascript": "mjs"}


async def example(site: Site, language: str) -> str:
    await site.page.get_by_label("Language of the example").select_option(language)
    return await site.page.get_by_label("Code examples", exact=True).inner_text()


async def run(language: str, code: str, folder: Path) -> str:
    """Run an example; return what it prints."""
    command = COMMANDS[language]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    file = folder / f"example.{ENDINGS[language]}"
    file.write_text(code, "utf-8")
    process = await asyncio.create_subprocess_exec(
        *command, str(file), cwd=folder, env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return said.decode()


def answer_in(text: str) -> dict:
    return json.loads(text[text.index("{") :])


@pytest.mark.parametrize("body", AWKWARD)
async def test_kd_191_examples_send_the_request_that_is_shown(site, tmp_path, body):
    await opened(site, ECHO)
    await site.page.get_by_label("Path").fill("/it's/a b")
    await site.page.get_by_label("Query").fill("q=[1]&r={x}")
    await request_with(site, "POST")
    await site.page.get_by_role("button", name="Text", exact=True).click()
    await site.page.get_by_role("textbox", name="Body").fill(body)
    await add_header(site, "X-Name", 'O\'Hara "x"')

    for language in COMMANDS:
        found = answer_in(await run(language, await example(site, language), tmp_path))
        assert found == {
            "method": "POST",
            "path": "/it's/a b",
            "query": {"q": "[1]", "r": "{x}"},
            "body": body,
            "name": 'O\'Hara "x"',
            "kind": "text/plain; charset=utf-8",
        }, language


async def test_kd_191_examples_without_a_type_send_none(site, tmp_path):
    await opened(site, ECHO)
    await request_with(site, "POST", "x=1")
    await site.page.get_by_role("button", name="Remove header Content-Type").click()

    for language in COMMANDS:
        found = answer_in(await run(language, await example(site, language), tmp_path))
        assert (found.get("kind"), found["body"]) == (None, "x=1"), language


async def test_kd_191_examples_send_files(site, tmp_path):
    await opened(site, ECHO)
    await request_with(site, "PUT")
    await site.page.get_by_role("button", name="File", exact=True).click()
    name = "it's a file.txt"
    (tmp_path / name).write_bytes("naïve\n".encode())
    file = {"name": name, "mimeType": "text/plain", "buffer": b"other"}
    await site.page.locator("input[type=file]").set_input_files([file])
    await expect(site.page.get_by_text(f"{name} · 5 B")).to_be_visible()

    for language in COMMANDS:
        found = answer_in(await run(language, await example(site, language), tmp_path))
        assert (found["body"], found["kind"]) == ("naïve\n", "text/plain"), language


@pytest.mark.parametrize("body", AWKWARD)
async def test_kd_191_functions_call_functions_as_the_example_says(site, body):
    await opened(site, ECHO)
    await request_with(site, "POST", body)
    await add_header(site, "X-Name", 'O\'Hara "x"')

    caller = await site.create(await example(site, "lua"), name="caller")

    found = (await site.api.get(f"/fn/{caller}")).json()
    assert (found["body"], found["name"], found["method"]) == (body, 'O\'Hara "x"', "POST")
