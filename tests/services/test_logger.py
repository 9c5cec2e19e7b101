"""Logs of executions, in memory and on SQLite alike."""

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from perilune.masking import REDACTED, Masker
from perilune.services import logger as logger_module
from perilune.services.logger import (
    LogLevel,
    LogLimits,
    StoreLogger,
)
from perilune.store import StoreUnavailable
from tests.services.conftest import SettledRows


@pytest.fixture
def make_logger(store, now) -> Callable[..., StoreLogger]:
    """Return a function that builds the service with options."""
    rows = SettledRows(store, store.logs)
    return lambda **options: StoreLogger(rows, clock=now, **options)


@pytest.fixture
def logger(make_logger) -> StoreLogger:
    service: StoreLogger = make_logger()
    return service


async def messages(logger: StoreLogger, execution_id: str = "e_ours") -> list[str]:
    return [entry.message for entry in await logger.entries(execution_id)]


async def test_lines_are_kept_in_order_with_level_and_time(logger, now):
    await logger.info("e_ours", "one")
    await logger.debug("e_ours", "two")
    now.time += 1.9
    await logger.warn("e_ours", "three")
    await logger.error("e_ours", "four")
    await logger.log("e_ours", 7, "five")

    entries = await logger.entries("e_ours")
    assert [(entry.level, entry.message) for entry in entries] == [
        (0, "one"),
        (1, "two"),
        (2, "three"),
        (3, "four"),
        (7, "five"),
    ]
    assert [entry.timestamp - entries[0].timestamp for entry in entries] == [0, 0, 1, 1, 1]
    assert {entry.execution_id for entry in entries} == {"e_ours"}


async def test_executions_do_not_see_each_other(logger):
    await logger.info("e_ours", "ours")

    assert await logger.entries("e_theirs") == []
    assert await logger.entries_paginated("e_theirs", 10, 0) == ([], 0)


async def test_pages(logger):
    for number in range(5):
        await logger.info("e_ours", str(number))

    async def page(limit: int, offset: int) -> tuple[list[str], int]:
        entries, total = await logger.entries_paginated("e_ours", limit, offset)
        return [entry.message for entry in entries], total

    assert await page(2, 0) == (["0", "1"], 5)
    assert await page(2, 4) == (["4"], 5)
    assert await page(2, 5) == ([], 5)
    assert await page(100, -3) == (["0", "1", "2", "3", "4"], 5)
    assert await page(-1, 0) == ([], 5)


async def test_lines_of_one_level(logger):
    await logger.info("e_ours", "a")
    await logger.error("e_ours", "b")

    found = await logger.entries_by_level("e_ours", LogLevel.ERROR)

    assert [entry.message for entry in found] == ["b"]


async def test_secrets_are_hidden(logger):
    await logger.info("e_ours", "token: abcdefghijklmnop x")

    assert await messages(logger) == [f"{REDACTED} x"]


@pytest.mark.parametrize(
    ("message", "stored"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("multi\nline\ttab", "multi\nline\ttab", id="several lines"),
        pytest.param("hé <b>&", "hé <b>&", id="unicode"),
        pytest.param("bin \0\udcff", "bin \0\ufffd", id="bytes that are no text"),
        pytest.param("\ud800", "\ufffd", id="half a character"),
        pytest.param("L" * 20_000, "L" * 20_000, id="long"),
    ],
)
async def test_text_is_kept(logger, message, stored):
    await logger.info("e_ours", message)

    assert await messages(logger) == [stored]
    assert logger.write_failures == 0


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("x" * 101, id="just over"),
        pytest.param("é" * 51, id="counted in bytes"),
        pytest.param("😀" * 1000, id="far over, in whole characters"),
        pytest.param("word " * 100_000, id="cut before masking"),
        pytest.param("x" * 100_000, id="one long word"),
    ],
)
async def test_a_long_line_is_cut_with_a_mark(make_logger, message):
    logger = make_logger(limits=LogLimits(max_line_bytes=100))

    await logger.info("e_ours", message)

    (stored,) = await messages(logger)
    kept, mark, rest = stored.partition(" [line cut at 100 bytes]")
    assert mark
    assert rest == ""
    assert kept
    assert message.startswith(kept)
    assert 90 < len(stored.encode()) <= 100


async def test_a_line_of_exactly_the_limit_is_whole(make_logger):
    logger = make_logger(limits=LogLimits(max_line_bytes=100))

    await logger.info("e_ours", "é" * 50)

    assert await messages(logger) == ["é" * 50]


async def test_cutting_does_not_uncover_half_of_a_secret(make_logger):
    """The secret straddles the limit, or the place where very long lines are cut first."""
    logger = make_logger(limits=LogLimits(max_line_bytes=100))
    secret = "abcdefghijklmnopqrstuvwxyz"

    for filler in (60, 80, 170, 180, 190, 195):
        await logger.info("e_ours", "." * filler + " token: " + secret + " " + "y" * 500)

    assert len(await messages(logger)) == 6
    assert not any("abc" in message for message in await messages(logger))


async def test_the_number_of_lines_is_limited_and_the_last_line_says_so(make_logger):
    logger = make_logger(limits=LogLimits(max_lines=3))

    for number in range(10):
        await logger.info("e_ours", str(number))
    await logger.info("e_theirs", "not concerned")

    entries = await logger.entries("e_ours")
    assert [entry.message for entry in entries[:3]] == ["0", "1", "2"]
    assert len(entries) == 4
    assert entries[3].message == (
        "log limit reached: 3 lines per execution; further lines are dropped"
    )
    assert entries[3].level == LogLevel.WARN
    assert await messages(logger, "e_theirs") == ["not concerned"]
    assert logger.lines_dropped == 7


async def test_the_size_of_all_lines_is_limited_and_the_last_line_says_so(make_logger):
    logger = make_logger(limits=LogLimits(max_total_bytes=100))

    await logger.info("e_ours", "é" * 50)
    await logger.info("e_ours", "x")
    await logger.info("e_ours", "")

    assert await messages(logger) == [
        "é" * 50,
        "log limit reached: 100 bytes per execution; further lines are dropped",
    ]


async def test_lines_that_are_one_secret_count_as_they_were_given(make_logger):
    """Little of them is stored, but all of them has been looked through."""
    logger = make_logger(limits=LogLimits(max_total_bytes=1000))

    for _ in range(5):
        await logger.info("e_ours", f"password={'x' * 400}")

    assert await messages(logger) == [
        "[REDACTED]",
        "[REDACTED]",
        "log limit reached: 1000 bytes per execution; further lines are dropped",
    ]


async def test_the_default_limits_are_those_of_the_documentation():
    limits = LogLimits()

    assert (limits.max_lines, limits.max_line_bytes, limits.max_total_bytes) == (
        10_000,
        64 * 1024,
        1024 * 1024,
    )


async def test_usage_starts_anew_when_an_execution_was_closed(make_logger):
    logger = make_logger(limits=LogLimits(max_lines=1))
    await logger.info("e_ours", "a")

    logger.close_execution("e_ours")
    logger.close_execution("e_never_seen")
    await logger.info("e_ours", "b")

    assert await messages(logger) == ["a", "b"]


async def test_an_execution_that_keeps_logging_is_never_forgotten(make_logger, monkeypatch):
    """However many others come and go, its limit holds."""
    monkeypatch.setattr(logger_module, "REMEMBERED_EXECUTIONS", 4)
    logger = make_logger(limits=LogLimits(max_lines=3))

    for number in range(50):
        await logger.info("e_ours", str(number))
        await logger.log(f"e_other_{number}", 0, "x")

    assert len(await messages(logger)) == 4


async def test_usage_of_forgotten_executions_takes_no_memory(make_logger, monkeypatch):
    monkeypatch.setattr(logger_module, "REMEMBERED_EXECUTIONS", 4)
    logger = make_logger(limits=LogLimits(max_lines=1))
    await logger.info("e_ours", "a")

    for number in range(50):
        await logger.info(f"e_{number}", "x")
    await logger.info("e_ours", "b")

    assert await messages(logger) == ["a", "b"]


class BrokenRows:
    """Rows of a database that is gone."""

    def append(self, *_args):
        raise StoreUnavailable("database is locked")

    async def page(self, *_args):
        raise StoreUnavailable("database is locked")


async def test_writing_never_raises_but_is_reported_and_counted(caplog):
    logger = StoreLogger(BrokenRows())

    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await logger.info("e_ours", "s3cret text")

    assert logger.write_failures == 5
    assert len(caplog.records) == 1
    assert "e_ours" in caplog.text
    assert "s3cret text" not in caplog.text


async def test_lines_that_the_store_does_not_take_are_counted(caplog):
    class FullRows(BrokenRows):
        def append(self, *_args):
            return False

    logger = StoreLogger(FullRows())

    await logger.info("e_ours", "x")

    assert logger.write_failures == 1
    assert "takes no more lines" in caplog.text


async def test_a_failing_masker_lets_nothing_through(make_logger):
    class BrokenMasker(Masker):
        def text(self, message):
            raise RuntimeError("no idea")

    logger = make_logger(masker=BrokenMasker())

    await logger.info("e_ours", "token: abcdefghijklmnop")

    assert await messages(logger) == []
    assert logger.write_failures == 1


async def test_reading_fails_when_the_store_fails():
    """A broken store must not look like an empty log."""
    logger = StoreLogger(BrokenRows())

    with pytest.raises(StoreUnavailable):
        await logger.entries("e_ours")
    with pytest.raises(StoreUnavailable):
        await logger.entries_paginated("e_ours", 10, 0)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("x", id="short"),
        pytest.param("password=hunter2", id="short, with a secret"),
        pytest.param("plain words " * 5000, id="long, without"),
    ],
)
def test_a_line_that_is_masked_quickly_does_not_suspend(make_logger, message):
    """The coroutine ends at its first step, so the hot path has no switch of tasks in it."""
    coroutine = make_logger().info("e_ours", message)

    with pytest.raises(StopIteration):
        coroutine.send(None)


DENSE = "n1key:1 n2key:2 " * 4000
"""A line that is permitted and takes 50 ms to be masked."""


class WaitingMasker(Masker):
    """Masks a password when it is told to, which nobody can do whom it holds up."""

    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()
        self.went_on = []

    def text(self, message):
        if "password" in message:
            self.went_on.append(self.may_go_on.wait(5))
        return super().text(message)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([DENSE], id="one long line"),
        pytest.param(["n1key:1 n2key:2 " * 100] * 50, id="many shorter ones"),
    ],
)
async def test_masking_at_length_holds_nobody_up(make_logger, lines):
    masker = WaitingMasker()
    logger = make_logger(masker=masker)
    for line in lines[:-1]:
        await logger.info("e_ours", line)

    logging_last = asyncio.create_task(logger.info("e_ours", f"{lines[-1]}; password=hunter2"))
    await asyncio.sleep(0)
    await logger.info("e_theirs", "meanwhile")
    masker.may_go_on.set()
    await logging_last
    await logger.info("e_ours", "after it")

    assert await messages(logger, "e_theirs") == ["meanwhile"]
    assert masker.went_on == [True]
    *earlier, last, after = await messages(logger)
    assert earlier == lines[:-1]
    assert last.endswith(f"; {REDACTED}")
    assert after == "after it"
    logger.close()


async def test_a_line_whose_execution_ends_before_it_is_masked_is_said_to_be_missing(make_logger):
    masker = WaitingMasker()
    logger = make_logger(masker=masker)

    logging_it = asyncio.create_task(logger.info("e_ours", f"{DENSE} password=hunter2"))
    await asyncio.sleep(0)
    logging_it.cancel()
    with pytest.raises(asyncio.CancelledError):
        await logging_it
    masker.may_go_on.set()

    assert await messages(logger) == [logger_module.NOT_MASKED]
    logger.close()
