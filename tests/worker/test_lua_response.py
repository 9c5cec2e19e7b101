"""Conversion of what the handler returned."""

import pytest

from perilune.worker.frames import Result
from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest(response_body_bytes=1000)


def returning(value: str) -> str:
    return f"function handler(ctx, event) return {value} end"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("{}", Result(200, {}, b"", False), id="empty"),
        pytest.param("{statusCode = 404}", Result(404, {}, b"", False), id="status"),
        pytest.param("{statusCode = 200.9}", Result(200, {}, b"", False), id="truncated"),
        pytest.param("{statusCode = 599.5}", Result(599, {}, b"", False), id="599"),
        pytest.param('{statusCode = "201"}', Result(201, {}, b"", False), id="numeric text"),
        pytest.param("{statusCode = 0}", Result(200, {}, b"", False), id="zero"),
        pytest.param("{statusCode = -0.5}", Result(200, {}, b"", False), id="truncated to zero"),
        pytest.param("{body = 42}", Result(200, {}, b"42", False), id="number"),
        pytest.param("{body = 1e20}", Result(200, {}, b"1e+20", False), id="large number"),
        pytest.param(r'{body = "\0\255\128"}', Result(200, {}, b"\0\xff\x80", False), id="bytes"),
        pytest.param(
            "{body = {a = 1}}",
            Result(200, {"Content-Type": "application/json"}, b'{"a":1}', False),
            id="table body",
        ),
        pytest.param(
            '{body = {}, headers = {["content-type"] = "application/problem+json"}}',
            Result(200, {"content-type": "application/problem+json"}, b"{}", False),
            id="table body with type",
        ),
        pytest.param(
            '{headers = {["X-N"] = 5.5, ["X-L"] = {"a", 2}}}',
            Result(200, {"X-N": "5.5", "X-L": ["a", "2"]}, b"", False),
            id="headers",
        ),
        pytest.param(
            r'{headers = {["X-U"] = "h\195\169"}}',
            Result(200, {"X-U": "h\u00c3\u00a9"}, b"", False),
            id="header bytes as latin-1",
        ),
        pytest.param('{headers = {["X-E"] = {}}}', Result(200, {}, b"", False), id="no lines"),
        pytest.param(
            '{isBase64Encoded = 0, body = "aGk="}',
            Result(200, {}, b"aGk=", True),
            id="zero is true",
        ),
        pytest.param(
            '{isBase64Encoded = true, body = "aG\\r\\nk="}',
            Result(200, {}, b"aGk=", True),
            id="lines",
        ),
        pytest.param(
            '{isBase64Encoded = false, body = "%"}', Result(200, {}, b"%", False), id="not base64"
        ),
        pytest.param(
            "setmetatable({}, {__index = function() return 202 end})",
            Result(200, {}, b"", False),
            id="raw access",
        ),
        pytest.param("{extra = print}, 'second'", Result(200, {}, b"", False), id="unknown keys"),
        pytest.param('{body = ("x"):rep(1000)}', Result(200, {}, b"x" * 1000, False), id="limit"),
    ],
)
def test_response(guest, value, expected):
    assert guest.response(returning(value)) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("nil", "handler did not return a table", id="nil"),
        pytest.param('"hello"', "handler did not return a table", id="string"),
        pytest.param("{statusCode = 99}", "invalid statusCode: 99", id="99"),
        pytest.param("{statusCode = 600}", "invalid statusCode: 600", id="600"),
        pytest.param("{statusCode = -1}", "invalid statusCode: -1", id="-1"),
        pytest.param("{statusCode = 0/0}", "invalid statusCode: NaN", id="nan"),
        pytest.param("{statusCode = 1/0}", "invalid statusCode: +Inf", id="inf"),
        pytest.param('{statusCode = "abc"}', 'invalid statusCode: "abc"', id="text"),
        pytest.param("{statusCode = false}", "invalid statusCode: false", id="boolean"),
        pytest.param("{body = true}", "invalid body: string, number or table expected", id="body"),
        pytest.param("{body = print}", "got function", id="function body"),
        pytest.param("{body = {print}}", "invalid body: json: unsupported type", id="not JSON"),
        pytest.param(
            '{headers = "x"}', "invalid headers: table expected, got string", id="headers"
        ),
        pytest.param('{headers = {["X-B"] = true}}', 'header "X-B"', id="boolean value"),
        pytest.param('{headers = {["X-B"] = {"a", {}}}}', 'header "X-B"', id="nested value"),
        pytest.param('{headers = {["X B"] = "1"}}', 'invalid header name: "X B"', id="blank"),
        pytest.param('{headers = {[""] = "1"}}', 'invalid header name: ""', id="empty name"),
        pytest.param('{headers = {["é"] = "1"}}', "invalid header name", id="letter"),
        pytest.param("{headers = {[true] = '1'}}", "invalid header name: true", id="true"),
        pytest.param(r'{headers = {X = "a\r\nSet-Cookie: b"}}', 'header "X"', id="line break"),
        pytest.param(r'{headers = {X = "a\0"}}', 'header "X"', id="NUL"),
        pytest.param(r'{headers = {["X\n"] = "a"}}', "invalid header name", id="break in name"),
        pytest.param('{isBase64Encoded = true, body = "aGk"}', "not base64", id="padding"),
        pytest.param('{isBase64Encoded = true, body = "a_k="}', "not base64", id="alphabet"),
        pytest.param('{isBase64Encoded = true, body = "===="}', "not base64", id="only padding"),
        pytest.param(
            '{body = ("x"):rep(1001)}',
            "response body of 1001 bytes exceeds the limit of 1000 bytes",
            id="too long",
        ),
        pytest.param(
            '{isBase64Encoded = true, body = ("AAAA"):rep(334)}',
            "response body of 1002 bytes exceeds the limit of 1000 bytes",
            id="too long when decoded",
        ),
    ],
)
def test_invalid_response(guest, value, message):
    failure = guest.failure(returning(value))

    assert message in failure.message
    assert (failure.kind, failure.line, failure.fatal) == ("runtime", None, False)


def test_base64_limit_counts_decoded_bytes(guest):
    body = guest.response(
        returning('{isBase64Encoded = true, body = ("AAAA"):rep(333) .. "AA=="}')
    ).body

    assert len(body) == 1336


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("local function handler() return {} end", id="local"),
        pytest.param("handler = 42", id="number"),
        pytest.param(
            "handler = setmetatable({}, {__call = function() return {} end})", id="callable"
        ),
        pytest.param("", id="nothing"),
    ],
)
def test_missing_handler(guest, code):
    failure = guest.failure(code)

    assert (failure.message, failure.line) == ("handler function not found in Lua code", None)
