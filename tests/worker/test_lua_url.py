"""Guest module `url`: what Go's net/url makes of URLs, and what must hold for any of them."""

import json
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes, urljoin, urlsplit

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from perilune.worker.library import NATIVE, LibraryError
from tests.worker.lua_guest import Guest

EMPTY = {"scheme": "", "host": "", "path": "", "query": {}, "fragment": ""}


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("relative", {"path": "relative"}),
        ("*", {"path": "*"}),
        ("#only", {"fragment": "only"}),
        (
            "HTTPS://u%40x:p%3Aw@Host.org:8080/a%20b+c/%2F?q=a+b&q=%26&e#f%20g+h",
            {
                "scheme": "https",
                "username": "u@x",
                "password": "p:w",
                "host": "Host.org:8080",
                "path": "/a b+c//",
                "query": {"q": ["a b", "&"], "e": ""},
                "fragment": "f g+h",
            },
        ),
        ("mailto:a@b.c", {"scheme": "mailto"}),
        ("mailto:a@b.c?subject=x", {"scheme": "mailto", "query": {"subject": "x"}}),
        ("file:///etc/passwd", {"scheme": "file", "path": "/etc/passwd"}),
        ("//host/path", {"host": "host", "path": "/path"}),
        ("///path", {"path": "///path"}),
        ("http://@host", {"scheme": "http", "host": "host"}),
        ("http://u@v@host/", {"scheme": "http", "host": "host", "path": "/", "username": "u@v"}),
        ("http://h?x=1", {"scheme": "http", "host": "h", "query": {"x": "1"}}),
        ("http://[::1]:80/", {"scheme": "http", "host": "[::1]:80", "path": "/"}),
        ("http://[fe80::1%25e%20n]/", {"scheme": "http", "host": "[fe80::1%e n]", "path": "/"}),
        ("http://h%C3%A9/", {"scheme": "http", "host": "hé", "path": "/"}),
        ("?a;b=1&c=%zz&d=1;2&e=3&&=4", {"query": {"e": "3", "": "4"}}),
        ("?a=%zz", {}),
    ],
)
def test_parse(guest, text, parts):
    body = "local parts, err = url.parse(event.body) return json.encode({parts, err})"

    (found,) = json.loads(guest.body(body, body=text))

    assert found == {**EMPTY, **parts}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("://x", "missing protocol scheme"),
        (":", "missing protocol scheme"),
        ("1http://x", "first path segment in URL cannot contain colon"),
        ("http://a/%zz", 'invalid URL escape "%zz"'),
        ("http://a/%2", 'invalid URL escape "%2"'),
        ("http://%41/", 'invalid URL escape "%41"'),
        ("http://[::1%25%2F]/", 'invalid URL escape "%2F"'),
        ("http://[::1%25%C3]/", 'invalid URL escape "%C3"'),
        ("http://ho st/", 'invalid character " " in host name'),
        ("http://h{}/", 'invalid character "{" in host name'),
        ("http://h\\/", r'invalid character "\\" in host name'),
        ("http://h:port/", 'invalid port ":port" after host'),
        ("http://[::1]80/", 'invalid port "80" after host'),
        ("http://[::1", "missing ']' in host"),
        ("http://u v@h/", "net/url: invalid userinfo"),
        ("http://ü@h/", "net/url: invalid userinfo"),
    ],
)
def test_parse_refuses(guest, text, reason):
    quoted = text.replace("\\", r"\\")

    assert guest.texts("url.parse(event.body)", body=text) == ["nil", f'parse "{quoted}": {reason}']


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(b"a\nb", r"a\nb", id="line feed"),
        pytest.param(b"\0\x7f\x1b", r"\x00\x7f\x1b", id="no short name"),
        pytest.param(b"\t\xff\xc3\xa9", r"\t\xffé", id="invalid byte"),
        pytest.param("\n\u200b\U000e0001".encode(), r"\n\u200b\U000e0001", id="invisible"),
        pytest.param(b'\n"', r"\n\"", id="quote"),
    ],
)
def test_inputs_in_messages_are_quoted(guest, text, shown):
    _, problem = guest.texts("url.parse(event.body)", body=text)

    assert problem == f'parse "{shown}": net/url: invalid control character in URL'


def test_messages_leave_the_fragment_out_unless_it_is_at_fault(guest):
    assert guest.texts('url.parse(":x#y")')[1] == 'parse ":x": missing protocol scheme'
    assert guest.texts('url.parse("x#%y")')[1] == 'parse "x#%y": invalid URL escape "%y"'


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ("{}", ""),
        ('{scheme="https", host="a.b:8", path="/x y", fragment="f#"}', "https://a.b:8/x%20y#f%23"),
        ('{host="h", path="p"}', "//h/p"),
        ('{username="u@", password=":", host="h"}', "//u%40:%3A@h"),
        ('{password="p", host="h"}', "//:p@h"),
        ('{scheme="file", path="/etc"}', "file:///etc"),
        ('{scheme="mailto", path="a@b.c"}', "mailto:a@b.c"),
        ('{path="//evil.org"}', "/%2Fevil.org"),
        ('{path="a:b/c:d"}', "a%3Ab/c:d"),
        ('{host="[fe80::1%e n]"}', "//[fe80::1%25e%20n]"),
        ('{query={b="2", a={"x y", 1.5, ""}, [1]="n"}}', "?1=n&a=x+y&a=1.5&a=&b=2"),
        ('{query={["a&b"]="=?#"}}', "?a%26b=%3D%3F%23"),
        ("{query={a={}}}", ""),
        ("{path=7}", "7"),
    ],
)
def test_build(guest, parts, text):
    assert guest.texts(f"url.build({parts})") == [text, "nil"]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ('{scheme="a/b"}', "invalid scheme"),
        ('{scheme="javascript:x"}', "invalid scheme"),
        ('{host="a/b"}', 'parse "//a%2Fb": invalid URL escape "%2F"'),
        ('{host="u@h"}', 'parse "//u%40h": invalid URL escape "%40"'),
        ('{host="h:x"}', 'parse "//h:x": invalid port ":x" after host'),
        ("{path={}}", "path must be a string"),
        ("{fragment=false}", "fragment must be a string"),
        ('{query="a=b"}', "query must be a table"),
        ("{query={a=true}}", "query must hold strings, numbers and arrays of them"),
        ("{query={a={{}}}}", "query must hold strings, numbers and arrays of them"),
        ("{query={[true]=1}}", "query must hold strings, numbers and arrays of them"),
    ],
)
def test_build_refuses(guest, parts, problem):
    assert guest.texts(f"url.build({parts})") == ["nil", problem]


@pytest.mark.parametrize(
    ("reference", "joined"),
    [  # RFC 3986, section 5.4
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
        ("http:g", "http:g"),
    ],
)
def test_join_as_in_the_rfc(guest, reference, joined):
    assert guest.texts(f'url.join("http://a/b/c/d;p?q", "{reference}")') == [joined, "nil"]


@pytest.mark.parametrize(
    ("base", "reference", "joined"),
    [
        pytest.param("HTTP://a", "b", "http://a/b", id="host without path"),
        pytest.param("http://u:p@a:1/x", "/%2F y", "http://u:p@a:1/%2F y", id="escapes stay"),
        pytest.param("a/b", "c", "a/c", id="relative base"),
        pytest.param("a/b", "../c", "c", id="relative base, a level up"),
        pytest.param("/a", ".//evil.org", "/.//evil.org", id="no host out of a path"),
        pytest.param("a", "./b:c", "./b:c", id="no scheme out of a path"),
        pytest.param("mailto:a@b.c", "#f", "mailto:a@b.c#f", id="opaque base"),
        pytest.param("http://a/b#f", "", "http://a/b", id="fragment of the base is dropped"),
    ],
)
def test_join(guest, base, reference, joined):
    assert guest.texts(f'url.join("{base}", "{reference}")') == [joined, "nil"]


def test_join_refuses_an_invalid_url(guest):
    problem = 'parse ":": missing protocol scheme'

    assert guest.texts('url.join(":", "x")') == ["nil", problem]
    assert guest.texts('url.join("x", ":")') == ["nil", problem]


def test_escaping(guest):
    assert guest.texts('url.encode("a b+c/é~-_.!*")') == ["a+b%2Bc%2F%C3%A9~-_.%21%2A"]
    assert guest.texts('url.encode_path("a b+c/é;?$&+=:@")') == ["a%20b+c%2F%C3%A9%3B%3F$&+=:@"]
    assert guest.texts('url.decode("a+b%2Bc%c3%A9")') == ["a b+cé", "nil"]
    assert guest.texts('url.decode("x%2")') == ["nil", 'invalid URL escape "%2"']
    assert guest.texts("url.encode(1.5), url.encode_path(2), url.decode(3)") == [
        "1.5",
        "2",
        "3",
        "nil",
    ]


def test_sizes_are_bounded(guest):
    too_long = "text of 1048577 bytes exceeds the limit of 1048576 bytes"

    assert guest.texts("url.parse(string.rep('a', 1048577))") == ["nil", too_long]
    assert guest.texts("url.join('a', string.rep('a', 1048577))") == ["nil", too_long]
    assert "exceeds the limit" in guest.texts("url.build({path = string.rep('a', 1e6 * 2)})")[1]
    large = Guest(memory_bytes=128 * 1024 * 1024)
    assert "exceeds the limit" in large.texts("url.decode(string.rep('a', 2^24 + 1))")[1]
    assert "exceeds the limit" in large.error("url.encode(string.rep('a', 2^24 + 1))")


@pytest.mark.parametrize("name", ["parse", "encode", "decode", "encode_path", "build", "join"])
def test_wrong_arguments_raise(guest, name):
    kind = "table" if name == "build" else "string"

    assert guest.error(f"local x = url.{name}(nil)") == (
        f"<string>:1: bad argument #1 to {name} ({kind} expected, got nil)"
    )


def test_replaced_string_methods_change_nothing(guest):
    code = """
        function string.gsub() error("called") end
        string.find, string.byte, string.sub = string.gsub, string.gsub, string.gsub
        return url.build(url.parse("http://h/?a=1&a=2"))
    """

    assert guest.body(code) == "http://h/?a=1&a=2"


def parsed(url: bytes) -> dict[str, Any]:
    parts = msgspec.msgpack.decode(NATIVE["parse_url"](url))
    return {name.decode(): value for name, value in parts.items()}


def built(parts: dict[str, Any]) -> bytes:
    names = ("scheme", "username", "password", "host", "path", "fragment")
    fields = [parts.get(name, b"") for name in names]
    for name, value in parts["query"].items():
        for one in value if isinstance(value, list) else [value]:
            fields += [name, one]
    return NATIVE["build_url"](msgspec.msgpack.encode(fields))


@given(st.binary(max_size=60))
def test_decode_undoes_encode(data):
    encoded = NATIVE["encode_query"](data)

    assert NATIVE["decode_query"](encoded) == data
    assert encoded.decode() == quote_plus(data)
    assert unquote_to_bytes(NATIVE["encode_path_segment"](data)) == data
    assert b"/" not in NATIVE["encode_path_segment"](data)


fragments_of_urls = st.lists(
    st.sampled_from([b"http:", b"mailto:", b"//", b"/", b"?", b"#", b"@", b":", b"[::1]", b"%25",
                     b"%2F", b"%", b"&", b"=", b";", b"a", b"B", b"1", b".", b"..", b"+", b" ",
                     b"\xc3\xa9", b"\n", b"*"])
    | st.binary(max_size=2),
    max_size=12,
).map(b"".join)  # fmt: skip


@given(fragments_of_urls)
@example(b"///x")
@example(b"http:////x")
@example(b"/%2Fx")
@example(b"a%3Ab")
def test_parsed_urls_can_be_built_and_parsed_again(url):
    try:
        parts = parsed(url)
    except LibraryError:
        return

    assert parsed(built(parts)) == parts


@given(fragments_of_urls, fragments_of_urls)
def test_joining_never_changes_the_host(base, reference):
    try:
        joined = parsed(NATIVE["join_urls"](base, reference))
        hosts = [parsed(base)["host"], parsed(reference)["host"]]
    except LibraryError:
        return

    assert joined["host"] in hosts


segments = st.text("ab.é ", min_size=1, max_size=4).map(lambda text: quote(text, safe=""))
paths = st.lists(segments, max_size=4).map(lambda parts: "".join("/" + part for part in parts))
pairs = st.lists(st.tuples(st.text(max_size=3), st.text(min_size=1, max_size=3)), max_size=3)


@given(st.sampled_from(["http", "https"]), st.sampled_from(["h", "h.org:80"]), paths, pairs)
def test_agrees_with_urllib(scheme, host, path, query):
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in query)
    url = f"{scheme}://{host}{path}?{text}"
    expected = urlsplit(url)

    parts = parsed(url.encode())

    assert parts["scheme"] == expected.scheme.encode()
    assert parts["host"] == expected.netloc.encode()
    assert parts["path"] == unquote_to_bytes(expected.path)
    values: dict[bytes, list[bytes]] = {}
    for name, value in parse_qsl(expected.query, keep_blank_values=True):
        values.setdefault(name.encode(), []).append(value.encode())
    assert parts["query"] == {k: v if len(v) > 1 else v[0] for k, v in values.items()}


@given(st.sampled_from(["http://h/a/b/c?q", "http://h/"]), paths, st.booleans())
def test_join_agrees_with_urllib(base, path, is_relative):
    reference = path.removeprefix("/") if is_relative else path
    assume(not reference.startswith("//"))

    assert (
        NATIVE["join_urls"](base.encode(), reference.encode()) == urljoin(base, reference).encode()
    )
