"""Values that PostgreSQL can't store as they are."""

import pytest

from perilune.store import ExecutionStatus, FunctionNotFound, Outcome, TextNotStorable
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version, told


async def test_a_character_that_no_text_can_hold_is_replaced_in_what_people_read(store, reported):
    version = await some_version(store)
    made = await store.create_execution(execution_of(version, event_json="a\0b"))
    for message in ("before", "a\0b", "after"):
        store.logs.append(fresh_id(), made.id, 0, message, NOW)
    closed = Outcome(execution_id=made.id, status=ExecutionStatus.ERROR, error_message="x\0\n\0")

    assert await told(lambda done: store.execution_records.close(made, closed, done)) is None

    found = await store.get_execution(made.id)
    assert (found.event_json, found.error_message) == ("a\ufffdb", "x\ufffd\n\ufffd")
    lines, _ = await store.logs.page(made.id, None, 0)
    assert [line.message for line in lines] == ["before", "a\ufffdb", "after"]
    assert (store.lost_writes, reported) == (0, [])


async def test_what_must_come_back_as_it_was_is_refused_with_it(store):
    function = await some_function(store)

    with pytest.raises(TextNotStorable, match="NUL"):
        await store.env.set(function.id, "KEY", "a\0b")

    assert await store.env.get(function.id, "KEY") is None


async def test_nothing_is_found_by_a_text_that_no_row_can_have(store):
    with pytest.raises(FunctionNotFound):
        await store.get_function("a\0b")
    assert await store.is_name_taken("a\0b") is False
