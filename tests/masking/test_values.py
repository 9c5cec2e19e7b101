"""Known values are hidden wherever they stand, as they are and as they are usually written."""

import base64
import html
import json
import urllib.parse

import pytest

from perilune.masking import DEFAULT_MASKER, REDACTED, Masker

VALUE = 'pa55 "w/ö+rd"?~*!\'(&<'
LINES = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w\nshort\n-----END KEY-----\n"


def hiding(*values: str) -> Masker:
    return DEFAULT_MASKER.hiding(values)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(VALUE, id="as it is"),
        pytest.param(json.dumps(VALUE)[1:-1], id="JSON in ASCII"),
        pytest.param(json.dumps(VALUE, ensure_ascii=False)[1:-1], id="JSON"),
        pytest.param(json.dumps(VALUE).replace("&<", "\\u0026\\u003c")[1:-1], id="JSON of Go"),
        pytest.param(json.dumps(json.dumps(VALUE)[1:-1])[1:-1], id="JSON in JSON"),
        pytest.param(repr(VALUE)[1:-1], id="Python"),
        pytest.param(html.escape(VALUE), id="HTML"),
        pytest.param(html.escape(VALUE, quote=False), id="HTML outside of tags"),
        pytest.param(urllib.parse.quote(VALUE, "!~*'()"), id="encodeURIComponent"),
        pytest.param("pa55+%22w%2F%C3%B6%2Brd%22%3F%7E*%21%27%28%26%3C", id="URLSearchParams"),
        pytest.param(urllib.parse.quote(VALUE), id="in a path"),
        pytest.param(urllib.parse.quote(VALUE, safe=""), id="part of a path"),
        pytest.param(urllib.parse.quote_plus(VALUE), id="in a query"),
        pytest.param(base64.b64encode(VALUE.encode()).decode().rstrip("="), id="base64"),
        pytest.param(base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="), id="base64url"),
    ],
)
def test_a_value_is_hidden_in_every_form(form):
    masker = hiding("another-one", VALUE)

    assert masker.text(f"it is {form}, {form}!") == f"it is {REDACTED}, {REDACTED}!"
    assert masker.may_hide(f"it is {form}!")
    assert DEFAULT_MASKER.text(f"it is {form}!") == f"it is {form}!"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user"])
def test_a_value_is_hidden_inside_of_base64(before):
    """As in `Authorization: Basic`; where it begins decides which characters it becomes."""
    encoded = base64.b64encode(f"{before}:{VALUE}:after".encode()).decode()

    shown = hiding(VALUE).text(encoded)

    left, redacted, right = shown.partition(REDACTED)
    assert redacted
    # No whole character of it is left on either side.
    kept = base64.b64decode(left + "A" * (-len(left) % 4))
    assert len(kept) <= len(f"{before}:") + 2
    assert len(right) <= len(base64.b64encode(b"xx:after"))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a1b2c3d", id="short"),
        pytest.param("  a1b2c3\n", id="short without white space"),
        pytest.param("production", id="common"),
        pytest.param("LOCALHOST", id="common in capitals"),
        pytest.param("000000000000", id="of one character"),
        pytest.param("", id="empty"),
    ],
)
def test_values_that_would_hide_ordinary_text_are_passed_over(value):
    assert hiding(value) is DEFAULT_MASKER


def test_white_space_around_a_value_is_no_part_of_it():
    assert hiding(" s3cr3t-value\n").text("<s3cr3t-value>") == f"<{REDACTED}>"


def test_lines_of_a_value_are_hidden_one_by_one():
    masker = hiding(LINES)

    assert masker.text(LINES) == f"{REDACTED}\n"
    assert [masker.text(line) for line in LINES.splitlines()] == [
        "-----BEGIN KEY-----",
        REDACTED,
        "short",
        "-----END KEY-----",
    ]


def test_the_longer_of_two_values_is_hidden_as_a_whole():
    assert hiding("s3cr3t-value", "s3cr3t-value-2").text("s3cr3t-value-2!") == f"{REDACTED}!"


def test_values_are_hidden_in_every_part_of_a_response():
    masker = hiding("s3cr3t-value")

    assert masker.headers({"X-A": "a s3cr3t-value", "Location": "/?a=s3cr3t-value"}) == {
        "X-A": f"a {REDACTED}",
        "Location": f"/?a={REDACTED}",
    }
    assert masker.multi_headers({"X-A": ["s3cr3t-value", "b"]}) == {"X-A": [REDACTED, "b"]}
    assert masker.url("https://h/s3cr3t-value") == f"https://h/{REDACTED}"
    assert json.loads(masker.body('{"a": "s3cr3t-value", "token": 1}')) == {
        "a": REDACTED,
        "token": REDACTED,
    }
    assert masker.base64_body(base64.b64encode(b"1 s3cr3t-value 2").decode()).count(REDACTED) == 1


def test_very_many_values_are_hidden_as_they_are():
    """Their encoded forms have a bound: each is looked for in every text."""
    values = tuple(f"value-{number}-of-many\nand a second line {number}" for number in range(100))

    masker = hiding(*values)

    assert all(masker.text(f"x{value}y") == f"x{REDACTED}y" for value in values)


@pytest.mark.parametrize(
    ("texts", "is_quick"),
    [
        pytest.param(["token=a " * 512], True, id="4 KiB"),
        pytest.param(["token=a " * 513], False, id="more"),
        pytest.param(["token=a " * 256, "x" * 2049], False, id="more in all"),
        pytest.param(["x y z " * 10_000], True, id="60 KiB without anything"),
        pytest.param(["%70assword=x" * 5000], False, id="names that are written otherwise"),
        pytest.param([b"\xff\xfe" * 10_000], True, id="bytes"),
        pytest.param([b"\xff\xfe" * 10_000 + b"password"], False, id="bytes with a name"),
        pytest.param(["x y z " * 100_000], False, id="a long look"),
        pytest.param(["x s3cr3t-value " * 1000], True, id="a value"),
    ],
)
def test_what_may_be_masked_without_a_thread(texts, is_quick):
    assert hiding("s3cr3t-value").is_quick(*texts) is is_quick
