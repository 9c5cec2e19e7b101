"""JavaScript functions have the platform, and are told so where Lua has a function of ours."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("deno")

from perilune.events import HTTPEvent
from perilune.runtimes.guest.api import GUEST_API
from perilune.runtimes.languages.javascript_types import javascript_name
from tests.runtimes.conftest import Box

CHANGES = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
NEVER_THERE = {"form.parse"}
"""What JavaScript has had of its own from the beginning."""
ABSENT = [function for function in GUEST_API if "javascript" in function.instead]
HEX = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256 of abc

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def error_of(box: Box, code: str, runtime: str = "javascript") -> str:
    result = await box.call(await box.add(code, runtime=runtime))
    return (await box.record(result)).error_message or ""


EXPRESSIONS = [
    pytest.param(
        'Object.fromEntries(new URL("/b?q=a+lamp&q=2", "https://u@example.org/a").searchParams)',
        {"q": "2"},
        id="URL",
    ),
    pytest.param('[URL.canParse("http://["), new URL("../x", "http://h/a/b/").href]',
                 [False, "http://h/a/x"], id="URL resolves"),
    pytest.param('new URLSearchParams({ q: "a & b" }).toString()', "q=a+%26+b", id="query"),
    pytest.param('[encodeURIComponent("a/b ü"), decodeURIComponent("%C3%BC")]',
                 ["a%2Fb%20%C3%BC", "ü"], id="escapes"),
    pytest.param('[btoa("hello"), atob("aGVsbG8=")]', ["aGVsbG8=", "hello"], id="btoa, atob"),
    pytest.param('[...Uint8Array.fromBase64("_-8", { alphabet: "base64url" })]',
                 [255, 239], id="fromBase64"),
    pytest.param('new Uint8Array([255, 239]).toBase64()', "/+8=", id="toBase64"),
    pytest.param('new TextDecoder().decode(new TextEncoder().encode("é😀"))', "é😀", id="text"),
    pytest.param('["é".toUpperCase(), " x\\u3000".trim(), "a".isWellFormed()]',
                 ["É", "x", True], id="strings"),
    pytest.param('new Uint8Array(await crypto.subtle.digest("SHA-256", bytes("abc"))).toHex()',
                 HEX, id="subtle.digest"),
    pytest.param(
        """await (async () => {
          const algorithm = { name: "HMAC", hash: "SHA-256" };
          const uses = ["sign", "verify"];
          const key = await crypto.subtle.importKey("raw", bytes("k"), algorithm, false, uses);
          const signature = await crypto.subtle.sign("HMAC", key, bytes("m"));
          return [await crypto.subtle.verify("HMAC", key, signature, bytes("m")),
            await crypto.subtle.verify("HMAC", key, signature, bytes("n"))];
        })()""",
        [True, False],
        id="subtle.sign",
    ),
    pytest.param(
        '[await (await fetch("data:,x%20y")).text(),'
        ' await (await fetch(URL.createObjectURL(new Blob(["b"])))).text()]',
        ["x y", "b"],
        id="data and blob",
    ),
    pytest.param(
        '[crypto.randomUUID().length, crypto.getRandomValues(new Uint8Array(8)).length]',
        [36, 8],
        id="random values",
    ),
    pytest.param('createHash("sha256").update("abc").digest("hex")', HEX, id="createHash"),
    pytest.param('createHmac("sha1", "k").update("m").digest("base64")',
                 "dytxyKKZfnaL4B2XEeSk80ok7zM=", id="createHmac"),
    pytest.param('[timingSafeEqual(bytes("ab"), bytes("ab")), '
                 'timingSafeEqual(bytes("ab"), bytes("ac"))]', [True, False], id="equal"),
    pytest.param(
        'new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", dateStyle: "medium", '
        'timeStyle: "short" }).format(new Date(1700000000000))',
        "15 Nov 2023, 03:43",
        id="Intl of another zone",
    ),
    pytest.param('new Intl.NumberFormat("de-DE").format(1234.5)', "1.234,5", id="Intl"),
    pytest.param('new Date(0).toISOString()', "1970-01-01T00:00:00.000Z", id="Date"),
    pytest.param('Temporal.Instant.from("2023-11-14T22:13:20Z").epochMilliseconds',
                 1700000000000, id="Temporal"),
    pytest.param('[time.now() - Math.floor(Date.now() / 1000), await time.sleep(1) ?? null]',
                 [0, None], id="what of time is ours"),
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(javascript: Box) -> dict[str, Any]:
    """What each of the expressions is, by its name: one function computes all of them."""
    members = ",\n".join(
        f"{json.dumps(one.id)}: async () => ({one.values[0]})" for one in EXPRESSIONS
    )
    code = (
        'import { createHash, createHmac, timingSafeEqual } from "node:crypto";\n'
        'import { time } from "perilune";\n'
        "const bytes = (text) => new TextEncoder().encode(text);\n"
        f"const members = {{{members}}};\n"
        "export default async () => {\n"
        "  const found = {};\n"
        "  for (const [name, compute] of Object.entries(members)) {\n"
        "    found[name] = await compute().catch((error) => `failed: ${error}`);\n"
        "  }\n"
        "  return JSON.stringify(found);\n"
        "};"
    )
    values: dict[str, Any] = json.loads(await javascript.body(code))
    return values


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(one.id, one.values[1], id=str(one.id)) for one in EXPRESSIONS],
)
async def test_the_platform_works_in_a_locked_down_worker(
    found: dict[str, Any], name: str, expected: Any
) -> None:
    assert found[name] == expected


@pytest.mark.parametrize("runtime", ["javascript", "typescript"])
@pytest.mark.parametrize(
    ("module", "instead"),
    [
        ("base64", "toBase64() and fromBase64() of Uint8Array"),
        ("crypto", "crypto.subtle, or createHash, createHmac and timingSafeEqual of node:crypto"),
        ("strings", 'the methods of strings, such as text.trim() and text.split(",")'),
        ("url", "URL, URLSearchParams and encodeURIComponent"),
    ],
)
async def test_importing_a_module_that_is_not_there_says_what_to_use(
    javascript: Box, runtime: str, module: str, instead: str
) -> None:
    code = f'import {{ {module} }} from "perilune"; export default () => {module}.x();'

    text = await error_of(javascript, code, runtime)
    report = await javascript.runtime.check(code, runtime)

    sentence = f"JavaScript has no {module} of Perilune; use {instead}"
    assert text.startswith("Error at line 1: SyntaxError: ")
    assert f"[TIP] {sentence}\n" in text
    assert [(one.tip or "").partition("\n")[0] for one in report.errors] == [sentence]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(javascript: Box) -> str:
    """A function that calls one of those that are not there, as the query says."""
    calls = ",\n".join(
        f'"{one.full_name}": () => {javascript_name(one.full_name)}("x")' for one in ABSENT
    )
    return await javascript.add(
        f"const calls = {{{calls}}};\nexport default (ctx, event) => calls[event.query.name]();"
    )


@pytest.mark.parametrize("function", ABSENT, ids=lambda function: function.full_name)
async def test_calling_a_function_that_is_not_there_says_what_to_use(
    javascript: Box, caller: str, function: Any
) -> None:
    name = javascript_name(function.full_name)
    event = HTTPEvent(method="GET", path="/", query={"name": function.full_name})

    result = await javascript.call(caller, event)

    text = (await javascript.record(result)).error_message or ""

    tip = next(line for line in text.split("\n") if line.startswith("[TIP] "))
    # Of what is no global the whole is missing, of the others this function.
    missing = name if function.module in ("crypto", "time") else function.module
    assert tip.startswith(f"[TIP] JavaScript has no {missing} of Perilune; use ")


async def test_what_is_ours_is_all_that_is_added(javascript: Box) -> None:
    there = {function.module for function in GUEST_API if not function.instead}

    exported = json.loads(
        await javascript.body(
            'import * as perilune from "perilune";'
            "export default () => JSON.stringify([Object.keys(perilune), Object.keys(time)]);"
        )
    )

    assert set(exported[0]) == there | {"PeriluneError"}
    assert set(exported[1]) == {"now", "sleep"}


async def test_the_log_of_changes_names_each_with_what_to_use() -> None:
    for function in ABSENT:
        if function.full_name in NEVER_THERE:
            continue
        name = re.escape(javascript_name(function.full_name))
        assert re.search(rf"\| `{name}` \| .*\w.* \|", CHANGES), name
