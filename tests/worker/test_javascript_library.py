"""The modules of the guest API that JavaScript functions have within the worker.

Most of it is held to what the functions for Lua and Python return for the same arguments.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

pytest.importorskip("deno")

from hypothesis import given
from hypothesis import strategies as st

from perilune.runtimes.guest.api import GUEST_API
from perilune.worker.library import NATIVE, LibraryError
from perilune.worker.library.zones import SERVER
from perilune.worker.lua_text import fold_case
from tests.profiles import examples
from tests.worker.deno_guest import DenoGuest

# Takes calls as JSON: module, function, arguments; bytes come back as base64.
CALL = """import * as perilune from "perilune";
function shown(value) {
  return value instanceof Uint8Array ? { bytes: perilune.base64.encode(value) } : value ?? null;
}
export default async (ctx, event) => {
  const outcomes = [];
  for (const [module, name, values] of event.json()) {
    try { outcomes.push({ value: shown(await perilune[module][name](...values)) }); }
    catch (error) { outcomes.push({ error: `${error.name}: ${error.message}` }); }
  }
  return { body: outcomes };
};"""
SECONDS = (0, 1700000000, -1, 1e9 + 0.9, -62135596800, 253402300800, 95617584000, -1e12, 1e13)
LAYOUTS = (
    "Mon, 02 Jan 2006 15:04:05 MST",
    "Monday January 2 2006 3:04:05 pm PM -07:00 Z07:00 Z0700 -0700 -07 Z070000",
    "06 1 _2 002 __2 03 .000 ,999 15 5",
    "YYYY-MM-DD Janet 20060102 _2006",
    "",
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Pacific/Chatham")
PARSED = (
    ("2023-11-14 22:13", "2006-01-02 15:04"),
    ("Tue, 14 Nov 2023 22:13:20 CET", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("14 nov 23 10:13 PM", "02 Jan 06 03:04 PM"),
    ("2023-11-14T22:13:20.123+01:30", "2006-01-02T15:04:05Z07:00"),
    ("2023-11-14T22:13:20Z", "2006-01-02T15:04:05Z07:00"),
    ("2024 366", "2006 002"),
    ("2023 366", "2006 002"),
    ("2024-13-15", "2006-01-02"),
    ("2023-02-29", "2006-01-02"),
    ("2024-01-15x", "2006-01-02"),
    ("bad", "2006-01-02"),
    ("1:02", "3:04"),
    ("25:00", "15:04"),
    ("12:00:00.5", "15:04:05.000"),
    ("12:00:00.500", "15:04:05.999"),
    ("0000-01-01", "2006-01-02"),
    ("9999-12-31", "2006-01-02"),
    ("1900-06-01", "2006-01-02"),
    ('"ü\\', "2006"),
)
URLS = (
    "https://u:p%40@example.org:80/a%20b?q=1&q=2&x&bad=%zz;1#f%20g",
    "http://[::1%25eth0]:80/",
    "mailto:a@b.c",
    "",
    "//host/path",
    "::bad",
    "http://a b/",
    "http://host:port/",
    "a:b/c",
    "1:2",
    "http://x/%zz",
    "http://us er@x/",
    "/p?a=b%20c+d",
    "http://[::1/",
    "http://exämple.org/ü",
    "\x01",
    "http://%41/",
)


@pytest.fixture(scope="module")
def guest() -> Iterator[DenoGuest]:
    process = DenoGuest()
    yield process
    assert process.close() == 0


def call(guest: DenoGuest, *calls: tuple[str, str, list[Any]]) -> list[dict[str, Any]]:
    """Return value or error of each call."""
    outcomes: list[dict[str, Any]] = json.loads(guest.result(CALL, body=json.dumps(calls)).body)
    return outcomes


def native(name: str, *values: Any) -> dict[str, Any]:
    """Return value or error of a function for Lua and Python."""
    given = [one.encode() if isinstance(one, str) else one for one in values]
    try:
        value = NATIVE[name](*given)
    except LibraryError as error:
        return {"error": f"PeriluneError: {error}"}
    return {"value": value.decode("utf-8", "replace") if isinstance(value, bytes) else value}


def test_times_are_written_as_in_other_languages(guest: DenoGuest) -> None:
    cases = [(s, one, zone) for s in SECONDS for one in LAYOUTS for zone in ZONES]

    outcomes = call(guest, *(("time", "format", list(case)) for case in cases))

    for case, outcome in zip(cases, outcomes, strict=True):
        assert outcome == native("format_time", *case), case


@pytest.fixture
def in_berlin() -> Iterator[None]:
    """This process takes the time of Berlin for its own, as the guest has been told to."""
    SERVER.follow("Europe/Berlin")
    yield
    SERVER.follow(None)


@pytest.mark.usefixtures("in_berlin")
def test_times_are_read_as_in_other_languages(guest: DenoGuest) -> None:
    cases: list[tuple[Any, ...]] = [(*one, *zone) for one in PARSED for zone in ((), *ZONES_IN)]

    outcomes = call(guest, *(("time", "parse", list(case)) for case in cases))

    for case, outcome in zip(cases, outcomes, strict=True):
        assert outcome == native("parse_time", *case), case


ZONES_IN = tuple((zone,) for zone in ZONES)


@given(seconds=st.integers(-(10**11), 10**11), zone=st.sampled_from(ZONES))
@examples(50)
def test_any_time_is_read_as_it_was_written(guest: DenoGuest, seconds: int, zone: str) -> None:
    layout = "2006-01-02 15:04:05 -07:00:00"
    if not 0 <= 1970 + seconds / 31_556_952 < 9999:
        return

    (written,) = call(guest, ("time", "format", [seconds, layout, zone]))
    (read,) = call(guest, ("time", "parse", [written["value"], layout]))

    assert read == {"value": seconds}


def test_unknown_zones_and_long_layouts_are_refused(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("time", "format", [0, "2006", "Nowhere/X"]),
        ("time", "format", [0, "2006", "europe/berlin"]),
        ("time", "format", [0, "x" * 16385]),
        ("time", "format", [0, "MST", "Local"]),
        ("time", "iso", [1700000000]),
        ("time", "iso", ["x"]),
    )

    assert outcomes == [
        {"error": "PeriluneError: unknown time zone Nowhere/X"},
        {"error": "PeriluneError: unknown time zone europe/berlin"},
        {"error": "PeriluneError: layout of 16385 bytes exceeds the limit of 16384 bytes"},
        {"value": "CET"},
        {"value": "2023-11-14T22:13:20Z"},
        {"error": "TypeError: seconds must be a number, not string"},
    ]


def test_urls_are_taken_apart_as_in_other_languages(guest: DenoGuest) -> None:
    outcomes = call(guest, *(("url", "parse", [text]) for text in URLS))

    for text, outcome in zip(URLS, outcomes, strict=True):
        try:
            packed = msgspec.msgpack.decode(NATIVE["parse_url"](text.encode()))
            expected = {"value": _decoded(packed)}
        except LibraryError as error:
            expected = {"error": f"PeriluneError: {error}"}
        assert outcome == expected, text


def _decoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    return {_decoded(name): _decoded(one) for name, one in value.items()}


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("encode", "encode_query"),
        ("encodePath", "encode_path_segment"),
        ("decode", "decode_query"),
    ],
)
def test_escapes_are_the_same_in_all_languages(guest: DenoGuest, name: str, original: str) -> None:
    texts = [*URLS, "a lamp & more", "a%2", "a+b%21", "".join(map(chr, range(1, 256))), "😀"]

    outcomes = call(guest, *(("url", name, [text]) for text in texts))

    assert outcomes == [native(original, text) for text in texts]


def test_links_are_resolved_as_in_other_languages(guest: DenoGuest) -> None:
    bases = ("https://example.org/docs/intro?a=b", "http://h", "/a/b", "mailto:x@y", "a/b/../c")
    references = ("../about", "?q=1", "#f", "//other/x", "/./a/../b", "https:/x", "", "x:y", "..")
    cases = [[base, reference] for base in bases for reference in references]

    outcomes = call(guest, *(("url", "join", case) for case in cases))

    assert outcomes == [native("join_urls", *case) for case in cases]


def test_what_was_taken_apart_can_be_put_together(guest: DenoGuest) -> None:
    text = "https://u:p%40@example.org:80/a%20b?a=1&q=2&q=3#f%20g"

    (parts,) = call(guest, ("url", "parse", [text]))
    built, bad, host = call(
        guest,
        ("url", "build", [parts["value"]]),
        ("url", "build", [{"scheme": "1x"}]),
        ("url", "build", [{"host": "a b"}]),
    )

    assert built == {"value": text}
    assert bad == {"error": "PeriluneError: invalid scheme"}
    assert "invalid" in host["error"]


BASE64 = ("aGVsbG8=", "aGVsbG8", "aGl=", "aG", "a", "", "aGk=\n", "aG k=", "=", "aGk==", "aGVs====",
          "a-_b", "aGk=x", "aG=\r\n=", "aG=x", "ä")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "original"), [("decode", "base64_decode"), ("urlDecode", "base64_url_decode")]
)
def test_base64_is_read_as_in_other_languages(guest: DenoGuest, name: str, original: str) -> None:
    outcomes = call(guest, *(("base64", name, [text]) for text in BASE64))

    for text, outcome in zip(BASE64, outcomes, strict=True):
        try:
            data = NATIVE[original](text.encode())
            expected: dict[str, Any] = {"value": {"bytes": b64encode(data).decode()}}
        except LibraryError as error:
            expected = {"error": f"PeriluneError: {error}"}
        assert outcome == expected, text


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha384", "sha512"])
def test_digests(guest: DenoGuest, digest: str) -> None:
    texts = ["", "abc", "häßlich", 12]

    outcomes = call(guest, *(("crypto", digest, [text]) for text in texts))

    assert outcomes == [native(digest, str(text)) for text in texts]


@pytest.mark.parametrize("digest", ["Sha1", "Sha256", "Sha512"])
def test_message_authentication_codes(guest: DenoGuest, digest: str) -> None:
    name = f"hmac_{digest.lower()}"
    raw = NATIVE[f"{name}_raw"](b"m", b"k")

    outcomes = call(
        guest,
        ("crypto", f"hmac{digest}", ["m", "k"]),
        ("crypto", f"hmac{digest}Base64", ["m", "k"]),
        ("crypto", f"hmac{digest}Raw", ["m", "k"]),
        ("crypto", f"hmac{digest}", ["m", ""]),
    )

    assert outcomes == [
        native(name, "m", "k"),
        native(f"{name}_base64", "m", "k"),
        {"value": {"bytes": b64encode(raw).decode()}},
        native(name, "m", ""),
    ]


def test_crypto_is_also_what_browsers_have(guest: DenoGuest) -> None:
    expression = """(async () => {
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
        const hex = [...new Uint8Array(digest)].map((one) => one.toString(16).padStart(2, "0"));
        return [hex.join("") === crypto.sha256("abc"), crypto.randomUUID().length];
    })()"""

    assert guest.evaluate(expression, "crypto") == [True, 36]


def test_random_values(guest: DenoGuest) -> None:
    calls: list[tuple[str, str, list[Any]]] = [
        ("random", "int", [1, 3]),
        ("random", "float", []),
        ("random", "string", [40]),
        ("random", "bytes", [32]),
        ("random", "hex", [16]),
        ("random", "id", []),
        ("crypto", "uuid", []),
    ]

    drawn = [[one["value"] for one in call(guest, *calls)] for _ in range(50)]

    ints, floats, strings, data, digits, ids, uuids = (
        list(one) for one in zip(*drawn, strict=True)
    )
    assert set(ints) == {1, 2, 3}
    assert all(0 <= one < 1 for one in floats)
    assert all(re.fullmatch("[A-Za-z0-9]{40}", one) for one in strings)
    assert all(re.fullmatch("[A-Za-z0-9+/]{43}=", one) for one in data)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in digits)
    assert all(re.fullmatch("[0-9a-v]{20}", one) for one in ids)
    assert all(re.fullmatch("[0-9a-f-]{36}", one) for one in uuids)
    assert all(len(set(one)) == 50 for one in (floats, strings, data, digits, ids, uuids))


def test_random_values_that_can_not_be_drawn(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("random", "int", [5, 1]),
        ("random", "string", [0]),
        ("random", "hex", [1048577]),
        ("random", "bytes", ["x"]),
        ("random", "int", [-(2**53) + 1, 2**53 - 1]),
    )

    assert [one.get("error") for one in outcomes] == [
        "PeriluneError: random.int: max 1 is less than min 5",
        "PeriluneError: random.string: from 1 to 1048576 are possible, not 0",
        "PeriluneError: random.hex: from 1 to 1048576 are possible, not 1048577",
        "TypeError: n must be a number, not string",
        None,
    ]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("trim", [" \u00a0x\u2003\u0085"], "x"),
        ("trim", ["\ufeffx"], "\ufeffx"),
        ("trim", [" \t "], ""),
        ("trim", ["x" + " " * 300_000 + "y"], "x" + " " * 300_000 + "y"),
        ("trimLeft", [" \t\u00a0x "], "\u00a0x "),
        ("trimRight", [" x\r\n "], " x"),
        ("split", ["", ","], [""]),
        ("split", ["a,,b", ","], ["a", "", "b"]),
        ("split", ["a😀", ""], ["a", "😀"]),
        ("split", ["", ""], []),
        ("join", [["a", 1, "b"], "-"], "a-1-b"),
        ("hasPrefix", ["abc", ""], True),
        ("hasSuffix", ["abc", "bc"], True),
        ("contains", ["abc", "x"], False),
        ("replace", ["a.b.c", ".", "/"], "a/b/c"),
        ("replace", ["a.b.c", ".", "/", 1], "a/b.c"),
        ("replace", ["a.b.c", ".", "/", 0], "a.b.c"),
        ("replace", ["a.b.c", ".", "$&", -1], "a$&b$&c"),
        ("replace", ["abc", "", "-"], "-a-b-c-"),
        ("replace", ["abc", "", "-", 2], "-a-bc"),
        ("repeat", ["ab", 3], "ababab"),
        ("rep", ["ab", 0], ""),
    ],
)
def test_strings(guest: DenoGuest, name: str, values: list[Any], expected: Any) -> None:
    assert call(guest, ("strings", name, values)) == [{"value": expected}]


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@examples(100)
def test_case_is_mapped_as_in_other_languages(guest: DenoGuest, text: str) -> None:
    upper, lower = call(guest, ("strings", "toUpper", [text]), ("strings", "toLower", [text]))

    expected = [fold_case(text.encode(), upper=one) for one in (True, False)]
    # A character that only one of the two versions of Unicode knows proves nothing.
    assert [upper["value"], lower["value"]] == [
        None if one is None else one.decode() for one in expected
    ]


def test_strings_that_can_not_be(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("strings", "rep", ["a", -1]),
        ("strings", "rep", ["a", 16 * 1024 * 1024 + 1]),
        ("strings", "trim", [None]),
        ("strings", "join", ["abc", ","]),
        ("strings", "join", [[{}], ","]),
    )

    assert [one.get("error") for one in outcomes] == [
        "PeriluneError: strings: negative Repeat count",
        "PeriluneError: strings: result exceeds the limit of 16777216 characters",
        "TypeError: text must be a string, not null",
        "TypeError: items must be an array, not string",
        "TypeError: items[0] must be a string, not object",
    ]


def test_json(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("json", "encode", [{"a": "<&>"}]),
        ("json", "encode", [{"a": "<"}, {"escapeHtml": False, "pretty": True}]),
        ("json", "encode", [{"a": "<"}, {"escape_html": False}]),
        ("json", "decode", ['{"a":[1,null]}']),
        ("json", "decode", ["{"]),
        ("json", "array", [[1]]),
        ("json", "object", [{"a": 1}]),
    )

    assert outcomes[:4] == [
        {"value": '{"a":"\\u003c\\u0026\\u003e"}'},
        {"value": '{\n  "a": "<"\n}'},
        {"value": '{"a":"<"}'},
        {"value": {"a": [1, None]}},
    ]
    assert outcomes[4]["error"].startswith("PeriluneError: ")
    assert outcomes[5:] == [{"value": [1]}, {"value": {"a": 1}}]


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/shop/7", "/shop/:id", {"id": "7"}),
        ("/shop/7/x", "/shop/:id", None),
        ("/f/a/b", "/f/*", {}),
        ("/f/a/b", "/f/*rest", {"rest": "a/b"}),
        ("/f", "/f/*", None),
        ("/", "/*", None),
        ("", "/", {}),
        ("//a//b/", "a/:x", {"x": "b"}),
        ("/:id", "/123", None),
        ("/x", "/:__proto__", {"__proto__": "x"}),
    ],
)
def test_patterns(guest: DenoGuest, path: str, pattern: str, params: Any) -> None:
    matched, captured = call(
        guest, ("router", "match", [path, pattern]), ("router", "params", [path, pattern])
    )

    assert matched == {"value": params is not None}
    assert captured == {"value": params or {}}


def test_paths_are_made_of_patterns(guest: DenoGuest) -> None:
    outcomes = call(
        guest,
        ("router", "path", ["/users/:id", {"id": "a b/c"}]),
        ("router", "path", ["files/*rest", {"rest": "a b/c"}]),
        ("router", "path", ["/users/:id", {}]),
        ("router", "url", ["/users/:id", {"id": 7}]),
        ("router", "url", ["/users/:id", {}, {"strict": True}]),
        ("router", "path", ["/users/:toString", {}]),
    )

    assert outcomes == [
        {"value": "/fn/f_1/users/a%20b%2Fc"},
        {"value": "/fn/f_1/files/a%20b/c"},
        {"value": "/fn/f_1/users/:id"},
        {"value": "https://fn.example.org/fn/f_1/users/7"},
        {"error": "PeriluneError: no value for :id in /users/:id"},
        {"value": "/fn/f_1/users/:toString"},
    ]


def test_routes_are_tried_in_order(guest: DenoGuest) -> None:
    code = """import { router } from "perilune";
    const routes = router.new();
    routes.get("/users/:id", async (event, params) => "user " + params.id);
    routes.any("/users/*", () => "any");
    routes.put("/files/:name", () => "put").post("/files/:name", () => "post");
    export default (ctx, event) => routes.dispatch(event);"""

    def answer(method: str, path: str) -> tuple[int, bytes, Any]:
        result = guest.result(code, method=method, relativePath=path)
        return result.status_code, result.body, result.headers.get("Allow")

    assert answer("GET", "/users/7") == (200, b"user 7", None)
    assert answer("POST", "/users/7") == (200, b"any", None)
    assert answer("GET", "/nothing") == (404, b'{"error":"Not found"}', None)
    assert answer("GET", "/files/x") == (405, b'{"error":"Method not allowed"}', "PUT, POST")


def test_every_function_of_the_table_is_there(guest: DenoGuest) -> None:
    camel: Callable[[str], str] = lambda name: re.sub("_(.)", lambda one: one[1].upper(), name)  # noqa: E731
    names = [f"{one.module}.{camel(one.name)}" for one in GUEST_API]

    missing = guest.evaluate(
        f"{json.dumps(names)}.filter((name) => typeof name.split('.')"
        ".reduce((of, one) => of[one], globalThis) !== 'function')"
    )

    assert missing == []
