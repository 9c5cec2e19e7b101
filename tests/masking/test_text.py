"""Log lines, error messages and other free text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perilune.masking import DEFAULT_MASKER, REDACTED

LONG = 1 << 18
BASE64 = "ab+cd/ef" * 6

# The patterns of the platform Perilune is compatible with: what they hide must stay hidden.
INHERITED = [
    re.compile(r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.(?P<secret>[A-Za-z0-9_-]+)"),
    re.compile(r"(?i)bearer\s+(?P<secret>[A-Za-z0-9_.-]+)"),
    re.compile(r"(?i)(?:api_key|api-key|apikey|key)[\s:=]+(?P<secret>[A-Za-z0-9_-]{15,})"),
    re.compile(r"(?i)(?:token|secret|password)[\s:=]+(?P<secret>[A-Za-z0-9_-]{10,})"),
    re.compile(r"(?P<secret>AKIA[0-9A-Z]{16})"),
    re.compile(r"(?i)(?:secret|token|password)[\s:=]+(?P<secret>[A-Za-z0-9+/]{40,}={0,2})"),
]
FRAGMENTS = [
    "token", "Secret", "PASSWORD", "key", "api_key", "Api-Key", "bearer", "Bearer", "user_", "my-",
    "x", ".", "; ", ", ", "'", '"', "(", ")", "[", "{", "\\", "&", "\n", "authorization: ", "eyJ",
    *[" ", ": ", "=", " = ", "\t", ":"] * 3,
]  # fmt: skip
PLAIN_WORDS = {fragment.strip(": ").lower() for fragment in FRAGMENTS}


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        pytest.param("token: abcdefghijklmnop x", f"{REDACTED} x", id="token"),
        pytest.param("Authorization: Bearer x", f"Authorization: {REDACTED}", id="authorization"),
        pytest.param("Authorization: Basic dTpw", f"Authorization: {REDACTED}", id="basic"),
        pytest.param('{"password":"hunter2hunter2"}', f'{{"password":"{REDACTED}"}}', id="json"),
        pytest.param('{"password":"x y","a":1}', f'{{"password":"{REDACTED}","a":1}}', id="short"),
        pytest.param('{"pin_token":123}', f'{{"pin_token":{REDACTED}}}', id="number"),
        pytest.param("{'apiKey': 'x'}", f"{{'apiKey': '{REDACTED}'}}", id="single-quotes"),
        pytest.param(
            '{\\"token\\":\\"a\\\\\\"b\\"}', f'{{\\"token\\":\\"{REDACTED}\\"}}', id="nested"
        ),
        pytest.param('"token":"a\\"b" c', f'"token":"{REDACTED}" c', id="escaped-quote"),
        pytest.param('token "abcdefghijkl"', f'token "{REDACTED}"', id="quoted-after-space"),
        pytest.param("GET /x?api_key=abc&a=1", f"GET /x?{REDACTED}&a=1", id="parameter"),
        pytest.param("user_password: hunter2hunter2.", f"{REDACTED}.", id="end-of-sentence"),
        pytest.param("Bearer a+b/c==, then", f"{REDACTED}, then", id="bearer-base64"),
        pytest.param("bearer%20abc", REDACTED, id="bearer-escaped"),
        pytest.param(f"secret={BASE64}== x", f"{REDACTED} x", id="base64"),
        pytest.param(f"secret: {BASE64}= x", f"{REDACTED} x", id="base64-colon"),
        pytest.param(f"api_key {BASE64} x", f"{REDACTED} x", id="base64-space"),
        pytest.param("got eyJh.eyJz.c2ln!", f"got {REDACTED}!", id="jwt"),
        pytest.param("a.eyJh.eyJz.c2ln", f"a.{REDACTED}", id="jwt-after-dot"),
        pytest.param("eyJ.eyJh.eyJz.c2ln", REDACTED, id="jwt-after-false-start"),
        pytest.param("token: eyJh.eyJz.c2ln", REDACTED, id="overlap"),
        pytest.param("id AKIAABCDEFGHIJKLMNOP.", f"id {REDACTED}.", id="aws"),
        pytest.param(f"<perilune_{'a1B' * 16}c>", f"<{REDACTED}>", id="API token"),
        pytest.param("pg://ada:s3@db/x failed", f"pg://{REDACTED}@db/x failed", id="user-info"),
        pytest.param("Cookie: a=1; b=2\nHost: x", f"Cookie: {REDACTED}\nHost: x", id="cookie"),
        pytest.param("password=xtoken: abcdefghij", REDACTED, id="name-inside-value"),
        pytest.param("bearer token bearer abc", f"{REDACTED} {REDACTED}", id="bearer-twice"),
    ],
)
def test_hidden(message: str, masked: str) -> None:
    assert DEFAULT_MASKER.text(message) == masked
    assert DEFAULT_MASKER.text(masked) == masked


@pytest.mark.parametrize(
    "message",
    [
        "",
        "monkey 123456789012345678",
        "the bearer of news",
        "forbearer abc",
        "password: short",
        "keyboard: 123456789012345678",
        "max_tokens=100 completion_tokens: 1234567890",
        "token=nil password=null",
        "unexpected token '<' in JSON at position 0",
        "key user:profile:12345678901234 not found",
        "author: AdaLovelace1815",
        "session: established",
        "see https://example.com/@ada or ada@example.com",
        "eyJ.abc.def and AKIA123",
        "perilune_functions_total and perilune_abc",
        "token:\n\n",
        'password=""',
    ],
)
def test_unchanged(message: str) -> None:
    assert DEFAULT_MASKER.text(message) == message


@given(
    st.lists(
        st.sampled_from(FRAGMENTS)
        | st.from_regex(r"[A-Za-z0-9_-]{8,24}", fullmatch=True)
        | st.from_regex(r"[A-Za-z0-9+/]{40}={0,2}", fullmatch=True)
        | st.from_regex(r"eyJ[a-z0-9]{2}\.eyJ[a-z0-9]{2}\.[a-z0-9]{8}", fullmatch=True),
        max_size=12,
    ).map("".join)
)
@example("password secret_token: abcdefghijkl")
@example("token=token=token: abcdefghijkl")
@example("key=key: abcdefghijklmnop")
def test_masked_values_stay_masked(message: str) -> None:
    """Whatever the inherited patterns would hide does not survive."""
    masked = DEFAULT_MASKER.text(message)

    for pattern in INHERITED:
        for match in pattern.finditer(message):
            # A word of the sentence, or one that also stands elsewhere, proves nothing.
            secret = match["secret"]
            if secret.lower() not in PLAIN_WORDS and message.count(secret) == 1:
                assert secret not in masked


@given(st.text() | st.lists(st.sampled_from(FRAGMENTS)).map("".join))
def test_nothing_raises_and_harmless_text_is_the_same_object(message: str) -> None:
    masked = DEFAULT_MASKER.text(message)

    assert masked is message or REDACTED in masked


@pytest.mark.parametrize(
    "piece",
    [
        "a", " ", "key", "token ", "token=", "key=a.", "bearer ", "bearer token ", "eyJ",
        "eyJa.eyJb.", "AKIA", "://a@", 'password="', "auth='", 'key:"a\\', "secret=/",
        "authorization: basic ", "Aa", '{"key":', "a;token;",
    ],
)  # fmt: skip
def test_hostile_text_is_finished_in_linear_time(piece: str) -> None:
    """A quadratic pattern would need many minutes: the test runner's limit decides."""
    text = "token" + piece * (LONG // len(piece))

    assert isinstance(DEFAULT_MASKER.text(text), str)
    assert isinstance(DEFAULT_MASKER.url(text), str)
    assert isinstance(DEFAULT_MASKER.is_sensitive(text), bool)


@pytest.mark.parametrize("piece", ["[", '{"a":', "--XyZ\n", 'name="', "a=b&", "%25="])
@pytest.mark.parametrize("content_type", [None, "multipart/form-data; boundary=XyZ"])
def test_hostile_bodies_are_finished_in_linear_time(piece: str, content_type: str | None) -> None:
    text = "token" + piece * (LONG // len(piece))

    assert isinstance(DEFAULT_MASKER.body(text, content_type), str)
    assert isinstance(DEFAULT_MASKER.body(text[len("token") :], content_type), str)
