"""JavaScript and TypeScript handlers: how they fail."""

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("deno")

from perilune.worker.frames import Call, Reply
from tests.worker.deno_guest import DenoGuest


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest(answer=refuse_to_store)
    yield process
    assert process.close() == 0


def refuse_to_store(call: Call) -> Reply:
    return Reply("the store is full" if call.name == "kv.set" else None)


def test_failures_of_host_functions_can_be_caught(guest: DenoGuest) -> None:
    code = """import { kv, PeriluneError } from "perilune";
    export default async () => {
        try { await kv.set("a", "b"); } catch (error) {
            return [error instanceof PeriluneError, error.name, error.module, error.message];
        }
    };"""

    assert json.loads(guest.result(code).body) == [True, "PeriluneError", "kv", "the store is full"]


def test_failures_of_host_functions_name_the_line_that_waited(guest: DenoGuest) -> None:
    failure = guest.failure('export default async () => {\n  await kv.set("a", "b");\n};')

    assert failure.message.startswith("PeriluneError: the store is full\n    at async ")
    assert failure.line == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("kv.get()", "kv.get: key is missing"),
        ("kv.get({})", "kv.get: key must be a string, not object"),
        ("kv.get('a', 'b')", "kv.get takes at most 1 arguments, not 2"),
        ("kv.incr('a', 'b')", "kv.incr: amount must be a number, not string"),
        ("kv.set('a', 'b', 3)", "kv.set: options must be an object, not number"),
        ("kv.set('a', 'b', { ttl: () => 1 })", "kv.set: a plain value is expected, not a function"),
    ],
)
def test_wrong_arguments_never_reach_the_host(guest: DenoGuest, call: str, message: str) -> None:
    failure = guest.failure(f"export default async () => {{ await {call}; }};")

    assert failure.message.startswith(f"TypeError: {message}")
    assert guest.calls == []


@pytest.mark.parametrize(
    ("code", "kind", "message", "line", "column"),
    [
        pytest.param(
            "\nexport default () => { throw new RangeError('far'); };",
            "runtime", "RangeError: far\n    at default (main.js:2:30)", 2, 30, id="thrown",
        ),
        pytest.param(
            "export default () => {\n  null.x;\n};",
            "runtime", "TypeError: Cannot read properties of null (reading 'x')\n", 2, 8,
            id="null",
        ),
        pytest.param(
            "function f() { throw new Error('inner'); }\n"
            "export default () => { try { f(); } catch (e) { throw new Error('outer', "
            "{ cause: e }); } };",
            "runtime",
            "Error: outer\n    at default (main.js:2:55)\nCaused by: Error: inner\n    at f (",
            2, 55, id="cause",
        ),
        pytest.param(
            "export default () => {\n  throw new Error('outer', { cause: 'text' }); };",
            "runtime", 'Error: outer\n    at default (main.js:2:9)\nCaused by: "text"', 2, 9,
            id="cause that is no error",
        ),
        pytest.param(
            "const no = (m, options) => Promise.reject(new TypeError(m, options));\n"
            "export default () => Promise.any([no('a', { cause: new Error('why') }),"
            " Promise.reject(7)]);",
            "runtime",
            "AggregateError: All promises were rejected\n"
            "errors[0]: TypeError: a\n    at no (main.js:1:43)\n    at default (main.js:2:35)\n"
            "Caused by: Error: why\n    at default (main.js:2:52)\nerrors[1]: 7",
            1, 43, id="errors of an AggregateError",
        ),
        pytest.param(
            "export default () => {\n"
            "  using it = { [Symbol.dispose]() { throw new Error('disposal'); } };\n"
            "  throw new Error('body');\n};",
            "runtime",
            "SuppressedError: An error was suppressed during disposal\n"
            "    at default (main.js:3:3)\n"
            "error: Error: disposal\n    at Object.[Symbol.dispose] (main.js:2:43)\n"
            "    at default (main.js:3:3)\n"
            "suppressed: Error: body\n    at default (main.js:3:9)",
            3, 3, id="suppressed error",
        ),
        pytest.param("export default () => { throw 'x'; };", "runtime", 'Uncaught "x"', None, None,
                     id="text thrown"),
        pytest.param("let a = ;", "syntax", "SyntaxError: Expression expected", 1, 9, id="syntax"),
        pytest.param("let a = 1;\nlet a = 2;", "syntax",
                     "SyntaxError: Identifier 'a' has already been declared", 2, 5, id="twice"),
        pytest.param("const a: number = 1;", "syntax", "SyntaxError: Missing initializer", 1, 7,
                     id="types in javascript"),
        pytest.param("import { nope } from 'perilune';", "syntax",
                     "SyntaxError: The requested module 'perilune' does not provide an export "
                     "named 'nope'", 1, 10, id="no such export"),
        pytest.param("throw new Error('top');", "runtime", "Error: top\n", 1, 7, id="top level"),
        pytest.param("export default 3;", "runtime", "handler not found: ", None, None,
                     id="no handler"),
        pytest.param("\nimport x from 'lodash';", "runtime",
                     "TypeError: Cannot find module 'lodash': ", 2, 15, id="bare module"),
        pytest.param("import x from 'npm:left-pad';", "runtime",
                     "TypeError: Cannot find module 'npm:left-pad': ", 1, 15, id="npm"),
        pytest.param("import x from 'https://example.org/x.js';", "runtime",
                     "TypeError: Cannot find module 'https://example.org/x.js': ", 1, 15,
                     id="https"),
        pytest.param("import fs from 'node:fs';", "runtime",
                     "TypeError: Cannot find module 'node:fs': ", 1, 16, id="node:fs"),
        pytest.param("export default () => { deep(); }; function deep() { deep(); }", "runtime",
                     "RangeError: Maximum call stack size exceeded\n", 1, None, id="recursion"),
    ],
)  # fmt: skip
def test_failures(
    guest: DenoGuest, code: str, kind: str, message: str, line: int | None, column: int | None
) -> None:
    failure = guest.failure(code)

    assert (failure.kind, failure.line) == (kind, line)
    assert failure.message.startswith(message)
    assert column is None or failure.column == column
    assert "blob:" not in failure.message and "file:" not in failure.message


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("setTimeout(() => { throw new Error('late'); }, 1); await new Promise(() => {});", "late"),
        ("Promise.reject(new Error('lost')); return 1;", "lost"),
        ("queueMicrotask(() => { throw new Error('micro'); }); return 1;", "micro"),
        ("kv.set('a', 'b'); return 1;", "the store is full"),
        ("await new Promise(() => {});", "the handler waits for something that will never happen"),
        ("reportError(new Error('told')); return 1;", "told"),
    ],
)
def test_an_error_beside_the_handler_fails_the_execution(
    guest: DenoGuest, code: str, message: str
) -> None:
    failure = guest.failure(f"export default async () => {{ {code} }};")

    assert message in failure.message.partition("\n")[0]
    assert guest.result("export default () => 'on';").body == b"on"


@pytest.mark.parametrize(
    "errors",
    [
        pytest.param("cause", id="causes"),
        pytest.param("first", id="errors in errors"),
    ],
)
def test_of_very_many_errors_some_are_shown(guest: DenoGuest, errors: str) -> None:
    """Also where they go round in a circle."""
    code = f"""export default () => {{
        const first = new AggregateError([], "first");
        const cause = new Error("other", {{ cause: first }});
        first.errors = Array(10_000).fill({errors});
        throw first;
    }};"""

    failure = guest.failure(code)

    assert failure.message.startswith("AggregateError: first\n")
    assert failure.message.endswith("\n(further errors are left out)")
    assert failure.message.count("Error: ") == 16


@pytest.mark.parametrize(
    "handling",
    [
        pytest.param("addEventListener(TYPE, (event) => event.preventDefault());", id="listener"),
        pytest.param("globalThis['on' + TYPE] = (e) => e.preventDefault();", id="attribute"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param("error", "queueMicrotask(() => { throw new Error('no'); });", id="error"),
        pytest.param("error", "reportError(new Error('no'));", id="reported"),
        pytest.param("unhandledrejection", "Promise.reject(new Error('no'));", id="rejection"),
    ],
)
def test_an_error_that_the_function_handles_does_not_fail_it(
    handling: str, kind: str, code: str
) -> None:
    whole = f"""{handling.replace("TYPE", repr(kind))}
    export default async () => {{ {code} await time.sleep(0.01); return "on"; }};"""
    process = DenoGuest()

    assert process.result(whole).body == b"on"
    assert process.close() == 0


def test_a_listener_that_only_looks_on_saves_nothing() -> None:
    guest = DenoGuest()
    code = """addEventListener("unhandledrejection", (event) => { event.reason.message += "!"; });
    export default () => { Promise.reject(new Error("no")); return 1; };"""

    failure = guest.failure(code)

    assert failure.message.startswith("Error: no!\n")
    assert guest.close() == 0
