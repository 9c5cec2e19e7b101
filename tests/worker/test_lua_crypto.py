"""Guest module `crypto`: digests, message authentication codes, comparison, UUIDs."""

import base64
import hashlib
import hmac
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.worker.lua_guest import Guest

DIGESTS = ["md5", "sha1", "sha256", "sha384", "sha512"]
HMAC_DIGESTS = ["sha1", "sha256", "sha512"]


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("call", "digest"),
    [
        pytest.param(
            'crypto.sha1("abc")', "a9993e364706816aba3e25717850c26c9cd0d89d", id="check value"
        ),
        pytest.param('crypto.md5("")', "d41d8cd98f00b204e9800998ecf8427e", id="empty"),
        pytest.param(
            'crypto.hmac_sha256("m", "k")',
            "b60090e3052297aeb5a080889ce2fc4bca957e756faeb4df7d31800ca1e771ec",
            id="message first",
        ),
        pytest.param(
            'crypto.hmac_sha256_base64("m", "k")',
            "tgCQ4wUil661oICInOL8S8qVfnVvrrTffTGADKHncew=",
            id="base64",
        ),
        pytest.param("crypto.md5(12)", hashlib.md5(b"12").hexdigest(), id="number"),
        pytest.param(
            "crypto.md5(1e15)", hashlib.md5(b"1000000000000000").hexdigest(), id="large number"
        ),
    ],
)
def test_known_values(guest, call, digest):
    assert guest.texts(call) == [digest]


@examples(50)
@given(st.binary(max_size=300))
def test_digests_are_those_of_python(guest, data):
    calls = ", ".join(f"crypto.{name}(event.body)" for name in DIGESTS)

    assert guest.texts(calls, body=data) == [
        hashlib.new(name, data).hexdigest() for name in DIGESTS
    ]


@examples(50)
@given(st.binary(max_size=200), st.binary(max_size=200))
@example(b"m", b"")
@example(b"", b"\0" * 129)
def test_message_authentication_codes_are_those_of_python(guest, message, key):
    calls = ", ".join(
        f"crypto.hmac_{name}(event.body, event.key), "
        f"crypto.hmac_{name}_base64(event.body, event.key), "
        f"base64.encode(crypto.hmac_{name}_raw(event.body, event.key))"
        for name in HMAC_DIGESTS
    )

    texts = guest.texts(calls, body=message, key=key)

    raw = [hmac.digest(key, message, name) for name in HMAC_DIGESTS]
    in_base64 = [base64.b64encode(code).decode() for code in raw]
    assert texts[0::3] == [code.hex() for code in raw]
    assert texts[1::3] == in_base64
    assert texts[2::3] == in_base64


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param(
            "crypto.sha256()", "bad argument #1 to sha256 (string expected, got nil)", id="nothing"
        ),
        pytest.param(
            "crypto.md5({})", "bad argument #1 to md5 (string expected, got table)", id="table"
        ),
        pytest.param(
            'crypto.hmac_sha1("m")',
            "bad argument #2 to hmac_sha1 (string expected, got nil)",
            id="no key",
        ),
        pytest.param(
            'crypto.hmac_sha512_raw(true, "k")',
            "bad argument #1 to hmac_sha512_raw (string expected, got boolean)",
            id="boolean",
        ),
        pytest.param(
            'crypto.equal("a", nil)',
            "bad argument #2 to equal (string expected, got nil)",
            id="equal to nothing",
        ),
    ],
)
def test_wrong_arguments_raise(guest, call, problem):
    assert guest.error(call) == f"<string>:1: {problem}"


@pytest.mark.parametrize(
    ("pair", "equal"),
    [
        ('"secret", "secret"', "true"),
        ('"secret", "secreT"', "false"),
        ('"secret", "secret2"', "false"),
        (r'"\0a\255", "\0a\255"', "true"),
        ('"", ""', "true"),
        ('12, "12"', "true"),
    ],
)
def test_equal(guest, pair, equal):
    assert guest.texts(f"crypto.equal({pair})") == [equal]


def test_uuids_are_random_ones(guest):
    texts = guest.texts("crypto.uuid(), crypto.uuid()")

    assert [str(uuid.UUID(text)) for text in texts] == texts
    assert {uuid.UUID(text).version for text in texts} == {4}
    assert texts[0] != texts[1]


def test_a_digest_of_large_data(guest):
    text = guest.text('crypto.sha256(("x"):rep(5000000))')

    assert text == hashlib.sha256(b"x" * 5_000_000).hexdigest()
