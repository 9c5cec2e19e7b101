"""JavaScript and TypeScript handlers: what they are given, and what they may return."""

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("deno")

from perilune.worker.frames import Call, Failure, Reply, Result
from tests.worker.deno_guest import (
    CONTEXT,
    RESPONSE_BODY_BYTES,
    DenoGuest,
)

VALUES = {b"k": b"stored", b"bytes": b"caf\xe9 \xff"}


def answer(call: Call) -> Reply:
    if call.name == "kv.get":
        return Reply(None, VALUES.get(call.args[0]))
    return Reply(None, True)


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest(answer=answer)
    yield process
    assert process.close() == 0


def returned(guest: DenoGuest, expression: str) -> Result:
    return guest.result(f"export default () => ({expression});")


def body_of(outcome: Result | Failure) -> bytes:
    assert isinstance(outcome, Result), outcome
    return outcome.body


@pytest.mark.parametrize(
    "code",
    [
        "export default function handler(ctx, event) { return ctx.functionId + event.path; }",
        "export default async (ctx, event) => ctx.functionId + event.path;",
        "export function handler(ctx, event) { return ctx.functionId + event.path; }",
        "export const handler = async (ctx, event) => ctx.functionId + event.path;",
    ],
)
def test_a_handler_is_the_default_export_or_has_that_name(guest: DenoGuest, code: str) -> None:
    assert guest.result(code, path="/x").body == b"f_1/x"


@pytest.mark.parametrize(
    ("expression", "status", "type_", "body"),
    [
        pytest.param("undefined", 204, None, b"", id="nothing"),
        pytest.param("null", 204, None, b"", id="null"),
        pytest.param("'h\\u00e9'", 200, "text/plain; charset=utf-8", "hé".encode(), id="text"),
        pytest.param("Uint8Array.of(1, 255)", 200, "application/octet-stream", b"\1\xff", id="u8"),
        pytest.param("new ArrayBuffer(2)", 200, "application/octet-stream", b"\0\0", id="buffer"),
        pytest.param("({ a: [1, null] })", 200, "application/json", b'{"a":[1,null]}', id="json"),
        pytest.param("[]", 200, "application/json", b"[]", id="array"),
        pytest.param("7", 200, "application/json", b"7", id="number"),
        pytest.param("false", 200, "application/json", b"false", id="boolean"),
        pytest.param("{ statusCode: 201 }", 201, None, b"", id="status"),
        pytest.param("{ status: 202, body: 'x' }", 202, None, b"x", id="short status"),
        pytest.param("{ status: 'paid' }", 200, "application/json", b'{"status":"paid"}', id="no"),
        pytest.param("{ statusCode: '404' }", 404, None, b"", id="status as text"),
        pytest.param("{ body: { a: 1 } }", 200, "application/json", b'{"a":1}', id="json body"),
        pytest.param("{ body: 'aGk=', isBase64Encoded: true }", 200, None, b"aGk=", id="base64"),
        pytest.param("new Response('x', { status: 418 })", 418, None, b"x", id="Response"),
        pytest.param("new Response(new Uint8Array([1]))", 200, [], b"\1", id="Response of bytes"),
        pytest.param("new Response(null, { status: 404 })", 404, [], b"", id="Response of nothing"),
    ],
)
def test_results_that_a_handler_may_return(
    guest: DenoGuest, expression: str, status: int, type_: str | None, body: bytes
) -> None:
    result = returned(guest, expression)

    assert (result.status_code, result.body) == (status, body)
    if "Response" not in expression:
        assert result.headers.get("Content-Type") == type_


def test_headers_of_responses(guest: DenoGuest) -> None:
    result = returned(
        guest,
        "{ headers: { 'X-N': 7, 'Set-Cookie': ['a=1', 'b=2'], 'X-U': 'h\\u00e9' }, body: '' }",
    )

    assert result.headers == {
        "X-N": "7",
        "Set-Cookie": ["a=1", "b=2"],
        "X-U": "hé".encode().decode("latin-1"),
    }


def test_headers_of_a_response_object(guest: DenoGuest) -> None:
    made = "new Headers([['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['X-A', '1']])"

    whole = returned(guest, f"new Response(null, {{ status: 204, headers: {made} }})")
    members = returned(guest, f"{{ headers: {made}, body: '' }}")

    assert whole.headers.pop("content-type") == []
    assert whole.headers == members.headers == {"set-cookie": ["a=1", "b=2"], "x-a": "1"}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{ statusCode: 99 }", "invalid statusCode: 99 (an integer from 200 to 599 is expected)"),
        ("{ statusCode: true }", "invalid statusCode: true (an integer from 200 to 599 "),
        ("{ headers: [], body: '' }", "invalid headers: an object is expected, got array"),
        ("{ headers: { 'a b': 'x' }, body: '' }", 'invalid header name: "a b"'),
        ("{ headers: { a: null }, body: '' }", 'invalid value for header "a": string or number'),
        ("{ headers: { a: 'x\\r\\ny' }, body: '' }", 'invalid value for header "a": line breaks'),
        ("{ body: 'x', isBase64Encoded: true }", "invalid body: isBase64Encoded is set, but"),
        ("{ body: 1n }", "invalid body: "),
        ("() => 1", "invalid body: a function can't be written as JSON"),
        (f"'x'.repeat({RESPONSE_BODY_BYTES + 1})", "response body of 1048577 bytes exceeds the"),
    ],
)
def test_responses_that_cannot_be_sent(guest: DenoGuest, expression: str, message: str) -> None:
    failure = guest.failure(f"export default () => ({expression});")

    assert failure.kind == "runtime"
    assert failure.message.startswith(message)


def test_context_and_event(guest: DenoGuest) -> None:
    code = """export default (ctx, event) => ({ data: {
        ctx, left: ctx.timeLeft(), ms: ctx.getRemainingTimeInMillis(), json: event.json(),
        any: [event.headers["CONTENT-type"], event.headers.nope ?? null],
        names: Object.keys(event.headers), bytes: [...event.bodyBytes],
    } });"""

    outcome = guest.result(
        code,
        body='\ufeff{"a":"\udcff"}'.encode("utf-8", "surrogateescape"),
        headers={"Content-Type": "x"},
    )

    data = json.loads(outcome.body)["data"]
    assert data["ctx"] == CONTEXT
    assert 4 < data["left"] <= 5 and 4000 < data["ms"] <= 5000
    assert data["any"] == ["x", None] and data["names"] == ["Content-Type"]
    assert bytes(data["bytes"]) == b'\xef\xbb\xbf{"a":"\xff"}'
    assert data["json"] == {"a": "\udcff"}, "a byte order mark is skipped"


def test_names_of_an_event_cannot_change_prototypes(guest: DenoGuest) -> None:
    code = """export default (ctx, event) => ({ data: [
        event.query.isAdmin ?? null, ({}).isAdmin ?? null, Object.keys(event.query),
    ] });"""

    outcome = guest.result(code, query={"__proto__": {"isAdmin": "yes"}})

    assert json.loads(outcome.body)["data"] == [None, None, ["__proto__"]]


def test_outcomes_say_what_each_has_used(guest: DenoGuest) -> None:
    spin = "const end = Date.now() + 50; while (Date.now() < end); throw new Error('late');"

    failure = guest.failure(f"export default () => {{ {spin} }};")
    result = guest.result("export default () => 1;")

    assert failure.cpu_us is not None and result.cpu_us is not None
    assert 0 < result.cpu_us < failure.cpu_us
    assert 1_000 < failure.cpu_us < 60_000_000
    assert result.held_us is not None and failure.held_us is not None
    assert 50_000 <= failure.held_us < 60_000_000
    assert failure.peak_memory_kib is not None and result.peak_memory_kib is not None
    # In KiB: Deno takes some MiB, and less than all of this machine.
    assert 16 * 1024 < failure.peak_memory_kib <= result.peak_memory_kib < 2**30


def test_module_state_lives_as_long_as_the_version(guest: DenoGuest) -> None:
    code = "let n = 0; export default () => String(++n);"

    assert [guest.result(code).body for _ in range(3)] == [b"1", b"2", b"3"]


def test_host_functions_are_promises(guest: DenoGuest) -> None:
    code = """import { kv, log } from "perilune";
    export default async () => {
        log.info("got", { value: await kv.get("k") });
        return [await kv.get("none"), await Promise.all([kv.get("k"), globalThis.kv.get("k")])];
    };"""

    assert json.loads(guest.result(code).body) == [None, ["stored", "stored"]]
    assert guest.logged() == [("info", 'got {"value":"stored"}')]


def test_bytes_of_other_languages_survive(guest: DenoGuest) -> None:
    code = "export default async () => { await kv.delete(await kv.get('bytes')); return 1; };"

    guest.run(code)

    assert guest.calls[-1] == ("kv.delete", [VALUES[b"bytes"]])


def test_timers_have_names_of_their_own(guest: DenoGuest) -> None:
    code = """export default () => [
        [setTimeout, clearTimeout, setInterval, clearInterval].map((one) => one.name),
        clearTimeout === clearInterval, navigator.userAgent,
    ];"""

    names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"]
    assert json.loads(guest.result(code).body) == [names, False, "Perilune"]


def test_background_work_ends_with_its_execution(guest: DenoGuest) -> None:
    code = """let ticks = 0;
    export default async (ctx, event) => {
        if (event.path === "/start") {
            setInterval(() => { ticks += 1; }, 1);
            setTimeout(() => { throw new Error("late"); }, 10);
            const again = () => { ticks += 1; setImmediate(again); };
            setImmediate(again);
        } else {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return ticks;
    };"""

    started = int(guest.result(code, path="/start").body)
    looked = int(guest.result(code, path="/look").body)

    # One round may pass before the answer is sent.
    assert started == 0 and looked <= 3


def test_calls_that_nobody_waits_for_are_carried_out(guest: DenoGuest) -> None:
    code = "export default () => { kv.get('a').then(() => kv.delete('b')); return 1; };"

    assert isinstance(guest.run(code), Result)
    assert [name for name, _ in guest.calls] == ["kv.get", "kv.delete"]


def test_console(guest: DenoGuest) -> None:
    code = """export default () => {
        console.log("a", { b: [1] }, 2);
        console.debug("%s is %d", "x", 7);
        console.warn(new Map([[1, 2]]));
        console.error("bad");
        console.group("in"); console.info("inner"); console.groupEnd();
        console.assert(1 === 2, "one");
        console.log("y".repeat(1000));
    };"""

    guest.run(code)

    *lines, (level, last) = guest.logged()
    assert lines == [
        ("info", "a { b: [ 1 ] } 2"),
        ("debug", "x is 7"),
        ("warn", "Map(1) { 1 => 2 }"),
        ("error", "bad"),
        ("info", "in"),
        ("info", "  inner"),
        ("error", "Assertion failed: one"),
    ]
    assert (level, last) == ("info", "y" * 175 + " [cut, 1000 bytes in all]")


def test_invocations_may_queue_up(guest: DenoGuest) -> None:
    code = "export default async (ctx, event) => (await kv.get('k')) + event.path;"

    for number in range(5):
        guest.send(code, path=str(number))

    assert [body_of(guest.receive()) for _ in range(5)] == [b"stored%d" % n for n in range(5)]


def test_large_frames_both_ways(guest: DenoGuest) -> None:
    body = "ä" * 400_000

    outcome = guest.result("export default (ctx, event) => event.body;", body=body)

    assert outcome.body.decode() == body


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0\0\0\1\2\xc0", id="another version"),
        pytest.param(b"\xff\xff\xff\xff\1", id="too long"),
        pytest.param(b"\0\0\0\1\1\xc1", id="no msgpack"),
        pytest.param(b"\0\0\0\2\1\xc0\xc0", id="more than a value"),
        pytest.param(b"\0\0\0\2\1\x92\xc0", id="cut off"),
        pytest.param(b"\0\0\0\5\1\xdd\xff\xff\xff\xff", id="a huge array"),
        pytest.param(b"\0\0\0\5\1\xc6\xff\xff\xff\xff", id="huge bytes"),
        pytest.param(b"\0\0\0\xc8\1" + b"\x91" * 200, id="nested deeply"),
        pytest.param(b"\0\0\0\x08\1\x93\xa5reply\xc0", id="a reply without a call"),
    ],
)
def test_an_invalid_frame_ends_the_process(data: bytes) -> None:
    process = DenoGuest()
    process.result("export default () => 1;")

    process.send_bytes(data)

    assert process.wait() == 5


def test_a_host_that_goes_away_takes_the_process_with_it() -> None:
    process = DenoGuest()

    process.send("export default async () => { for (;;) await kv.get('a').catch(() => {}); };")

    assert process.hang_up() == 4
