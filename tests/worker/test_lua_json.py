"""Guest module `json`: every row of the table in the specification, and the texts of errors."""

import json
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.worker.lua_guest import Guest


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("{}", "{}", id="empty table"),
        pytest.param("json.array({})", "[]", id="marked array"),
        pytest.param("json.object({})", "{}", id="marked object"),
        pytest.param("json.object({1, 2})", '{"1":1,"2":2}', id="list as object"),
        pytest.param("json.array({a = 1})", '{"a":1}', id="array mark on an object"),
        pytest.param('json.decode("[]")', "[]", id="decoded empty array"),
        pytest.param("{1,2,3}", "[1,2,3]", id="array"),
        pytest.param("{1,nil,3}", "[1,null,3]", id="hole"),
        pytest.param('{[1]="a",[5]="e"}', '["a",null,null,null,"e"]', id="holes"),
        pytest.param("{[2]=1}", "[null,1]", id="start at 2"),
        pytest.param("{a=1,2}", '{"1":2,"a":1}', id="mixed"),
        pytest.param('{[0]="z"}', '{"0":"z"}', id="zero key"),
        pytest.param('{[-1]="z"}', '{"-1":"z"}', id="negative key"),
        pytest.param('{[0]="z",[1]="a"}', '{"0":"z","1":"a"}', id="zero and one"),
        pytest.param('{[1.5]="x"}', '{"1.5":"x"}', id="fraction as key"),
        pytest.param('{["1"]="a",["2"]="b"}', '{"1":"a","2":"b"}', id="number strings"),
        pytest.param("{a={}, b={{}}}", '{"a":{},"b":[{}]}', id="nested empty"),
        pytest.param("{{1,2},{3,{4}}}", "[[1,2],[3,[4]]]", id="nested arrays"),
        pytest.param("nil", "null", id="nil"),
        pytest.param("true", "true", id="true"),
        pytest.param("{json.null, false}", "[null,false]", id="null"),
        pytest.param("42", "42", id="integer"),
        pytest.param("-0.0", "-0", id="minus zero"),
        pytest.param("1e15", "1000000000000000", id="1e15"),
        pytest.param("1e20", "100000000000000000000", id="1e20"),
        pytest.param("1e21", "1e+21", id="1e21"),
        pytest.param("1e-6", "0.000001", id="1e-6"),
        pytest.param("1.25e-6", "0.00000125", id="1.25e-6"),
        pytest.param("1e-7", "1e-7", id="1e-7"),
        pytest.param("1e-10", "1e-10", id="1e-10"),
        pytest.param("2^53", "9007199254740992", id="2^53"),
        pytest.param("2^63", "9223372036854776000", id="2^63"),
        pytest.param("123456789012345678", "123456789012345680", id="beyond 2^53"),
        pytest.param("1/3", "0.3333333333333333", id="1/3"),
        pytest.param("0.1+0.2", "0.30000000000000004", id="0.1+0.2"),
        pytest.param("1234567.5", "1234567.5", id="no early exponent"),
        pytest.param("'he said \"x\" \\\\ /'", r'"he said \"x\" \\ /"', id="quotes"),
        pytest.param(
            r'"\0\1\8\9\10\11\12\13\27\127"',
            '"' + r"\u0000\u0001\b\t\n\u000b\f\r\u001b" + '\x7f"',
            id="control characters",
        ),
        pytest.param("\"<a href='x'>&\"", r'''"\u003ca href='x'\u003e\u0026"''', id="html"),
        pytest.param('"héllo €😀"', '"héllo €😀"', id="unicode"),
        pytest.param(r'"a\255b\192\128c"', '"a\ufffdb\ufffd\ufffdc"', id="invalid bytes"),
        pytest.param(r'"\237\160\128"', '"\ufffd\ufffd\ufffd"', id="surrogate"),
        pytest.param(r'"\226\130"', '"\ufffd\ufffd"', id="cut character"),
        pytest.param(r'"\244\144\128\128"', '"' + "\ufffd" * 4 + '"', id="beyond Unicode"),
        pytest.param(r'"\226\128\168\226\128\169"', r'"\u2028\u2029"', id="line separators"),
        pytest.param(r'{["\255"]=1}', '{"\ufffd":1}', id="invalid key"),
        pytest.param('{["<k&>"]=1}', r'{"\u003ck\u0026\u003e":1}', id="html key"),
        pytest.param(
            '{b=1,a=2,c=3,B=4,["10"]=5,["9"]=6,["é"]=7,[""]=8}',
            '{"":8,"10":5,"9":6,"B":4,"a":2,"b":1,"c":3,"é":7}',
            id="bytewise key order",
        ),
        pytest.param("setmetatable({1}, {__index = {2, 3}})", "[1]", id="raw access"),
        pytest.param("{1}, true", "[1]", id="ignored argument"),
        pytest.param('"<", {escape_html = false}', '"<"', id="html kept"),
        pytest.param(
            "{1, {a = {}, b = {2}}}, {pretty = true}",
            '[\n  1,\n  {\n    "a": {},\n    "b": [\n      2\n    ]\n  }\n]',
            id="pretty",
        ),
    ],
)
def test_encode(guest, value, text):
    assert guest.texts(f"json.encode({value})") == [text]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("0/0", "json: unsupported value: NaN", id="nan"),
        pytest.param("1/0", "json: unsupported value: +Inf", id="inf"),
        pytest.param("{a = -1/0}", "json: unsupported value: -Inf", id="-inf inside"),
        pytest.param("{[true] = 1}", "boolean", id="boolean key"),
        pytest.param("{[{}] = 1}", "table", id="table key"),
        pytest.param('{[1]="a",["1"]="b"}', "duplicate key: 1", id="duplicate key"),
        pytest.param("print", "function", id="function"),
        pytest.param("{1, coroutine.create(print)}", "thread", id="thread"),
        pytest.param("{[1] = 1, [300000000] = 2}", "sparse array", id="sparse"),
        pytest.param(
            "(function() local t = {} t.t = {t} return t end)()", "contains itself", id="cycle"
        ),
    ],
)
def test_encode_refuses(guest, value, problem):
    nothing, error = guest.texts(f"json.encode({value})")

    assert nothing == "nil"
    assert problem in error


def test_sparse_arrays_are_written_while_short_or_half_filled(guest):
    assert guest.text("#json.encode({[1] = 1, [1000] = 1})") == str(998 * 5 + 2 * 2 + 1)
    half = (
        "(function() local t = {} for i = 1, 4000, 2 do t[i] = 1 end return #json.encode(t) end)()"
    )
    assert int(guest.text(half)) > 4000


def nested(levels: int) -> str:
    return (
        f"(function() local d = {{}} local c = d for i = 1, {levels} do c.x = {{}} c = c.x end "
        "return d end)()"
    )


def test_encode_depth(guest):
    assert guest.text(f"#json.encode({nested(200)})") == "1202"
    nothing, error = guest.texts(f"json.encode({nested(201)})")
    assert (nothing, error) == ("nil", "json: tables nested deeper than 200 levels")


def test_encode_without_argument_raises(guest):
    assert guest.error("json.encode()") == "<string>:1: bad argument #1 to encode (value expected)"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("{}", "{}", id="object"),
        pytest.param("[]", "[]", id="array"),
        pytest.param('\ufeff {"a":"\ufeff"}', '{"a":"\ufeff"}', id="byte order mark"),
        pytest.param("null", "null", id="null"),
        pytest.param("  [1]  ", "[1]", id="white space"),
        pytest.param("-0", "-0", id="minus zero"),
        pytest.param("1E+2", "100", id="exponent"),
        pytest.param("9007199254740993", "9007199254740992", id="beyond 2^53"),
        pytest.param("123456789012345678901234567890", "1.2345678901234568e+29", id="large"),
        pytest.param(r'"\u00e9\ud83d\ude00\u0000"', '"é😀\\u0000"', id="escapes"),
        pytest.param(r'"\ud83d"', '"\ufffd"', id="lone high surrogate"),
        pytest.param(r'"\ude00x"', '"\ufffdx"', id="lone low surrogate"),
        pytest.param(r'"\ud83d\u0041"', '"\ufffdA"', id="half a pair"),
        pytest.param(r'"\/\b\f\n\r\t"', r'"/\b\f\n\r\t"', id="short escapes"),
        pytest.param('{"a":1,"a":2}', '{"a":2}', id="last one wins"),
        pytest.param('{"a":1,"a":null}', "{}", id="last one wins, even null"),
        pytest.param('{"a":{"b":[1,null,3]},"n":null}', '{"a":{"b":[1,null,3]}}', id="nulls"),
        pytest.param("[1,null]", "[1]", id="null at the end"),
        pytest.param("[null,1]", "[null,1]", id="null at the start"),
        pytest.param("[null]", "{}", id="nothing but null"),
        pytest.param('{"a":[]}', '{"a":[]}', id="empty array inside"),
        pytest.param("[1.0,1e2,10000000000000000000000]", "[1,100,1e+22]", id="numbers"),
        pytest.param(b'"a\xffb"', '"a\ufffdb"', id="invalid byte"),
        pytest.param('"\x7f"', '"\x7f"', id="DEL"),
    ],
)
def test_decode(guest, source, value):
    assert guest.texts("json.encode((json.decode(event.body)))", body=source) == [value]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param("", "unexpected end of JSON input", id="empty"),
        pytest.param("   ", "unexpected end of JSON input", id="blank"),
        pytest.param("{", "unexpected end of JSON input", id="{"),
        pytest.param("[", "unexpected end of JSON input", id="["),
        pytest.param('"', "unexpected end of JSON input", id='"'),
        pytest.param("[1", "unexpected end of JSON input", id="[1"),
        pytest.param('{"a"', "unexpected end of JSON input", id="key only"),
        pytest.param('{"key": "val', "unexpected end of JSON input", id="cut string"),
        pytest.param('{"a"}', "invalid character '}' after object key", id="no value"),
        pytest.param('{"a":}', "invalid character '}' looking for beginning of value", id="a:"),
        pytest.param(
            "{a:1}", "invalid character 'a' looking for beginning of object key string", id="bare"
        ),
        pytest.param(
            "{'a':1}", r"invalid character '\'' looking for beginning of object key string", id="'"
        ),
        pytest.param("[1,]", "invalid character ']' looking for beginning of value", id="[1,]"),
        pytest.param(
            '{"a":1,}',
            "invalid character '}' looking for beginning of object key string",
            id="comma at the end",
        ),
        pytest.param('{"a":1 2}', "invalid character '2' after object key:value pair", id="pair"),
        pytest.param("01", "invalid character '1' after top-level value", id="01"),
        pytest.param("+1", "invalid character '+' looking for beginning of value", id="+1"),
        pytest.param("1.", "unexpected end of JSON input", id="1."),
        pytest.param(
            "1.x", "invalid character 'x' after decimal point in numeric literal", id="1.x"
        ),
        pytest.param("1e+x", "invalid character 'x' in exponent of numeric literal", id="1e+x"),
        pytest.param(".5", "invalid character '.' looking for beginning of value", id=".5"),
        pytest.param("-", "unexpected end of JSON input", id="-"),
        pytest.param("-a", "invalid character 'a' in numeric literal", id="-a"),
        pytest.param("nul", "unexpected end of JSON input", id="nul"),
        pytest.param("True", "invalid character 'T' looking for beginning of value", id="True"),
        pytest.param("not json", "invalid character 'o' in literal null (expecting 'u')", id="not"),
        pytest.param(
            '{"a":tru}', "invalid character '}' in literal true (expecting 'e')", id="tru"
        ),
        pytest.param("[1 2]", "invalid character '2' after array element", id="[1 2]"),
        pytest.param('{"a" 1}', "invalid character '1' after object key", id="no colon"),
        pytest.param("{} x", "invalid character 'x' after top-level value", id="{} x"),
        pytest.param(r'"\x"', "invalid character 'x' in string escape code", id="escape"),
        pytest.param(
            r'"\u12"', r"""invalid character '"' in \u hexadecimal character escape""", id="short u"
        ),
        pytest.param('"\\u12', "unexpected end of JSON input", id="cut u"),
        pytest.param('"tab\tin"', r"invalid character '\t' in string", id="raw tab"),
        pytest.param("\0", r"invalid character '\x00' looking for beginning of value", id="NUL"),
        pytest.param("\ufeff", "unexpected end of JSON input", id="byte order mark alone"),
        pytest.param("\ufeff\ufeff1", "looking for beginning of value", id="two marks"),
        pytest.param(" \ufeff1", "looking for beginning of value", id="a mark behind a blank"),
        pytest.param("é", "invalid character 'é' looking for beginning of value", id="letter"),
        pytest.param(
            "/*c*/1", "invalid character '/' looking for beginning of value", id="comment"
        ),
        pytest.param("1e400", "out of range", id="too large"),
        pytest.param("[-1e400]", "out of range", id="too small"),
        pytest.param("[1e400,}", "invalid character '}'", id="syntax before range"),
    ],
)
def test_decode_refuses(guest, source, problem):
    nothing, error = guest.texts("json.decode(event.body)", body=source)

    assert nothing == "nil"
    assert problem in error


@pytest.mark.parametrize(("levels", "kind"), [(9999, "table"), (10000, "table"), (10001, "nil")])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["array", "object"])
def test_decode_depth(guest, levels, kind, brackets):
    opening, closing = brackets
    body = opening * (levels - 1) + opening[0] + closing * levels

    assert guest.text("type(json.decode(event.body))", body=body) == kind


def test_decode_arguments(guest):
    assert guest.texts("json.decode(12)") == ["12"]
    assert guest.error("json.decode(true)").endswith(
        "bad argument #1 to decode (string expected, got boolean)"
    )
    assert guest.texts('json.decode("null")') == ["nil"]
    assert guest.text('json.decode("[null]", {null = true})[1] == json.null') == "true"
    assert guest.text('json.encode(json.decode("[1,null]", {null = true}))') == "[1,null]"


@pytest.mark.parametrize(
    ("source", "length"),
    [("[1,null,3]", "3"), ("[null,null,3]", "3"), ("[1,null]", "1"), ("[null]", "0"), ("[]", "0")],
)
def test_length_counts_nulls_before_the_last_item(guest, source, length):
    assert guest.text("#json.decode(event.body)", body=source) == length


def test_null_cannot_be_changed(guest):
    assert guest.texts("tostring(json.null), type(json.null), getmetatable(json.null)") == [
        "null",
        "userdata",
        "false",
    ]
    assert "attempt to" in guest.error("json.null.x = 1")


def test_marks_follow_the_content(guest):
    """A decoded array stays one when it is emptied; one that gets names is an object."""
    assert (
        guest.text(
            '(function() local t = json.decode("[1]") t[1] = nil return json.encode(t) end)()'
        )
        == "[]"
    )
    assert (
        guest.text('(function() local t = json.decode("[1]") t.x = 2 return json.encode(t) end)()')
        == '{"1":1,"x":2}'
    )
    assert "protected" in guest.error("json.array(setmetatable({}, {__metatable = 1}))")


texts = st.text(max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
values = st.recursive(
    numbers | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@examples(300)
@given(values, st.booleans(), st.booleans())
def test_decoded_values_encode_to_the_same_value(guest, value, ascii_only, indented):
    source = json.dumps(value, ensure_ascii=ascii_only, indent=1 if indented else None)

    encoded = guest.texts("(json.encode((json.decode(event.body))))", body=source.encode())[0]

    assert json.loads(encoded, parse_int=float) == value  # both are doubles
    assert not re.search(r"[<>&\u2028\u2029]", encoded)


@examples(200)
@given(st.binary(max_size=30))
def test_any_bytes_encode_to_text_that_python_reads(guest, data):
    body = guest.response(
        "function handler(ctx, event) return {body = json.encode(event.body)} end", body=data
    ).body

    # One replacement character for each byte that is not part of a valid sequence.
    expected = re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))
    assert json.loads(body) == expected


def python_accepts(source: str) -> bool:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        json.loads(source, parse_constant=refuse)
    except ValueError:
        return False
    return True


@examples(400)
@given(
    values.map(json.dumps),
    st.integers(0, 200),
    st.sampled_from(
        ['"', "\\", "{", "}", "[", "]", ",", ":", "1", "-", ".", "e", "t", " ", "\n", ""]
    ),
    st.booleans(),
)
@example("[1]", 2, ",", True)
def test_damaged_text_is_accepted_exactly_when_it_is_json(guest, source, at, piece, insert):
    at = min(at, len(source))
    damaged = source[:at] + piece + source[at if insert else at + 1 :]
    assume(("e" not in piece and "1" not in piece) or not re.search(r"\d[eE]\+?\d{3}", damaged))

    answer = guest.texts('select("#", json.decode(event.body))', body=damaged)

    assert (answer == ["1"]) == python_accepts(damaged), damaged
