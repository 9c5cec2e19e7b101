"""Functions as files: nothing gets lost between the API and a folder, nothing secret is written."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api.rules.functions import FunctionBody
from perilune.client.folders import (
    ENDINGS,
    FunctionFiles,
    files_of,
    folder_names,
    read_folder,
    read_folders,
    write_folder,
)
from perilune.client.references import resolved
from perilune.client.settings import SETTINGS, UnusableFolder, settings_of
from perilune.store import Function, to_json
from tests.profiles import examples

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = texts.filter(str.strip)
variables = st.dictionaries(
    st.from_regex(r"\A[A-Za-z0-9_]{1,8}\Z"), texts | st.just("[REDACTED]"), max_size=4
)

VALUES = {
    str: texts.filter(bool),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
}


@st.composite
def api_functions(draw):
    """Functions as the API shows them, with any value in any setting."""
    found = {"id": "x" * 20, "name": draw(names), "env_vars": draw(variables)}
    for one in SETTINGS:
        value = draw(st.none() | VALUES[one.kind])
        if value is not None:
            found[one.name] = value
    found["runtime"] = draw(st.sampled_from([*ENDINGS, "brainfuck"]))
    found["active_version"] = {"code": draw(texts), "requirements": draw(st.none() | names)}
    return found


@examples(200)
@given(api_functions())
def test_written_values_are_read_again(function):
    files = files_of(function)

    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder, "f"), files)
        found = read_folder(Path(folder, "f"))
        before = {one.name: one.read_bytes() for one in Path(folder, "f").iterdir()}
        write_folder(Path(folder, "f"), found)
        after = {one.name: one.read_bytes() for one in Path(folder, "f").iterdir()}

    assert found == files
    assert found.settings == settings_of(function)
    assert after == before


def test_every_setting_of_the_api_has_a_place_in_the_file():
    ours = {one.name for one in SETTINGS}

    assert ours == set(Function.__struct_fields__) - {
        "id",
        "name",
        "env_vars",
        "created_at",
        "updated_at",
    }
    assert ours == set(FunctionBody.__struct_fields__) - {"name", "code", "note", "requirements"}
    assert len({(one.section, one.key) for one in SETTINGS}) == len(SETTINGS)


def test_defaults_are_those_of_the_server():
    new = to_json(Function(id="x", name="n", cron_status="paused"))

    assert settings_of(new) == {one.name: one.default for one in SETTINGS}


def test_values_of_variables_are_not_written(tmp_path):
    function = {"name": "n", "env_vars": {"TOKEN": "s3cret", "HIDDEN": "[REDACTED]"}}

    write_folder(tmp_path, files_of(function))
    (tmp_path / "main.lua").write_text("x = 1")

    text = (tmp_path / "perilune.toml").read_text()
    assert 'TOKEN = "${TOKEN}"' in text and 'HIDDEN = "${HIDDEN}"' in text
    assert read_folder(tmp_path).write_only == ("HIDDEN",)
    assert not any("s3cret" in one.read_text() for one in tmp_path.iterdir())


def test_a_file_that_people_write(tmp_path):
    (tmp_path / "perilune.toml").write_text(
        'name = "nightly"\n'
        "[schedule]\n"
        'cron = "0 3 * * *"\n'
        "[access]\n"
        'methods = ["GET", "POST"]\n'
        "[env]\n"
        'URL = "https://${HOST}/$$1"\n'
    )
    (tmp_path / "main.py").write_bytes(b"def handler(ctx, event):\r\n    return 1\r\n")

    found = read_folder(tmp_path)

    assert found.settings["cron_status"] == "active"
    assert found.settings["allowed_methods"] == "GET,POST"
    assert found.settings["runtime"] == "python"
    assert found.code == "def handler(ctx, event):\r\n    return 1\r\n"
    assert resolved(found.variables, {"HOST": "x.org"}) == ({"URL": "https://x.org/$1"}, [])
    assert resolved(found.variables, {}) == ({"URL": "https:///$1"}, ["HOST"])


@pytest.mark.parametrize(
    ("toml", "text"),
    [
        pytest.param("", "`name` must be a text", id="no name"),
        pytest.param("name = 5", "`name` must be a text", id="name"),
        pytest.param("name = [", "Invalid", id="syntax"),
        pytest.param('name = "n"\ncolour = "red"', "unknown: colour", id="unknown"),
        pytest.param('name = "n"\n[limits]\ncolour = 5', r"unknown: limits\.colour$",
                     id="unknown inside"),
        pytest.param('name = "n"\n[limits]\ntimout_s = 5',
                     r"unknown: limits\.timout_s \(is limits\.timeout_s meant\?\)$", id="misspelt"),
        pytest.param('name = "n"\nsigning_secrets = ["x"]',
                     r"unknown: signing_secrets \(is access\.signing_secrets meant\?\)$",
                     id="outside of its table"),
        pytest.param('name = "n"\nlimits = 5', "`limits` must be a table", id="no table"),
        pytest.param('name = "n"\n[limits]\ntimeout_s = "5"', "`limits.timeout_s` must be a whole",
                     id="type"),
        pytest.param('name = "n"\ndisabled = 1', "`disabled` must be true or false", id="flag"),
        pytest.param('name = "n"\n[access]\nmethods = "GET"', "must be a list", id="methods"),
        pytest.param('name = "n"\n[env]\nA = 5', "`env.A` must be a text", id="variable"),
        pytest.param('name = "n"\nenv = ["A"]', "`env` must be a table of texts", id="env"),
        pytest.param('name = "n"\nwrite_only = ["A"]', "must be a list of names", id="hidden"),
        pytest.param('name = "n"\nruntime = "python"', "must be in main.py", id="language"),
    ],
)  # fmt: skip
def test_files_with_faults_are_refused(tmp_path, toml, text):
    (tmp_path / "perilune.toml").write_text(toml)
    (tmp_path / "main.lua").write_text("x = 1")

    with pytest.raises(UnusableFolder, match=text) as caught:
        read_folder(tmp_path)

    assert str(tmp_path) in str(caught.value)


def test_a_folder_needs_exactly_one_file_of_code(tmp_path):
    (tmp_path / "perilune.toml").write_text('name = "n"')
    with pytest.raises(UnusableFolder, match="found: none"):
        read_folder(tmp_path)

    (tmp_path / "main.lua").touch()
    (tmp_path / "main.js").touch()
    with pytest.raises(UnusableFolder, match=r"found: main.js, main.lua"):
        read_folder(tmp_path)


def test_two_folders_of_one_name_are_refused(tmp_path):
    files = FunctionFiles("n", settings_of({}), "x = 1")
    write_folder(tmp_path / "a", files)
    write_folder(tmp_path / "b", files)

    with pytest.raises(UnusableFolder, match="both named 'n'"):
        read_folders(tmp_path)


@given(st.sets(names, max_size=8))
def test_every_function_gets_a_folder_of_its_own(some):
    given_names = folder_names(some)

    assert set(given_names) == some
    assert len(set(given_names.values())) == len(some)
    for folder in given_names.values():
        assert folder == Path(folder).name and folder not in ("", ".", "..")


def test_functions_of_one_name_cannot_be_exported():
    with pytest.raises(UnusableFolder, match="several functions are named 'n'"):
        folder_names(["n", "m", "n"])
