"""Guest module `strings`, against the specification and against Python's own text functions."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perilune.worker.frames import Failure
from tests.profiles import examples
from tests.worker.lua_guest import Guest

UNICODE_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(code) for code in range(0x2000, 0x200B)
)


@pytest.fixture(scope="module")
def guest() -> Guest:
    return Guest()


def pieces(guest: Guest, expression: str, **event: Any) -> list[bytes]:
    """The items of the array that *expression* makes of the event, as bytes."""
    code = f"""
    function handler(ctx, event)
      local items = {expression}
      local sizes = {{}}
      for i, item in ipairs(items) do sizes[i] = #item end
      return {{ body = table.concat(sizes, " ") .. ";" .. table.concat(items) }}
    end
    """
    sizes, _, rest = guest.response(code, **event).body.partition(b";")
    found = []
    for size in map(int, sizes.split()):
        found.append(rest[:size])
        rest = rest[size:]
    return found


@pytest.mark.parametrize(
    ("call", "text"),
    [
        pytest.param('strings.trim("  hi  ")', "hi", id="trim"),
        pytest.param(r'strings.trim("\194\160\226\128\131x\194\133")', "x", id="trim Unicode"),
        pytest.param(r'strings.trim("\t\n\11\12\r x y \r")', "x y", id="trim inside"),
        pytest.param(r'strings.trim("\226\128\139zw")', "\u200bzw", id="zero width is no space"),
        pytest.param(r'strings.trim("\28x\31")', "\x1cx\x1f", id="separators are no space"),
        pytest.param(r'strings.trim("\160\133x\194")', "\\xa0\\x85x\\xc2", id="not UTF-8"),
        pytest.param(r'strings.trim(" \t ")', "", id="trim all"),
        pytest.param("strings.trim(12)", "12", id="trim number"),
        pytest.param('strings.trimLeft("  hi  ")', "hi  ", id="trimLeft"),
        pytest.param(r'strings.trimLeft("\t\n\r\11 x")', "\v x", id="trimLeft stops"),
        pytest.param('strings.trimRight("  hi  ")', "  hi", id="trimRight"),
        pytest.param(r'strings.trimRight("x\194\160 ")', "x\xa0", id="trimRight stops"),
        pytest.param(r'strings.trimRight("\t\r\n ")', "", id="trimRight all"),
        pytest.param('strings.join({"a", "b"}, "-")', "a-b", id="join"),
        pytest.param('strings.join({}, "-")', "", id="join nothing"),
        pytest.param(
            'strings.join({1, 2.5, 1e20, -0.5, 1/3, 2^53}, ",")',
            "1,2.5,1e+20,-0.5,0.3333333333333333,9007199254740992",
            id="join numbers",
        ),
        pytest.param('strings.join({true, {}, print, "x"}, ",")', ",,,x", id="join others"),
        pytest.param('strings.join({"a", nil, "c"}, ",")', "a,c", id="join hole"),
        pytest.param('strings.join({[2] = "b", [9] = "c"}, ",")', "b,c", id="join sparse"),
        pytest.param('strings.join({k = "v"}, ",")', "v", id="join map"),
        pytest.param('strings.join({k = "v", "a"}, ",")', "a,v", id="join mixed"),
        pytest.param('strings.join({[0] = "z", "a"}, ",")', "a,z", id="join key 0"),
        pytest.param('strings.replace("aaa", "a", "b")', "bbb", id="replace"),
        pytest.param('strings.replace("aaa", "a", "b", 1.7)', "baa", id="replace once"),
        pytest.param('strings.replace("aaa", "a", "b", 0)', "aaa", id="replace never"),
        pytest.param('strings.replace("aaa", "a", "b", -5)', "bbb", id="replace negative"),
        pytest.param('strings.replace("aaa", "a", "b", 99)', "bbb", id="replace 99"),
        pytest.param('strings.replace("a.b", ".", "%1")', "a%1b", id="replace is no pattern"),
        pytest.param('strings.replace("abc", "", "-")', "-a-b-c-", id="replace nothing"),
        pytest.param('strings.replace("abc", "", "-", 2)', "-a-bc", id="replace nothing twice"),
        pytest.param('strings.replace("abc", "", "-", 4)', "-a-b-c-", id="replace nothing 4"),
        pytest.param('strings.replace("", "", "-")', "-", id="replace nothing in nothing"),
        pytest.param('strings.toUpper("straße ÿ")', "STRAßE Ÿ", id="toUpper"),
        pytest.param('strings.toLower("ÉΣ")', "éσ", id="toLower"),
        pytest.param(r'strings.toLower("A\255B")', "a\\xffb", id="toLower bytewise"),
        pytest.param("strings.toUpper(12)", "12", id="toUpper number"),
        pytest.param('strings["repeat"]("ab", 3)', "ababab", id="repeat"),
        pytest.param('strings.rep("ab", 1.9)', "ab", id="rep truncates"),
        pytest.param('strings.rep("ab", 0)', "", id="rep 0"),
        pytest.param('strings.rep("ab", -0.5)', "", id="rep -0"),
        pytest.param('strings.rep("", 1e308)', "", id="rep of nothing"),
    ],
)
def test_text(guest, call, text):
    assert guest.texts(call) == [text]


@pytest.mark.parametrize(
    ("call", "items"),
    [
        pytest.param('"a,b,c", ","', [b"a", b"b", b"c"], id="comma"),
        pytest.param('",a,", ","', [b"", b"a", b""], id="empty parts"),
        pytest.param('"", ","', [b""], id="empty text"),
        pytest.param('"", ""', [], id="nothing at all"),
        pytest.param('"abc", "x"', [b"abc"], id="not found"),
        pytest.param('"a||b||", "||"', [b"a", b"b", b""], id="long separator"),
        pytest.param('"aaa", "aa"', [b"", b"a"], id="overlap"),
        pytest.param('"a.b", "."', [b"a", b"b"], id="no pattern"),
        pytest.param("1234, 2", [b"1", b"34"], id="numbers"),
        pytest.param('"hé€😀", ""', [b"h", "é".encode(), "€".encode(), "😀".encode()], id="UTF-8"),
        pytest.param(r'"a\255\226\130b", ""', [b"a", b"\xff", b"\xe2", b"\x82", b"b"], id="bytes"),
    ],
)
def test_split(guest, call, items):
    assert pieces(guest, f"strings.split({call})") == items


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param(
            'strings.split("a")', "bad argument #2 to split (string expected, got nil)", id="split"
        ),
        pytest.param(
            'strings.join("abc", ",")',
            "bad argument #1 to join (table expected, got string)",
            id="join",
        ),
        pytest.param(
            'strings.join({"a"})', "bad argument #2 to join (string expected, got nil)", id="join 2"
        ),
        pytest.param(
            'strings.replace("a", "b", "c", "2")',
            "bad argument #4 to replace (number expected, got string)",
            id="replace",
        ),
        pytest.param(
            'strings.replace("a", "b", "c", 0/0)',
            "bad argument #4 to replace (number has no integer representation)",
            id="replace nan",
        ),
        pytest.param(
            'strings.rep("a", "2")',
            "bad argument #2 to repeat (number expected, got string)",
            id="rep",
        ),
        pytest.param(
            'strings.rep("a", 1/0)',
            "bad argument #2 to repeat (number has no integer representation)",
            id="rep infinite",
        ),
        pytest.param(
            "strings.toUpper({})",
            "bad argument #1 to toUpper (string expected, got table)",
            id="toUpper",
        ),
        pytest.param(
            "strings.trim()", "bad argument #1 to trim (string expected, got nil)", id="trim"
        ),
    ],
)
def test_wrong_arguments_raise(guest, call, problem):
    assert guest.error(call) == f"<string>:1: {problem}"


def test_negative_repetition_has_the_text_of_old(guest):
    assert guest.error('strings.rep("ab", -1)') == "strings: negative Repeat count"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param('strings.rep("a", 16777217)', id="one byte too many"),
        pytest.param('strings.rep("a", 1e11)', id="rep"),
        pytest.param('strings["repeat"](event.path, 1e308)', id="repeat"),
        pytest.param('strings.replace(("a"):rep(5000), "a", ("b"):rep(5000))', id="replace"),
        pytest.param('strings.replace(("a"):rep(5000), "", ("b"):rep(5000))', id="replace nothing"),
        pytest.param(
            "(function() local t = {} for i = 1, 5000 do t[i] = ('b'):rep(5000) end "
            "strings.join(t, '') end)()",
            id="join items",
        ),
        pytest.param(
            "(function() local t = {} for i = 1, 5000 do t[i] = '' end "
            "strings.join(t, ('b'):rep(5000)) end)()",
            id="join separators",
        ),
    ],
)
def test_results_have_a_limit(guest, call):
    assert guest.error(f"local _ = {call}") == (
        "<string>:1: strings: result exceeds the limit of 16777216 bytes"
    )


def test_the_largest_results():
    guest = Guest(memory_bytes=128 * 1024 * 1024)

    assert guest.text('#strings.rep("ab", 8388608)') == "16777216"
    assert guest.text('#strings.replace(("a"):rep(4096), "a", ("b"):rep(4096))') == "16777216"


def test_more_parts_than_memory_end_the_invocation():
    outcome = Guest(memory_bytes=8 * 1024 * 1024).execute(
        'function handler() strings.split(("a"):rep(4000000), "") end'
    )

    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.fatal) == ("memory", True)


def test_metatables_of_lists_are_not_asked(guest):
    code = (
        "local function fail() error('asked') end "
        "local mark = {__index = fail, __len = fail, __pairs = fail, __tostring = fail} "
        "local list = setmetatable({'a', setmetatable({}, mark), 'b'}, mark) "
        "return strings.join(list, ',')"
    )

    assert guest.body(code) == "a,,b"


texts = st.text("aAbé€ ,\0\xa0\u2003", max_size=12).map(str.encode)
anything = st.binary(max_size=12) | texts


def as_text(data: bytes) -> str:
    """One character per UTF-8 character, and per byte that belongs to none."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@examples(200)
@given(anything)
@example("\u3000\u1680x\u202f".encode())
def test_trimming_is_that_of_python(guest, text):
    trimmed = pieces(
        guest,
        "{strings.trim(event.body), strings.trimLeft(event.body), strings.trimRight(event.body)}",
        body=text,
    )

    assert trimmed == [
        as_bytes(as_text(text).strip(UNICODE_SPACES)),
        text.lstrip(b" \t\r\n"),
        text.rstrip(b" \t\r\n"),
    ]


@examples(200)
@given(anything, st.sampled_from([b"", b",", b"a", b"\0", b"aA", b"\xc3"]))
def test_splitting_is_that_of_python(guest, text, separator):
    event = {"body": text, "separator": separator}
    split = "strings.split(event.body, event.separator)"

    parts = pieces(guest, split, **event)
    joined = pieces(guest, f"{{strings.join({split}, event.separator)}}", **event)

    assert parts == (text.split(separator) if separator else [as_bytes(c) for c in as_text(text)])
    assert joined == [text]


@examples(300)
@given(
    anything,
    st.sampled_from([b"", b",", b"a", b"\0", b"aA", b"aa", b"%", b"\xc3"]),
    anything,
    st.integers(-2, 6),
)
def test_replacing_is_that_of_python(guest, text, old, new, limit):
    replaced = pieces(
        guest,
        "{strings.replace(event.body, event.old, event.new, event.limit)}",
        body=text,
        old=old,
        new=new,
        limit=limit,
    )

    if old:
        assert replaced == [text.replace(old, new, limit)]
    else:
        assert replaced == [as_bytes(as_text(text).replace("", as_text(new), limit))]


@examples(200)
@given(texts, st.binary(max_size=2) | texts)
def test_searching_is_that_of_python(guest, text, part):
    found = guest.texts(
        "strings.hasPrefix(event.body, event.part), strings.hasSuffix(event.body, event.part), "
        "strings.contains(event.body, event.part)",
        body=text,
        part=part,
    )

    expected = [text.startswith(part), text.endswith(part), part in text]
    assert found == [str(answer).lower() for answer in expected]


SABOTAGE = """
local function evil() return "evil" end
for _, lib in pairs({string, table, math}) do
  for name in pairs(lib) do lib[name] = evil end
end
tostring, type, pairs, ipairs, next, select = evil, evil, evil, evil, evil, evil
error, rawget, setmetatable, tonumber, unpack = evil, evil, evil, evil, evil
"""


@pytest.mark.parametrize(
    "expression",
    [
        'strings.trim(" a ") .. strings.trimLeft(" a") .. strings.trimRight("a ")',
        'strings.join(strings.split("a,b", ","), "+") .. strings.join({x = 1.5}, "")',
        'strings.replace("aXb", "X", "-") .. strings.replace("ab", "", "-")',
        'strings.toUpper("é") .. strings.toLower("A") .. strings.rep("ab", 3)',
        'base64.encode("a") .. base64.decode("YQ==") .. base64.url_decode("YQ")',
        'crypto.sha256(1.5) .. crypto.hmac_sha1_base64("a", "b")',
        "random.int(7, 7)",
        "random.bytes(-1) or 'none'",
    ],
)
def test_replaced_library_functions_have_no_influence(guest, expression):
    healthy = guest.body(f"return {expression}")

    assert guest.body(f"{SABOTAGE} return {expression}") == healthy
    assert "evil" not in healthy and re.search(r"\w", healthy)
