"""What advice helps against which failure of a Python function."""

import difflib
import re

from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.language import Wording
from perilune.runtimes.languages.tips import TIMEOUT_TIP, Tip, Tips, fixed, write_tip

_TRACEBACK = "\nTraceback (most recent call last):"


def _no_member_tip(found: re.Match[str], source_line: str) -> str:
    module, name = found["module"], found["name"]
    known = _MODULES.get(module, [])
    close = difflib.get_close_matches(name, known, n=1)
    return write_tip(
        f"There is no {module}.{name}",
        *([f"Did you mean {module}.{close[0]}?"] if close else []),
        f"Available: {', '.join(known)}" if known else "Check the spelling of the module's name",
    )


def _no_module_tip(found: re.Match[str], source_line: str) -> str:
    return write_tip(
        f"There is no module {found['name']!r} here",
        "The standard library can be imported, and perilune_guest: kv, log, env, http, ai, email",
        "Other packages have to be required by the version, if the server allows packages",
    )


def _none_tip(found: re.Match[str], source_line: str) -> str:
    return write_tip(
        "A value is None where something else was expected",
        "kv.get and env.get return None for what is not there",
        "Check before use: if value is None: return {'statusCode': 404}",
    )


def _modules() -> dict[str, list[str]]:
    modules: dict[str, list[str]] = {}
    for function in GUEST_API:
        name = re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0].lower(), function.name)
        modules.setdefault(function.module, []).append(name)
    return modules


_MODULES = _modules()

_SYNTAX_TIP = write_tip(
    "Python can't read this line, or the one before it",
    "Check colons, commas, quotes and brackets: each opened one needs its counterpart",
    "Blocks are indented alike, by four blanks as a rule, and never by tabs and blanks mixed",
)

_TIPS_BY_KIND: dict[str, str] = {
    "timeout": TIMEOUT_TIP,
    "memory": write_tip(
        "The memory limit was reached",
        "Work on large data in parts instead of collecting all of it",
        "What module variables hold stays from one execution to the next: bound caches",
        "Check loops that add to a list or a dict: each must come to an end",
    ),
}

_TIPS: tuple[tuple[re.Pattern[str], Tip], ...] = tuple(
    # The text after the beginning may come from a user.
    (re.compile(rf"\A(?:{pattern})"), write)
    for pattern, write in (
        (
            r"handler not found",
            fixed(
                "There is no handler",
                "Define it at the top level: def handler(ctx, event): ... or async def handler",
                "The name must be exactly handler",
            ),
        ),
        (
            r"TypeError: handler\(\) (?:takes|missing)",
            fixed(
                "The handler is called with two arguments",
                "Define it as: def handler(ctx, event):",
            ),
        ),
        (
            r"ModuleNotFoundError: No module named '[\w.]+\._\w+'"
            r"|ImportError: cannot import name (?:'_\w+'|'\w+' from '[\w.]+\._\w+')",
            fixed(
                "A compiled part of a package is missing: functions can't load any",
                "Compiled parts are left out when packages are installed; the build log names them",
                "Use a package or a version that is written in Python alone",
            ),
        ),
        (r"ModuleNotFoundError: No module named '(?P<name>[^']+)'", _no_module_tip),
        (
            r"ImportError: cannot import name '(?P<name>\w+)'"
            r" from 'perilune_guest\.(?P<module>\w+)'",
            _no_member_tip,
        ),
        (
            r"AttributeError: module 'perilune_guest\.(?P<module>\w+)' has no attribute"
            r" '(?P<name>\w+)'",
            _no_member_tip,
        ),
        (
            r"ImportError: cannot import name '\w+' from 'perilune_guest'",
            fixed(
                "There is no such name in perilune_guest",
                f"Modules: {', '.join(_MODULES)}",
                "Names are in snake_case; see the API reference for the functions of each",
            ),
        ),
        (r"(?:TypeError|AttributeError): .*'?NoneType'?", _none_tip),
        (
            r"(?:PermissionError|OSError|BlockingIOError): \[Errno (?:1|13)\]",
            fixed(
                "This is out of reach of functions, for safety",
                "Files, sockets and processes can't be used, except for the standard library",
                "Use the modules instead: kv for data, env for configuration, http for requests",
            ),
        ),
        (
            r"RuntimeError: can't start new thread",
            fixed(
                "Functions have one thread",
                "Several executions run at the same time in several processes instead",
                "asyncio works, except for what needs threads, sockets or processes",
            ),
        ),
        (
            r"RecursionError",
            fixed(
                "Functions call each other too deeply",
                "A recursive function needs a case that ends without calling itself",
                "Turn deep recursion into a loop",
            ),
        ),
        (
            r"KeyError",
            fixed(
                "A dict has no such key",
                "Use get for what may be missing: event.query.get('name', 'world')",
            ),
        ),
        (
            r"NameError|UnboundLocalError",
            fixed(
                "A name is used that has no value here",
                "Check the spelling, and that it is assigned or imported before",
                "Modules of the platform are imported: from perilune_guest import kv, log",
            ),
        ),
        (
            r"(?:json\.decoder\.)?JSONDecodeError|JsonError",
            fixed(
                "This text is no JSON",
                "Check what was sent: log.info(event.body)",
                "Catch it and answer with 400: except ValueError",
            ),
        ),
        (
            r"invalid body",
            fixed(
                "This can't be sent as a body",
                "A body is str, bytes, or made of dict, list, str, numbers, bool and None",
            ),
        ),
    )
)

_ALL = Tips(_TIPS_BY_KIND, _TIPS, lambda source_line: _SYNTAX_TIP, _TRACEBACK)

PYTHON_WORDING = Wording(lambda message: None, _ALL.tip_for)
