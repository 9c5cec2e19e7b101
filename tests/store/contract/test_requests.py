"""Rows of AI requests and e-mails: order, pages, and what happens when they can't be stored."""

from contextlib import suppress

import msgspec
import pytest

from perilune.store import (
    EmailRequest,
    RequestStatus,
    WritesLost,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.requests import (
    ai_request,
    barrier,
    both,
    email_request,
    some_execution,
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="least"),
        pytest.param(
            {
                "status": RequestStatus.ERROR,
                "response_json": '{"error":{}}',
                "error_message": "OpenAI API error: no",
                "input_tokens": 2**40,
                "output_tokens": 0,
                "duration_ms": 1234,
            },
            id="all",
        ),
    ],
)
async def test_an_ai_request_comes_back_as_it_was(store, changes):
    row = ai_request(await some_execution(store), **changes)

    assert store.ai_requests.append(row)
    await barrier(store)

    assert await store.ai_requests.page(row.execution_id, None, 0) == ([row], 1)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="least"),
        pytest.param({"to": []}, id="nobody"),
        pytest.param({"to": ['"Doe, Jane" <j@example.org>', "k@example.org"]}, id="comma"),
        pytest.param({"to": ["josé@example.org"]}, id="not-ascii"),
        pytest.param(
            {
                "has_text": False,
                "has_html": True,
                "status": RequestStatus.ERROR,
                "response_json": "{}",
                "error_message": "[ERROR]: no",
                "email_id": "e_1",
                "duration_ms": 9,
            },
            id="all",
        ),
    ],
)
async def test_an_email_comes_back_as_it_was(store, changes):
    row = email_request(await some_execution(store), **changes)

    assert store.email_requests.append(row)
    await barrier(store)

    (found,), total = await store.email_requests.page(row.execution_id, None, 0)
    assert (found, total) == (row, 1)
    assert found.has_text is row.has_text


@both
async def test_rows_are_read_in_the_order_they_were_appended(store, kind):
    execution_id, other = await some_execution(store), await some_execution(store)
    appended = [kind.make(execution_id) for _ in range(120)]
    for row in appended:
        assert kind.of(store).append(row)
        assert kind.of(store).append(kind.make(other))
    await barrier(store)

    assert await kind.of(store).page(execution_id, None, 0) == (appended, 120)


@both
@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        pytest.param(2, 0, [0, 1], id="first"),
        pytest.param(2, 4, [4], id="last"),
        pytest.param(2, 9, [], id="beyond"),
        pytest.param(None, 3, [3, 4], id="no-limit"),
        pytest.param(0, 0, [], id="nothing"),
        pytest.param(-1, -1, [], id="negative"),
    ],
)
async def test_a_page_comes_with_the_real_total(store, kind, limit, offset, expected):
    execution_id = await some_execution(store)
    for number in range(5):
        kind.of(store).append(kind.make(execution_id, duration_ms=number))
    await barrier(store)

    found, total = await kind.of(store).page(execution_id, limit, offset)

    assert ([row.duration_ms for row in found], total) == (expected, 5)


@both
async def test_unknown_executions_have_no_rows(store, kind):
    assert await kind.of(store).page("nope", 10, 0) == ([], 0)


@both
async def test_rows_go_with_their_execution(store, kind):
    execution_id = await some_execution(store)
    kind.of(store).append(kind.make(execution_id))
    function_id = (await store.get_execution(execution_id)).function_id

    await store.delete_function(function_id)

    assert await kind.of(store).page(execution_id, None, 0) == ([], 0)


@both
async def test_rows_of_a_transaction_are_committed_with_it(store, kind):
    execution_id = await some_execution(store)

    with suppress(LookupError):
        async with store.transaction() as transaction:
            kind.of(transaction).append(kind.make(execution_id))
            raise LookupError
    async with store.transaction() as transaction:
        assert kind.of(transaction).append(kind.make(execution_id, duration_ms=7))

    found, total = await kind.of(store).page(execution_id, None, 0)
    assert ([row.duration_ms for row in found], total) == ([7], 1)


@both
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"execution_id": "unknown"}, id="unknown-execution"),
        pytest.param({"request_json": "\ud800"}, id="no-text"),
        pytest.param({"status": "odd"}, id="no-status"),
        pytest.param({"duration_ms": 2**64}, id="too-large"),
    ],
)
async def test_a_row_that_cannot_be_stored_is_reported_and_harms_no_other(
    store, reported, kind, changes
):
    execution_id = await some_execution(store)
    good = kind.make(execution_id)

    for row in (msgspec.structs.replace(kind.make(execution_id), **changes), good):
        assert kind.of(store).append(row)
    await barrier(store)

    assert await kind.of(store).page(execution_id, None, 0) == ([good], 1)
    assert store.lost_writes == 1
    assert [type(error) for error in reported] == [WritesLost]


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param(['"Doe, Jane" <j@example.org>', "a@example.org"], id="comma"),
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
    ],
)
async def test_kd_73_recipients_come_back_as_they_were(store, recipients):
    version = await some_version(store)
    execution = await store.create_execution(execution_of(version))
    sent = EmailRequest(
        id=fresh_id(),
        execution_id=execution.id,
        from_="a@example.net",
        to=recipients,
        subject="hi",
        has_text=True,
        has_html=False,
        request_json="{}",
        status=RequestStatus.SUCCESS,
        duration_ms=0,
        created_at=NOW,
    )

    store.email_requests.append(sent)
    await store.kv.delete(version.function_id, b"after the row")

    ((found,), _) = await store.email_requests.page(execution.id, None, 0)
    assert found.to == recipients
