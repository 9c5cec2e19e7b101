"""Readers can paste the commands of README, tutorial and guides, page by page, as they stand.

Commands that no test can run are marked in the source of the page; `NOT_RUN` counts them.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.command import serving
from tests.docs.blocks import DOCS, ROOT, Block, blocks

HOW_TO = DOCS / "how-to"
GUIDES = [
    ROOT / "README.md",
    ROOT / "examples" / "README.md",
    DOCS / "tutorials" / "first-function.md",
    *sorted(HOW_TO.glob("*.md")),
]
RECIPES = HOW_TO / "recipes.md"
NOT_RUN = {
    "docs/how-to/use-postgresql.md": 3,
    "README.md": 1,
    "docs/tutorials/first-function.md": 1,
    "docs/how-to/back-up-and-restore.md": 2,
    "docs/how-to/call-the-outside-world.md": 1,
    "docs/how-to/keep-secrets.md": 1,
    "docs/how-to/run-in-production.md": 8,
    "docs/how-to/take-over-lunar.md": 2,
    "docs/how-to/try-and-watch.md": 1,
    "docs/how-to/write-functions-in-javascript.md": 1,
    "docs/how-to/write-functions-in-python.md": 1,
}
"""How many blocks of each page no test runs here."""
AT_ONCE = {GUIDES[0]}
"""The page that `make test` follows; `make soak` follows the others, too."""


@dataclass(frozen=True)
class Machine:
    """A machine with a server, as readers have one."""

    port: str
    data_dir: Path

    def follow(
        self, page: Path, directory: Path, ending: str = ".py"
    ) -> subprocess.CompletedProcess[str]:
        """Paste all commands of *page* into one shell that stops at the first failure.

        Files in Python that it deploys are those with *ending* instead.
        """
        (directory / ".venv").symlink_to(sys.prefix)
        (directory / "examples").symlink_to(ROOT / "examples")
        # An answer that is no success fails the command, although `curl` would not say so.
        (directory / ".curlrc").write_text("fail\n")
        lines = ["set -eux"]
        for block in blocks(page):
            if block.file:
                (directory / block.file).write_text(block.text)
            elif block.language == "sh" and not block.not_run:
                lines.append(self._pasted(block, directory).replace(".py\n", f"{ending}\n"))
        return subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=directory,
            env={
                "HOME": str(directory),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PORT": self.port,
                "DATA_DIR": str(self.data_dir),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )

    def forget_functions(self) -> None:
        """Delete all functions, so that pages may use the same names."""
        key = (self.data_dir / "api_key.txt").read_text().strip()
        url = f"http://127.0.0.1:{self.port}/api/functions"
        headers = {"Authorization": f"Bearer {key}"}
        with self._answer_to(Request(url, headers=headers)) as answer:
            found = json.load(answer)["functions"]
        for one in found:
            urlopen(Request(f"{url}/{one['id']}", headers=headers, method="DELETE")).close()

    @staticmethod
    def _answer_to(request: Request) -> HTTPResponse:
        """Ask until the server knows the key, which the page before may have replaced.

        It looks once a second, and answers 429 after ten wrong keys.
        """
        for _ in range(9):
            try:
                return urlopen(request)
            except HTTPError as refusal:
                if refusal.code != HTTPStatus.UNAUTHORIZED:
                    raise
                time.sleep(0.3)
        return urlopen(request)

    def _pasted(self, block: Block, directory: Path) -> str:
        """Return the commands of *block* with the places that differ here."""
        text = block.text
        for place, here in {
            "localhost:3000": f"localhost:{self.port}",
            "/var/lib/perilune": str(self.data_dir),
            "/backups/": f"{directory}/",
        }.items():
            text = text.replace(place, here)
        if not block.exit_code:
            return text
        expected = f"Expected exit code {block.exit_code}"
        return (
            f"code=0; ({text}) || code=$?\n"
            f"[ $code = {block.exit_code} ] || {{ echo {shlex.quote(expected)}; false; }}"
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    data_dir = tmp_path_factory.mktemp("machine") / "data"
    with serving(data_dir, "--access-log", "off") as (_, said):
        yield Machine(said["port"], data_dir)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page, id=str(page.relative_to(ROOT)), marks=() if page in AT_ONCE else pytest.mark.soak
        )
        for page in GUIDES
        if page != RECIPES and any(one.language == "sh" and not one.not_run for one in blocks(page))
    ],
)
def test_the_commands_of_a_page_work_as_they_stand(machine: Machine, page: Path, tmp_path: Path):
    machine.forget_functions()

    followed = machine.follow(page, tmp_path)

    assert followed.returncode == 0, followed.stdout


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(".py", marks=pytest.mark.soak),
        pytest.param(".lua", marks=pytest.mark.soak),
        pytest.param(".js", marks=pytest.mark.soak),
    ],
)
def test_recipes_do_the_same_in_every_language(machine: Machine, ending: str, tmp_path: Path):
    machine.forget_functions()

    followed = machine.follow(RECIPES, tmp_path, ending)

    assert followed.returncode == 0, followed.stdout
    for printed in (
        '"filename":"picture.png"',
        "item,price\nlamp,9\n",
        '"visits":2',
        "access-control-allow-methods: GET, PUT",
        "Last: Zoë &amp; &lt;Ada&gt;",
    ):
        assert printed.lower() in followed.stdout.lower(), followed.stdout


def test_every_block_that_no_test_runs_is_marked_and_counted():
    found = {
        str(page.relative_to(ROOT)): [one for one in blocks(page) if one.not_run] for page in GUIDES
    }

    assert {name: len(marked) for name, marked in found.items() if marked} == NOT_RUN
