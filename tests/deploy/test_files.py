"""What is in `deploy/` and needs no server behind it to be judged."""

import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

from bench.processes import serving
from perilune.config import declarations
from tests.deploy.image import ROOT

DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "perilune.service").read_text(encoding="utf-8")
ALERTS = Path(__file__).with_name("alerts.test.yaml")
RULES = DEPLOY / "prometheus" / "perilune.rules.yaml"


def needs(program: str) -> pytest.MarkDecorator:
    is_missing = shutil.which(program) is None
    return pytest.mark.skipif(is_missing, reason=f"{program} is not installed")


@needs("systemd-analyze")
def test_systemd_takes_the_unit_as_it_is(tmp_path: Path) -> None:
    installed = Path(sys.executable).with_name("perilune")
    unit = tmp_path / "perilune.service"
    unit.write_text(UNIT.replace("/opt/perilune/bin/perilune", str(installed)))

    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_the_unit_sets_what_the_server_knows() -> None:
    names = set(re.findall(r"^Environment=(\w+)=", UNIT, re.MULTILINE))

    assert "DATA_DIR" in names
    assert names <= {one.env for one in declarations()}


def test_alerts_ask_for_metrics_that_the_server_has(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"PERILUNE_METRICS": "public"}) as server:
        url = server.add_function("one", "function handler() return { body = 'x' } end")
        urllib.request.urlopen(url, timeout=30).close()
        with urllib.request.urlopen(server.base_url + "/metrics", timeout=30) as page:
            text = page.read().decode()
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))

    rules = [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]
    asked = {name for one in rules for name in re.findall(r"(?:faas|process)_\w+", one["expr"])}
    assert len(asked) > 8
    assert asked <= known
    # Without a 0 before it, the first one would not be an increase.
    for outcome in ("missed", "failed"):
        assert f'faas_cron_ticks_total{{outcome="{outcome}"}} 0.0' in text


@needs("promtool")
def test_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    for file in (RULES, ALERTS):
        shutil.copy(file, tmp_path)

    said = subprocess.run(
        ["promtool", "test", "rules", ALERTS.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.soak
@needs("docker-compose")
def test_compose_takes_its_file() -> None:
    command = ["docker-compose", "--file", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert said.returncode == 0, said.stderr
