"""The thin shell around the plan: reads the schedules, sleeps, takes ticks, executes."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from dataclasses import replace
from zoneinfo import ZoneInfo

from perilune.clock import WallClock, wall_clock
from perilune.cron import CronError, load_zone, parse
from perilune.engine import Engine, EngineError, ExecutionRequest, ExecutionResult
from perilune.ids import new_id
from perilune.scheduler.event import cron_event
from perilune.scheduler.plan import Action, Due, Entry, make_plan
from perilune.store import CronJob, ExecutionTrigger, StoreError, TickOutcome, TickRows

POLL_S = 2.0
"""Longest sleep: how late a change is noticed that another process has made."""

MAX_CATCH_UPS = 4
"""Late executions at a time, so that a server that comes back is not buried under them."""

CLOCK_SET_BACK_S = 60.0
"""A clock that goes back by more was wrong before; by less it is being adjusted."""

CLOCK_SET_FORWARD_S = 60.0
"""So much more than a sleep between two turns is worth a line in the log."""

NO_SERVER = "no server was running"
STOOD_STILL = "the clock was set forward, or the server stood still"
"""Why ticks were missed: before this server began, or since then."""

MAX_AHEAD_S = 3600
"""A schedule that begins later than this was changed while the clock was wrong."""

CLOSING_S = 60.0
"""Time beyond the limit of an execution after which a claimed tick counts as abandoned."""

CANCEL_LIMIT_S = 8.0
"""Longest time that cancelled executions get to close their records."""

Pause = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits until the event is set or the seconds are over."""

_log = logging.getLogger(__name__)


async def pause(woken: asyncio.Event, seconds: float) -> None:
    """Wait on the real clock; what `Scheduler` does unless told otherwise."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass


class Scheduler:
    """Executes functions on schedule.  All methods belong to one event loop."""

    def __init__(
        self,
        ticks: TickRows,
        engine: Engine,
        *,
        zone: ZoneInfo,
        base_url: str = "",
        execution_timeout_s: float = 300.0,
        clock: WallClock = wall_clock,
        pause: Pause = pause,
        server_id: str | None = None,
    ) -> None:
        """Know nothing yet; `start` begins.

        Args:
            ticks: the ledger, which also knows the schedules.
            engine: executes functions.
            zone: the time zone of schedules that name none.
            base_url: given to functions for building links.
            execution_timeout_s: the longest time an execution may take.
            clock: tells when it is.
            pause: waits.
            server_id: the server that this is, where several share the ledger.
        """
        self._ticks = ticks
        self._engine = engine
        self._zone = zone
        self._base_url = base_url
        self._busy_s = int(execution_timeout_s + CLOSING_S)
        self._clock = clock
        self._pause = pause
        self._server_id = server_id
        self._woken = asyncio.Event()
        self._revision: int | None = None
        self._entries: dict[str, Entry] = {}
        self._refused: set[tuple[str, str, str | None]] = set()
        self._catch_ups = asyncio.Semaphore(MAX_CATCH_UPS)
        self._running: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._began_at: float | None = None
        self._turned_at = float("-inf")
        self.dealt_with: Counter[TickOutcome] = Counter()
        """How many ticks this scheduler has dealt with, by what became of them."""

    def start(self) -> None:
        """Begin to execute what is due."""
        self._loop_task = asyncio.create_task(self._run(), name="perilune-scheduler")

    def wake(self) -> None:
        """Look at once whether schedules have changed."""
        self._woken.set()

    async def stop(self, grace_s: float) -> bool:
        """Start nothing more, let running executions finish, then cancel what is left.

        Args:
            grace_s: how long executions may go on.

        Returns:
            Whether all of them finished by themselves.
        """
        self._is_stopping = True
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.wait([self._loop_task])
            self._loop_task = None
        if await self.quiet(grace_s):
            return True
        _log.warning(
            "%d scheduled executions are cancelled, their time is over", len(self._running)
        )
        for task in list(self._running):
            task.cancel()
        await self.quiet(CANCEL_LIMIT_S)
        return False

    async def turn(self) -> float:
        """Do what is due by now, without waiting for it; return the seconds until the next turn."""
        try:
            await self._refresh()
        except StoreError as error:
            # Known schedules go on; claims decide whether they still apply.
            _log.error("schedules can't be read: %s", error)
        now = self._clock()
        self._follow_clock(now)
        plan = make_plan(self._entries.values(), now, longest_s=POLL_S)
        for due in plan.due:
            self._entries[due.after.job.function_id] = due.after
            self._spawn(self._handle(due))
        return plan.sleep_s

    async def quiet(self, limit_s: float | None = None) -> bool:
        """Wait until nothing that `turn` began is running; False if that takes too long."""
        loop = asyncio.get_running_loop()
        end = None if limit_s is None else loop.time() + limit_s
        while self._running:
            left_s = None if end is None else end - loop.time()
            if left_s is not None and left_s <= 0:
                return False
            await asyncio.wait(list(self._running), timeout=left_s)
            # Lets the tasks' own callbacks take them out of the set.
            await asyncio.sleep(0)
        return True

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                seconds = await self.turn()
            except Exception:
                # One schedule's fault must not end all others.
                _log.exception("the scheduler failed, and goes on")
                seconds = POLL_S
            await self._pause(self._woken, seconds)

    def _follow_clock(self, now: float) -> None:
        """Begin anew at *now* when the clock was set back.

        Otherwise schedules would be silent until it is again as late as it seemed to be.  The
        ledger sees to it that no tick is executed twice.
        """
        before, self._turned_at = self._turned_at, now
        if self._began_at is None:
            self._began_at = before = now
        self._began_at = min(self._began_at, now)
        ahead_s = now - before - POLL_S
        if ahead_s > CLOCK_SET_FORWARD_S:
            _log.warning("%s, for %d s", STOOD_STILL, ahead_s)
        if now >= before - CLOCK_SET_BACK_S:
            return
        _log.warning("the clock was set back by %d s; schedules go on from now", before - now)
        for function_id, entry in self._entries.items():
            if entry.settled > now:
                self._entries[function_id] = Entry.of(entry.job, entry.schedule, int(now))

    async def _refresh(self) -> None:
        """Read the schedules if any has changed."""
        revision = await self._ticks.revision()
        if revision == self._revision:
            return
        jobs = await self._ticks.jobs()
        known, self._entries = self._entries, {}
        for job in jobs:
            entry = self._entry(job, known.get(job.function_id))
            if entry is not None:
                self._entries[job.function_id] = entry
        self._revision = revision

    def _entry(self, job: CronJob, known: Entry | None) -> Entry | None:
        """Return the entry of *job*, which goes on where *known* is if its schedule is the same."""
        now = int(self._clock())
        # A change far ahead of now was made by a clock that was wrong.
        since = job.since if job.since and job.since <= now + MAX_AHEAD_S else 0
        settled = max(since, job.last_tick or 0)
        if known is not None and _is_same_schedule(known.job, job):
            if settled > known.settled:
                return Entry.of(job, known.schedule, settled)
            return replace(known, job=job)
        try:
            zone = load_zone(job.cron_time_zone) if job.cron_time_zone else self._zone
            schedule = parse(job.cron_schedule, zone)
            return Entry.of(job, schedule, settled or now)
        except CronError as error:
            complaint = (job.function_id, job.cron_schedule, job.cron_time_zone)
            if complaint not in self._refused:
                self._refused.add(complaint)
                _log.warning("the schedule of function %s is ignored: %s", job.function_id, error)
            return None

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _handle(self, due: Due) -> None:
        """Take one tick and do what it asks for."""
        is_late = due.action is Action.CATCH_UP
        async with self._catch_ups if is_late else nullcontext():
            if self._is_stopping:
                # Nothing is in the ledger, so the next server will deal with it.
                return
            execution_id = new_id()
            try:
                is_ours = await self._take(due, execution_id)
            except StoreError as error:
                self._put_back(due, error)
            except asyncio.CancelledError:
                # The claim may be on its way to the disk.
                await self._note_cancelled(execution_id)
                raise
            else:
                if is_ours:
                    await self._execute(due.after.job, due.tick, execution_id)

    async def _take(self, due: Due, execution_id: str) -> bool:
        """Enter a tick in the ledger; tell whether its execution is to be started here."""
        job, tick = due.after.job, due.tick
        if due.action is Action.MISS:
            reason = self._why_missed(tick)
            if await self._ticks.miss(job, tick, due.passed_over, reason):
                self._note_missed(job, due.passed_over + 1, reason)
            return False
        busy_since = int(self._clock()) - self._busy_s
        outcome = await self._ticks.claim(
            job, tick, due.passed_over, execution_id, busy_since, self._server_id
        )
        if outcome is TickOutcome.SKIPPED:
            self.dealt_with[TickOutcome.SKIPPED] += 1
            _log.warning("tick %d of function %s is skipped: still running", tick, job.function_id)
        if outcome is not None and due.passed_over:
            self._note_missed(job, due.passed_over, self._why_missed(tick))
        return outcome is TickOutcome.CLAIMED

    def _why_missed(self, tick: int) -> str:
        return NO_SERVER if self._began_at is None or tick <= self._began_at else STOOD_STILL

    def _note_missed(self, job: CronJob, count: int, reason: str) -> None:
        self.dealt_with[TickOutcome.MISSED] += count
        _log.warning("function %s has missed %d ticks: %s", job.function_id, count, reason)

    def _put_back(self, due: Due, error: StoreError) -> None:
        """Let the next turn try again, unless newer ticks have come up."""
        function_id, before = due.after.job.function_id, due.before
        _log.error("tick %d of function %s can't be taken: %s", due.tick, function_id, error)
        entry = self._entries.get(function_id)
        if entry is not None and entry.settled == due.tick:
            self._entries[function_id] = replace(
                entry, settled=before.settled, following=before.following
            )

    async def _execute(self, job: CronJob, tick: int, execution_id: str) -> None:
        request = ExecutionRequest(
            function_id=job.function_id,
            event=cron_event(job, tick),
            trigger=ExecutionTrigger.CRON,
            base_url=self._base_url,
            execution_id=execution_id,
        )
        try:
            result = await self._engine.execute(request)
        except asyncio.CancelledError:
            # The engine has closed the record, if there is one.
            await self._note_cancelled(execution_id)
            raise
        except Exception as error:
            is_foreseen = isinstance(error, EngineError)
            _log.error(
                "tick %d of function %s failed: %s",
                *(tick, job.function_id, error),
                exc_info=None if is_foreseen else error,
            )
            self.dealt_with[TickOutcome.FAILED] += 1
            reason = str(error) if is_foreseen else "internal error"
            await self._note(
                self._ticks.finish(job.function_id, tick, TickOutcome.FAILED, reason=reason)
            )
            return
        self.dealt_with[TickOutcome.STARTED] += 1
        _report(job, tick, result)
        await self._note(
            self._ticks.finish(
                job.function_id, tick, TickOutcome.STARTED, execution_id=execution_id
            )
        )

    async def _note_cancelled(self, execution_id: str) -> None:
        await asyncio.shield(self._note(self._ticks.interrupted(execution_id)))

    async def _note(self, work: Coroutine[None, None, None]) -> None:
        """Do *work* on the ledger; what fails is settled when a server starts the next time."""
        try:
            await work
        except StoreError as error:
            _log.error("the end of a tick was not noted: %s", error)


def _is_same_schedule(one: CronJob, other: CronJob) -> bool:
    return (one.cron_schedule, one.cron_time_zone, one.since) == (
        other.cron_schedule,
        other.cron_time_zone,
        other.since,
    )


def _report(job: CronJob, tick: int, result: ExecutionResult) -> None:
    status = None if result.response is None else result.response.status_code or 200
    is_good = result.error is None and status is not None and 200 <= status < 300
    _log.log(
        logging.INFO if is_good else logging.WARNING,
        "tick %d of function %s: execution %s, %s, %d ms",
        *(tick, job.function_id, result.execution_id),
        "failed" if result.error is not None else status or "no response",
        result.duration_ms,
    )
