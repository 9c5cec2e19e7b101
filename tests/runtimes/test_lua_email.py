"""The guest module email: from Lua to a provider over real sockets, and to the record."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from perilune.store import EmailRequest
from tests.runtimes.conftest import Box
from tests.upstream.resend import Resend, open_resend

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "re_verysecretkey0123456789"
MAIL = "from='a@x.org', to='b@y.org', subject='S', text='T'"
ADDRESSES = "must be a string or table of strings"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def resend() -> AsyncIterator[Resend]:
    async with open_resend() as opened:
        yield opened


@pytest.fixture(autouse=True)
def forget(resend: Resend) -> None:
    resend.bodies.clear()
    resend.headers.clear()
    resend.answer(200, {"id": "email_1"})


async def send(world: Box, resend: Resend, options: str) -> tuple[list[Any], str]:
    return await world.values(
        f"email.send({{{options}}})", RESEND_API_KEY=KEY, RESEND_BASE_URL=resend.url
    )


async def rows_of(world: Box, execution_id: str) -> list[EmailRequest]:
    rows, _ = await world.store.email_requests.page(execution_id, None, 0)
    return rows


async def test_an_email_is_sent_and_the_record_holds_no_key(world: Box, resend: Resend) -> None:
    values, execution_id = await send(world, resend, MAIL)

    assert values == [{"id": "email_1"}, None]
    assert resend.bodies == [{"from": "a@x.org", "to": ["b@y.org"], "subject": "S", "text": "T"}]
    assert resend.headers[0]["Authorization"] == f"Bearer {KEY}"
    (row,) = await rows_of(world, execution_id)
    assert (row.from_, row.to, row.subject) == ("a@x.org", ["b@y.org"], "S")
    assert (row.has_text, row.has_html) == (True, False)
    assert (row.status, row.email_id) == ("success", "email_1")
    assert KEY not in str(row)


@pytest.mark.parametrize(
    ("options", "member", "sent"),
    [
        pytest.param("to={'a', '', 5}", "to", ["a", "5"], id="to"),
        pytest.param("to=''", "to", [""], id="an empty text is the provider's business"),
        pytest.param("cc='c'", "cc", ["c"], id="cc"),
        pytest.param("bcc={'b', 'd'}", "bcc", ["b", "d"], id="bcc"),
        pytest.param("cc={}", "cc", None, id="nobody"),
        pytest.param("cc=''", "cc", None, id="empty cc"),
        pytest.param("reply_to='r'", "reply_to", "r", id="one to reply to"),
        pytest.param("reply_to={'r', 's'}", "reply_to", ["r", "s"], id="two to reply to"),
        pytest.param("subject=5", "subject", "5", id="number as subject"),
        pytest.param("html='<b>'", "html", "<b>", id="html"),
        pytest.param("headers={['X-A']='1', ['X-B']=2}", "headers", {"X-A": "1", "X-B": "2"}),
        pytest.param("tags={{name='', value='v'}}", "tags", None, id="tag without a name"),
        pytest.param("tags={{name='n'}}", "tags", [{"name": "n", "value": ""}], id="no value"),
        pytest.param(
            "scheduled_at=1700000000.9", "scheduled_at", "2023-11-14T22:13:20Z", id="seconds"
        ),
        pytest.param("scheduled_at='in 1 min'", "scheduled_at", "in 1 min", id="words"),
        pytest.param(
            "attachments={{filename='f.bin', content='\\0\\255'}}",
            "attachments",
            [{"filename": "f.bin", "content": base64.b64encode(b"\0\xff").decode()}],
            id="attachment",
        ),
        pytest.param(
            "attachments={{filename='f', content='c', content_type='text/x'}}",
            "attachments",
            [{"filename": "f", "content": "Yw==", "content_type": "text/x"}],
            id="attachment with a type",
        ),
    ],
)
async def test_options(world: Box, resend: Resend, options: str, member: str, sent: Any) -> None:
    # The last of two members with one name counts.
    values, _ = await send(world, resend, f"{MAIL}, {options}")

    assert values == [{"id": "email_1"}, None]
    assert resend.bodies[0].get(member) == sent


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("to=true, cc=5", f"to {ADDRESSES}"),
        ("to={'', ''}, cc=5", "to cannot be empty"),
        (f"{MAIL}, to={{{{}}}}", f"to {ADDRESSES}"),
        (f"{MAIL}, to={{name='b'}}", f"to {ADDRESSES}"),
        (f"{MAIL}, bcc=true", f"bcc {ADDRESSES}"),
        (f"{MAIL}, reply_to=5", f"reply_to {ADDRESSES}"),
        (f"{MAIL}, from={{}}", "from must be a string"),
        (f"{MAIL}, from=''", "from is required"),
        (f"{MAIL}, subject=true", "subject must be a string"),
        (f"{MAIL}, text='', html=''", "either text or html content is required"),
        (f"{MAIL}, html={{}}", "html must be a string"),
        (f"{MAIL}, headers={{['X-A']={{}}}}", "headers must be a table of strings"),
        (f"{MAIL}, tags='t'", "tags must be an array of tables"),
        (f"{MAIL}, tags={{'t'}}", "tags[1] must be a table"),
        (f"{MAIL}, tags={{{{name='n', value={{}}}}}}", "tags[1] needs a name and a value"),
        (f"{MAIL}, scheduled_at=-1", "scheduled_at is out of range"),
        (f"{MAIL}, scheduled_at=0/0", "scheduled_at is out of range"),
        (f"{MAIL}, scheduled_at=1e300", "scheduled_at is out of range"),
        (f"{MAIL}, attachments='f'", "attachments must be an array of tables"),
        (
            f"{MAIL}, attachments={{filename='f', content='c'}}",
            "attachments must be an array of tables",
        ),
        (f"{MAIL}, attachments={{'f'}}", "attachments[1] must be a table"),
        (
            f"{MAIL}, attachments={{{{filename='', content='c'}}}}",
            "attachments[1] needs a filename and a content",
        ),
        (
            f"{MAIL}, attachments={{{{filename='f', content='c', content_type=true}}}}",
            "attachments[1].content_type must be a string",
        ),
    ],
)
async def test_errors_in_lua_are_found_and_not_recorded(
    world: Box, resend: Resend, options: str, problem: str
) -> None:
    values, execution_id = await send(world, resend, options)

    assert values == [None, problem]
    assert resend.bodies == []
    assert await rows_of(world, execution_id) == []


async def test_options_are_read_without_metatables(world: Box, resend: Resend) -> None:
    values, _ = await world.values(f"email.send(setmetatable({{}}, {{__index={{{MAIL}}}}}))")

    assert values == [None, "to is required"]
    assert resend.bodies == []


async def test_options_must_be_a_table(world: Box) -> None:
    values, _ = await world.values("pcall(function() local a = email.send(5) return a end)")

    assert values[0] is False
    assert "bad argument #1 to send (table expected, got number)" in values[1]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(f"{MAIL}, subject='a\\nBcc: all@example.org'", id="subject"),
        pytest.param(f"{MAIL}, headers={{['X-A\\r\\nX-B']='1'}}", id="header name"),
        pytest.param(f"{MAIL}, to='a\\r\\nRCPT TO:<b>'", id="address"),
    ],
)
async def test_line_breaks_cannot_add_headers(world: Box, resend: Resend, options: str) -> None:
    values, _ = await send(world, resend, options)

    assert values[0] is None
    assert "line break" in values[1]
    assert resend.bodies == []


async def test_a_missing_key_is_recorded_without_a_request(world: Box) -> None:
    values, execution_id = await world.values(f"email.send({{{MAIL}}})")

    assert values == [None, "RESEND_API_KEY not set in function environment"]
    (row,) = await rows_of(world, execution_id)
    assert (row.status, row.error_message, row.request_json) == ("error", values[1], "")


async def test_a_refusal_of_the_provider_is_returned_and_recorded(
    world: Box, resend: Resend
) -> None:
    resend.answer(422, {"message": f"not with {KEY}"})

    values, execution_id = await send(world, resend, MAIL)

    assert values[0] is None
    assert values[1].startswith("[ERROR]: not with ")
    (row,) = await rows_of(world, execution_id)
    assert (row.status, row.error_message, row.email_id) == ("error", values[1], None)
    assert KEY not in str(row) + values[1]
