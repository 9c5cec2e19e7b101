"""Guest module `base64`: what is accepted, and where an error is said to be."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.worker.lua_guest import Guest

STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
URL_SAFE = STANDARD[:62] + b"-_"


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('""', ""),
        ('"f"', "Zg=="),
        ('"fo"', "Zm8="),
        ('"foo"', "Zm9v"),
        (r'"\0\255\254"', "AP/+"),
        ("12", "MTI="),
    ],
)
def test_encode(guest, data, text):
    assert guest.texts(f"base64.encode({data})") == [text]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param('"Zg=="', "f", id="padding"),
        pytest.param(r'"Zm9v\nZm9v"', "foofoo", id="LF"),
        pytest.param(r'"Zm9v\r\n"', "foo", id="CR and LF at the end"),
        pytest.param(r'"Z\ng\r=\n=\n"', "f", id="line breaks everywhere"),
        pytest.param('"aGl="', "hi", id="bits left over"),
        pytest.param('""', "", id="empty"),
        pytest.param("1234", "\\xd7m\\xf8", id="number"),
    ],
)
def test_decode(guest, text, data):
    assert guest.texts(f"base64.decode({text})") == [data, "nil"]


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        pytest.param("Zg", 0, id="no padding"),
        pytest.param("Zm9vZg", 4, id="no padding later"),
        pytest.param("Zg=", 3, id="half a padding"),
        pytest.param("Zg=x", 2, id="half a padding and a digit"),
        pytest.param("Zg===", 4, id="too much padding"),
        pytest.param("!!!!", 0, id="none of it"),
        pytest.param("Zm9v Zm9v", 4, id="blank"),
        pytest.param("_-8=", 0, id="URL-safe"),
        pytest.param("AAAA=", 4, id="padding without need"),
        pytest.param("=AAA", 0, id="padding first"),
        pytest.param("Zg==Zg==", 4, id="text after padding"),
        pytest.param("A=B=", 1, id="padding after one digit"),
    ],
)
def test_decode_refuses(guest, text, offset):
    assert guest.texts("base64.decode(event.body)", body=text) == [
        "nil",
        f"illegal base64 data at input byte {offset}",
    ]


def test_url_safe_form(guest):
    assert guest.texts(r'base64.url_encode("\255\239")') == ["_-8"]
    assert guest.texts('base64.url_decode("_-8")') == ["\\xff\\xef", "nil"]
    assert guest.texts('base64.url_decode("_-8=")') == ["\\xff\\xef", "nil"]
    assert guest.texts('base64.url_decode("/-8=")') == [
        "nil",
        "illegal base64 data at input byte 0",
    ]


@pytest.mark.parametrize("name", ["encode", "decode", "url_encode", "url_decode"])
def test_wrong_arguments_raise(guest, name):
    problem = f"<string>:1: bad argument #1 to {name} (string expected, got "

    assert guest.error(f"base64.{name}()") == problem + "nil)"
    assert guest.error(f"base64.{name}({{}})") == problem + "table)"


@examples(100)
@given(st.binary(max_size=100))
def test_any_bytes_survive_the_round_trip(guest, data):
    encoded = guest.texts("base64.encode(event.body), base64.url_encode(event.body)", body=data)
    body = guest.response(
        """
        function handler(ctx, event)
          local one = base64.decode(base64.encode(event.body))
          local other = base64.url_decode(base64.url_encode(event.body))
          return { body = one .. "|" .. other }
        end
        """,
        body=data,
    ).body

    assert encoded[0] == base64.b64encode(data).decode()
    assert encoded[1] == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert body == data + b"|" + data


def offset_of_error(text: bytes, alphabet: bytes, *, needs_padding: bool) -> int | None:
    """Read byte by byte, in groups of four, as Go's decoder does."""
    digits, padding, half_padding = 0, 0, False
    for at, byte in enumerate(text):
        if byte in b"\r\n":
            continue
        if padding == 1 and half_padding:
            if byte != ord("="):
                return at - 1
            half_padding = False
        elif padding:
            return at
        elif byte in alphabet:
            digits = (digits + 1) % 4
        elif byte == ord("=") and digits >= 2:
            padding, half_padding = 1, digits == 2
        else:
            return at
    if padding:
        return len(text) if half_padding else None
    if digits == 1 or (digits and needs_padding):
        return len(text) - digits
    return None


@examples(500)
@given(st.lists(st.sampled_from([b"A", b"z", b"8", b"+", b"_", b"=", b"\n", b"\r", b" ", b"\xff"])))
def test_errors_are_where_go_sees_them(guest, pieces):
    text = b"".join(pieces)

    answers = guest.texts(
        "select(2, base64.decode(event.body)), select(2, base64.url_decode(event.body))", body=text
    )

    offsets = [
        offset_of_error(text, STANDARD, needs_padding=True),
        offset_of_error(text, URL_SAFE, needs_padding=False),
    ]
    assert answers == [
        "nil" if offset is None else f"illegal base64 data at input byte {offset}"
        for offset in offsets
    ]
