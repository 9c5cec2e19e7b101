"""From a function's response to an answer: what it decides, and what it can't."""

import base64

import pytest

from perilune.api.calls.answers import (
    SANDBOX,
    UnsendableResponseError,
    function_answer,
    is_document,
)
from perilune.api.headers import SERVER_OWNED, ResponseNames
from perilune.events import HTTPResponse

OWN = [(b"x-execution-id", b"e")]
MOUNT = b"/fn/f"


def answer_to(**response):
    """Return the answer as status, headers by name (all values), body and remarks."""
    remarks: list[str] = []
    status, headers, body = function_answer(
        HTTPResponse(**response), OWN, ResponseNames(), remarks, mount=MOUNT
    )
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode(), []).append(value.decode("latin-1"))
    return status, found, body, remarks


@pytest.mark.parametrize(
    ("response", "status", "content_type", "body"),
    [
        pytest.param({"body": "x"}, 200, "application/json", b"x", id="defaults"),
        pytest.param({"status_code": 0}, 200, "application/json", b"", id="0 means 200"),
        pytest.param(
            {"headers": {"Content-Type": ""}}, 200, "application/json", b"", id="empty type"
        ),
        pytest.param(
            {"headers": {"content-type": "text/plain"}}, 200, "text/plain", b"", id="own type"
        ),
        pytest.param({"status_code": 599, "body": b"\xff"}, 599, None, b"\xff", id="bytes"),
        pytest.param({"body": "é"}, 200, None, "é".encode(), id="text is utf-8"),
        pytest.param({"body": "\udcff"}, 200, None, b"\xff", id="escaped bytes"),
        pytest.param({"body": "\ud800"}, 200, None, b"?", id="lone surrogate"),
        pytest.param({"status_code": 204, "body": "x"}, 204, "application/json", b"", id="204"),
        pytest.param({"status_code": 205, "body": "x"}, 205, "application/json", b"", id="205"),
        pytest.param({"status_code": 304, "body": "x"}, 304, "", b"", id="304"),
        pytest.param({"headers": {"Content-Type": []}, "body": "x"}, 200, "", b"x", id="no type"),
        pytest.param(
            {"body": base64.b64encode(b"\0\xff").decode(), "is_base64_encoded": True},
            200,
            None,
            b"\0\xff",
            id="base64",
        ),
    ],
)
def test_status_type_and_body(response, status, content_type, body):
    found_status, headers, found_body, remarks = answer_to(**response)

    assert (found_status, found_body, remarks) == (status, body, [])
    if content_type is not None:
        assert headers.get("content-type", [""]) == [content_type]
    expected_length = None if status in (204, 304) else [str(len(body))]
    assert headers.get("content-length") == expected_length


@pytest.mark.parametrize(
    "response",
    [
        pytest.param({"status_code": 99}, id="99"),
        pytest.param({"status_code": 101}, id="protocol switch"),
        pytest.param({"status_code": 600}, id="600"),
        pytest.param({"status_code": -1}, id="negative"),
        pytest.param({"body": "no!", "is_base64_encoded": True}, id="no base64"),
        pytest.param({"body": "é", "is_base64_encoded": True}, id="not even ascii"),
    ],
)
def test_requests_that_cannot_be_sent(response):
    with pytest.raises(UnsendableResponseError):
        answer_to(**response)


@pytest.mark.parametrize("name", sorted(SERVER_OWNED))
def test_server_owned_headers_are_ignored_and_noted(name):
    spelled = name.decode().title()

    _, headers, _, remarks = answer_to(headers={spelled: "forged"}, body="six by")

    assert "forged" not in str(headers)
    assert len(remarks) == 1 and spelled in remarks[0]


def test_the_last_spelling_of_a_name_wins():
    _, headers, _, _ = answer_to(headers={"X-A": "1", "x-a": "2"})

    assert headers["x-a"] == ["2"]


def test_a_list_becomes_several_headers():
    _, headers, _, _ = answer_to(headers={"Set-Cookie": ["a=1", "b=2"]})

    assert headers["set-cookie"] == ["a=1; Path=/fn/f", "b=2; Path=/fn/f"]


@pytest.mark.parametrize(
    "value",
    [
        "auth_token=x",
        "auth_token = x; Path=/",
        " auth_token=x",
        "=auth_token=x",
        "auth_token",
    ],
)
def test_the_session_cookie_cannot_be_set(value):
    _, headers, _, _ = answer_to(headers={"Set-Cookie": [value, "other=auth_token"]})

    assert headers["set-cookie"] == ["other=auth_token; Path=/fn/f"]


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        pytest.param("X-A", "a\r\nX-Evil: 1", "a  X-Evil: 1", id="line break becomes blanks"),
        pytest.param("X-A", "a\tb", "a\tb", id="tab is fine"),
        pytest.param("X-A", "a\0b", None, id="zero byte"),
        pytest.param("X-A", "a\x7fb", None, id="delete"),
        pytest.param("X A", "v", None, id="name with blank"),
        pytest.param("X-A:", "v", None, id="name with colon"),
        pytest.param("X-\u00c4", "v", None, id="name not ascii"),
        pytest.param("", "v", None, id="empty name"),
        pytest.param("X\r\nEvil", "v", None, id="name with line break"),
        pytest.param("X-A", "é", "Ã©", id="utf-8"),
        pytest.param("X-A", " v ", "v", id="blanks around"),
    ],
)
def test_bad_headers(name, value, sent):
    _, headers, _, remarks = answer_to(headers={name: value})

    assert headers.get(name.lower().strip(), [None]) == [sent]
    assert bool(remarks) is (sent != value.strip() and sent != "Ã©")
    assert not any("\r" in v or "\n" in v for values in headers.values() for v in values)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", True),
        ("Text/HTML; charset=utf-8", True),
        ("application/xhtml+xml", True),
        ("image/svg+xml", True),
        ("text/xml", True),
        ("nonsense", True),
        ([], True),
        ("*/*", True),
        ("unknown/unknown", True),
        ("application/json;x=y, text/html", True),
        ("text/xsl", True),
        ("text/plain", False),
        ("application/json", False),
        ("image/png", False),
    ],
)
def test_documents_are_sandboxed(content_type, expected):
    own_policy = {"Content-Security-Policy": "default-src *"}

    _, headers, _, _ = answer_to(headers={"Content-Type": content_type, **own_policy})

    policies = headers["content-security-policy"]
    assert ("sandbox allow-scripts allow-forms" in policies) is expected
    assert "default-src *" in policies
    assert content_type == [] or is_document(content_type.encode()) is expected


@pytest.mark.parametrize(
    ("own", "mount", "expected"),
    [
        pytest.param({"Content-Security-Policy": "img-src *"}, MOUNT, True, id="a policy"),
        pytest.param({"Content-Security-Policy": ["img-src *"]}, MOUNT, True, id="a list"),
        pytest.param({"Content-Security-Policy": "img-src *"}, None, False, id="no sandbox"),
        pytest.param({"ETag": "x"}, MOUNT, False, id="nothing of it"),
    ],
)
def test_a_browser_cannot_be_told_to_forget_the_sandbox(own, mount, expected):
    """Headers of a 304 replace those of the page that the browser has kept."""
    response = HTTPResponse(status_code=304, headers=own | {"Content-Type": "text/plain"})

    answer = function_answer(response, [], ResponseNames(), [], mount=mount)

    assert (SANDBOX in answer.headers) is expected
    assert b"content-type" not in dict(answer.headers)


def test_cors_defaults_and_own_cors():
    _, plain, _, _ = answer_to()
    _, own, _, _ = answer_to(headers={"access-control-allow-origin": "https://a.example"})
    _, listed, _, _ = answer_to(headers={"Access-Control-Allow-Origin": ["https://b.example"]})

    assert plain["access-control-allow-origin"] == ["*"]
    assert "X-Execution-Id" in plain["access-control-expose-headers"][0]
    assert own["access-control-allow-origin"] == ["https://a.example"]
    assert len(own["access-control-expose-headers"]) == 1
    assert listed["access-control-allow-origin"] == ["https://b.example"]
