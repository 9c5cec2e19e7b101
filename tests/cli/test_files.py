"""Deploying from files, against a real server."""

import hmac
import json
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perilune.api.rules.functions import FunctionBody
from perilune.client.folders import FunctionFiles, folder_names, write_folder
from perilune.client.settings import settings_of
from tests.cli.command import Site, serving
from tests.profiles import examples

GREETER = 'function handler() return { body = env.get("GREETING") or "none" } end\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("files") / "data"
    # Nobody reads its log, so it must not fill the pipe.
    with serving(data_dir, "--access-log", "off") as (_, said):
        site = Site(said["port"], data_dir)
        site("functions", "delete", "hello", "--yes")
        yield site


@pytest.fixture(autouse=True)
def empty(site):
    clear(site)
    yield
    clear(site)


def clear(site: Site) -> None:
    for one in site.json("functions", "list"):
        site("functions", "delete", one["id"], "--yes")


def greeter(folder: Path, **changes) -> Path:
    members = {
        "name": "greeter",
        "settings": settings_of({"description": "Grüße"}),
        "code": GREETER,
        "variables": {"GREETING": "${GREETING}"},
    }
    write_folder(folder, FunctionFiles(**(members | changes)))
    return folder


def content_of(directory: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(directory)): one.read_bytes()
        for one in directory.rglob("*")
        if one.is_file()
    }


def test_apply_creates_changes_and_then_has_nothing_to_do(site, tmp_path):
    greeter(tmp_path / "greeter")

    plan = site("apply", str(tmp_path), "--dry-run", GREETING="hi")
    nothing_yet = site.json("functions", "list")
    first = site("apply", str(tmp_path), "--yes", GREETING="hi")
    second = site("apply", str(tmp_path), GREETING="hi")
    same = site("apply", str(tmp_path), "--dry-run", GREETING="hi")

    assert plan.exit_code == 2 and plan.stdout == "+ greeter\n"
    assert nothing_yet == []
    assert first.exit_code == 0 and "created greeter" in first.stderr
    assert second.exit_code == 0 and "nothing to do" in second.stderr
    assert same.exit_code == 0 and same.stdout == "= greeter\n"
    assert site("invoke", "greeter").stdout == "hi"
    assert len(site.json("versions", "greeter")) == 1


def test_the_plan_names_what_changes_but_no_secret(site, tmp_path):
    greeter(tmp_path / "greeter")
    site("apply", str(tmp_path), "--yes", GREETING="s3cret-one")
    greeter(
        tmp_path / "greeter",
        code=GREETER + "-- two\n",
        settings=settings_of({"retention_days": 30}),
        variables={"GREETING": "${GREETING}", "MODE": "plain"},
    )

    plan = site("apply", str(tmp_path), "--dry-run", GREETING="s3cret-two")
    asked = site("apply", str(tmp_path), given="y\n", GREETING="s3cret-two")

    assert plan.stdout == (
        "~ greeter\n"
        "    description: Grüße → none\n"
        "    retention_days: none → 30\n"
        "    code: +1 -0 lines\n"
        "    variable GREETING: changed\n"
        "    variable MODE: added\n"
    )
    assert asked.exit_code == 0, asked.output
    assert "s3cret" not in plan.output + asked.output
    assert site("invoke", "greeter").stdout == "s3cret-two"
    shown = site.json("functions", "show", "greeter")
    assert shown["env_names"] == ["GREETING", "MODE"] and "description" not in shown
    assert shown["active_version"]["version"] == 2


def test_nothing_happens_without_a_yes(site, tmp_path):
    greeter(tmp_path / "greeter")

    result = site("apply", str(tmp_path), given="n\n", GREETING="hi")

    assert result.exit_code == 1 and site.json("functions", "list") == []


def test_values_that_are_missing_are_named_before_anything_is_done(site, tmp_path):
    greeter(tmp_path / "a", name="a", variables={})
    greeter(tmp_path / "b", name="b", variables={"X": "${ONE}${TWO}"})

    result = site("apply", str(tmp_path), "--yes", ONE="1")

    assert result.exit_code == 1 and "no value for TWO" in result.stderr
    assert site.json("functions", "list") == []


def test_values_come_from_env_files_and_the_environment_wins(site, tmp_path):
    greeter(tmp_path / "a", name="a")
    greeter(tmp_path / "b", name="b")
    (tmp_path / ".env").write_text("GREETING='of all $HOME'\n")
    (tmp_path / "b" / ".env").write_text("export GREETING=of-b\n")

    site("apply", str(tmp_path), "--yes")
    from_files = [site("invoke", one).stdout for one in "ab"]
    site("apply", str(tmp_path), "--yes", GREETING="given")

    assert from_files == ["of all $HOME", "of-b"]
    assert [site("invoke", one).stdout for one in "ab"] == ["given", "given"]


def test_an_env_file_that_leads_out_is_not_read(site, tmp_path):
    greeter(tmp_path / "functions" / "a", name="a")
    (tmp_path / "secrets").write_text("GREETING=secret\n")
    (tmp_path / "functions" / ".env").symlink_to(tmp_path / "secrets")

    refused = site("apply", str(tmp_path / "functions"), "--yes")
    named = ("--env-file", str(tmp_path / "functions" / ".env"))

    assert refused.exit_code == 1 and "leads out of" in refused.stderr
    assert site.json("functions", "list") == []
    assert site("apply", str(tmp_path / "functions"), "--yes", *named).exit_code == 0
    assert site("invoke", "a").stdout == "secret"


def test_an_export_writes_through_no_link(site, tmp_path):
    greeter(tmp_path / "functions" / "a", name="a")
    site("apply", str(tmp_path / "functions"), "--yes", GREETING="hello")
    (tmp_path / "theirs").write_text("precious")
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / "main.lua").symlink_to(tmp_path / "theirs")

    done = site("export", str(tmp_path / "out"))

    assert done.exit_code == 1 and "is a symbolic link" in done.stderr
    assert (tmp_path / "theirs").read_text() == "precious"


def test_prune_deletes_what_has_no_folder_and_nothing_else_does(site, tmp_path):
    greeter(tmp_path / "one", name="one", variables={})
    (tmp_path / "other.lua").write_text(GREETER)
    site("deploy", str(tmp_path / "other.lua"))

    kept = site.json("apply", str(tmp_path), "--yes")
    plan = site("apply", str(tmp_path), "--prune", "--dry-run")
    pruned = site.json("apply", str(tmp_path), "--prune", "--yes")

    assert [one["action"] for one in kept] == ["create"]
    assert plan.stdout == "= one\n- other\n" and plan.exit_code == 2
    assert [(one["name"], one["action"]) for one in pruned] == [
        ("one", "unchanged"),
        ("other", "delete"),
    ]
    assert [one["name"] for one in site.json("functions", "list")] == ["one"]


def test_an_empty_folder_prunes_nothing(site, tmp_path):
    result = site("apply", str(tmp_path), "--prune", "--yes")

    assert result.exit_code == 1 and "would delete all others" in result.stderr


def test_import_leaves_alone_what_exists(site, tmp_path):
    greeter(tmp_path / "one", name="one")
    missing = site("import", str(tmp_path))
    site("import", str(tmp_path), GREETING="hi")
    greeter(tmp_path / "one", name="one", code="x = 1")
    greeter(tmp_path / "two", name="two", variables={})

    result = site("import", str(tmp_path))

    assert missing.exit_code == 1 and "no value for GREETING" in missing.stderr
    assert result.exit_code == 0 and "one exists and differs" in result.stderr
    assert site.json("env", "list", "one", "--show") == {"GREETING": "hi"}
    assert site("functions", "show", "one", "--code").stdout == GREETER
    assert site("functions", "show", "two", "--code").stdout == GREETER


def test_a_folder_can_be_deployed_alone(site, tmp_path):
    greeter(tmp_path / "greeter")
    (tmp_path / ".env").write_text("GREETING=hi")

    done = json.loads(site("deploy", str(tmp_path / "greeter"), "--json").stdout)

    assert [(one["name"], one["action"]) for one in done] == [("greeter", "create")]
    assert site("invoke", "greeter").stdout == "hi"


def test_a_file_without_an_address_leaves_the_one_that_there_is(site, tmp_path):
    greeter(tmp_path / "in" / "f", variables={})
    file = tmp_path / "in" / "f" / "perilune.toml"
    file.write_text('name = "greeter"\n')

    created = site("apply", str(tmp_path / "in"), "--yes")
    site("functions", "set", "greeter", "address=hook")
    same = site("apply", str(tmp_path / "in"), "--dry-run")
    exported = site.json("export", str(tmp_path / "out"))
    file.write_text('name = "greeter"\naddress = ""\n')
    cleared = site("deploy", str(tmp_path / "in" / "f"))
    again = site("apply", str(tmp_path / "in"), "--dry-run")

    base = site.environ["PERILUNE_URL"]
    assert created.stderr == f"created greeter: {base}/fn/greeter\n"
    assert (same.exit_code, same.stdout) == (0, "= greeter\n")
    assert 'address = "hook"\n' in Path(exported[0], "perilune.toml").read_text()
    (function,) = site.json("functions", "list")
    assert "address" not in function and function["url"] == f"{base}/fn/{function['id']}"
    assert cleared.stdout == (f"~ greeter\n    address: hook → none\ngreeter: {function['url']}\n")
    assert again.stdout == "= greeter\n"


def test_an_address_goes_along_with_its_function_and_is_not_taken_from_another(site, tmp_path):
    greeter(tmp_path / "f", variables={}, settings=settings_of({"address": "gru\u0308\u00dfe"}))

    first = site.json("apply", str(tmp_path), "--yes")
    second = site("apply", str(tmp_path), "--dry-run")
    site("functions", "set", "greeter", "name=other")
    refused = site("apply", str(tmp_path), "--yes")

    assert first[0]["url"] == f"{site.environ['PERILUNE_URL']}/fn/gr%C3%BC%C3%9Fe"
    assert second.stdout == "= greeter\n", "however it is composed"
    assert site("invoke", "grüße").stdout == "none"
    assert refused.exit_code == 1
    assert "address: 'grüße' is the address of the function 'other'" in refused.stderr
    assert len(site.json("functions", "list")) == 1


def test_normalised_values_are_not_a_difference(site, tmp_path):
    settings = settings_of({"allowed_methods": "post,GET", "cron_schedule": "0  3 * * *"})
    greeter(tmp_path / "f", variables={}, settings=settings)

    first = site("apply", str(tmp_path), "--yes")
    second = site("apply", str(tmp_path), "--dry-run")

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output


def test_a_setting_that_the_server_refuses_is_an_error(site, tmp_path):
    greeter(tmp_path / "f", variables={}, settings=settings_of({"retention_days": 8}))

    result = site("apply", str(tmp_path), "--yes")

    assert result.exit_code == 1 and "retention_days must be one of" in result.stderr


SIGNED = settings_of({"access": "signature", "signature_scheme": "github"})


def calls_with(site: Site, secret: str) -> int:
    """Return the status of a call that is signed with *secret*."""
    signature = hmac.new(secret.encode(), b"{}", "sha256").hexdigest()
    header = f"X-Hub-Signature-256: sha256={signature}"
    return site.json_of_any("invoke", "hook", "-d", "{}", "-H", header)["status"]


def test_signing_secrets_come_with_the_files_and_are_replaced_by_them(site, tmp_path):
    greeter(tmp_path / "hook", name="hook", settings=SIGNED, variables={},
            signing_secrets=("${HOOK_SECRET}",))  # fmt: skip
    old, new = "the first long secret", "the second long secret"

    missing = site("apply", str(tmp_path), "--yes")
    created = site("apply", str(tmp_path), "--yes", HOOK_SECRET=old)
    same = site("apply", str(tmp_path), "--dry-run", HOOK_SECRET=old)
    statuses = [calls_with(site, old), calls_with(site, new)]
    plan = site("apply", str(tmp_path), "--dry-run", HOOK_SECRET=new)
    kept = site("apply", str(tmp_path), "--dry-run", "--keep-env")
    changed = site("apply", str(tmp_path), "--yes", HOOK_SECRET=new)

    assert missing.exit_code == 1 and "no value for HOOK_SECRET" in missing.stderr
    assert created.exit_code == 0, created.output
    assert same.exit_code == kept.exit_code == 0, same.output + kept.output
    assert statuses == [200, 401]
    assert plan.exit_code == 2 and "signing secrets: replaced" in plan.stdout
    assert changed.exit_code == 0
    assert [calls_with(site, old), calls_with(site, new)] == [401, 200]
    assert len(site.json("signing-secrets", "list", "hook")) == 1
    everything = plan.output + changed.output + created.output + kept.output
    assert old not in everything and new not in everything


def test_signing_secrets_of_the_server_stay_where_a_file_names_none(site, tmp_path):
    (tmp_path / "hook.lua").write_text(GREETER)
    site("deploy", str(tmp_path / "hook.lua"))
    made = site.json("signing-secrets", "add", "hook")
    given = site("signing-secrets", "add", "hook", "--given", given="a secret of the sender\n")
    site("functions", "set", "hook", "access=signature", "signature_scheme=github")
    greeter(tmp_path / "in" / "hook", name="hook", settings=SIGNED, variables={})

    applied = site("apply", str(tmp_path / "in"), "--yes")
    exported = site.json("export", str(tmp_path / "out"))
    removed = site("signing-secrets", "remove", "hook", made["id"])

    assert made["value"].startswith("whsec_") and given.exit_code == applied.exit_code == 0
    assert "a secret of" not in given.output
    text = Path(exported[0], "perilune.toml").read_text()
    assert "${SIGNING_SECRET}" in text and "${SIGNING_SECRET2}" in text
    assert removed.exit_code == 0
    (left,) = site.json("signing-secrets", "list", "hook")
    assert left["id"] != made["id"] and calls_with(site, "a secret of the sender") == 200


def test_references_stand_for_any_setting(site, tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "main.lua").write_text(GREETER)
    (tmp_path / "f" / "perilune.toml").write_text(
        'name = "job-${STAGE}"\ndescription = "costs 5$, $$${STAGE}"\n'
        '[schedule]\ncron = "${WHEN}"\n[limits]\ntimeout_s = "${LIMIT}"\n'
        '[access]\nmethods = "${METHODS}"\n[records]\nresponses = "${SAVE}"\n'
    )
    test = {"STAGE": "test", "SAVE": "true", "WHEN": "", "LIMIT": "", "METHODS": "GET,POST"}
    live = {"STAGE": "live", "SAVE": "false", "WHEN": "@daily", "LIMIT": "9", "METHODS": "GET"}

    results = [site("apply", str(tmp_path), "--yes", **each) for each in (test, live, test)]

    assert [one.exit_code for one in results] == [0, 0, 0], [one.output for one in results]
    shown = [site.json("functions", "show", name) for name in ("job-test", "job-live")]
    assert "nothing to do" in results[2].stderr
    names = ("description", "cron_schedule", "cron_status", "timeout_s", "allowed_methods",
             "save_response")  # fmt: skip
    assert [[one.get(name) for name in names] for one in shown] == [
        ["costs 5$, $test", None, "paused", None, "GET,POST", True],
        ["costs 5$, $live", "@daily", "active", 9, "GET", False],
    ]


def test_kept_variables_need_no_value_and_new_ones_do(site, tmp_path):
    greeter(tmp_path / "greeter", variables={"GREETING": "${GREETING}", "HIDDEN": "${HIDDEN}"},
            write_only=("HIDDEN",))  # fmt: skip
    site("apply", str(tmp_path), "--yes", GREETING="hi", HIDDEN="s3cret")
    variables = {name: f"${{{name}}}" for name in ("GREETING", "HIDDEN", "MODE")}
    greeter(tmp_path / "greeter", code=GREETER + "-- two\n", write_only=("HIDDEN",),
            variables=variables)  # fmt: skip

    without = site("apply", str(tmp_path), "--yes")
    new = site("apply", str(tmp_path), "--yes", "--keep-env")
    kept = site("apply", str(tmp_path), "--yes", "--keep-env", MODE="x")
    alone = site("deploy", str(tmp_path / "greeter"), "--keep-env", MODE="x")
    exported = site("export", str(tmp_path / "out"))
    again = site("apply", str(tmp_path / "out"), "--dry-run", "--keep-env")

    assert "no value for GREETING, HIDDEN, MODE" in without.stderr and without.exit_code == 1
    assert new.exit_code == 1 and "no value for MODE:" in new.stderr
    assert alone.exit_code == 0 and "nothing to do" in alone.stderr
    assert kept.exit_code == exported.exit_code == again.exit_code == 0, kept.output + again.output
    assert site("invoke", "greeter").stdout == "hi"
    assert site.json("env", "list", "greeter", "--show") == {
        "GREETING": "hi", "HIDDEN": None, "MODE": "x"}  # fmt: skip


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
SETTINGS = {
    "description": texts.filter(str.strip),
    "disabled": st.booleans(),
    "env_writable": st.booleans(),
    "retention_days": st.sampled_from([7, 15, 30, 365]),
    "save_response": st.booleans(),
    "memory_mb": st.integers(16, 128),
    "timeout_s": st.integers(1, 300),
    "retention_bytes": st.integers(2**20, 2**40),
    "cron_schedule": st.sampled_from(["0 0 1 1 *", "0 3 * * mon"]),
    "cron_status": st.sampled_from(["active", "paused"]),
    "cron_time_zone": st.sampled_from(["Europe/Berlin", "UTC"]),
    "cron_missed": st.sampled_from(["skip", "run_once"]),
    "cron_overlap": st.sampled_from(["skip", "allow"]),
    "access": st.sampled_from(["public", "token", "signature"]),
    "signature_scheme": st.sampled_from(["standard", "github", "stripe"]),
    "allowed_methods": st.sampled_from(["GET", "GET,POST"]),
    "rate_limit": st.integers(1, 1000),
    "rate_window_s": st.integers(1, 60),
    "max_concurrency": st.integers(1, 100),
    "handles_options": st.booleans(),
    "unsandboxed_html": st.booleans(),
}


def is_sensible(chosen) -> bool:
    return "cron_schedule" in chosen or chosen.get("cron_status") != "active"


@st.composite
def functions(draw):
    offered = {
        name: values for name, values in SETTINGS.items() if name in FunctionBody.__struct_fields__
    }
    names = draw(st.sets(st.sampled_from(["A", "B_2", "3"])))
    return FunctionFiles(
        name=draw(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)),
        settings=settings_of(draw(st.fixed_dictionaries({}, optional=offered).filter(is_sensible))),
        code=draw(texts.filter(str.strip)) + draw(st.sampled_from(["", "\n", "\r\n\t-- ü"])),
        variables={key: f"${{{key}}}" for key in names},
        write_only=tuple(sorted(one for one in names if draw(st.booleans()))),
    )


@settings(examples(12), suppress_health_check=list(HealthCheck))
@given(some=st.lists(functions(), max_size=4, unique_by=lambda one: one.name))
def test_files_come_back_as_they_were(site, tmp_path_factory, some):
    directory = tmp_path_factory.mktemp("round")
    for name, folder in folder_names(one.name for one in some).items():
        write_folder(directory / "first" / folder, next(one for one in some if one.name == name))
    (directory / "first").mkdir(exist_ok=True)
    values = {"A": "1", "B_2": "$A ${A} 'x'", "3": "ü"}

    for source, target in (("first", "second"), ("second", "third")):
        clear(site)
        applied = site("apply", str(directory / source), "--yes", "--force", **values)
        assert applied.exit_code == 0, applied.output
        (directory / target).mkdir()
        site("export", str(directory / target))
        again = site("apply", str(directory / source), "--dry-run", **values)
        assert again.exit_code == 0, again.output

    first, second, third = (content_of(directory / one) for one in ("first", "second", "third"))
    assert first == second == third


def test_an_export_does_not_hold_values(site, tmp_path):
    greeter(tmp_path / "in" / "greeter")
    site("apply", str(tmp_path / "in"), "--yes", GREETING="s3cret")

    written = site.json("export", str(tmp_path / "out"), "--function", "greeter")

    assert written == [str(tmp_path / "out" / "greeter")]
    assert content_of(tmp_path / "out") == content_of(tmp_path / "in")
    assert b"s3cret" not in b"".join(content_of(tmp_path / "out").values())
    answer = httpx.get(
        f"{site.environ['PERILUNE_URL']}/api/functions",
        headers={"Authorization": f"Bearer {site.key}"},
        trust_env=False,
        timeout=30,
    )
    assert answer.json()["pagination"]["total"] == 1
