"""Which code is accepted: checks without running it, TypeScript, what can be imported."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("deno")

from perilune.worker.frames import Failure, Reply
from tests.worker.deno_guest import DENO, ENVIRONMENT, GUEST, DenoGuest


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest()
    yield process
    assert process.close() == 0


@pytest.fixture(scope="module")
def typed() -> Iterator[DenoGuest]:
    process = DenoGuest("typescript", lambda call: Reply(None, b"stored"))
    yield process
    assert process.close() == 0


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("while (true) {} export default () => 1;", None),
        ("export default () => 1; throw new Error('not run');", None),
        ("import { kv } from 'perilune'; await kv.get('k'); export default () => 1;", None),
        ("let a = ;", "syntax"),
        ("let a = 1; let a = 2;", "syntax"),
        ("import { nope } from 'perilune';", "syntax"),
        ("import x from 'nowhere';", "runtime"),
    ],
)
def test_code_can_be_checked_without_running_it(
    guest: DenoGuest, code: str, kind: str | None
) -> None:
    outcome = guest.run(code, is_check=True)

    assert (outcome.kind if isinstance(outcome, Failure) else None) == kind
    assert guest.calls == []


def test_a_check_names_the_column_of_the_first_line(guest: DenoGuest) -> None:
    outcome = guest.run("let a = ;", is_check=True)

    assert isinstance(outcome, Failure)
    assert (outcome.line, outcome.column) == (1, 9)


def test_typescript_is_run_with_its_types_removed(typed: DenoGuest) -> None:
    code = """import { kv, type Context } from "perilune";
interface Order { id: number }
enum State { Open = "open" }
export default async function handler(ctx: Context, event: unknown): Promise<object> {
  const order: Order = { id: 7 };
  return { id: order.id, state: State.Open, stored: await kv.get("k") };
}"""

    assert json.loads(typed.result(code).body) == {"id": 7, "state": "open", "stored": "stored"}


def test_failures_of_typescript_name_the_lines_as_written(typed: DenoGuest) -> None:
    code = """interface A {
  x: number;
}

function fail(a: A): never {
  throw new Error(`bad ${a.x}`);
}

export default (): void => fail({ x: 1 });
"""

    failure = typed.failure(code)

    assert failure.message.startswith("Error: bad 1\n    at fail (main.ts:6:9)\n    at default (")
    assert (failure.line, failure.column) == (6, 9)


def test_deno_and_what_needs_permissions_is_not_there(guest: DenoGuest) -> None:
    names = "Deno process Worker WebSocket EventSource localStorage prompt close caches"

    assert guest.evaluate(f"'{names}'.split(' ').filter((one) => one in globalThis)") == []
    assert guest.evaluate("[Object.keys(navigator), typeof Navigator]") == [
        ["userAgent"],
        "undefined",
    ]
    assert guest.evaluate("typeof globalThis[Symbol.for('perilune.guest')]") == "undefined"


ALLOWED_MODULES = {
    "assert", "assert/strict", "async_hooks", "buffer", "constants", "crypto",
    "diagnostics_channel", "events", "path", "path/posix", "path/win32", "punycode",
    "querystring", "stream", "stream/consumers", "stream/promises", "stream/web",
    "string_decoder", "url", "util", "util/types", "zlib",
}  # fmt: skip


def test_every_module_of_node_is_either_for_guests_or_refused(guest: DenoGuest) -> None:
    """A new version of Deno may bring new ones; they have to be decided about."""
    script = "console.log(JSON.stringify(process.getBuiltinModule('node:module').builtinModules))"
    listed = subprocess.run(
        [str(DENO), "eval", script], capture_output=True, check=True, env=ENVIRONMENT, timeout=30
    )
    names = {name.removeprefix("node:") for name in json.loads(listed.stdout)}
    code = """export default async (ctx, event) => {
        const outcomes = [];
        for (const name of event.json()) {
            outcomes.push([name, await import(`node:${name}`).then(() => true, () => false)]);
        }
        return outcomes;
    };"""

    outcomes = json.loads(guest.result(code, body=json.dumps(sorted(names))).body)

    assert {name for name, is_there in outcomes if is_there} == ALLOWED_MODULES & names
    assert names >= ALLOWED_MODULES


@pytest.mark.slow
def test_the_program_passes_the_type_checker(tmp_path: Path) -> None:
    """Its types are in comments."""
    options = {"checkJs": True, "strict": True, "lib": ["deno.window", "deno.unstable"]}
    config = tmp_path / "deno.json"
    config.write_text(json.dumps({"compilerOptions": options}))

    checked = subprocess.run(
        [str(DENO), "check", "--quiet", "--no-remote", "--config", str(config), GUEST / "main.js"],
        env=ENVIRONMENT | {"DENO_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
