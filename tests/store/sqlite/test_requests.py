"""Rows of AI requests and e-mails: order, pages, and what happens when they can't be stored."""

from pathlib import Path

import pytest

from perilune.store import (
    StoreUnavailable,
    open_store,
)
from perilune.store.database import queue
from tests.store.requests import (
    barrier,
    both,
    email_request,
    some_execution,
)
from tests.store.sqlite.file import other_connection, rows


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param("a@example.net,b@example.net", ["a@example.net", "b@example.net"], id="two"),
        pytest.param("", [], id="nobody"),
    ],
)
async def test_receivers_that_lunar_joined_are_read_too(path: Path, store, column, expected):
    """KD-73."""
    row = email_request(await some_execution(store))
    store.email_requests.append(row)
    await barrier(store)
    with other_connection(path) as connection:
        connection.execute("UPDATE email_requests SET to_addresses = ?", (column,))

    (found,), _ = await store.email_requests.page(row.execution_id, None, 0)

    assert found.to == expected


@both
async def test_rows_are_dropped_when_they_hold_too_much_memory(store, kind, monkeypatch):
    monkeypatch.setattr(queue, "MAX_QUEUED_CHARACTERS", 1000)
    row = kind.make(await some_execution(store), request_json="x" * 900, response_json="y" * 900)

    taken = [kind.of(store).append(row) for _ in range(2)]
    await barrier(store)

    assert taken == [True, False]


@both
async def test_appending_to_a_closed_store_raises_nothing(path, kind):
    async with open_store(path) as store:
        execution_id = await some_execution(store)

    assert kind.of(store).append(kind.make(execution_id)) is False
    assert store.lost_writes == 1
    with pytest.raises(StoreUnavailable):
        await kind.of(store).page(execution_id, None, 0)
    assert rows(path, "SELECT id FROM ai_requests UNION SELECT id FROM email_requests") == []
