"""What would not work is not deployed: place and remedy are named, and nothing is changed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.command import Site, serving

GOOD = "function handler() return { body = 'still here' } end\n"
PYTHON = "def handler(ctx, event):\n    return 'ok'\n"
SIGNED = 'name = "new"\n[access]\nwho = "signature"\nsignature_scheme = "github"\n'
NAMED = 'name = "new"\n'
TOML = "new/perilune.toml"
MAIN = "new/main.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("wrong") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        site = Site(said["port"], data_dir)
        there = tmp_path_factory.mktemp("there") / "there.lua"
        there.write_text(GOOD)
        assert site("deploy", str(there)).exit_code == 0
        site("functions", "delete", "hello", "--yes")
        yield site


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def assert_nothing_has_changed(site: Site) -> None:
    (there,) = site.json("functions", "list")
    assert (there["name"], there["active_version"]["version"]) == ("there", 1)
    assert site("invoke", "there").stdout == "still here"


APPLY = ("apply", "--yes")
DRY_RUN = ("apply", "--dry-run")


@pytest.mark.parametrize(
    ("command", "path", "files", "place", "remedy"),
    [
        pytest.param(("deploy",), "README.md", {"README.md": "# Hello"}, "README.md",
                     "files of code end with .lua, .js, .ts, .py, .mjs, .mts", id="unknown ending"),
        pytest.param(("deploy",), "f.cjs", {"f.cjs": "exports.handler = () => 1"}, "f.cjs",
                     "files of code end with", id="CommonJS"),
        pytest.param(("deploy",), "there.py", {"there.py": PYTHON}, "'there' is a function in lua",
                     "choose another name with --name", id="another language"),
        pytest.param(("deploy",), "a.py", {"a.py": "def handler("}, "a.py, line 1",
                     "each opened one needs its counterpart", id="syntax of Python"),
        pytest.param(("deploy",), "there.lua", {"there.lua": "x = = 1"}, "there.lua, line 1",
                     "--force", id="syntax of a new version"),
        pytest.param(("deploy",), "a.ts", {"a.ts": "let a: number = ;"}, "a.ts, line 1",
                     "Check commas, quotes and brackets", id="syntax of TypeScript"),
        pytest.param(("deploy",), "a.py", {"a.py": "def handle(c, e): pass"}, "a.py: handler not",
                     "def handler(ctx, event)", id="no handler in Python"),
        pytest.param(("deploy",), "a.mjs", {"a.mjs": "export const main = 1;"}, "a.mjs: handler",
                     "define export default function handler", id="no handler in JavaScript"),
        pytest.param(("deploy",), "a.lua", {"a.lua": "local function handler() end"}, "a.lua: ",
                     "must not be local", id="a local handler in Lua"),
        pytest.param(("deploy",), "a.py", {"a.py": "import requests\n" + PYTHON}, "a.py, line 1",
                     "Other packages have to be required", id="import of Python"),
        pytest.param(("deploy",), "a.js", {"a.js": "\nimport d from 'dayjs';\nexport default d;"},
                     "a.js, line 2", "bundle what it needs", id="import of JavaScript"),
        pytest.param(("deploy",), "a.py", {"a.py": " \n"}, "a.py: code: ", "cannot be empty",
                     id="no code"),
        pytest.param(("deploy",), "a.py", {"a.py": PYTHON.replace("ok", "é").encode("latin-1")},
                     "a.py: ", "save it as text in UTF-8", id="not UTF-8"),
        pytest.param(DRY_RUN, "", {TOML: NAMED, MAIN: b"# \xff\xfe"}, "new/main.py: ",
                     "save it as text in UTF-8", id="a folder not in UTF-8"),
        pytest.param(("deploy",), "new", {TOML: NAMED, MAIN: PYTHON, "new/helper.py": "x = 1"},
                     "new: helper.py would not be deployed", "put everything into it",
                     id="a second file"),
        pytest.param(APPLY, "", {TOML: NAMED, "new/main.js": "export default () => 1;",
                                 "new/package.json": "{}"},
                     "new: package.json would not", 'ignore = ["package.json"]', id="package.json"),
        pytest.param((*APPLY, "--prune"), "", {TOML: NAMED, MAIN: PYTHON, "there/main.lua": GOOD},
                     "there: has main.lua, but no perilune.toml", "add it, or move the folder",
                     id="a folder without perilune.toml"),
        pytest.param((*APPLY, "--prune"), "", {"there/perilune.tml": NAMED, "there/main.lua": GOOD,
                                               TOML: NAMED, MAIN: PYTHON},
                     "there: has main.lua", "add it", id="a misspelt perilune.toml"),
        pytest.param((*APPLY, "--prune"), "", {TOML: NAMED, MAIN: PYTHON, "there/index.lua": GOOD},
                     "there: has no perilune.toml", "or call the folder something",
                     id="another name of the file"),
        pytest.param((*APPLY, "--prune"), "", {TOML: NAMED, MAIN: PYTHON, "a/b/perilune.toml": ""},
                     "a/b: lies too deep", "must lie in", id="a folder that lies too deep"),
        pytest.param(APPLY, "new", {MAIN: PYTHON}, "new: has main.py", "add it", id="no function"),
        pytest.param(APPLY, "", {TOML: SIGNED, MAIN: PYTHON}, "main.py: access is by signature",
                     "perilune signing-secrets add", id="no signing secret"),
        pytest.param(DRY_RUN, "", {TOML: SIGNED + 'signing_secrets = ["short"]', MAIN: PYTHON},
                     "perilune.toml: value: ", "from 16 to 500 characters",
                     id="a short signing secret"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + '[schedule]\ncron = "61 * * * *"', MAIN: PYTHON},
                     "perilune.toml: cron_schedule: invalid", "61", id="a cron expression"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + '[schedule]\ncron = "${WHEN}"', MAIN: PYTHON},
                     "no value for WHEN", "in the environment or in a .env file", id="a reference"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + '[schedule]\ncron = "@daily"\ntime_zone = "Mars"',
                                   MAIN: PYTHON},
                     "perilune.toml: cron_time_zone: ", "unknown time zone Mars", id="a time zone"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + "[limits]\nmemory_mb = 99999", MAIN: PYTHON},
                     "memory_mb must be between", "and ", id="a limit beyond the server's"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + '[limits]\ntimeout_s = "${LIMIT}"', MAIN: PYTHON},
                     "perilune.toml: `limits.timeout_s`", "must be a whole number",
                     id="a reference that is no number"),
        pytest.param(DRY_RUN, "", {TOML: 'name = "there"', MAIN: PYTHON},
                     "perilune.toml: runtime: runtime cannot be changed", "this function is in lua",
                     id="a folder in another language"),
        pytest.param(DRY_RUN, "", {TOML: NAMED, MAIN: PYTHON, "new/requirements.txt": "requests"},
                     "perilune.toml: requirements: ", "PERILUNE_PYTHON_PACKAGES", id="packages"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + '[env]\nA-B = "x"', MAIN: PYTHON},
                     "perilune.toml: env_var_key: ", "can only contain letters",
                     id="the name of a variable"),
        pytest.param((*DRY_RUN, "--env-file", "/none/.env"), "", {TOML: NAMED, MAIN: PYTHON},
                     "can't read /none/.env", "No such file", id="a file of values"),
        pytest.param(("import",), "", {TOML: NAMED, MAIN: "handler = (1"}, "main.py, line 1",
                     "needs its counterpart", id="import of a folder"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + 'address = "there"', MAIN: PYTHON},
                     "perilune.toml: address", "is the address of the function 'there'",
                     id="taken"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + 'address = "a b"', MAIN: PYTHON},
                     "perilune.toml: address", "cannot contain blanks", id="no address"),
        pytest.param(DRY_RUN, "", {TOML: NAMED + 'address = "a"', MAIN: PYTHON,
                     "b/perilune.toml": 'name = "b"\naddress = "a"', "b/main.py": PYTHON},
                     "b and ", "both have the address 'a'", id="one address twice"),
        pytest.param(DRY_RUN, "nowhere", {}, "nowhere", "is no folder", id="no such directory"),
    ],
)  # fmt: skip
def test_a_wrong_deployment_ends_with_place_and_remedy(
    site, tmp_path, command, path, files, place, remedy
):
    name, *options = command
    folder = written(tmp_path, files)

    result = site(name, str(folder / path), *options, LIMIT="ten")

    assert result.exit_code == 1
    assert place in result.stderr and remedy in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert_nothing_has_changed(site)


def test_all_wrong_functions_of_a_directory_are_named_at_once(site, tmp_path):
    written(tmp_path, {TOML: NAMED, MAIN: "handler = (1", "b/perilune.toml": 'name = "b"',
                       "b/main.lua": "x = = 1", "c/perilune.toml": 'name = "c"',
                       "c/main.py": PYTHON})  # fmt: skip

    result = site("apply", str(tmp_path), "--yes")

    assert result.exit_code == 1
    assert "main.py, line 1: " in result.stderr and "main.lua, line 1: " in result.stderr
    assert "nothing was deployed" in result.stderr
    assert_nothing_has_changed(site)


def test_a_twin_of_a_name_is_neither_deployed_nor_applied(site, tmp_path):
    (there,) = site.json("functions", "list")
    (tmp_path / "second.lua").write_text(GOOD)
    second = site.json("deploy", str(tmp_path / "second.lua"))
    for one in (there, second):
        site("functions", "set", one["id"], "name=twin")
    written(tmp_path / "f", {TOML: 'name = "twin"', "new/main.lua": GOOD})
    (tmp_path / "twin.lua").write_text(GOOD)

    applied = site("apply", str(tmp_path / "f"), "--yes")
    deployed = site("deploy", str(tmp_path / "twin.lua"))
    site("functions", "delete", second["id"], "--yes")
    site("functions", "set", there["id"], "name=there")

    for result in (applied, deployed):
        assert result.exit_code == 3 and "2 functions are named 'twin'; use an id" in result.stderr
    assert_nothing_has_changed(site)


def test_a_blank_name_is_no_name(site, tmp_path):
    (tmp_path / "there.lua").write_text("function handler() return 'another' end")

    result = site("deploy", str(tmp_path / "there.lua"), "--name", " ")

    assert result.exit_code == 2 and "--name must be a name" in result.stderr
    assert_nothing_has_changed(site)


def test_who_wants_it_deploys_by_force(site, tmp_path):
    (tmp_path / "later.py").write_text("import requests\n" + PYTHON)

    forced = site("deploy", str(tmp_path / "later.py"), "--force")
    called = site("invoke", "later")
    site("functions", "delete", "later", "--yes")

    assert forced.exit_code == 0 and called.exit_code == 7


def test_a_function_that_is_as_its_folder_says_is_checked_too(site, tmp_path):
    written(tmp_path, {TOML: NAMED, MAIN: "import requests\n" + PYTHON})
    site("deploy", str(tmp_path / "new"), "--force")

    checked = site("functions", "check", str(tmp_path / "new"))
    applied = site("apply", str(tmp_path), "--dry-run")
    site("functions", "delete", "new", "--yes")

    assert checked.exit_code == 1 and "No module named 'requests'" in checked.stderr
    assert applied.exit_code == 0, "nothing is to be deployed"
    assert_nothing_has_changed(site)


def test_a_draft_is_checked_before_there_is_a_function(site, tmp_path):
    written(tmp_path, {TOML: NAMED, MAIN: PYTHON, "wrong.py": "def handler("})

    good = site("functions", "check", str(tmp_path / "new"))
    wrong = site("functions", "check", str(tmp_path / "wrong.py"))

    assert good.exit_code == 0 and "nothing wrong was found" in good.stderr
    assert wrong.exit_code == 1 and "wrong.py, line 1" in wrong.stderr
    assert_nothing_has_changed(site)


@pytest.mark.parametrize("ending", ["mjs", "mts"])
def test_modules_with_an_ending_of_their_own_are_deployed(site, tmp_path, ending):
    written(tmp_path, {TOML: 'name = "module"', f"new/main.{ending}": "export default () => 1;"})

    result = site("apply", str(tmp_path), "--yes")
    language = site.json("functions", "show", "module")["runtime"]
    site("functions", "delete", "module", "--yes")

    assert result.exit_code == 0, result.output
    assert language == {"mjs": "javascript", "mts": "typescript"}[ending]
