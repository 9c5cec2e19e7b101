from perilune.cli import main as main_command
from perilune.config import settings_table
from perilune.function_settings import SETTINGS
from perilune.runtimes.guest.api import GUEST_API
from tools.generate_docs import commands_page, function_settings_page, guest_api_page, main


def test_checked_in_pages_are_up_to_date(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_every_guest_function_is_documented():
    page = guest_api_page()

    for function in GUEST_API:
        assert f"### {function.full_name}\n" in page
        assert function.summary in page
        assert function.example in page


def test_every_command_and_option_is_documented():
    page = commands_page()

    for command in ("serve", "apply", "functions list", "tokens create", "env set"):
        assert f"## perilune {command}\n" in page
    assert "`--dry-run`" in page and "`-X, --method TEXT`" in page
    assert "--shutdown-grace" not in page  # settings have a page of their own
    assert main_command.commands.keys() <= {line.split()[2] for line in page.splitlines()
                                            if line.startswith("## perilune ")}  # fmt: skip


def test_every_setting_of_functions_is_documented():
    rows = [line.split(" | ") for line in function_settings_page().splitlines()]

    for name, one in SETTINGS.items():
        (row,) = [row for row in rows if row[0] == f"| `{name}`"]
        assert row[1] == one.values and row[3] == f"`{one.place or name}`" and one.help in row[4]


def test_each_module_has_one_heading():
    headings = [line for line in guest_api_page().splitlines() if line.startswith("## ")]

    assert len(headings) == len({function.module for function in GUEST_API})


def test_check_finds_a_stale_page_and_leaves_it(tmp_path, capsys):
    page = tmp_path / "reference" / "guest-api.md"
    page.parent.mkdir()
    page.write_text("old\n")

    assert main(["--check", "--docs", str(tmp_path)]) == 1
    assert page.read_text() == "old\n"
    printed = capsys.readouterr().out
    assert "guest-api.md is not up to date" in printed
    assert "settings.md is not up to date" in printed


def test_stale_pages_are_written(tmp_path):
    assert main(["--docs", str(tmp_path)]) == 0
    assert (tmp_path / "reference" / "guest-api.md").read_text() == guest_api_page()
    assert (tmp_path / "reference" / "settings.md").read_text() == settings_table()
    assert main(["--check", "--docs", str(tmp_path)]) == 0
