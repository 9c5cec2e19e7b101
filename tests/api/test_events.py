"""From an ASGI scope to the event: paths, headers and queries of `rest-api` 6.1 to 6.3."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from perilune.api.access.credentials import Credentials
from perilune.api.access.keys import ApiKey, KeyHolder
from perilune.api.access.token_text import new_token
from perilune.api.calls.events import hide_credentials, parse_query, parse_target
from perilune.api.connections.request import Request
from perilune.api.headers import MAX_REMEMBERED, RequestNames, canonical, usable_request_id

KEY = "0123456789abcdef"
TOKEN = new_token()


class NoTokens:
    """There are no API tokens; what looks like one is still none of a function's business."""

    async def check(self, token: bytes) -> None:
        return None


HOLDER = Credentials(KeyHolder(ApiKey(KEY, None)), NoTokens())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("/fn/x", ("x", "/fn/x", "/", ""), id="bare"),
        pytest.param("/fn/x/", ("x", "/fn/x/", "/", ""), id="trailing slash"),
        pytest.param("/fn/x/a", ("x", "/fn/x/a", "/a", ""), id="one segment"),
        pytest.param("/fn/x/a/", ("x", "/fn/x/a/", "/a/", ""), id="slash is kept"),
        pytest.param("/fn/x//a", ("x", "/fn/x//a", "//a", ""), id="double slash"),
        pytest.param("/fn/x/./a/../b", ("x", "/fn/x/./a/../b", "/./a/../b", ""), id="dot segments"),
        pytest.param("/fn/x/a%2Fb", ("x", "/fn/x/a/b", "/a/b", "/a%2Fb"), id="escaped slash"),
        pytest.param("/fn/x%2Fa/b", ("x/a", "/fn/x/a/b", "/b", "/b"), id="escaped slash in the id"),
        pytest.param("/fn/x/%C3%A9", ("x", "/fn/x/é", "/é", "/%C3%A9"), id="utf-8"),
        pytest.param("/fn/x/%FF", ("x", "/fn/x/\udcff", "/\udcff", "/%FF"), id="not utf-8"),
        pytest.param("/f%6E/x/a", ("x", "/fn/x/a", "/a", "/a"), id="escaped prefix"),
        pytest.param("/fn/x/a+b", ("x", "/fn/x/a+b", "/a+b", ""), id="plus stays"),
        pytest.param("/fn/x/%zz", ("x", "/fn/x/%zz", "/%zz", "/%zz"), id="broken escape stays"),
        pytest.param("/fn/%ED%A0%80/a", None, id="an id that is no text"),
        pytest.param("/fn", None, id="no slash"),
        pytest.param("/fn/", None, id="no id"),
        pytest.param("/fn//a", None, id="empty id"),
        pytest.param("/fn%2Fx", None, id="escaped separator"),
    ],
)
def test_paths(raw, expected):
    target = parse_target(raw.encode())

    assert (target and astuple(target)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("x-github-event", "X-Github-Event", id="each part"),
        pytest.param("X_Under", "X_under", id="underscore"),
        pytest.param("ACCEPT", "Accept", id="upper"),
        pytest.param("a b", "a b", id="no header name"),
        pytest.param("-a--b", "-A--B", id="odd dashes"),
        pytest.param("x-1a", "X-1a", id="digit first"),
    ],
)
def test_canonical_names(name, expected):
    assert canonical(name) == expected


def head_of(*pairs: tuple[str, str | bytes]):
    raw = [(n.encode(), v if isinstance(v, bytes) else v.encode()) for n, v in pairs]
    request = Request((("", 0), None, "http"), "1.0", "GET", b"/", raw)
    hide_credentials(request.headers, request.multi_headers, HOLDER)
    return request


def test_first_value_and_all_values():
    head = head_of(("x-a", "1"), ("x-b", "2"), ("x-a", "3"), ("x-a", "4"))

    assert head.headers == {"X-A": "1", "X-B": "2"}
    assert head.multi_headers == {"X-A": ["1", "3", "4"]}


def test_host_and_framing_are_not_headers_of_the_event():
    raw = [(b"Host", b"h:1"), (b"TRANSFER-ENCODING", b"chunked"), (b"content-length", b"3")]
    head = Request((("", 0), None, "http"), "1.1", "POST", b"/", raw)

    assert (head.host, head.declared) == ("h:1", None)
    assert head.raw_headers == [(name.lower(), value) for name, value in raw]
    assert head.headers == {"Content-Length": "3"}
    assert head.multi_headers == {}


def test_forged_trigger_headers_vanish():
    head = head_of(("x-trigger", "cron"), ("x-cron-schedule", "* * * * *"), ("x-cronish", "1"))

    assert head.headers == {"X-Cronish": "1"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["auth_token=t"], [], id="alone"),
        pytest.param(["a=1; auth_token=t; b=2"], ["a=1; b=2"], id="in the middle"),
        pytest.param(["auth_token = t;b=2"], ["b=2"], id="blank before ="),
        pytest.param(["a=1", "auth_token=t"], ["a=1"], id="header of its own"),
        pytest.param(["auth_token=t", "b=2", "c=3"], ["b=2", "c=3"], id="two are left"),
        pytest.param(["a=auth_token"], ["a=auth_token"], id="only in a value"),
        pytest.param(["my_auth_token=1"], ["my_auth_token=1"], id="longer name"),
        pytest.param(["auth_token"], [], id="name only"),
    ],
)
def test_the_session_cookie_is_removed(values, expected):
    head = head_of(*(("cookie", value) for value in values))

    assert head.headers.get("Cookie") == ("; ".join(expected) or None)
    assert head.multi_headers == ({"Cookie": expected} if len(expected) > 1 else {})


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        pytest.param(f"Bearer {KEY}", False, id="bearer"),
        pytest.param(f"Bearer {TOKEN}", False, id="API token"),
        pytest.param(TOKEN, False, id="bare API token"),
        pytest.param(f"Bearer {TOKEN}x", True, id="no API token"),
        pytest.param(f"bearer  {KEY} ", False, id="spelling"),
        pytest.param(KEY, False, id="bare"),
        pytest.param("Bearer other", True, id="another token"),
        pytest.param("Basic dTpw", True, id="another scheme"),
    ],
)
@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "X-Api-Key"])
def test_the_management_key_is_removed(value, is_kept, name):
    head = head_of((name.lower(), value), ("x-other", "1"))

    assert head.headers == ({name: value, "X-Other": "1"} if is_kept else {"X-Other": "1"})


def test_cookies_in_several_fields_are_one_and_all_are_kept():
    head = head_of(("cookie", "a=1"), ("cookie", "auth_token=t; b=2"), ("cookie", "c=3"))

    assert head.headers == {"Cookie": "a=1; b=2; c=3"}
    assert head.multi_headers == {"Cookie": ["a=1", "b=2", "c=3"]}


def test_values_keep_their_bytes():
    head = head_of(("x-utf8", "é"), ("x-latin", b"\xe9"))

    assert head.headers["X-Utf8"] == "é"
    assert head.headers["X-Latin"].encode("utf-8", "surrogateescape") == b"\xe9"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("abc-1", "abc-1", id="plain"),
        pytest.param("x" * 128, "x" * 128, id="longest"),
        pytest.param("x" * 129, "", id="too long"),
        pytest.param("a\tb", "", id="not printable"),
        pytest.param("a status=200", "", id="a blank"),
        pytest.param("é", "", id="not ascii"),
        pytest.param("", "", id="empty"),
    ],
)
def test_request_ids(value, expected):
    given = head_of(("x-request-id", value)).headers["X-Request-Id"]

    assert usable_request_id(given) == expected


def test_the_table_of_names_stops_growing():
    names = RequestNames()

    for number in range(MAX_REMEMBERED + 10):
        assert names[b"x-%d" % number] == f"X-{number}"

    assert len(names) == MAX_REMEMBERED


@pytest.mark.parametrize(
    ("raw", "first", "several"),
    [
        pytest.param(b"a=1&b=2", {"a": "1", "b": "2"}, {}, id="plain"),
        pytest.param(b"a&b=", {"a": "", "b": ""}, {}, id="no value"),
        pytest.param(b"a=1&a=2&a=3", {"a": "1"}, {"a": ["1", "2", "3"]}, id="repeated"),
        pytest.param(b"a=x+y&b=%2B", {"a": "x y", "b": "+"}, {}, id="blank and plus"),
        pytest.param(b"%61=%C3%A9", {"a": "é"}, {}, id="escapes"),
        pytest.param(b"a=%zz&b=2", {"b": "2"}, {}, id="broken escape"),
        pytest.param(b"%=1&b=%2", {}, {}, id="cut escapes"),
        pytest.param(b"a=1;b=2&c=3", {"c": "3"}, {}, id="semicolon"),
        pytest.param(b"&&a=1&", {"a": "1"}, {}, id="empty pairs"),
        pytest.param(b"=1", {"": "1"}, {}, id="empty name"),
        pytest.param(b"a=b=c", {"a": "b=c"}, {}, id="second equals sign"),
        pytest.param(b"a=%ff", {"a": "\udcff"}, {}, id="not utf-8"),
    ],
)
def test_queries(raw, first, several):
    assert parse_query(raw) == (first, several)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_any_form_survives_the_way(fields):
    from urllib.parse import urlencode

    encoded = urlencode(fields, errors="surrogatepass").encode()

    if all(text.isprintable() for pair in fields.items() for text in pair):
        assert parse_query(encoded) == (fields, {})


@given(st.binary(max_size=60))
def test_no_query_fails(raw):
    first, several = parse_query(raw)

    assert all(first[name] == values[0] for name, values in several.items())


@given(st.text(string.printable, max_size=40))
def test_no_path_fails(tail):
    raw = "/fn/x" + quote("/" + tail, safe="/%")

    found = parse_target(raw.encode())

    assert found is not None and found.path.startswith("/fn/x/")
