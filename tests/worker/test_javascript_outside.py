"""http, ai, email and fetch of JavaScript functions: what reaches the host, what comes back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("deno")

from perilune.worker.frames import Call, Reply, Result
from tests.worker.deno_guest import DenoGuest

ANSWER = {
    b"statusCode": 200,
    b"headers": {b"Content-Type": b"text/plain", b"X-A": b"1"},
    b"multiHeaders": {
        b"Content-Type": [b"text/plain"],
        b"X-A": [b"1", b"2"],
        b"Set-Cookie": [b"a=1", b"b=2"],
        b"X-Latin": [b"h\xe9"],
    },
    b"body": b'{"a":"\xff"}',
    b"url": b"https://example.org/final",
}
SITE = "https://example.org/"


def answer(call: Call) -> Reply:
    if call.name == "ai.chat":
        usage = {b"input_tokens": 7, b"output_tokens": 5.0}
        return Reply(None, {b"content": b"hi", b"model": b"m", b"usage": usage})
    if call.name == "email.send":
        return Reply(None, {b"id": b"re_1"})
    url = call.args[1] if call.name == "http.request" else call.args[0]
    if url.endswith(b"/mark"):
        return Reply(None, ANSWER | {b"body": b"\xef\xbb\xbf[]"})
    if url.startswith(b"https://same"):
        return Reply(None, ANSWER | {b"url": url.partition(b"#")[0]})
    status = url.rpartition(b"/")[2]
    if status == b"fail":
        return Reply("HTTP request failed: no route")
    return Reply(None, ANSWER | ({b"statusCode": int(status)} if status.isdigit() else {}))


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest(answer=answer)
    yield process
    assert process.close() == 0


@pytest.mark.parametrize(
    ("call", "name", "args"),
    [
        ("get(SITE)", "get", [b"https://example.org/", {b"headers": {}, b"query": {}}]),
        (
            "get(SITE, { headers: { A: 1 }, query: { p: 'x', n: 2, b: true, no: null } })",
            "get",
            [b"https://example.org/",
             {b"headers": {b"A": b"1"}, b"query": {b"p": b"x", b"n": b"2", b"b": b"true"}}],
        ),
        (
            "get(SITE, { query: new URLSearchParams('a=b'), headers: new Headers({ A: 'x' }) })",
            "get",
            [b"https://example.org/", {b"headers": {b"a": b"x"}, b"query": {b"a": b"b"}}],
        ),
        (
            "head(SITE, { timeout: 1.5, maxBytes: 10, followRedirects: false })",
            "head",
            [b"https://example.org/",
             {b"headers": {}, b"query": {}, b"timeout": 1.5, b"maxBytes": 10,
              b"followRedirects": False}],
        ),
        (
            "post(SITE, { json: { a: [1] } })",
            "post",
            [b"https://example.org/",
             {b"headers": {b"Content-Type": b"application/json"}, b"query": {},
              b"body": b'{"a":[1]}'}],
        ),
        (
            "put(SITE, { json: null ?? 0, headers: { 'content-type': 'x' } })",
            "put",
            [b"https://example.org/",
             {b"headers": {b"content-type": b"x"}, b"query": {}, b"body": b"0"}],
        ),
        (
            "patch(SITE, { form: { a: 1 } })",
            "patch",
            [b"https://example.org/", {b"headers": {}, b"query": {}, b"form": {b"a": b"1"}}],
        ),
        (
            "delete(SITE, { body: Uint8Array.of(255) })",
            "delete",
            [b"https://example.org/", {b"headers": {}, b"query": {}, b"body": b"\xff"}],
        ),
        (
            "request('OPTIONS', SITE, { body: 'x' })",
            "request",
            [b"OPTIONS", b"https://example.org/", {b"headers": {}, b"query": {}, b"body": b"x"}],
        ),
    ],
)  # fmt: skip
def test_requests_of_http(guest: DenoGuest, call: str, name: str, args: list[Any]) -> None:
    guest.evaluate(f"http.{call.replace('SITE', repr(SITE))}", "http")

    assert guest.calls == [(f"http.{name}", args)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("http.get(7n, 'x')", "TypeError: http.get: options must be an object, not string"),
        ("http.get('u', { body: 'x' })", 'TypeError: http.get has no option "body", only: follow'),
        ("http.post('u', { jsn: 1 })", 'TypeError: http.post has no option "jsn", only: body, '),
        ("http.get('u', { timeout: 0 })", "PeriluneError: timeout must be a positive number"),
        ("http.get('u', { timeout: 'x' })", "TypeError: timeout must be a number, not string"),
        ("http.get('u', { headers: 'x' })", "TypeError: headers must be an object, not string"),
        ("http.post('u', { body: {} })", "TypeError: body must be a string, not object"),
        ("ai.chat({ model: 'm' })", "PeriluneError: provider is required (openai or anthropic)"),
        ("ai.chat({ provider: 'openai' })", "PeriluneError: model is required"),
        ("ai.chat({ provider: 'x', model: 'm', messages: [] })", "PeriluneError: messages is req"),
        (
            "ai.chat({ provider: 'x', model: 'm', messages: [{ role: 'user' }] })",
            "PeriluneError: messages[0] needs a role and a content",
        ),
        ("email.send({})", "PeriluneError: to is required"),
        ("email.send({ to: [] })", "PeriluneError: to cannot be empty"),
        ("email.send({ to: 7 })", "PeriluneError: to must be a string or an array of strings"),
        ("email.send({ to: 'a' })", "PeriluneError: from is required"),
        ("email.send({ to: 'a', from: 'b' })", "PeriluneError: subject is required"),
        (
            "email.send({ to: 'a', from: 'b', subject: 'c' })",
            "PeriluneError: either text or html content is required",
        ),
        ("email.send({ bcc: 'a', cci: 'b' })", 'TypeError: email.send has no option "cci"'),
    ],
)
def test_mistakes_never_reach_the_host(guest: DenoGuest, call: str, message: str) -> None:
    failure = guest.failure(f"export default async () => {{ await {call}; }};")

    assert failure.message.startswith(message)
    assert guest.calls == []


def test_answers_of_http(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"http.get({SITE!r}).then((a) => [a.statusCode, a.ok, a.headers['content-TYPE'],"
        " a.multiHeaders['x-a'], a.body, [...a.bodyBytes], a.url, a.json()])",
        "http",
    )

    body = '{"a":"\udcff"}'
    assert shown == [
        200, True, "text/plain", ["1", "2"], body, list(b'{"a":"\xff"}'),
        "https://example.org/final", {"a": "\udcff"},
    ]  # fmt: skip


def test_a_byte_order_mark_before_json_is_skipped(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"http.get('{SITE}mark').then((a) => [a.json(), a.bodyBytes.length, json.decode(a.body)])",
        "http, json",
    )

    assert shown == [[], 5, []]


def test_an_answer_of_any_status_is_an_answer(guest: DenoGuest) -> None:
    shown = guest.evaluate(f"http.get('{SITE}503').then((a) => [a.statusCode, a.ok])", "http")

    assert shown == [503, False]


def test_failures_of_http_are_errors(guest: DenoGuest) -> None:
    failure = guest.failure(f"export default async () => {{\n  await http.get('{SITE}fail');\n}};")

    assert failure.message.startswith("PeriluneError: HTTP request failed: no route\n")
    assert failure.line == 2


def test_ai(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        "ai.chat({ provider: 'openai', model: 'm', maxTokens: 9, temperature: 0, "
        "endpoint: 'https://x', messages: [{ role: 'user', content: 'hé' }] })",
        "ai",
    )

    assert shown == {
        "content": "hi",
        "model": "m",
        "usage": {"inputTokens": 7, "outputTokens": 5},
    }
    (call,) = guest.calls
    assert call == (
        "ai.chat",
        [
            {
                b"provider": b"openai",
                b"model": b"m",
                b"messages": [{b"role": b"user", b"content": "hé".encode()}],
                b"max_tokens": 9,
                b"temperature": 0,
                b"endpoint": b"https://x",
            }
        ],
    )


def test_email(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        "email.send({ from: 'a@x', to: ['b@x', ''], replyTo: 'c@x', subject: 's', text: 't',"
        " headers: { H: 'v' }, tags: [{ name: 'n', value: 'v' }], scheduledAt: new Date(0),"
        " attachments: [{ filename: 'f', content: Uint8Array.of(255), contentType: 'x/y' }] })",
        "email",
    )

    assert shown == {"id": "re_1"}
    (call,) = guest.calls
    assert call == (
        "email.send",
        [
            {
                b"to": [b"b@x"],
                b"cc": [],
                b"bcc": [],
                b"reply_to": [b"c@x"],
                b"from": b"a@x",
                b"subject": b"s",
                b"text": b"t",
                b"html": b"",
                b"headers": {b"H": b"v"},
                b"tags": [{b"name": b"n", b"value": b"v"}],
                b"scheduled_at": b"1970-01-01T00:00:00Z",
                b"attachments": [{b"filename": b"f", b"content": b"\xff", b"content_type": b"x/y"}],
            }
        ],
    )


def test_fetch_is_carried_out_by_the_host(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"fetch(new URL({SITE!r}), {{ method: 'POST', body: new Uint8Array([0, 255]),"
        " headers: { 'X-B': 'y' }, redirect: 'manual' })"
        ".then(async (r) => [r instanceof Response, r.status, r.ok, r.url, r.redirected,"
        " r.headers.get('x-a'), r.headers.getSetCookie(), r.headers.get('x-latin'),"
        " [...new Uint8Array(await r.arrayBuffer())]])"
    )

    assert shown == [
        True, 200, True, "https://example.org/final", True, "1, 2", ["a=1", "b=2"], "hé",
        list(b'{"a":"\xff"}'),
    ]  # fmt: skip
    options = {b"headers": {b"x-b": b"y"}, b"followRedirects": False, b"body": b"\x00\xff"}
    assert guest.calls == [("http.request", [b"POST", b"https://example.org/", options])]


@pytest.mark.parametrize("status", [204, 304])
def test_fetch_of_an_answer_without_body(guest: DenoGuest, status: int) -> None:
    shown = guest.evaluate(f"fetch('{SITE}{status}').then((r) => [r.status, r.body])")

    assert shown == [status, None]


def test_a_fragment_is_no_redirect(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        "fetch('https://same.example/a%20b?q#part').then((r) => [r.url, r.redirected, r.type])"
    )

    assert shown == ["https://same.example/a%20b?q", False, "basic"]


def test_fetch_of_an_answer_with_an_odd_status(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"fetch('{SITE}999').then(async (r) => [r.status, r.ok, (await r.text()).length])"
    )

    assert shown == [999, False, 9]


def test_a_copy_of_an_answer_is_the_same(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"fetch('{SITE}404').then(async (r) => {{ const c = r.clone().clone(); return [c.url,"
        " c.redirected, c.type, c.status, c.ok, await c.text() === await r.text()] })"
    )

    assert shown == ["https://example.org/final", True, "basic", 404, False, True]


def test_fetch_takes_a_request(guest: DenoGuest) -> None:
    guest.evaluate(
        f"fetch(new Request({SITE!r}, {{ method: 'PUT', body: new URLSearchParams('a=b') }}))"
        ".then((r) => r.status)"
    )

    (call,) = guest.calls
    assert call[1][0] == b"PUT"
    assert call[1][2][b"body"] == b"a=b"
    assert call[1][2][b"headers"][b"content-type"].startswith(b"application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (f"fetch('{SITE}fail')", "TypeError: fetch failed: HTTP request failed: no route"),
        (f"fetch('{SITE}302', {{ redirect: 'error' }})", "TypeError: fetch failed: the server"),
        ("fetch('/relative')", "TypeError: Invalid URL"),
        ("fetch('file:///etc/passwd')", "TypeError: fetch failed: only http, https, data and"),
        ("fetch('blob:null/7')", "TypeError: "),
        ("fetch('data:,x', { signal: AbortSignal.abort() })", "AbortError: "),
        (f"fetch('{SITE}', {{ signal: AbortSignal.abort() }})", "AbortError: "),
        (f"fetch('{SITE}', {{ body: 'x' }})", "TypeError: Request with GET/HEAD method cannot"),
    ],
)
def test_fetches_that_fail(guest: DenoGuest, call: str, message: str) -> None:
    failure = guest.failure(f"export default async () => {{ await {call}; }};")

    assert failure.message.startswith(message), failure.message


def test_a_fetch_can_be_given_up(guest: DenoGuest) -> None:
    """If it was sent, the host goes on with it; its answer is not taken for another's."""
    code = f"""export default async () => {{
        const stop = new AbortController();
        const answer = fetch({SITE!r}, {{ signal: stop.signal }}).catch((error) => error.name);
        await null; // it has begun, and is not answered yet
        stop.abort();
        return [await answer, await http.get('{SITE}201').then((one) => one.statusCode)];
    }};"""

    assert json.loads(guest.result(code).body) == ["AbortError", 201]


@pytest.mark.parametrize(
    ("pull", "given_up", "name"),
    [
        pytest.param(
            "(to) => { if (++pulled === 3) stop.abort(); to.enqueue(new Uint8Array(1 << 16)); }",
            "stop.signal", "AbortError", id="endless",
        ),
        pytest.param("() => new Promise(() => {})", "AbortSignal.timeout(20)", "TimeoutError",
                     id="stalled, with a time limit"),
        pytest.param("() => { setTimeout(() => stop.abort(), 20); return new Promise(() => {}); }",
                     "stop.signal", "AbortError", id="stalled, with a timer"),
    ],
)  # fmt: skip
def test_giving_up_a_fetch_reaches_its_body(
    guest: DenoGuest, pull: str, given_up: str, name: str
) -> None:
    code = f"""export default async () => {{
        const stop = new AbortController();
        let pulled = 0;
        let why = null;
        const body = new ReadableStream({{ pull: {pull}, cancel(error) {{ why = error.name; }} }});
        const options = {{ method: "POST", body, duplex: "half", signal: {given_up} }};
        const thrown = await fetch({SITE!r}, options).catch((error) => error.name);
        return [thrown, why, pulled < 20];
    }};"""

    assert json.loads(guest.result(code).body) == [name, name, True]
    assert guest.calls == []


def test_a_streamed_body_is_sent_as_a_whole(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"fetch({SITE!r}, {{ method: 'POST', duplex: 'half', body: ReadableStream.from("
        "[new Uint8Array([1, 2]), new Uint8Array([255])]) }).then((r) => r.status)"
    )

    (call,) = guest.calls
    assert (shown, call[1][2][b"body"]) == (200, b"\1\2\xff")


def test_what_is_in_the_address_needs_no_host(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        "(async () => [await (await fetch('data:text/plain;base64,aGk=')).text(),"
        " (await fetch('data:application/wasm,x')).headers.get('content-type'),"
        " await (await fetch(URL.createObjectURL(new Blob(['b', 'lob'])))).text()])()"
    )

    assert shown == ["hi", "application/wasm", "blob"]
    assert guest.calls == []


def test_calls_at_the_same_time_get_their_own_answers(guest: DenoGuest) -> None:
    shown = guest.evaluate(
        f"Promise.all([201, 202, 203].map((s) => http.get('{SITE}' + s)"
        ".then((a) => a.statusCode)))",
        "http",
    )

    assert shown == [201, 202, 203]


def test_an_answer_can_be_passed_on(guest: DenoGuest) -> None:
    outcome = guest.run(f"export default () => fetch('{SITE}201');")

    assert isinstance(outcome, Result)
    assert (outcome.status_code, outcome.body) == (201, b'{"a":"\xff"}')
    assert outcome.headers["set-cookie"] == ["a=1", "b=2"]


def test_stacks_in_the_log_tell_no_paths_of_the_server(guest: DenoGuest) -> None:
    guest.result(
        "import { log } from 'perilune';"
        " export default () => { const error = new Error('x'); console.log(error);"
        " console.error(error.stack); log.warn('stack', { of: error.stack }); return ''; };"
    )

    lines = [args[0].decode() for _, args in guest.calls]
    assert len(lines) == 3
    for line in lines:
        assert "file:" not in line and "perilune:execution.js" in line
