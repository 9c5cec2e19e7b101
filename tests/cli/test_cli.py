"""The `perilune` command, mostly as a process of its own with everything real in it."""

import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys

import httpx
import pytest
from click.testing import CliRunner

from perilune import __version__, cli
from perilune.cli import boundary, logs, server
from perilune.config import declarations
from perilune.runtimes import SandboxUnavailableError
from tests.cli.command import environment, run, run_process, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One session of a real server: what it said, what it answered, how it ended."""
    data_dir = tmp_path_factory.mktemp("cli") / "data"
    with serving(data_dir) as (process, said):
        url = re.search(r"http://\S+(?=')", said["try"])
        assert url is not None
        answers = [httpx.get(url[0], trust_env=False, timeout=30) for _ in range(2)]
        ready = httpx.get(f"http://127.0.0.1:{said['port']}/readyz", trust_env=False, timeout=30)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
        return data_dir, said, answers, ready, process.returncode, rest


def test_the_curl_line_works(served):
    _, _, answers, _, _, _ = served

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == "Hello, you! This is greeting number 1.\n"
    assert answers[1].text == "Hello, you! This is greeting number 2.\n"


def test_the_start_says_what_one_needs(served):
    data_dir, said, _, ready, _, _ = served

    assert said["data directory"] == str(data_dir)
    assert said["execution timeout"] == "300 s"
    assert said["time zone"]
    assert said["languages"] == "lua, javascript, typescript, python"
    assert said["base URL"] == f"http://localhost:{said['port']}"
    assert said["dashboard"].endswith(f":{said['port']}/")
    assert said["API"].endswith(f":{said['port']}/api")
    assert said["description of the API"].endswith(f":{said['port']}/docs")
    assert said["API key"] == f"in {data_dir}/api_key.txt"
    sandbox = ready.json()["sandbox"]
    assert said["sandbox"] == sandbox["grade"] == "full"
    missing = "; ".join(sandbox["optional_missing"])
    assert said.get("optional layers of the sandbox are missing", "") == missing


def test_a_layer_that_is_required_and_missing_stops_the_start(served, tmp_path):
    missing = served[3].json()["sandbox"]["optional_missing"]
    if not missing:
        pytest.skip("this machine and user have every layer")
    layer = missing[0].partition(":")[0]

    result = run_process(
        *("serve", "--sandbox-require", layer, "--sandbox", "relaxed"),
        DATA_DIR=str(tmp_path / "d"),
        PORT="0",
    )

    assert result.returncode == 1
    assert missing[0] in result.stderr and "Traceback" not in result.stderr


def test_the_key_is_nowhere_in_the_output(served):
    data_dir, said, _, _, _, rest = served

    key = (data_dir / "api_key.txt").read_text().strip()

    assert len(key) == 64
    assert key not in str(said) + rest


def test_a_signal_ends_it_in_good_order(served):
    _, _, _, _, exit_code, rest = served

    assert exit_code == 0
    messages = [json.loads(line)["message"] for line in rest.splitlines()]
    assert messages[-1] == "stopped" and messages[-2].startswith("stopping")


def test_a_second_signal_ends_it_at_once(tmp_path):
    with serving(tmp_path / "data") as (process, said):
        port = int(said["port"])
        with httpx.Client(trust_env=False, timeout=30) as client:
            key = (tmp_path / "data" / "api_key.txt").read_text().strip()
            created = client.post(
                f"http://127.0.0.1:{port}/api/functions",
                headers={"Authorization": f"Bearer {key}"},
                json={"name": "slow", "code": "function handler() while true do end end"},
            )
        with socket.create_connection(("127.0.0.1", port)) as connection:
            path = f"/fn/{created.json()['id']}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            # Until then its request might not be running yet, and the end would be no wait.
            _wait_for_execution(port, key, created.json()["id"])
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            assert any("stopping" in line for line in process.stdout)
            process.send_signal(signal.SIGINT)

            assert process.wait(timeout=30) == -signal.SIGINT


def _wait_for_execution(port: int, key: str, function_id: str) -> None:
    url = f"http://127.0.0.1:{port}/api/functions/{function_id}/executions"
    while not httpx.get(
        url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
    ).json()["executions"]:
        pass


def test_init_prepares_everything_once(tmp_path):
    data_dir = tmp_path / "data"

    first = run("init", str(data_dir))
    key = (data_dir / "api_key.txt").read_text()
    second = run("init", str(data_dir))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert re.search(r"example function: /fn/hello\n", first.stdout)
    assert key.strip() not in first.stdout
    assert (data_dir / "api_key.txt").read_text() == key
    assert sorted(file.name for file in data_dir.iterdir()) == [
        "api_key.txt",
        "lunar.db",
        "lunar.db-reserve",
        "secret_key.txt",
        "server.lock",
    ]


def test_a_new_key_is_shown_once_and_only_on_a_terminal(tmp_path):
    data_dir = tmp_path / "data"

    first, second = (on_a_terminal("init", str(data_dir)) for _ in range(2))

    key = (data_dir / "api_key.txt").read_text().strip()
    assert first.count(key) == 1
    assert key not in second


def on_a_terminal(*args: str) -> str:
    """Run the command with a terminal as its output; return what it wrote."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "perilune", *args], env=environment(), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:
        # The terminal is gone together with its last writer.
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("args", "environ", "text"),
    [
        pytest.param((), {"EXECUTION_TIMEOUT": "soon"}, "EXECUTION_TIMEOUT: ", id="variable"),
        pytest.param(("--port", "99999"), {}, "--port: ", id="flag"),
        pytest.param((), {"API_KEY": "short"}, "API_KEY holds a key of 5", id="short key"),
        pytest.param((), {"API_KEY": " " * 20}, "API_KEY holds a key of 0", id="blank key"),
        pytest.param(("--host", "192.0.2.1"), {}, "can't listen on 192.0.2.1", id="address"),
        pytest.param(("--data-dir", "/dev/null"), {}, "data directory", id="data directory"),
    ],
)
def test_a_start_that_fails_says_why_and_exits_with_1(tmp_path, args, environ, text):
    given = {"DATA_DIR": str(tmp_path / "d"), "PORT": "0"} | environ

    result = run_process("serve", *args, **given)

    assert result.returncode == 1
    assert text in result.stderr and "Traceback" not in result.stderr + result.stdout


def test_an_incomplete_sandbox_stops_the_start(tmp_path, monkeypatch):
    async def refuse(*_, **__):
        raise SandboxUnavailableError(("landlock",))

    monkeypatch.setattr(server, "serve_until_stopped", refuse)
    monkeypatch.setattr(boundary, "configure_logging", lambda *_: None)

    result = CliRunner().invoke(cli.main, ["serve", "--data-dir", str(tmp_path)], env={})

    assert result.exit_code == 1
    assert "landlock" in result.output and "PERILUNE_SANDBOX=relaxed" in result.output


def test_mistyped_variables_are_warned_about(tmp_path):
    result = run("init", str(tmp_path / "d"), PERILUNE_QUEU="5", PERILUNE_LOG_FORMAT="json")

    assert result.returncode == 0
    assert "PERILUNE_QUEU is not a setting" in result.stdout


def test_help_names_every_setting():
    output = CliRunner().invoke(cli.main, ["serve", "--help"], terminal_width=200).output

    for one in declarations():
        assert one.flag in output and one.env in output


@pytest.mark.parametrize("args", [["version"], ["--version"]])
def test_version(args):
    assert __version__ in CliRunner().invoke(cli.main, args).output


def test_text_lines_cannot_be_faked(capsys):
    import logging

    record = logging.LogRecord("n", logging.INFO, "", 0, "a\n2026 ERROR faked\r", (), None)

    text = logs.TextLines().format(record)
    members = json.loads(logs.JsonLines().format(record))

    assert "\n" not in text and "\r" not in text
    assert members["message"] == "a\n2026 ERROR faked\r" and members["level"] == "info"


def test_log_lines_cannot_control_a_terminal_and_take_any_bytes():
    import logging

    message = "a\x1b[2J\x9b1m\u202e \udcff é"
    record = logging.LogRecord("n", logging.INFO, "", 0, message, (), None)

    text = logs.TextLines().format(record)
    members = json.loads(logs.JsonLines().format(record))

    assert text.endswith(r"n: a\x1b[2J\x9b1m\u202e \udcff é")
    assert members["message"] == message


def test_secrets_are_rotated_and_old_keys_forgotten(tmp_path):
    data_dir = tmp_path / "data"
    assert run("init", str(data_dir)).returncode == 0
    key = (data_dir / "secret_key.txt").read_text()

    rotated = run("secrets", "rotate", "--data-dir", str(data_dir))
    pruned = run("secrets", "prune", "--data-dir", str(data_dir))

    assert rotated.returncode == 0, rotated.stderr
    assert "secrets encrypted again: 0\n" in rotated.stdout
    assert pruned.returncode == 0, pruned.stderr
    assert "keys forgotten: 1\n" in pruned.stdout
    assert (data_dir / "secret_key.txt").read_text() != key
    assert key.strip() not in rotated.stdout + rotated.stderr + pruned.stdout


def test_secrets_of_nothing_are_not_rotated(tmp_path):
    answer = run("secrets", "rotate", "--data-dir", str(tmp_path / "nope"))

    assert answer.returncode == 1
    assert "there is no database" in answer.stderr
    assert not (tmp_path / "nope").exists()


def test_a_key_that_is_not_the_right_one_refuses_the_start(tmp_path):
    """The text says which key is missing and where it was looked for; nothing is changed."""
    data_dir = tmp_path / "data"
    assert run("init", str(data_dir)).returncode == 0
    with sqlite3.connect(data_dir / "lunar.db") as connection:
        connection.execute(
            "INSERT INTO env_vars (function_id, key, value, key_id)"
            " SELECT id, 'A', 'AAAA', '0123456789abcdef' FROM functions"
        )
    connection.close()
    key = (data_dir / "secret_key.txt").read_text()

    answer = run("init", str(data_dir))

    assert answer.returncode == 1
    assert "encrypted with the key 0123456789abcdef" in answer.stderr
    assert str(data_dir / "secret_key.txt") in answer.stderr
    assert (data_dir / "secret_key.txt").read_text() == key
