"""The image runs as container runtimes run it: no root, no capabilities, nothing to write to."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.deploy.container import Container, running
from tests.deploy.image import ROOT, instructions

FUNCTIONS = {
    "lua": "function handler(ctx, event) return { body = 'lua' } end",
    "python": "def handler(ctx, event):\n    return {'body': 'python'}",
    "javascript": "export default () => 'javascript';",
    "typescript": "export default (): string => 'typescript';",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("volume") / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 10001, 10001)
    return folder


@pytest.fixture(scope="module")
def server(built_image, data, tmp_path_factory) -> Iterator[Container]:
    with running(built_image, tmp_path_factory.mktemp("run"), data) as started:
        yield started


@pytest.fixture
def client(server, data) -> Iterator[httpx.Client]:
    key = (data / "api_key.txt").read_text().strip()
    with httpx.Client(
        base_url=server.url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
        trust_env=False,
    ) as opened:
        yield opened


@pytest.mark.soak
@pytest.mark.parametrize("language", FUNCTIONS)
def test_functions_in_each_language_answer_in_a_container(client, language):
    members = {"name": language, "code": FUNCTIONS[language], "runtime": language}
    created = client.post("/api/functions", json=members).json()

    answer = client.get(f"/fn/{created['id']}")

    assert (answer.status_code, answer.text) == (200, language)


@pytest.mark.soak
def test_every_layer_of_the_sandbox_is_in_force_in_a_container(client):
    sandbox = client.get("/readyz").json()["sandbox"]

    assert (sandbox["grade"], sandbox["missing"]) == ("full", [])
    assert {"namespaces", "landlock", "seccomp"} <= set(sandbox["layers"]), sandbox


@pytest.mark.soak
def test_the_server_in_a_container_has_no_rights_and_can_change_nothing_but_its_data(server):
    status = server.exec("cat", "/proc/1/status").stdout.split("\n")

    assert "Uid:\t10001\t10001\t10001\t10001" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "Seccomp:\t2" in status
    assert server.exec("touch", "/data/mine").returncode == 0
    for path in ("/opt/perilune/mine", "/etc/mine", "/mine"):
        assert "Read-only file system" in server.exec("touch", path).stderr
    assert "Permission denied" in server.exec("cat", "/opt/perilune/bin/deno").stderr


@pytest.mark.soak
def test_a_container_stops_as_a_server_does(built_image, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 10001, 10001)
    with running(built_image, tmp_path, data) as server:
        assert server.stop() == 0
    assert (data / "lunar.db").exists()


def test_what_the_dockerfile_copies_is_all_that_the_build_gets():
    copied = {
        one
        for keyword, rest in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
        if keyword == "COPY" and not rest.startswith("--from=")
        for one in rest.split()[:-1]
    }

    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied
