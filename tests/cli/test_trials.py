"""`perilune test`, `replay`, `kv` and the filters of executions, against a real server."""

import json

import pytest

from tests.cli.command import Site, serving

ECHO = """\
function handler(ctx, event)
  if event.query.fail then error("as asked: " .. event.query.fail) end
  kv.set("last", event.body)
  log.warn("method " .. event.method)
  return { statusCode = 201, body = event.relativePath .. " " .. event.body }
end
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("trials") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        yield Site(said["port"], data_dir)


@pytest.fixture
def echo(site, tmp_path):
    (tmp_path / "echo.lua").write_text(ECHO)
    site("deploy", str(tmp_path / "echo.lua"))
    yield "echo"
    site("functions", "delete", "echo", "--yes")


def test_a_draft_is_executed_without_being_deployed(site, echo, tmp_path):
    (tmp_path / "draft").mkdir()
    draft = tmp_path / "draft" / "main.lua"
    draft.write_text(ECHO.replace("201", "202"))

    text = site("test", echo, str(draft), "-p", "/a", "-d", "üx")
    folder = site.json("test", echo, str(draft.parent))
    active = site.json("test", echo, "-X", "DELETE")

    assert text.exit_code == 0 and text.stdout == "/a üx"
    assert "status 202" in text.stderr and "warn  method POST" in text.stderr
    assert folder["response"]["statusCode"] == 202
    assert active["response"]["statusCode"] == 201
    assert active["logs"][0]["message"] == "method DELETE"
    assert [one["version"] for one in site.json("versions", echo)] == [1]


def test_a_draft_that_fails_says_why(site, echo):
    failed = site("test", echo, "-q", "fail=yes")

    assert failed.exit_code == 1 and "as asked: yes" in failed.stderr and failed.stdout == ""


def test_an_execution_is_replayed(site, echo):
    site("invoke", echo, "x", "-d", "again")
    (execution,) = site.json("executions", "list", echo)

    done = site.json("replay", execution["id"])

    assert done["replayed"] == execution["id"]
    assert done["response"]["body"] == "/x again"


def test_executions_are_filtered(site, echo):
    site("invoke", echo)
    site("invoke", echo, "-q", "fail=first")
    site("invoke", echo, "-q", "fail=second")

    failed = site.json("executions", "list", echo, "--status", "error")
    found = site.json("executions", "list", echo, "--text", "second", "--since", "1h")
    older = site.json("executions", "list", echo, "--until", "1h")
    of_version = site.json("executions", "list", echo, "--version", "1", "-n", "2")
    table = site("executions", "list", echo, "--status", "error").stdout

    assert len(failed) == 2 and len(found) == 1 and older == []
    assert len(of_version) == 2
    assert "as asked: first" in table and len(table.splitlines()) == 3
    assert site("executions", "list", echo, "--since", "soon").exit_code == 1


def test_executions_of_all_functions_are_listed_whatever_started_them(site, echo):
    site("invoke", echo)
    site("test", echo)
    newest = site.json("executions", "list", "--trigger", "http", "-n", "1")
    site("replay", newest[0]["id"])

    everything = site.json("executions", "list", "-n", "3")
    tried = site.json("executions", "list", "--trigger", "test", "-n", "1")
    replayed = site.json("executions", "list", "--trigger", "replay")
    table = site("executions", "list", "-n", "3").stdout
    wrong = site("executions", "list", "--version", "1")

    assert [one["trigger"] for one in everything] == ["replay", "test", "http"]
    assert {one["function_name"] for one in everything} == {echo}
    assert tried[0]["id"] == everything[1]["id"]
    assert [one["id"] for one in replayed] == [everything[0]["id"]]
    assert table.splitlines()[0].split() == [
        "id", "function", "status", "trigger", "ms", "created", "error"]  # fmt: skip
    assert wrong.exit_code == 2 and "--version needs a FUNCTION" in wrong.stderr


def test_a_failure_can_be_read_in_lines_with_its_execution(site, echo):
    called = site("invoke", echo, "-q", "fail=on two\nlines")
    (failed,) = site.json("executions", "list", echo, "--status", "error")
    shown = site("executions", "show", failed["id"])
    logged = site("logs", echo)

    report = ("Error at line 2: <string>:2: as asked: on two", ">   2 | ")
    assert called.exit_code == 7
    assert called.stdout == '{"error":"Function execution failed"}\n'
    assert called.stderr.startswith(f"execution {failed['id']} failed\n")
    for text in (called.stderr, shown.stdout, logged.stdout):
        lines = [line.strip() for line in text.splitlines()]
        assert all(any(part in line for line in lines) for part in report), text
        assert "lines" in lines, "the report is not flattened"


def test_what_became_of_due_times_is_listed(site, echo):
    due = site("schedule", "set", echo, "0 3 * * *", "--time-zone", "Europe/Berlin")
    none = site.json("schedule", "ticks", echo)
    table = site("schedule", "ticks", echo, "-n", "5")

    assert "(Europe/Berlin)" in due.stderr
    assert len(due.stdout.splitlines()) > 1
    assert all("03:00:00 CE" in line for line in due.stdout.splitlines())
    assert none == [] and table.stdout.startswith("due  outcome")


def test_entries_are_listed_read_written_and_deleted(site, echo):
    site("kv", "set", echo, "a/b c", "text ü")
    site("kv", "set", echo, "raw", given="\x00bytes\n")
    site("kv", "set", echo, "short", "x", "--ttl", "3600")

    listed = site.json("kv", "list", echo)
    some = site.json("kv", "list", echo, "--prefix", "a/")

    assert [one["key"] for one in listed] == ["a/b c", "raw", "short"]
    assert [one["key"] for one in some] == ["a/b c"]
    assert "expires_at" in listed[2]
    assert site("kv", "get", echo, "a/b c").stdout == "text ü"
    assert site("kv", "get", echo, "raw").stdout_bytes == b"\x00bytes\n"
    assert "a/b c" in site("kv", "list", echo).stdout
    assert site("kv", "delete", echo, "raw").exit_code == 0
    assert site("kv", "get", echo, "raw").exit_code == 3


@pytest.mark.parametrize("ttl", ["0", "-1", "nan", "inf", "1e300"])
def test_a_entry_does_not_live_for_a_time_without_sense(site, echo, ttl):
    assert site("kv", "set", echo, "k", "v", "--ttl", ttl).exit_code != 0

    assert site.json("kv", "list", echo) == []


def test_json_is_one_document_of_its_own(site, echo):
    """What people are told besides goes to standard error, so programs can read the rest."""
    for args in (
        ("kv", "list", echo),
        ("kv", "set", echo, "k", "v"),
        ("kv", "delete", echo, "k"),
        ("functions", "list"),
        ("versions", echo),
        ("executions", "list", echo),
        ("schedule", "list"),
        ("tokens", "list"),
        ("env", "list", echo),
        ("env", "unset", echo, "X"),
        ("functions", "disable", echo),
        ("functions", "enable", echo),
    ):
        json.loads(site(*args, "--json").stdout)


def test_output_of_functions_cannot_control_a_terminal(site, tmp_path):
    code = 'function handler() log.info("a\\27[2Jb") error("c\\27]0;x\\7d\\nsecond line") end'
    (tmp_path / "evil.lua").write_text(code)
    site("deploy", str(tmp_path / "evil.lua"))

    tried = site("test", "evil")
    listed = site("executions", "list", "evil")
    logged = site("logs", "evil")
    site("functions", "delete", "evil", "--yes")

    assert "second line" in tried.stderr and "a [2Jb" in logged.stdout
    assert not any(one in tried.output + listed.output + logged.output for one in "\x1b\x07")
