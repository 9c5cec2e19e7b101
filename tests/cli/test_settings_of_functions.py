"""`perilune env` and `perilune schedule`, against a real server."""

import pytest

from tests.cli.command import Site, serving

READER = 'function handler() return { body = env.get("TOKEN") or "none" } end\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("settings") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        yield Site(said["port"], data_dir)


@pytest.fixture
def reader(site, tmp_path):
    (tmp_path / "reader.lua").write_text(READER)
    site("deploy", str(tmp_path / "reader.lua"))
    yield "reader"
    site("functions", "delete", "reader", "--yes")


def test_variables_are_set_and_removed_without_being_shown(site, reader):
    made = site("env", "set", reader, "TOKEN=s3cret", "MODE=a=b")
    piped = site("env", "set", reader, "PIPED", given="from outside\n")
    listed = site("env", "list", reader)
    names = site.json("env", "list", reader)

    assert made.exit_code == piped.exit_code == 0
    assert site("invoke", reader).stdout == "s3cret"
    assert names == ["MODE", "PIPED", "TOKEN"] and listed.stdout == "MODE\nPIPED\nTOKEN\n"
    assert "s3cret" not in made.output + listed.output
    assert "s3cret" not in site("functions", "show", reader).output
    assert site.json("env", "list", reader, "--show") == {
        "MODE": "a=b",
        "PIPED": "from outside",
        "TOKEN": "s3cret",
    }
    assert site.json("env", "unset", reader, "TOKEN", "NOPE") == ["MODE", "PIPED"]
    assert site("invoke", reader).stdout == "none"


def test_write_only_variables_are_hidden_and_survive(site, reader, tmp_path):
    site("env", "set", reader, "TOKEN", "--write-only", given="s3cret\n")
    site("env", "set", reader, "MODE=x")
    site("env", "unset", reader, "MODE")

    shown = site("env", "list", reader, "--show")
    site("export", str(tmp_path / "out"), "--function", reader)
    same = site("apply", str(tmp_path / "out"), "--dry-run", TOKEN="s3cret")
    hidden = site("apply", str(tmp_path / "out"), "--dry-run", TOKEN="another")

    assert "s3cret" not in shown.output and "(write-only)" in shown.stdout
    assert site.json("env", "list", reader, "--show") == {"TOKEN": None}
    assert site("invoke", reader).stdout == "s3cret"
    assert (same.exit_code, hidden.exit_code) == (0, 0), same.output
    site("functions", "delete", reader, "--yes")
    again = site("apply", str(tmp_path / "out" / "reader"), "--yes", TOKEN="s3cret")
    assert again.exit_code == 0, again.output
    assert site.json("env", "list", reader, "--show") == {"TOKEN": None}
    assert site("invoke", reader).stdout == "s3cret"


def test_variables_come_from_a_file(site, reader, tmp_path):
    site("env", "set", reader, "OLD=1")
    (tmp_path / "vars").write_text("# a comment\nTOKEN='it\\'s $HOME'\nexport B=2\n")

    added = site.json("env", "import", reader, str(tmp_path / "vars"))
    replaced = site.json("env", "import", reader, str(tmp_path / "vars"), "--replace")

    assert added == ["B", "OLD", "TOKEN"] and replaced == ["B", "TOKEN"]
    assert site("invoke", reader).stdout == "it's $HOME"


def test_a_file_with_a_line_that_makes_no_sense_changes_nothing(site, reader, tmp_path):
    (tmp_path / "vars").write_text("A=1\nTOKEN='open\n")

    result = site("env", "import", reader, str(tmp_path / "vars"))

    assert result.exit_code == 1 and "line 2 makes no sense" in result.stderr
    assert site.json("env", "list", reader) == []


def test_a_name_that_cannot_be_is_refused(site, reader):
    result = site("env", "set", reader, "A-B=1")

    assert result.exit_code == 1 and "letters, numbers, and underscores" in result.stderr


def test_schedules_are_set_paused_resumed_and_cleared(site, reader):
    due = site.json("schedule", "set", reader, "0 3 * * *", "--time-zone", "Europe/Berlin",
                    "--missed", "run_once")  # fmt: skip
    text = site("schedule", "next", reader)
    paused = site.json("schedule", "pause", reader)
    resumed = site.json("schedule", "resume", reader)
    listed = site.json("schedule", "list")
    shown = site.json("functions", "show", reader)
    cleared = site("schedule", "clear", reader)

    assert due["has_schedule"] and due["cron_status"] == "active" and len(due["next_runs"]) == 5
    assert text.exit_code == 0 and len(text.stdout.splitlines()) == 5
    assert paused["is_paused"] and "next_run" not in paused
    assert resumed["next_run"] == due["next_run"]
    assert [(one["name"], one["cron_time_zone"]) for one in listed] == [(reader, "Europe/Berlin")]
    assert shown["cron_missed"] == "run_once"
    assert cleared.exit_code == 0 and "has no schedule" in cleared.stderr


def test_an_expression_that_makes_no_sense_is_refused(site, reader):
    result = site("schedule", "set", reader, "every day")

    assert result.exit_code == 1 and "invalid cron expression" in result.stderr
