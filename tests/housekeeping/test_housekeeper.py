"""When the store is cleaned, and what is known about it afterwards."""

import asyncio
import logging
from collections.abc import Collection
from typing import cast

import pytest

from perilune.housekeeping import Housekeeper, open_housekeeping
from perilune.housekeeping.housekeeper import (
    LOOK_EVERY_S,
    START_DELAY_S,
    SWEEP_EVERY_S,
    seconds_to_next,
)
from perilune.store import DiskUsage, Store, StoreUnavailable, open_store
from tests.store.helpers import SettableClock, some_version
from tests.store.sqlite.file import add_executions, rows

MIB = 1024 * 1024
LOOKS = SWEEP_EVERY_S // LOOK_EVERY_S
HOUR_S = 3600
DAY_S = 24 * HOUR_S
NOW = 1_700_000_000 // HOUR_S * HOUR_S + 1800


class Worn(Exception):
    """Ends a loop that would go on for ever."""


class Days:
    """A clock that only sleeping moves, for so many sleeps."""

    def __init__(self, sleeps: int, now: float = NOW) -> None:
        self.clock = SettableClock(now)
        self.left = sleeps

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        if not self.left:
            raise Worn
        self.left -= 1
        self.clock.now += seconds


class Passing:
    """Time that passes, whatever the clock is set to: as long as a look takes for each sleep."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._sleeps = days.left

    def __call__(self) -> float:
        return LOOK_EVERY_S * (self._sleeps - self._days.left)


class RecordedStore:
    """Notes when it is asked for what, and answers with what it was given."""

    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, float]] = []
        self.expired: dict[str, int] = {"executions": 2, "logs": 0}
        self.left: dict[str, int] = {}
        self.broken = 0
        self.newest: int | None = int(clock.now)
        self.usage = DiskUsage(data=MIB, disk=1000 * MIB, is_low=False)

    async def last_used(self) -> int | None:
        return self.newest

    async def purge_expired(self, now: int) -> dict[str, int]:
        self.asked.append(("expired", now))
        if self.broken:
            self.broken -= 1
            raise StoreUnavailable("disk full")
        return self.expired

    async def purge_deleted(self) -> dict[str, int]:
        self.asked.append(("deleted", self.clock.now))
        return self.left

    async def purge_large(self) -> dict[str, int]:
        self.asked.append(("large", self.clock.now))
        return {}

    async def disk_usage(self) -> DiskUsage:
        return self.usage

    async def purge_orphans(self) -> dict[str, int]:
        self.asked.append(("orphans", self.clock.now))
        return {"logs": 1}

    async def requirements_in_use(self) -> set[str]:
        self.asked.append(("requirements", self.clock.now))
        return {"greeter==1.0"}

    async def shrink(self) -> int:
        self.asked.append(("shrink", self.clock.now))
        return 3

    def times(self, what: str) -> list[float]:
        return [at for asked, at in self.asked if asked == what]


async def run(days: Days, store: RecordedStore) -> Housekeeper:
    housekeeper = Housekeeper(
        cast(Store, store), clock=days.clock, monotonic=days.clock, sleep=days.sleep
    )
    with pytest.raises(Worn):
        await housekeeper.run()
    return housekeeper


async def test_it_cleans_shortly_after_the_start_and_every_full_hour():
    days = Days(149 * LOOKS)
    store = RecordedStore(days.clock)

    await run(days, store)

    first = NOW + START_DELAY_S
    assert store.times("expired") == [first, NOW + 1800, NOW + 1800 + HOUR_S]


async def test_while_another_server_leads_it_only_looks_after_its_own_packages():
    days = Days(149 * LOOKS)
    store = RecordedStore(days.clock)
    store.usage = store.usage._replace(is_low=True)
    takes_over_at = NOW + 1800 + HOUR_S
    packages = RecordedPackages(days.clock)

    housekeeper = Housekeeper(
        cast(Store, store),
        packages,
        leads=lambda: days.clock.now >= takes_over_at,
        clock=days.clock,
        monotonic=days.clock,
        sleep=days.sleep,
    )
    with pytest.raises(Worn):
        await housekeeper.run()

    assert [at for _, at in packages.asked] == [NOW + START_DELAY_S]
    assert store.times("expired")[0] == takes_over_at
    assert min(store.times("deleted") + store.times("shrink")) >= takes_over_at


async def test_it_cleans_before_the_hour_when_the_disk_asks_for_it():
    days = Days(60)
    store = RecordedStore(days.clock)

    async def grow(seconds: float) -> None:
        await days.sleep(seconds)
        store.usage = store.usage._replace(data=(100 if days.left < 30 else 1) * MIB)

    housekeeper = Housekeeper(
        cast(Store, store), clock=days.clock, monotonic=days.clock, sleep=grow
    )
    with pytest.raises(Worn):
        await housekeeper.run()

    first = NOW + START_DELAY_S
    assert store.times("expired") == [first, first + 30 * LOOK_EVERY_S]


async def test_it_cleans_at_once_when_it_starts_on_a_low_disk():
    days = Days(1)
    store = RecordedStore(days.clock)
    store.usage = store.usage._replace(is_low=True)

    await run(days, store)

    assert store.times("expired") == [NOW, NOW + LOOK_EVERY_S], "the second time as it freed some"


async def test_a_low_disk_is_cleaned_by_bytes_while_the_clock_is_doubted():
    days = Days(2)
    store = RecordedStore(days.clock)
    store.newest = int(NOW - YEAR_S)
    store.usage = store.usage._replace(is_low=True)

    await run(days, store)

    assert store.times("large")[0] == NOW
    assert not store.times("expired"), "nothing is deleted for its age"


async def test_a_disk_that_cannot_be_looked_at_stops_nothing(caplog, monkeypatch):
    days = Days(149 * LOOKS)
    store = RecordedStore(days.clock)

    async def fail() -> DiskUsage:
        raise StoreUnavailable("damaged")

    monkeypatch.setattr(store, "disk_usage", fail)

    await run(days, store)

    assert len(store.times("expired")) == 3
    assert "the disk can't be looked at: damaged" in caplog.text


async def test_leftovers_of_deleted_functions_are_removed_every_minute():
    days = Days(4 * LOOKS)
    store = RecordedStore(days.clock)

    await run(days, store)

    assert store.times("deleted") == [NOW + 60, NOW + 120, NOW + 180, NOW + 240]
    assert len(store.times("shrink")) == 1


async def test_deleted_functions_free_their_space_at_once():
    days = Days(LOOKS)
    store = RecordedStore(days.clock)
    store.left = {"executions": 900_000}

    housekeeper = await run(days, store)

    assert store.times("shrink") == [NOW + START_DELAY_S, NOW + 60]
    assert housekeeper.totals.rows["executions"] == 900_002


async def test_orphans_are_looked_for_once_a_day():
    days = Days(60 * 30 * LOOKS)
    store = RecordedStore(days.clock)

    await run(days, store)

    first = NOW + START_DELAY_S
    assert store.times("orphans") == [first, NOW + 1800 + DAY_S]


class RecordedPackages:
    """Notes which sets were in use, and when; fails as often as it is told to."""

    def __init__(self, clock: SettableClock, broken: int = 0) -> None:
        self.clock = clock
        self.broken = broken
        self.asked: list[tuple[set[str], float]] = []

    async def remove_unused(self, used: Collection[str]) -> int:
        self.asked.append((set(used), self.clock.now))
        if self.broken:
            self.broken -= 1
            raise OSError("disk on fire")
        return 2


@pytest.mark.parametrize("broken", [0, 1])
async def test_packages_are_looked_through_once_a_day_and_stop_nothing_else(broken, caplog):
    days = Days(60 * 25 * LOOKS)
    store, packages = RecordedStore(days.clock), RecordedPackages(days.clock, broken)
    housekeeper = Housekeeper(
        cast(Store, store), packages, clock=days.clock, monotonic=days.clock, sleep=days.sleep
    )

    with caplog.at_level(logging.INFO, logger="perilune.housekeeping"), pytest.raises(Worn):
        await housekeeper.run()

    first = NOW + START_DELAY_S
    assert packages.asked == [
        ({"greeter==1.0"}, first),
        ({"greeter==1.0"}, NOW + 1800 + DAY_S),
    ]
    assert housekeeper.totals.failures == broken
    assert housekeeper.totals.runs == len(store.times("expired"))
    assert caplog.text.count("removed 2 sets of packages") == 2 - broken


async def test_no_requirements_are_asked_for_without_packages():
    days = Days(1)
    store = RecordedStore(days.clock)

    await run(days, store)

    assert store.times("orphans") and not store.times("requirements")


async def test_a_failure_is_logged_counted_and_does_not_end_it(caplog):
    days = Days(149 * LOOKS)
    store = RecordedStore(days.clock)
    store.broken = 1

    housekeeper = await run(days, store)

    assert len(store.times("expired")) == 3
    assert (housekeeper.totals.failures, housekeeper.totals.runs) == (1, 2)
    (logged,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "cleaning up failed" in logged.message and "disk full" in str(logged.exc_info)


YEAR_S = 366 * DAY_S


async def test_a_start_with_a_clock_far_ahead_deletes_nothing_for_a_day(caplog):
    days = Days(60 * 26 * LOOKS)
    store = RecordedStore(days.clock)
    store.newest = int(NOW - YEAR_S)

    await run(days, store)

    assert store.times("expired")[0] >= NOW + DAY_S
    assert "the clock seems to be 366.0 days ahead" in caplog.text
    assert store.times("deleted"), "what was deleted on purpose goes on to be cleaned up"


async def test_a_clock_that_is_corrected_after_the_start_is_believed_again():
    days = Days(200 * LOOKS)
    store = RecordedStore(days.clock)
    store.newest = int(NOW - YEAR_S)

    async def correct(seconds: float) -> None:
        await days.sleep(seconds)
        if days.left == 100 * LOOKS:
            days.clock.now -= YEAR_S

    housekeeper = Housekeeper(
        cast(Store, store), clock=days.clock, monotonic=Passing(days), sleep=correct
    )
    with pytest.raises(Worn):
        await housekeeper.run()

    assert store.times("expired")
    assert max(store.times("expired")) < NOW - YEAR_S + DAY_S


async def test_a_clock_that_jumps_ahead_while_the_server_runs_deletes_nothing(caplog):
    days = Days(300 * LOOKS)
    store = RecordedStore(days.clock)

    async def jump(seconds: float) -> None:
        await days.sleep(seconds)
        if days.left == 200 * LOOKS:
            days.clock.now += YEAR_S

    housekeeper = Housekeeper(
        cast(Store, store), clock=days.clock, monotonic=Passing(days), sleep=jump
    )
    with pytest.raises(Worn):
        await housekeeper.run()

    assert max(store.times("expired")) < NOW + YEAR_S
    assert "the clock seems to be 366.0 days ahead" in caplog.text


@pytest.mark.parametrize("newest", [None, NOW - DAY_S + 60], ids=["nothing yet", "yesterday"])
async def test_an_ordinary_start_is_believed(newest):
    days = Days(3)
    store = RecordedStore(days.clock)
    store.newest = newest

    await run(days, store)

    assert store.times("expired") == [NOW + START_DELAY_S]


async def test_a_clock_that_is_set_back_stops_nothing():
    days = Days(4)
    store = RecordedStore(days.clock)
    housekeeper = Housekeeper(
        cast(Store, store), clock=days.clock, monotonic=days.clock, sleep=days.sleep
    )

    async def set_back(seconds: float) -> None:
        await days.sleep(seconds)
        if days.left == 2:
            days.clock.now -= 10 * HOUR_S

    housekeeper._sleep = set_back
    with pytest.raises(Worn):
        await housekeeper.run()

    assert len(store.times("expired")) == 2


async def test_rows_pages_and_duration_are_logged_and_counted(caplog):
    caplog.set_level(logging.INFO)
    days = Days(1)
    store = RecordedStore(days.clock)

    housekeeper = await run(days, store)

    totals = housekeeper.totals
    assert totals.rows == {"executions": 2, "logs": 1}
    assert (totals.pages, totals.runs, totals.failures) == (3, 1, 0)
    assert totals.last_success == NOW + START_DELAY_S
    (record,) = [one for one in caplog.records if "cleaned up" in one.message]
    assert record.__dict__["fields"] == {
        "rows": {"executions": 2, "logs": 1},
        "pages": 3,
        "duration_s": 0.0,
    }


async def test_it_cleans_a_real_store_and_ends_with_its_block(tmp_path):
    path = tmp_path / "perilune.db"
    days = Days(1)

    async def sleep(seconds: float) -> None:
        if days.left:
            await days.sleep(seconds)
        else:
            await asyncio.Event().wait()

    async with open_store(path, clock=days.clock) as store:
        version = await some_version(store)
        add_executions(path, version, 10, NOW - 8 * DAY_S)
        add_executions(path, version, 1, NOW)
        async with (
            asyncio.timeout(30),
            open_housekeeping(store, clock=days.clock, sleep=sleep) as housekeeper,
        ):
            while not housekeeper.totals.runs:
                await store.ping()

        assert housekeeper.totals.rows["executions"] == 10
        assert rows(path, "SELECT count(*) FROM executions") == [(1,)]
        assert await store.check_integrity() == []


@pytest.mark.parametrize(
    ("now", "left"),
    [
        pytest.param(0.0, 60.0, id="at-one"),
        pytest.param(59.5, 0.5, id="just-before"),
        pytest.param(61.0, 59.0, id="behind"),
    ],
)
def test_the_next_time_is_never_now(now, left):
    assert seconds_to_next(now, 60) == left
