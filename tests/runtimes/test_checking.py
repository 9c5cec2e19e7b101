"""Code is checked in a worker without being run."""

import pytest
import pytest_asyncio

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
        ("lua", "while true do end"),
        ("lua", "error('run')"),
        ("python", "while True: pass"),
        ("python", "raise SystemExit"),
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
    mended = await runtime.check(code.replace("= =", "="), language)

    assert [one.line for one in broken.errors] == [2]
    assert mended.ok


async def test_checks_do_not_remember_each_other(runtime):
    reports = [
        await runtime.check(code, "lua")
        for code in ("x = 1", "x = = 1", "x = 2", "x = = 1", *(f"x = {n}" for n in range(20)))
    ]

    assert [one.ok for one in reports] == [True, False, True, False, *[True] * 20]


@pytest.mark.parametrize("language", ["cobol", "plain"])
async def test_a_language_that_would_run_the_code_is_not_checked(language):
    plain = Language(name="plain", open_spawner=LUA.open_spawner, wording=LUA.wording)
    async with WorkerRuntime(logger=StoreLogger(NoRows()), languages=(plain,)) as runtime:
        with pytest.raises(CheckUnavailable):
            await runtime.check("x = 1", language)
