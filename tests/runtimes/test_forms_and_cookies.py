"""Forms and cookies, as functions of all languages read and make them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from perilune.events import HTTPEvent
from perilune.worker.library import NATIVE, LibraryError
from perilune.worker.library.forms import MAX_HEAD_BYTES, MAX_PARTS
from tests.runtimes.conftest import Box, open_box

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {
    "lua": """
function handler(ctx, event)
  local data, err = form.parse(event)
  if not data then return { statusCode = 400, body = err } end
  local files = {}
  for index, file in ipairs(data.files) do
    files[index] = { file.name, file.filename, file.contentType, base64.encode(file.body) }
  end
  return { body = { data.fields.name or "", data.multiFields.name or {}, files } }
end""",
    "python": """
import base64
from perilune_guest import form, FormError

def handler(ctx, event):
    try:
        data = form.parse(event)
    except FormError as error:
        return str(error), 400
    files = [
        [one.name, one.filename, one.content_type, base64.b64encode(one.body).decode()]
        for one in data.files
    ]
    return [data.fields.get("name", ""), data.multi_fields.get("name", []), files]
""",
    "javascript": """
export default async (ctx, event) => {
  const data = await new Response(event.bodyBytes, { headers: event.headers }).formData();
  const files = [];
  for (const [name, value] of data) {
    if (!(value instanceof File)) continue;
    files.push([name, value.name, value.type, (await value.bytes()).toBase64()]);
  }
  return [data.get("name") ?? "", data.getAll("name"), files];
};""",
}
COOKIES = {
    "lua": """
function handler(ctx, event)
  local given = json.decode(event.body)
  if #given == 0 then return { body = cookies.parse(event) } end
  local line, err = cookies.build(given[1], given[2], given[3])
  return { body = line or "refused: " .. err }
end""",
    "python": """
import json
from perilune_guest import cookies, CookiesError

def handler(ctx, event):
    given = json.loads(event.body)
    try:
        return cookies.build(*given) if given else cookies.parse(event)
    except CookiesError as error:
        return f"refused: {error}"
""",
    "javascript": """
import { cookies, PeriluneError } from "perilune";
export default (ctx, event) => {
  const given = event.json();
  try {
    return given.length ? cookies.build(...given) : cookies.parse(event);
  } catch (error) {
    if (error instanceof PeriluneError) return `refused: ${error.message}`;
    throw error;
  }
};""",
}
MULTIPART = "multipart/form-data; boundary=XX"
URL_ENCODED = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=COOKIES)
async def box(request, tmp_path_factory) -> AsyncIterator[Box]:
    async with open_box(tmp_path_factory.mktemp(request.param), language=request.param) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ids(box: Box) -> dict[str, str]:
    """The functions of the box."""
    codes = {"form": FORM[box.language], "cookies": COOKIES[box.language]}
    return {name: await box.add(code) for name, code in codes.items()}


async def answer(box: Box, function_id: str, body: bytes | str, **headers: str) -> str:
    """Return the body of the answer to a request."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    event = HTTPEvent(method="POST", path="/", headers=names, body=body)
    result = await box.call(function_id, event)
    assert result.response is not None, result.error
    return result.response.text


def part(disposition: bytes, content: bytes, more: bytes = b"") -> bytes:
    """Return one part of a form whose boundary is XX."""
    head = b"Content-Disposition: form-data; " + disposition + b"\r\n" + more
    return b"--XX\r\n" + head + b"\r\n" + content + b"\r\n"


def parsed(content_type: str, body: bytes) -> dict[bytes, Any]:
    """Return what the library makes of a form."""
    form: dict[bytes, Any] = msgspec.msgpack.decode(
        NATIVE["parse_form"](content_type.encode(), body)
    )
    return form


async def test_functions_get_fields_and_files(box: Box, ids: dict[str, str]) -> None:
    body = (
        part(b'name="name"', "Zoë".encode())
        + part(b'name="name"', b"")
        + part(b'name="up"; filename="a.bin"', b"\x00\r\n--X\xff", b"Content-Type: image/x\r\n")
        + b"--XX--\r\n"
    )

    found = await answer(box, ids["form"], body, Content_Type=MULTIPART)

    files = [["up", "a.bin", "image/x", "AA0KLS1Y/w=="]]
    assert json.loads(found) == ["Zoë", ["Zoë", ""], files]
    found = await answer(box, ids["form"], "name=a+b%26&name=%FFx", Content_Type=URL_ENCODED)
    assert json.loads(found)[0] == "a b&"
    if box.language == "javascript":
        return  # What it refuses is up to the platform.
    refused = await answer(box, ids["form"], body[:-9], Content_Type=MULTIPART)
    assert refused == "the body is cut off in part 3"
    refused = await answer(box, ids["form"], body)
    assert refused.startswith("the content type must be multipart/form-data or application/x-www")


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        pytest.param(b"name=up; filename=a.txt", "up", "a.txt", id="without quotes"),
        pytest.param(b'filename="a;b=c.txt"; name="up"', "up", "a;b=c.txt", id="separators"),
        pytest.param(b'name="up"; filename="a \\"b\\".txt"', "up", 'a "b".txt', id="backslash"),
        pytest.param(b'name="u%22p"; filename="a%0D%0Ab%41"', 'u"p', "a\r\nb%41", id="escapes"),
        pytest.param(b'name="up"; filename="C:\\dir\\a"', "up", "C:\\dir\\a", id="a path"),
        pytest.param('name=up; filename="ü.txt"'.encode(), "up", "ü.txt", id="UTF-8"),
        pytest.param(b'name=""; filename="../../etc/passwd"', "", "../../etc/passwd", id="as sent"),
    ],
)
async def test_names_are_what_the_sender_meant(disposition, name, filename):
    form = parsed(MULTIPART, part(disposition, b"x") + b"--XX--")

    (file,) = form[b"files"]
    assert (file[b"name"].decode(), file[b"filename"].decode()) == (name, filename)
    assert (file[b"contentType"], file[b"body"]) == (b"text/plain", b"x")
    assert form[b"fields"] == {}


async def test_what_surrounds_the_parts_is_no_part_of_the_form():
    body = b"preamble\r\n" + part(b'name="a"', b"1\r\n\r\n").replace(b"--XX\r", b"--XX \t\r")
    ending = part(b'name="up"; filename=""', b"") + b"--XX--\r\nepilogue --XX\r\n"

    form = parsed('Multipart/Form-Data; charset=utf-8; boundary="XX"', body + ending)

    assert form == {b"fields": {b"a": b"1\r\n\r\n"}, b"multiFields": {b"a": [b"1\r\n\r\n"]}} | {
        b"files": []
    }


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        pytest.param("", b"a=1", "the content type must be", id="no type"),
        pytest.param("text/plain", b"a=1", "the content type must be", id="other type"),
        pytest.param("multipart/form-data", b"--\r\n", "no valid boundary", id="no boundary"),
        pytest.param(f"{MULTIPART}{'X' * 69}", b"", "no valid boundary", id="a long boundary"),
        pytest.param(MULTIPART, b"", "the boundary is not in the body", id="empty"),
        pytest.param(MULTIPART, b"x--XX\r\n", "the boundary is not in the body", id="mid-line"),
        pytest.param(MULTIPART, b"--XXY\r\n", "part 1 does not begin with", id="longer boundary"),
        pytest.param(MULTIPART, b"--XX", "part 1 does not begin with", id="cut off at the start"),
        pytest.param(MULTIPART, part(b'name="a"', b"1"), "the body is cut off", id="no end"),
        pytest.param(MULTIPART, b"--XX\r\n\r\n1\r\n--XX--", "has no name", id="no header fields"),
        pytest.param(MULTIPART, part(b"x=1", b"1") + b"--XX--", "has no name", id="no name"),
        pytest.param(
            MULTIPART,
            part(b'name="a"', b"MQ==", b"Content-Transfer-Encoding: base64\r\n") + b"--XX--",
            "Content-Transfer-Encoding are not supported",
            id="base64",
        ),
        pytest.param(
            MULTIPART,
            part(b'name="a"', b"", b"X: " + b"x" * MAX_HEAD_BYTES + b"\r\n") + b"--XX--",
            f"do not end within {MAX_HEAD_BYTES} bytes",
            id="a long header",
        ),
        pytest.param(
            MULTIPART,
            part(b'name="a"', b"") * (MAX_PARTS + 1) + b"--XX--",
            f"more than {MAX_PARTS} parts",
            id="many parts",
        ),
        pytest.param(URL_ENCODED, b"&" * 6_000_000, f"more than {MAX_PARTS} fields", id="many"),
    ],
)
async def test_what_is_no_form_is_refused(content_type, body, reason):
    with pytest.raises(LibraryError, match=reason):
        parsed(content_type, body)


async def test_as_many_parts_as_allowed_are_taken():
    form = parsed(MULTIPART, part(b'name="a"', b"1") * MAX_PARTS + b"--XX--")

    assert len(form[b"multiFields"][b"a"]) == MAX_PARTS
    assert len(parsed(URL_ENCODED, b"a=1&" * (MAX_PARTS - 1))[b"multiFields"][b"a"]) == 999


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\r\n--X" * 1_000_000, id="nearly a boundary"),
        pytest.param(part(b'name="' + b'\\"' * 4000, b"") + b"--XX--", id="an open quote"),
        pytest.param(part(b'name="' + b"\\" * 8001, b"") + b"--XX--", id="backslashes"),
        pytest.param(part(b'; n="' * 1600, b"") * 700 + b"--XX--", id="many open quotes"),
        pytest.param(part(b"; name" * 1300, b"") + b"--XX--", id="parameters without a value"),
    ],
)
async def test_hostile_bodies_end_soon(body):
    with pytest.raises(LibraryError):
        parsed(MULTIPART, body)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param(["a", "b"], "a=b; HttpOnly; SameSite=Lax", id="by default"),
        pytest.param(
            ["a", "b", {"maxAge": 60, "secure": True, "httpOnly": False, "path": "/fn/x"}],
            "a=b; Path=/fn/x; Max-Age=60; Secure; SameSite=Lax",
            id="options",
        ),
        pytest.param(
            ["a", "", {"maxAge": 0, "expires": 0, "domain": "example.org", "sameSite": "strict"}],
            "a=; Domain=example.org; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly;"
            " SameSite=Strict",
            id="deleted",
        ),
        pytest.param(
            ["a", 'é; "1%,\\\n', {"sameSite": "None", "secure": True}],
            "a=%C3%A9%3B%20%221%25%2C%5C%0A; Secure; HttpOnly; SameSite=None",
            id="escaped",
        ),
        pytest.param(
            ["a", "b", {"expires": 1793541907.9}],
            "a=b; Expires=Sun, 01 Nov 2026 14:05:07 GMT; HttpOnly; SameSite=Lax",
            id="a date",
        ),
        pytest.param(["a", "!#$&'()*+-./:<=>?@[]^_`{|}~"], None, id="not escaped"),
        pytest.param(["a b", ""], "refused: the name of a cookie consists of", id="name"),
        pytest.param(["", ""], "refused: the name of a cookie consists of", id="no name"),
        pytest.param(["a\n", ""], "refused: the name of a cookie consists of", id="line break"),
        pytest.param(["a", "x" * 4096], "refused: a cookie has at most 4096 bytes", id="size"),
        pytest.param(["a", "é" * 700], "refused: a cookie has at most 4096 bytes", id="escapes"),
        pytest.param(
            ["a", "", {"maxage": 1}], "refused: there is no option maxage, only path,", id="option"
        ),
        pytest.param(
            ["a", "", {"path": "/; Domain=x"}], "refused: path must be ASCII text", id="injection"
        ),
        pytest.param(["a", "", {"path": "/\r\nX: 1"}], "refused: path must be ASCII", id="CRLF"),
        pytest.param(["a", "", {"path": "/\n"}], "refused: path must be ASCII", id="last break"),
        pytest.param(["a", "", {"maxAge": "60"}], "refused: maxAge must be a number", id="text"),
        pytest.param(["a", "", {"expires": 1e300}], "refused: expires must be a number", id="far"),
        pytest.param(["a", "", {"secure": 1}], "refused: secure must be true or false", id="flag"),
        pytest.param(
            ["a", "", {"sameSite": "Some"}], "refused: sameSite must be Strict,", id="sameSite"
        ),
        pytest.param(
            ["a", "", {"sameSite": "None"}], "refused: sameSite None needs", id="not secure"
        ),
    ],
)
async def test_cookies_that_are_made(box: Box, ids: dict[str, str], given, line):
    wanted = line or f"{given[0]}={given[1]}; HttpOnly; SameSite=Lax"

    made = await answer(box, ids["cookies"], json.dumps(given))

    assert made.startswith(wanted) if wanted.startswith("refused") else made == wanted


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("a=1; b=2;c=3", {"a": "1", "b": "2", "c": "3"}, id="several"),
        pytest.param("a=1; a=2", {"a": "1"}, id="the first of a name"),
        pytest.param('a="x y"; b="', {"a": "x y", "b": '"'}, id="quotes"),
        pytest.param("a=x=y==", {"a": "x=y=="}, id="equals signs"),
        pytest.param(
            "a=%C3%A9%3B; b=50%; c=%zz", {"a": "é;", "b": "50%", "c": "%zz"}, id="escapes"
        ),
        pytest.param("; =1;a;;\t b = 2 \t;", {"b": "2"}, id="what is no pair"),
        pytest.param("__proto__=1; b=2", {"__proto__": "1", "b": "2"}, id="a name of JavaScript"),
        pytest.param(
            "; ".join(["a=" + " " * 9000 + "x", "b=1"]), {"a": "x", "b": "1"}, id="blanks"
        ),
    ],
)
async def test_cookies_that_are_read(box: Box, ids: dict[str, str], header, cookies):
    found = await answer(box, ids["cookies"], "[]", Cookie=header)

    assert json.loads(found) == cookies or (cookies == {} and json.loads(found) == [])


async def test_a_cookie_that_was_made_is_read_as_it_was(box: Box, ids: dict[str, str]) -> None:
    value = 'Zoë, "50%"; a=b\\ \t1'

    made = await answer(box, ids["cookies"], json.dumps(["token", value]))

    found = await answer(box, ids["cookies"], "[]", Cookie=made.partition(";")[0])
    assert json.loads(found) == {"token": value}
