"""The guides for those who run a server, followed as they stand on a machine with nothing on it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.container import running
from tests.deploy.image import ROOT
from tests.docs.blocks import DOCS, blocks, commands

pytestmark = pytest.mark.soak
PRODUCTION = DOCS / "how-to" / "run-in-production.md"
BACKUP = DOCS / "how-to" / "back-up-and-restore.md"
IN_WHEEL = ("src", "pyproject.toml", "README.md", "LICENSE")
TICK = """
timeout 90 sh -c 'until perilune executions list pulse | grep success; do sleep 1; done'
perilune logs pulse
"""
UNSIGNED = """
curl --silent --data "$body" "$PERILUNE_URL/fn/webhook" --write-out ' %{http_code}\\n'
"""


def assert_both_ran(printed: str) -> None:
    assert '{"action":"opened","calls":1}' in printed
    assert '"Invalid signature"' in printed and " 401\n" in printed
    assert "cron: beat 1" in printed


@pytest.fixture(scope="module")
def installed(machine, tmp_path_factory):
    """The machine, with what the guide installs; its first command is one of the repository."""
    build, install = (one.text for one in blocks(PRODUCTION) if one.heading == "Install")
    repository = tmp_path_factory.mktemp("repository")
    for name in IN_WHEEL:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, repository / name)
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-euc", build], cwd=repository, env=os.environ | tools, check=True)
    (wheel,) = (repository / "dist").iterdir()
    shutil.copy(wheel, machine.root / "root")
    machine.run(install)
    return machine


def test_a_signed_webhook_and_a_schedule_run_on_a_new_machine_by_the_guide_alone(installed):
    guide = commands(PRODUCTION, "Start it with systemd", "Deploy functions")
    # The copy of the night is tried in the end, by a server that would go on for ever.
    backup = commands(BACKUP, "Back up").splitlines()[0]
    trial = blocks(BACKUP)[-1].text.rstrip() + " &\n"
    copy = f"mkdir /backups\n{backup}\nmv /backups/*.gz /backups/perilune-2026-03-01.db.gz\n"
    wait = "curl --silent --fail --retry 20 --retry-connrefused http://127.0.0.1:3999/readyz\n"

    printed = installed.boot(guide + UNSIGNED + TICK + copy + trial + wait)

    assert_both_ran(printed)
    assert printed.count('"status":"ok"') == 2


def test_the_same_folder_is_deployed_to_a_container(installed, built_image, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 10001, 10001)
    guide = commands(PRODUCTION, "Deploy functions")
    with running(built_image, tmp_path, data) as server:
        key = (data / "api_key.txt").read_text().strip()
        # What differs: the port, which may not be free here, and where the key is.
        for old, new in (
            ("http://127.0.0.1:3000", server.url),
            ("PERILUNE_TOKEN_FILE=/var/lib/perilune/api_key.txt", f"PERILUNE_TOKEN={key}"),
        ):
            assert guide.count(old) == 1
            guide = guide.replace(old, new)

        printed = installed.run("rm -rf functions\n" + guide + UNSIGNED + TICK)

    assert_both_ran(printed)
