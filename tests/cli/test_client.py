"""Commands that talk to a server, against a real one with real workers."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from perilune import cli
from tests.cli.command import SRC, Site, serving

ECHO = """\
function handler(ctx, event)
  log.info("hello " .. (event.query.name or "nobody"))
  if event.query.status then
    return { statusCode = tonumber(event.query.status), body = "as asked" }
  end
  return { body = { method = event.method, path = event.relativePath, sent = event.body,
                    note = event.headers["X-Note"] } }
end
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("client") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        yield Site(said["port"], data_dir)


@pytest.fixture
def echo(site, tmp_path):
    """A deployed function's name; it is deleted again."""
    (tmp_path / "echo.lua").write_text(ECHO)
    site.json("deploy", str(tmp_path / "echo.lua"))
    yield "echo"
    site("functions", "delete", "echo", "--yes")


def test_deploy_makes_a_function_and_then_versions(site, echo, tmp_path):
    file = tmp_path / "echo.lua"

    same = site.json("deploy", str(file))
    file.write_text(ECHO + "-- changed\n")
    changed = site("deploy", str(file))

    assert same["version"] == 1
    assert changed.exit_code == 0
    assert changed.stdout == f"echo version 2: {same['url']}\n"
    assert site.json("functions", "show", "echo")["active_version"]["version"] == 2
    assert site("functions", "show", "echo", "--code").stdout == ECHO + "-- changed\n"


def test_functions_are_found_by_name_or_id(site, echo):
    by_name = site.json("functions", "show", "echo")
    by_id = site.json("functions", "show", by_name["id"])
    listed = site.json("functions", "list")

    assert by_name == by_id
    assert {one["name"] for one in listed} == {"hello", "echo"}
    assert "echo" in site("functions", "list").stdout


def test_a_name_that_two_functions_have_is_refused(site, echo, tmp_path):
    import httpx

    answer = httpx.post(
        f"{site.environ['PERILUNE_URL']}/api/functions",
        headers={"Authorization": f"Bearer {site.key}"},
        json={"name": "echo", "code": "x = 1"},
        trust_env=False,
        timeout=30,
    )
    twin = answer.json()["id"]

    result = site("functions", "disable", "echo")
    site("functions", "delete", twin, "--yes")

    assert result.exit_code == 3
    assert "2 functions are named 'echo'" in result.stderr and twin in result.stderr


def test_versions_are_listed_and_rolled_back(site, echo, tmp_path):
    for number in (2, 3):
        (tmp_path / "echo.lua").write_text(f"{ECHO}-- {number}\n")
        site("deploy", str(tmp_path / "echo.lua"))

    back = site.json("rollback", "echo")
    far = site.json("rollback", "echo", "1")
    nothing = site("rollback", "echo")

    assert (back["version"], far["version"]) == (2, 1)
    assert [one["version"] for one in site.json("versions", "echo")] == [3, 2, 1]
    assert nothing.exit_code == 3 and "no version before" in nothing.stderr


def test_invoke_prints_the_answer_of_the_function(site, echo, tmp_path):
    (tmp_path / "body").write_bytes(b'{"a":1}')

    plain = site("invoke", "echo", "a/b c", "-H", "X-Note: hi")
    sent = site.json("invoke", "echo", "-d", f"@{tmp_path / 'body'}", "-q", "name=Ada")
    piped = site("invoke", "echo", "-X", "PUT", "-d", "@-", given="from outside")

    assert json.loads(plain.stdout) == {
        "method": "GET",
        "path": "/a/b c",
        "sent": "",
        "note": "hi",
    }
    assert sent["status"] == 200 and len(sent["execution_id"]) == 20
    assert json.loads(sent["body"])["method"] == "POST"
    assert json.loads(sent["body"])["sent"] == '{"a":1}'
    assert json.loads(piped.stdout)["sent"] == "from outside"


def test_who_calls_without_the_token_is_told_how_to_send_it(site, echo):
    site("functions", "set", "echo", "access=token")

    without = site("invoke", "echo")
    with_it = site("invoke", "echo", "--with-token")

    assert without.exit_code == 6 and "try --with-token" in without.stderr
    assert with_it.exit_code == 0 and "--with-token" not in with_it.stderr


def test_a_server_without_tls_is_told_from_one_that_does_not_run(site, echo):
    url = site.environ["PERILUNE_URL"].replace("http://", "https://")

    result = site("functions", "list", PERILUNE_URL=url)

    assert result.exit_code == 5 and "does its URL begin with http://?" in result.stderr


@pytest.mark.parametrize(("status", "exit_code"), [(204, 0), (302, 0), (404, 6), (503, 7)])
def test_the_exit_code_of_invoke_follows_the_status(site, echo, status, exit_code):
    result = site("invoke", "echo", "-i", "-q", f"status={status}")

    assert result.exit_code == exit_code
    assert f"HTTP {status}" in result.stderr


def test_a_disabled_function_is_refused_until_it_is_enabled(site, echo):
    assert site("functions", "disable", "echo").exit_code == 0
    refused = site("invoke", "echo")
    assert site("functions", "enable", "echo").exit_code == 0

    assert refused.exit_code == 6 and "disabled" in refused.stdout
    assert site("invoke", "echo").exit_code == 0


def test_executions_and_logs_show_what_happened(site, echo):
    for name in ("Ada", "Bob"):
        site("invoke", "echo", "-q", f"name={name}")

    listed = site.json("executions", "list", "echo")
    shown = site.json("executions", "show", listed[0]["id"])
    table = site("executions", "show", listed[0]["id"]).stdout.splitlines()
    lines = site("logs", "echo", "--json").stdout.splitlines()
    text = site("logs", "echo", "-n", "1").stdout

    assert [one["status"] for one in listed] == ["success", "success"]
    assert [one["message"] for one in shown["logs"]] == ["hello Bob"]
    assert (shown["method"], shown["http_status"]) == ("GET", 200)
    assert shown["cpu_us"] > 0 and shown["peak_memory_bytes"] > 2**20 and shown["queue_ms"] >= 0
    assert listed[1]["cold_start"] is True
    assert ["path", shown["path"]] in [line.split() for line in table]
    assert not any(line.startswith("trace_id") for line in table)
    assert [json.loads(one)["message"] for one in lines] == ["hello Ada", "hello Bob"]
    assert text.count("\n") == 1 and "hello Bob" in text and "\x1b" not in text


def test_logs_can_be_followed(site, echo):
    site("invoke", "echo", "-q", "name=early")
    process = subprocess.Popen(
        [sys.executable, "-m", "perilune", "logs", "-f", "-n", "1", "echo", "--json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SRC), **site.environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline())["message"] == "hello early"
        site("invoke", "echo", "-q", "name=late")
        assert json.loads(process.stdout.readline())["message"] == "hello late"
    finally:
        process.kill()
        process.communicate()


def test_deletion_asks_first(site, echo):
    no = site("functions", "delete", "echo", given="n\n")
    nobody = site("functions", "delete", "echo")

    assert no.exit_code == nobody.exit_code == 1
    assert site("functions", "show", "echo").exit_code == 0
    assert site.json("functions", "delete", "echo", "--yes")["deleted"] is True
    assert site("functions", "show", "echo").exit_code == 3


@pytest.mark.parametrize(
    ("args", "environ", "exit_code", "text"),
    [
        pytest.param(("functions", "show", "nope"), {}, 3, "no function has", id="unknown"),
        pytest.param(("executions", "show", "x"), {}, 3, "Execution not found", id="execution"),
        pytest.param(("functions", "list"), {"PERILUNE_TOKEN": "wrong"}, 4, "Auth", id="token"),
        pytest.param(("functions", "list"), {"PERILUNE_TOKEN": "a b"}, 4, "blanks", id="blanks"),
        pytest.param(
            ("functions", "list"),
            {"PERILUNE_URL": "http://127.0.0.1:1"},
            5,
            "`perilune serve` starts it",
            id="none",
        ),
        pytest.param(
            ("functions", "list"), {"PERILUNE_URL": "ftp://x"}, 4, "absolute URL", id="address"
        ),
        pytest.param(
            ("functions", "list"), {"PERILUNE_TOKEN_FILE": "/none"}, 4, "can't read", id="file"
        ),
        pytest.param(("invoke", "hello", "-H", "x"), {}, 2, "has no ':'", id="usage"),
    ],
)
def test_failures_have_a_text_and_an_exit_code(site, args, environ, exit_code, text):
    result = site(*args, **environ)

    assert result.exit_code == exit_code
    assert text in result.stderr and result.stdout == ""
    assert "Traceback" not in result.stderr


def test_the_local_key_is_sent_to_this_machine_only(site):
    result = site("functions", "list", PERILUNE_URL="http://192.0.2.1:3000")

    assert result.exit_code == 4 and "there is no token for http://192.0.2.1" in result.stderr


def test_tokens_are_made_and_revoked_over_the_api(site):
    made = site.json("tokens", "create", "ci", "--scope", "read")
    with_it = {"PERILUNE_TOKEN": made["token"]}

    assert site("functions", "list", **with_it).exit_code == 0
    refused = site("functions", "delete", "hello", "--yes", **with_it)
    listed = site("tokens", "list").stdout
    assert site("tokens", "revoke", "ci").exit_code == 0

    assert refused.exit_code == 4
    assert "ci" in listed and made["token"] not in listed
    assert site("functions", "show", "hello").exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    result = CliRunner().invoke(cli.main, ["completion", shell])

    assert result.exit_code == 0 and "_PERILUNE_COMPLETE" in result.stdout


def test_servers_are_listed(site):
    (one,) = site.json("servers")
    shown = site("servers").stdout.splitlines()

    assert (one["state"], one["leads"], one["is_this"]) == ("live", True, True)
    assert shown[0].split()[:4] == ["id", "name", "state", "leads"]
    assert shown[1].split()[:4] == [one["id"], one["name"], "live", "yes"]
