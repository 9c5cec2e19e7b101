"""Writes the reference pages, and a module of the dashboard, that are made from data in the code.

Usage: `generate_docs.py [--check] [--docs DIRECTORY]`.  With `--check`, nothing
is written; the exit code is 1 when a page is not up to date.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from perilune.cli import main as commands
from perilune.config import declarations, settings_table
from perilune.function_settings import HTTP_METHODS, SETTINGS, Setting
from perilune.runtimes.guest.api import GUEST_API, MODULES, GuestFunction
from perilune.runtimes.guest.docs import signature
from perilune.runtimes.languages.javascript_types import FILE_NAME as JAVASCRIPT_FILE
from perilune.runtimes.languages.javascript_types import javascript_types
from perilune.runtimes.languages.python_stubs import FILE_NAME, python_stubs

DOCS = Path(__file__).resolve().parent.parent / "docs"

GUEST_API_HEAD = """\
# Guest API

<!-- Written by tools/generate_docs.py from perilune.runtimes.guest.api; do not edit. -->

What function code can call, in every language. In Lua every module is a global table. In
JavaScript and TypeScript modules are imported, `import { kv, log } from "perilune"`, or used
as globals. In Python they are imported: `from perilune_guest import kv, log`.

**In Lua**

- In a signature, `?` marks an argument that may be left out. A *string* argument takes
  numbers too; they become text. An argument of another type raises an error that can be
  caught with `pcall`.
- Failures in operation are returned, not raised: `nil, err` or `false, err`, where `err` is
  a text. On success there is no `err`.

**In JavaScript and TypeScript**

- What the language and its platform have themselves is not there a second time: for digests,
  base64, URLs, texts and dates the entries below say what to use instead, and show it.
- Names are in camelCase; so are the members of options and results.
- Functions marked *host*, except those of `log`, and `time.sleep` return promises: write
  `await`. All others return at once.
- An argument of another type is a `TypeError`. Failures in operation are a `PeriluneError`,
  whose member `module` says what failed: `"kv"`.
- `nil` is `null`. Texts are strings, in which a byte that is not UTF-8 is a lone surrogate,
  U+DC80 to U+DCFF.
- An argument *string* takes numbers and `Uint8Array`, too.
- [perilune.d.ts](perilune.d.ts) has the types, for editors and type checkers.

**In Python**

- Names are in snake_case: `strings.trimLeft` is `strings.trim_left`. The members of `options`
  can be given by name: `kv.set("a", "b", ttl=60)`.
- An argument of another type raises `TypeError`. Failures in operation raise
  `perilune_guest.Error`, in a class for each module: `KvError`, `EnvError`, `HttpError`,
  `JsonError`, `Base64Error`, `TimeError`, `UrlError`, `StringsError`, `RandomError`,
  `RouterError`, `AiError`, `EmailError`.
- `nil` is `None`. Tables in results are dictionaries whose members are attributes too, in
  camelCase and in snake_case: `answer["statusCode"]`, `answer.status_code`.
- `base64.decode`, `base64.url_decode` and `crypto.hmac_..._raw` return `bytes`. Other texts are
  `str`, in which bytes that are not UTF-8 are surrogate escapes.
- `perilune_guest.aio` has the same modules for `await`: `await aio.kv.get("a")`. Such a call
  still keeps the worker busy until it is done.
- [perilune_guest.pyi](perilune_guest.pyi) has the types, for editors and type checkers.

**In all of them**

- A call marked *host* leaves the sandbox: the server carries it out for this function and
  this execution only.
"""


COMMANDS_HEAD = """\
# Commands

<!-- Written by tools/generate_docs.py from perilune.cli; do not edit. -->

Every command with its arguments and options. How commands find their server and how they end is
in [Command line](cli.md). `--help` is an option of each.
"""


FUNCTION_SETTINGS_HEAD = """\
# Settings of functions

<!-- Written by tools/generate_docs.py from perilune.function_settings; do not edit. -->

What each setting of a function may be, and what it is unless it is given. In the
[REST API](rest-api.md#put-apifunctionsid) they are members of a function; `null` clears those that
may have no value, and so does an empty text where the values are words or have a form. At the
command line it is `perilune functions set NAME SETTING=VALUE...`, where `SETTING=` clears; in
[`perilune.toml`](../how-to/deploy-from-git.md#the-files) each has a key, most of them in a table.

| Setting | Values | Unless given | `perilune.toml` | Meaning | Since |
|---|---|---|---|---|---|
"""


FUNCTION_SETTINGS_MODULE = """\
// What settings of functions may be, and are unless they are given.
// Written by tools/generate_docs.py from perilune.function_settings; do not edit.

export const HTTP_METHODS: readonly string[] = {methods};

export const SETTINGS = {{
{settings}}} as const;

/** The settings in a function as the API shows it: what has no value is left out. */
export interface FunctionSettings {{
{members}}}
"""


def guest_api_page(functions: Sequence[GuestFunction] = GUEST_API) -> str:
    """Return the reference page of *functions*, which are grouped by module."""
    parts = [GUEST_API_HEAD]
    for module, members in groupby(functions, key=lambda function: function.module):
        parts.append(f"## {module}\n\n{MODULES[module]}\n")
        parts.extend(_entry(function) for function in members)
    return "\n".join(parts)


def commands_page(root: click.Group = commands) -> str:
    """Return the reference page of *root* and everything below it."""
    parts = [COMMANDS_HEAD]
    for path, command in _walk(("perilune",), root):
        if not isinstance(command, click.Group):
            parts.append(_command_entry(" ".join(path), command))
    return "\n".join(parts)


def function_settings_page(settings: Iterable[Setting] = tuple(SETTINGS.values())) -> str:
    """Return the reference page of *settings*."""
    return FUNCTION_SETTINGS_HEAD + "".join(_setting_row(one) for one in settings)


def function_settings_module(settings: Sequence[Setting] = tuple(SETTINGS.values())) -> str:
    """Return the TypeScript by which the dashboard knows *settings*."""
    rows = []
    for one in settings:
        known = {
            "default": one.default,
            "least": one.least if one.kind is int and not one.words else None,
            "most": one.most,
            "maxChars": one.max_chars,
            "words": list(one.words) or None,
        }
        members = (f"{name}: {json.dumps(v)}" for name, v in known.items() if v is not None)
        rows.append(f"  {one.name}: {{ {', '.join(members)} }},\n")
    kinds = {str: "string", int: "number", bool: "boolean"}
    return FUNCTION_SETTINGS_MODULE.format(
        methods=json.dumps(HTTP_METHODS),
        settings="".join(rows).replace("{  }", "{}"),
        members="".join(
            f"  {one.name}{'?' if one.is_clearable else ''}: {kinds[one.kind]};\n"
            for one in settings
        ),
    )


def main(arguments: list[str]) -> int:
    """Write or check all generated pages; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare only")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the pages are")
    options = parser.parse_args(arguments)
    reference: Path = options.docs / "reference"
    frontend = options.docs.parent / "src" / "perilune" / "dashboard" / "frontend"
    pages = {
        reference / "guest-api.md": guest_api_page(),
        reference / "commands.md": commands_page(),
        reference / "function-settings.md": function_settings_page(),
        frontend / "function-settings.ts": function_settings_module(),
        reference / "settings.md": settings_table(),
        reference / FILE_NAME: python_stubs(),
        reference / JAVASCRIPT_FILE: javascript_types(),
    }
    stale = [path for path, text in pages.items() if _read(path) != text]
    for path in stale:
        if options.check:
            print(f"{path} is not up to date; write it with: make docs")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
            print(f"wrote {path}")
    return 1 if stale and options.check else 0


def _setting_row(one: Setting) -> str:
    default = one.unset if one.default is None else f"`{str(one.default).lower()}`"
    notes = [
        *(["Chosen when the function is created."] if one.is_fixed else []),
        *(["Turning it on takes the scope `admin`."] if one.admin_only else []),
    ]
    cells = (
        f"`{one.name}`",
        one.values,
        default or "must be given",
        f"`{one.place or one.name}`",
        " ".join([one.help, *notes]),
        one.since,
    )
    return f"| {' | '.join(cells)} |\n"


def _entry(function: GuestFunction) -> str:
    where = "host" if function.runs_on_host else "worker"
    examples = "".join(
        f"```{language}\n{text}\n```\n\n" for language, text in function.examples.items()
    )
    return (
        f"### {function.full_name}\n\n"
        f"`{signature(function)}` → `{function.returns}`\n\n"
        f"{function.summary}\n\n"
        f"{_instead(function)}"
        f"```lua\n{function.example}\n```\n\n{examples}"
        f"*{where}, since {function.since}*\n"
    )


def _instead(function: GuestFunction) -> str:
    text = function.instead.get("javascript")
    return f"Not in JavaScript and TypeScript: use {text}.\n\n" if text else ""


def _walk(
    path: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _walk((*path, name), command.commands[name])


def _command_entry(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    options = [one for one in command.params if isinstance(one, click.Option)]
    settings = {one.flag for one in declarations()}
    flags = {flag for one in options for flag in one.opts}
    lines = [f"## {name}", "", f"`{' '.join([name, *command.collect_usage_pieces(context)])}`", ""]
    lines += [_paragraphs(command.help or ""), ""]
    if settings <= flags:
        options = [one for one in options if settings.isdisjoint(one.opts)]
        lines += ["Every [setting](settings.md) is an option, too.", ""]
    if options:
        lines += ["| Option | Meaning |", "|---|---|"]
        lines += [_row(one, context) for one in options]
        lines.append("")
    return "\n".join(lines)


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, meaning = record if record is not None else (", ".join(option.opts), "")
    return f"| `{_cell(names)}` | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _paragraphs(text: str) -> str:
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    return "\n\n".join(
        block.replace("<", "&lt;").replace("*/5 * * * *", "`*/5 * * * *`") for block in blocks
    )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
