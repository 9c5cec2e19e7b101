"""What advice helps against which failure of a JavaScript or TypeScript function."""

import re

from perilune.runtimes.guest.api import GUEST_API, PLATFORM_MODULES
from perilune.runtimes.language import Wording
from perilune.runtimes.languages.javascript_types import javascript_name
from perilune.runtimes.languages.tips import TIMEOUT_TIP, Tip, Tips, fixed, write_tip


def _nothing_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    return write_tip(
        f"Something is {found['what']} where {name!r} was wanted of it",
        "kv.get and env.get resolve to null for what is not there",
        "Functions of the server answer with promises: is an await missing?",
        f"Check before use, or write value?.{name}",
    )


def _no_function_tip(found: re.Match[str], source_line: str) -> str:
    return write_tip(
        f"{found['name']} can't be called",
        "Check the spelling of the name",
        "A method may exist only on another type of value, or behind an await",
    )


def _unknown_tip(found: re.Match[str], source_line: str) -> str:
    return write_tip(
        f"There is nothing called {found['name']}",
        "Check the spelling, and whether it has been declared before this line",
        'What the server offers can be imported: import { kv, log } from "perilune"',
    )


def _no_module_tip(found: re.Match[str], source_line: str) -> str:
    return write_tip(
        f"The module {found['name']} can't be loaded",
        'Functions may import "perilune" and the modules of node: that need no permission',
        "Nothing is loaded from the network while a function runs: bundle what it needs",
    )


def _instead_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    return write_tip(
        f"JavaScript has no {name} of Perilune; use {_INSTEAD[name].replace('`', '')}",
        "The reference of the guest API has an example of it for each function",
    )


_INSTEAD = {
    **PLATFORM_MODULES,
    **{
        javascript_name(one.full_name): one.instead["javascript"]
        for one in GUEST_API
        if one.instead
    },
}
_ABSENT = f"(?P<name>{'|'.join(map(re.escape, _INSTEAD))})"

_SYNTAX_TIP = write_tip(
    "This line, or the one before it, can't be read",
    "Check commas, quotes and brackets: each opened one needs its counterpart",
    "TypeScript needs the language typescript; in javascript there are no types",
)

_TIPS_BY_KIND: dict[str, str] = {
    "timeout": TIMEOUT_TIP,
    "memory": write_tip(
        "The memory limit was reached",
        "Work in portions instead of collecting everything first",
        "What is kept in variables of the module stays between executions",
    ),
}

_TIPS: tuple[tuple[re.Pattern[str], Tip], ...] = (
    (
        re.compile(r"\Ahandler not found"),
        fixed(
            "Perilune calls what the module exports",
            "Write export default async function handler(ctx, event) { ... }",
            "There is no module.exports: code is an ES module",
        ),
    ),
    (
        re.compile(r"the handler waits for something that will never happen"),
        fixed(
            "A promise that nothing can settle any more is awaited",
            "Each new Promise must call resolve or reject in every case",
            "Timers and calls of an earlier execution have ended with it",
        ),
    ),
    (
        re.compile(r"the module never finished loading"),
        fixed(
            "A promise that nothing can settle is awaited outside of the handler",
            "Each new Promise must call resolve or reject in every case",
            "What depends on an execution belongs into the handler",
        ),
    ),
    (
        re.compile(
            r"Cannot (?:read|set) properties of (?P<what>undefined|null)"
            r" \((?:reading|setting) '(?P<name>[^']*)'\)"
        ),
        _nothing_tip,
    ),
    (re.compile(rf"'perilune' does not provide an export named '{_ABSENT}'"), _instead_tip),
    (re.compile(rf"ReferenceError: {_ABSENT} is not defined"), _instead_tip),
    (re.compile(rf"TypeError: {_ABSENT} is not a function"), _instead_tip),
    (re.compile(r"TypeError: (?P<name>\S+) is not a function"), _no_function_tip),
    (re.compile(r"ReferenceError: (?P<name>\S+) is not defined"), _unknown_tip),
    (
        re.compile(r"Cannot find module (?P<name>'[^']*'|\"[^\"]*\"|`[^`]*`)"),
        _no_module_tip,
    ),
    (
        re.compile(r"Converting circular structure to JSON"),
        fixed(
            "A value refers to itself, so it has no JSON form",
            "Answer with a copy that has only what the caller needs",
        ),
    ),
    (
        re.compile(r"Maximum call stack size exceeded"),
        fixed(
            "Functions call each other without end",
            "Check the condition that should end the recursion",
        ),
    ),
)


_ALL = Tips(_TIPS_BY_KIND, _TIPS, lambda source_line: _SYNTAX_TIP, trace="\n")


def _line_in(message: str) -> int | None:
    found = re.search(r"\bmain\.[jt]s:(\d+)", message)
    return int(found[1]) if found else None


JAVASCRIPT_WORDING = Wording(_line_in, _ALL.tip_for)
