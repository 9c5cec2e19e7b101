"""Bodies: JSON, forms, multipart, anything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.masking import DEFAULT_MASKER, REDACTED

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XyZ"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def part(name: str, value: str, more: str = "") -> str:
    return f'--XyZ\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        pytest.param(
            '{"n":1,"Token":{"a":2},"list":[{"secret_x":3}]}',
            f'{{"Token":"{REDACTED}","list":[{{"secret_x":"{REDACTED}"}}],"n":1}}',
            id="specified-example",
        ),
        pytest.param(
            '{"who":"Ada","password":"x"}',
            f'{{"password":"{REDACTED}","who":"Ada"}}',
            id="specified-event",
        ),
        pytest.param(
            '{ "n": 12345678901234567890, "x": 1.0, "e": 1E+2, "token": null }',
            f'{{"e":1E+2,"n":12345678901234567890,"token":"{REDACTED}","x":1.0}}',
            id="numbers-verbatim",
        ),
        pytest.param(
            '{"b":2,"b":1,"token":1,"token":2}',
            f'{{"b":2,"b":1,"token":"{REDACTED}","token":"{REDACTED}"}}',
            id="duplicates-kept",
        ),
        pytest.param(
            '{"a":"<é>&\\ud800","token":1}',
            f'{{"a":"<\\u00e9>&\\ud800","token":"{REDACTED}"}}',
            id="half-surrogate",
        ),
        pytest.param(
            '{"a":"<é>","token":1}', f'{{"a":"<é>","token":"{REDACTED}"}}', id="no-escapes"
        ),
        pytest.param('{"p\\u0061ssword":1}', f'{{"password":"{REDACTED}"}}', id="escaped-name"),
        pytest.param(
            '{"t":[true,false,null,{},[]],"pwd":[1]}',
            f'{{"pwd":"{REDACTED}","t":[true,false,null,{{}},[]]}}',
            id="literals",
        ),
        pytest.param(
            '{"pin_token":7,"a":"x\ty"}',
            f'{{"a":"x\\ty","pin_token":"{REDACTED}"}}',
            id="raw-control-character",
        ),
        pytest.param('\ufeff{"token":1}', f'{{"token":"{REDACTED}"}}', id="byte-order-mark"),
        pytest.param(
            '[{"note":"sent Bearer abc.def to it"}]',
            f'[{{"note":"sent {REDACTED} to it"}}]',
            id="secret-in-a-string",
        ),
        pytest.param(
            '{"body":"{\\"password\\":\\"x\\"}"}',
            f'{{"body":"{{\\"password\\":\\"{REDACTED}\\"}}"}}',
            id="json-in-json",
        ),
    ],
)
@pytest.mark.parametrize("content_type", [None, "application/json", FORM, "text/plain"])
def test_json_is_masked_whatever_its_type(body: str, masked: str, content_type: str | None) -> None:
    assert DEFAULT_MASKER.body(body, content_type) == masked
    assert DEFAULT_MASKER.body(masked, content_type) == masked


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "{}",
        '{ "b" : 1.0, "a": 12345678901234567890, "a": 2, "h": "<&>" }\n',
        '{"completion_tokens": 5, "tokens": "abc", "author": "Ada", "monkey": 1}',
        '{"key": "user:1", "keyboard": "\\u00e4", "max_tokens": 1e3}',
        f'{{"password": "{REDACTED}", "a": 1}}',
        "plain text about an author and his keyboard",
        "a=1&b=%zz&&c",
    ],
)
@pytest.mark.parametrize("content_type", [None, "application/json", FORM, MULTIPART, "text/plain"])
def test_harmless_bodies_keep_their_bytes(body: str, content_type: str | None) -> None:
    assert DEFAULT_MASKER.body(body, content_type) == body


@given(value=JSON_VALUES, name=st.sampled_from(["Api-Key", "accessToken", "user_password"]))
def test_sensitive_members_vanish_whole_and_the_rest_stays(value: object, name: str) -> None:
    kept = {"z": [1, "two", {"three": 3.5}], "a": None}
    hidden = {"marker-4711": value}

    masked = DEFAULT_MASKER.body(json.dumps({**kept, "deep": [{name: hidden}]}))

    assert json.loads(masked) == {**kept, "deep": [{name: REDACTED}]}
    assert "marker-4711" not in masked


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        pytest.param("password=abc", f"password={REDACTED}", id="one"),
        pytest.param(
            "a=1&user_password=a%20b&b=", f"a=1&user_password={REDACTED}&b=", id="several"
        ),
        pytest.param(
            "user%5Bpassword%5D=x&b=2", f"user%5Bpassword%5D={REDACTED}&b=2", id="brackets"
        ),
    ],
)
@pytest.mark.parametrize("content_type", [None, FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_form_fields(body: str, masked: str, content_type: str | None) -> None:
    assert DEFAULT_MASKER.body(body, content_type) == masked


@pytest.mark.parametrize("content_type", [None, MULTIPART, 'multipart/form-data; boundary="XyZ"'])
def test_multipart_fields(content_type: str | None) -> None:
    body = (
        part("note", "hello --XyZ hello")
        + part("password", "first\r\n\r\nsecond --XyZ third")
        + part("data", '{"n": 1.0, "token": "abc"}', "\r\nContent-Type: application/json")
        + part("upload", "line\n", '; filename="token.txt"')
        + "--XyZ--\r\n"
    )

    assert DEFAULT_MASKER.body(body, content_type) == (
        part("note", "hello --XyZ hello")
        + part("password", REDACTED)
        + part("data", f'{{"n":1.0,"token":"{REDACTED}"}}', "\r\nContent-Type: application/json")
        + part("upload", "line\n", '; filename="token.txt"')
        + "--XyZ--\r\n"
    )


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=other", "multipart/x; boundary="],
)
def test_multipart_without_its_boundary_is_text(content_type: str) -> None:
    masked = DEFAULT_MASKER.body("password=hunter2hunter2", content_type)

    assert "hunter2" not in masked


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"password":"hunter2"', id="cut-off"),
        pytest.param('{"password":"hunter2', id="cut-off-in-value"),
        pytest.param('{"a":1} {"password":"hunter2"}', id="two-documents"),
        pytest.param("[" * 100_000 + '{"password":"hunter2"}', id="very-deep"),
        pytest.param("[" * 5_000 + '{"password":"hunter2"}' + "]" * 5_000, id="deep-and-valid"),
        pytest.param('{"password":' * 2_000 + '"hunter2"' + "}" * 2_000, id="deep-objects"),
        pytest.param("data: {\"password\": 'hunter2'}\n\n", id="event-stream"),
    ],
)
def test_other_bodies_are_masked_as_text(body: str) -> None:
    masked = DEFAULT_MASKER.body(body, "application/json")

    assert "hunter2" not in masked
    assert REDACTED in masked


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"token":', "{", '{"token":['])
def test_deep_nesting_does_not_raise(opening: str) -> None:
    assert DEFAULT_MASKER.body(opening * 100_000)


@given(
    body=st.text() | st.text('{}[]":,\\u0tokenpasswd=&%-\r\n \ud800'),
    content_type=st.none() | st.sampled_from([FORM, MULTIPART, "application/json"]) | st.text(),
)
def test_nothing_raises(body: str, content_type: str | None) -> None:
    assert isinstance(DEFAULT_MASKER.body(body, content_type), str)
