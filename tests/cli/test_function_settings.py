"""`perilune functions set`, against a real server."""

import pytest

from perilune.function_settings import SETTINGS
from tests.cli.command import Site, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("set") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        yield Site(said["port"], data_dir)


def settings_of_hello(site: Site) -> dict[str, object]:
    shown = site.json("functions", "show", "hello")
    return {name: shown.get(name) for name in SETTINGS}


def test_several_settings_are_changed_at_once_and_cleared(site):
    before = settings_of_hello(site)

    changed = site.json("functions", "set", "hello", "timeout_s=5", "description=a=b",
                        "allowed_methods=post,GET", "save_response=true",
                        "cron_schedule=0  3 * * *")  # fmt: skip
    between = settings_of_hello(site)
    cleared = site("functions", "set", "hello", "timeout_s=", "allowed_methods=", "cron_schedule=",
                   "save_response=false", "description=")  # fmt: skip

    new = {
        "timeout_s": 5,
        "allowed_methods": "GET,POST",
        "save_response": True,
        "cron_schedule": "0 3 * * *",
        "description": "a=b",
    }
    assert {name: changed[name] for name in new} == new
    assert between == before | new
    assert cleared.exit_code == 0 and "changed hello" in cleared.stderr
    after = settings_of_hello(site)
    assert after == before | {"cron_status": "paused", "description": None}


@pytest.mark.parametrize(
    ("assignment", "exit_code", "text"),
    [
        pytest.param("colour=red", 2, "no setting 'colour'; there are: name, ", id="unknown"),
        pytest.param("timeout_s", 2, "'timeout_s' is not of the form SETTING=VALUE", id="no value"),
        pytest.param("timeout_s=long", 2, "timeout_s must be 1 to the server's limit, not 'long'",
                     id="no number"),
        pytest.param("disabled=yes", 2, "disabled must be true or false, not 'yes'", id="flag"),
        pytest.param("runtime=python", 2, "runtime is chosen when the function", id="fixed"),
        pytest.param("rate_limit=0", 1, "rate_limit must be between 1 and 1000000", id="range"),
        pytest.param("access=nobody", 1, "one of: [public token signature]", id="word"),
        pytest.param("access=", 1, "one of: [public token signature]", id="not to be cleared"),
        pytest.param("name=", 1, "name cannot be empty", id="no name"),
    ],
)  # fmt: skip
def test_a_bad_assignment_changes_nothing(site, assignment, exit_code, text):
    before = settings_of_hello(site)

    result = site("functions", "set", "hello", "max_concurrency=3", assignment)

    assert result.exit_code == exit_code and text in result.stderr
    assert settings_of_hello(site) == before


def test_the_help_has_every_setting_with_its_values(site):
    shown = site("functions", "set", "--help").stdout

    for name, one in SETTINGS.items():
        assert (f"  {name} " in shown and one.values in shown) is not one.is_fixed
