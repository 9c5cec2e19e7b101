"""The types of the module `perilune`: what they allow, and what not."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("deno")

from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.languages.javascript_types import FILE_NAME, javascript_types
from tests.worker.deno_guest import ENVIRONMENT, FLAGS

DENO = Path(sys.executable).with_name("deno")
HEAD = f'/// <reference path="./{FILE_NAME}" />\n'
FUNCTION = """\
import { kv, log, PeriluneError, type Context, type Event, type HandlerResponse } from "perilune";

export default async function handler(ctx: Context, event: Event): Promise<HandlerResponse> {
  const visits = (await kv.incr("visits")) + 1;
  const name: string | null = await kv.get("name");
  log.info("visit", { visits, left: ctx.timeLeft() });
  try {
    await kv.set("name", event.query.name ?? "nobody", { ttl: 60 });
  } catch (error) {
    if (error instanceof PeriluneError && error.module === "kv") console.error(error.message);
  }
  const answer = await fetch("https://example.org/", { method: "POST", body: event.bodyBytes });
  return { statusCode: answer.status, headers: { "X-Name": [name ?? ""] }, body: event.json() };
}
"""
WRONG = {
    "await kv.get({});": "TS2345",
    "const n: number = await kv.get('a');": "TS2322",
    "kv.nothing();": "TS2339",
    "await http.get('https://example.org/', { body: 'x' });": "TS2353",
    "random.int(1);": "TS2554",
    "strings.trim('a');": "TS2552",
    "time.iso(0);": "TS2339",
    "router.new().get('/', 3);": "TS2345",
}


def check(directory: Path, **codes: str) -> subprocess.CompletedProcess[str]:
    """Check the types of *codes*, by the names of their files, against the file that is served."""
    (directory / FILE_NAME).write_text(javascript_types(), encoding="utf-8")
    files = [directory / f"{name}.ts" for name in codes]
    for file, code in zip(files, codes.values(), strict=True):
        file.write_text(HEAD + code, encoding="utf-8")
    flags = [one for one in FLAGS if one not in ("--no-prompt", "--cached-only")]
    return subprocess.run(
        [str(DENO), "check", *flags, *map(str, files)],
        env=ENVIRONMENT | {"DENO_DIR": str(directory / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_a_function_and_every_example_of_the_table_pass_the_type_checker(tmp_path: Path) -> None:
    examples = {
        f"examples_of_{language}": 'import type { Event } from "perilune";\n'
        + "\n".join(
            f"export async function example{number}(event: Event) {{\n{one.examples[language]}\n}}"
            for number, one in enumerate(GUEST_API)
        )
        for language in ("javascript", "typescript")
    }

    checked = check(tmp_path, function=FUNCTION, **examples)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_mistakes_are_noticed(tmp_path: Path) -> None:
    lines = list(WRONG)

    checked = check(tmp_path, main="\n".join(["export {};", *lines]))

    assert checked.returncode == 1
    for number, line in enumerate(lines):
        (place,) = [
            found
            for found in checked.stderr.split("\n\n")
            if f"main.ts:{number + 3}:" in found and WRONG[line] in found
        ]
        assert place
