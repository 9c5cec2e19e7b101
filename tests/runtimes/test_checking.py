"""Code is checked in a worker without being run."""

from pathlib import Path

import pytest
import pytest_asyncio

import perilune
from perilune.client.folders import language_of
from perilune.runtimes import CheckUnavailable, SourceProblem, WorkerLimits, WorkerRuntime
from perilune.runtimes.language import Language
from perilune.runtimes.languages.lua import LUA
from perilune.services.logger import StoreLogger
from tests.store.memory import NoRows


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runtime():
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)) as runtime:
        yield runtime


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("language", "code", "line", "message"),
    [
        ("lua", "x = = 1", 1, "unexpected symbol near '='"),
        ("lua", "\n\nfunction handler(", 3, "<name> or '...' expected near '<eof>'"),
        ("lua", "\x1bLua", 1, "bytecode is not accepted, only source text"),
        ("python", "\ndef handler(:\n  pass", 2, "SyntaxError: invalid syntax"),
        ("python", "x = 'open", 1, "SyntaxError: unterminated string literal"),
        ("python", "x = 1\n\0", 2, "SyntaxError: source code cannot contain NUL"),
    ],
)
async def test_a_syntax_error_is_told_with_its_place(runtime, language, code, line, message):
    report = await runtime.check(code, language)

    (problem,) = report.errors
    assert not report.ok
    assert problem.line == line
    assert problem.message.startswith(message)


async def test_a_problem_comes_with_its_column_and_advice(runtime):
    report = await runtime.check("function handler()\n  retrn 1\nend", "lua")

    assert report.errors == [
        SourceProblem(message="'=' expected near '1'", line=2, column=9, tip=report.errors[0].tip)
    ]
    assert report.errors[0].tip and not report.errors[0].tip.startswith("[")


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("lua", "while true do end function handler() end"),
        ("lua", "error('run') handler = nil"),
        ("python", "while True: pass\nhandler = 1"),
        ("python", "raise SystemExit\ndef handler(ctx, event): pass"),
    ],
)
async def test_code_that_is_checked_is_not_run(runtime, language, code):
    for _ in range(3):
        assert (await runtime.check(code, language)).ok


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param("lua", "#!/usr/bin/lua\nx = = 1", id="a first line for the shell"),
        pytest.param("lua", "\ufeff\nx = = 1", id="a byte order mark in Lua"),
        pytest.param("lua", "\ufeff#!/usr/bin/lua\nx = = 1", id="both"),
        pytest.param("python", "\ufeff\nx = = 1", id="a byte order mark in Python"),
        pytest.param("python", "\ufeff#!/usr/bin/python\nx = = 1", id="both in Python"),
    ],
)
async def test_what_stands_before_the_code_leaves_the_lines_as_they_are(runtime, language, code):
    broken = await runtime.check(code, language)
    mended = await runtime.check(code.replace("x = = 1", "handler = 1"), language)

    assert [one.line for one in broken.errors] == [2]
    assert mended.ok


async def test_checks_do_not_remember_each_other(runtime):
    reports = [
        await runtime.check(code, "lua")
        for code in (
            "handler = 1",
            "x = = 1",
            "handler = 2",
            "x = = 1",
            *(f"handler = {n}" for n in range(3, 23)),
        )
    ]

    assert [one.ok for one in reports] == [True, False, True, False, *[True] * 20]


HANDLER = "def handler(ctx, event): pass\n"


@pytest.mark.parametrize(
    ("language", "code", "line", "message"),
    [
        ("lua", "local function handler() end", None, "handler function not found"),
        ("lua", "function other() handler() end", None, "handler function not found"),
        (
            "lua",
            "\nlocal j = require('json')\nfunction handler() end",
            2,
            "'require' (a nil value)",
        ),
        ("python", "def handle(ctx, event): pass", None, "handler not found"),
        ("python", "def other():\n  handler = 1", None, "handler not found"),
        ("python", "\nimport requests\n" + HANDLER, 2, "No module named 'requests'"),
        ("python", "import json, os.pat\n" + HANDLER, 1, "No module named 'os.pat'"),
        ("python", "import this.x\n" + HANDLER, 1, "No module named 'this.x'"),
        (
            "python",
            "from perilune_guest.nothing import x\n" + HANDLER,
            1,
            "'perilune_guest.nothing'",
        ),
        ("python", "from . import helper\n" + HANDLER, 1, "No module named '.'"),
        ("python", "from perilune_guest import kvv\n" + HANDLER, 1, "import name 'kvv'"),
        ("python", "async def handler(ctx, event):\n  import numpy", 2, "named 'numpy'"),
        ("javascript", "export const main = () => 1;", None, "handler not found"),
        ("javascript", "\nimport x from 'npm:x';\nexport default () => x;", 2, "'npm:x'"),
        ("typescript", "export const main = (): number => 1;", None, "handler not found"),
        ("typescript", "import x from './x.ts';\nexport default () => x;", 1, "'./x.ts'"),
    ],
)
async def test_what_is_missing_is_told_without_running_the_code(
    runtime, language, code, line, message
):
    report = await runtime.check(code, language)

    (problem,) = report.errors
    assert problem.line == line and message in problem.message
    assert problem.tip, "it says what to do"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("lua", "local function f() function handler() end end f()"),
        ("lua", "a, handler = 1, function() end"),
        ("lua", "_G['hand' .. 'ler'] = function() end"),
        ("lua", "if require then require('x') end function handler() end"),
        ("python", "try:\n  import ujson as json\nexcept ImportError:\n  import json\n" + HANDLER),
        ("python", "def local():\n  import uvicorn\n" + HANDLER),
        ("python", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import x\n" + HANDLER),
        ("python", "import os.path, xml.etree.ElementTree, __main__\n" + HANDLER),
        ("python", "from perilune_guest import kv, aio, router\nfrom perilune_guest.aio import kv\n"
         + HANDLER),
        ("python", "def init():\n  global handler\n  handler = print\ninit()"),
        ("python", "if 1:\n  from json import loads as handler"),
        ("python", "globals()['hand' + 'ler'] = print"),
        ("javascript", "await new Promise(() => {});\nexport function handler() {}"),
        ("javascript", "const f = () => 1;\nexport { f as default };"),
        ("typescript", "import { kv } from 'perilune';\nexport default (): number => 1;"),
    ],
)  # fmt: skip
async def test_what_may_be_right_is_not_called_wrong(runtime, language, code):
    assert (await runtime.check(code, language)).errors == []


async def test_nothing_is_wrong_with_what_we_show_to_people(runtime):
    root = Path(perilune.__file__).parents[2]
    templates = root / "src" / "perilune" / "dashboard" / "static" / "templates"
    shown = [*(root / "examples" / "functions").iterdir(), *templates.iterdir()]
    wrong = {}

    for file in sorted(shown):
        report = await runtime.check(file.read_text(), language_of(file))
        if report.errors:
            wrong[file.name] = report.errors

    assert wrong == {} and len(shown) > 60


@pytest.mark.parametrize("language", ["cobol", "plain"])
async def test_a_language_that_would_run_the_code_is_not_checked(language):
    plain = Language(name="plain", open_spawner=LUA.open_spawner, wording=LUA.wording)
    async with WorkerRuntime(logger=StoreLogger(NoRows()), languages=(plain,)) as runtime:
        with pytest.raises(CheckUnavailable):
            await runtime.check("x = 1", language)
