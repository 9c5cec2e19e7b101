"""Errors of JavaScript and TypeScript functions, as they are stored and shown."""

import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.importorskip("deno")

from perilune.runtimes.languages.javascript import JAVASCRIPT, TYPESCRIPT
from tests.runtimes.conftest import Box, open_box

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for JavaScript functions; all tests of the module share it."""
    async with open_box(tmp_path_factory.mktemp("data"), language="javascript") as opened:
        yield opened


async def report(box: Box, code: str, runtime: str = "javascript") -> tuple[str, str]:
    """Return kind and text of the error that *code* ends with."""
    result = await box.call(await box.add(code, runtime=runtime))
    record = await box.record(result)
    return str(record.error_kind), record.error_message or ""


async def test_an_error_is_shown_at_its_place(box: Box) -> None:
    code = (
        "function greet(person) {\n"
        "  // says hello\n"
        "  return person.name;\n"
        "}\n"
        "\n"
        "export default async function handler(ctx, event) {\n"
        "  await null;\n"
        "  return greet(event.person);\n"
        "}\n"
    )

    kind, text = await report(box, code)

    assert kind == "runtime"
    assert text.startswith(
        "Error at line 3: TypeError: Cannot read properties of undefined (reading 'name')\n"
        "    at greet (main.js:3:17)\n"
        "    at handler (main.js:8:10)\n"
        "\n"
        "[CODE]\n"
        "    1 | function greet(person) {\n"
        "    2 |   // says hello\n"
        ">   3 |   return person.name;\n"
        "                        ^\n"
        "    4 | }\n"
        "    5 | \n"
        "[/CODE]\n"
        "\n"
        "[TIP] Something is undefined where 'name' was wanted of it\n"
    )


async def test_lines_of_typescript_are_those_that_were_written(box: Box) -> None:
    code = (
        "interface Person {\n  name: string;\n}\n\n"
        "export default (ctx: unknown, event: { person: Person }): string =>\n"
        "  event.person.name;\n"
    )

    kind, text = await report(box, code, "typescript")

    assert kind == "runtime"
    assert text.startswith("Error at line 6: TypeError: ")
    assert ">   6 |   event.person.name;\n" in text


async def test_lines_of_typescript_are_found_behind_branches(box: Box) -> None:
    """Deno has to compile the code once more for that, and looks how much stack it has left."""
    code = (
        "export default async (ctx: unknown, event: { method: string }): Promise<string> => {\n"
        '  if (event.method === "GET") throw new Error(`no ${await event.method}`);\n'
        '  return "";\n'
        "};\n"
    )

    kind, text = await report(box, code, "typescript")

    assert kind == "runtime"
    assert text.startswith("Error at line 2: Error: no GET\n    at default (main.ts:2:")


@pytest.mark.parametrize(
    ("code", "kind", "start", "tip"),
    [
        pytest.param(
            "export default () => {\n  let a = ;\n};",
            "syntax",
            "Error at line 2: SyntaxError: Expression expected\n",
            "This line, or the one before it, can't be read",
            id="syntax",
        ),
        pytest.param(
            "module.exports = { handler() {} };",
            "runtime",
            "Error at line 1: ReferenceError: module is not defined\n",
            "There is nothing called module",
            id="CommonJS",
        ),
        pytest.param(
            "function handler() {}",
            "runtime",
            "Error: handler not found: define export default function handler(ctx, event)",
            "Perilune calls what the module exports",
            id="no handler",
        ),
        pytest.param(
            "import _ from 'lodash';\nexport default () => 1;",
            "runtime",
            "Error at line 1: TypeError: Cannot find module 'lodash': ",
            "The module 'lodash' can't be loaded",
            id="package",
        ),
        pytest.param(
            "export default async () => {\n  await import('node:fs');\n};",
            "runtime",
            "Error at line 2: TypeError: Cannot find module 'node:fs': ",
            "The module 'node:fs' can't be loaded",
            id="node:fs",
        ),
        pytest.param(
            "export default () => new Promise(() => {});",
            "runtime",
            "Error: Error: the handler waits for something that will never happen\n",
            "A promise that nothing can settle any more is awaited",
            id="waiting in vain",
        ),
        pytest.param(
            "export default () => kv.gte('a');",
            "runtime",
            "Error at line 1: TypeError: kv.gte is not a function\n",
            "kv.gte can't be called",
            id="misspelled",
        ),
        pytest.param(
            "export default () => { const a = {}; a.a = a; return a; };",
            "runtime",
            "Error: invalid body: Converting circular structure to JSON",
            "A value refers to itself",
            id="cyclic",
        ),
    ],
)
async def test_reports_say_what_helps(box: Box, code: str, kind: str, start: str, tip: str) -> None:
    found, text = await report(box, code)

    assert found == kind
    assert text.startswith(start), text
    assert f"[TIP] {tip}" in text


async def test_nothing_of_the_workers_own_is_shown(box: Box) -> None:
    for code in (
        "export default () => { throw new Error('x'); };",
        "export default async () => { await kv.get(); };",
        "export default () => random.int(2, 1);",
        "export default async () => { await fetch('nowhere'); };",
        "throw new Error('x');",
    ):
        _, text = await report(box, code)
        assert "blob:" not in text and "file:" not in text and "ext:" not in text
        assert "perilune-guest" not in text


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("await new Promise(() => {}); export default () => 1;", id="top-level"),
        pytest.param(
            "import { kv } from 'perilune'; await kv.get('x'); await new Promise(() => {});"
            " export default () => 1;",
            id="after-a-call",
        ),
        pytest.param(
            "export default async () => {"
            " await import('data:text/javascript,await new Promise(() => {})'); };",
            id="imported-by-the-handler",
        ),
    ],
)
async def test_a_module_that_never_finishes_loading_is_said_to(box: Box, code: str) -> None:
    kind, text = await report(box, code)

    assert kind == "runtime"
    assert text.startswith(
        "Error: the module never finished loading: an await at its top level waits for something"
        " that will never happen\n\n[TIP] A promise that nothing can settle is awaited outside"
    )


async def test_memory_that_the_interpreter_does_not_get_is_a_limit_of_memory(box: Box) -> None:
    """Deno ends its process then, whatever guest code would do about it."""
    kind, text = await report(box, "export default () => 'x'.repeat(2 ** 29 - 25);")

    assert kind == "memory"
    assert text.startswith("Error: memory limit exceeded: the function may use 64 MiB\n\n[TIP] ")


@pytest.mark.parametrize("language", [JAVASCRIPT, TYPESCRIPT])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(-signal.SIGTRAP, "memory", id="V8's heap is full"),
        pytest.param(-signal.SIGABRT, "memory", id="no memory for Deno"),
        pytest.param(1, "runtime", id="a module is stalled"),
        pytest.param(0, None, id="ended"),
        pytest.param(5, None, id="broken protocol"),
        pytest.param(-signal.SIGKILL, None, id="killed"),
        pytest.param(-signal.SIGSYS, None, id="denied call"),
        pytest.param(-signal.SIGSEGV, None, id="crash"),
    ],
)
async def test_messages_about_the_end_of_a_process(language, status, kind):
    assert language.how_ended is not None

    failure = language.how_ended(status, 64 * 1024 * 1024)

    assert (failure and failure.error_kind) == kind


@pytest.mark.parametrize("runtime", ["javascript", "typescript"])
async def test_sources_are_checked_without_being_run(box: Box, runtime: str) -> None:
    good = await box.runtime.check("while (true) {}\nexport default () => 1;", runtime)
    bad = await box.runtime.check("let a = 1;\n  let a = 2;", runtime)

    assert good.errors == []
    (problem,) = bad.errors
    assert problem.line == 2
    assert "already" in problem.message or "redefined" in problem.message
