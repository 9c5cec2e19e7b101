"""The metrics of all packages, under the names that monitoring systems read.

Sources are read in a thread while the server goes on: growing collections are copied first.
"""

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import HistogramMetricFamily as Histogram
from prometheus_client.core import Metric

from perilune.api import MetricSource
from perilune.app.membership import Membership
from perilune.app.runtimes import HostedRuntime
from perilune.app.services import Services
from perilune.engine import DefaultEngine
from perilune.engine.metrics import BOUNDS_S, ExecutionMetrics
from perilune.engine.outcomes import Outcomes
from perilune.housekeeping import Housekeeper
from perilune.scheduler import Scheduler
from perilune.store import Function, Store, StoreError, TickOutcome


def all_metrics(
    engine: DefaultEngine,
    store: Store,
    services: Services,
    runtime: HostedRuntime,
    housekeeper: Housekeeper,
    scheduler: Scheduler,
    membership: Membership,
) -> list[MetricSource]:
    """Return the metrics of all packages."""
    return [
        EngineMetrics(engine.metrics, engine.outcomes),
        FunctionMetrics(engine.metrics, store),
        StoreMetrics(store),
        ServiceMetrics(services),
        WorkerMetrics(runtime),
        HousekeepingMetrics(housekeeper),
        ScheduleMetrics(scheduler),
        ServerMetrics(membership),
    ]


class EngineMetrics:
    """Executions."""

    def __init__(self, executions: ExecutionMetrics, outcomes: Outcomes) -> None:
        self._executions = executions
        self._outcomes = outcomes

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        executions = self._executions
        ended = Counter(
            "faas_invocations",
            "Executions that ended, by function (its id; other: beyond the limit of functions).",
            labels=["function", "trigger", "status"],
        )
        for labels, number in executions.ended.copy().items():
            ended.add_metric(labels, number)
        yield ended
        yield self._durations()
        errors, refused = executions.errors.copy(), executions.refused.copy()
        yield _counted("faas_errors", "Executions that failed, by kind.", "error_type", errors)
        yield Counter(
            "faas_timeouts", "Executions that used up their time.", value=errors.get("timeout", 0)
        )
        yield _counted(
            "faas_refused",
            "Calls that were refused before there was an execution.",
            "reason",
            refused,
        )
        throttled = {reason: refused.get(reason, 0) for reason in ("rate_limited", "function_busy")}
        throttled["workers_busy"] = errors.get("overload", 0)
        yield _counted(
            "faas_throttled", "Calls refused because there are too many.", "reason", throttled
        )
        yield Gauge("faas_inflight", "Executions under way.", value=executions.inflight)
        yield Gauge(
            "faas_unclosed_records",
            "Executions that ended, and whose record the store has not taken yet.",
            value=self._outcomes.unwritten,
        )
        yield Counter(
            "faas_late_records",
            "Executions whose record was not closed in time; callers over HTTP got 503.",
            value=self._outcomes.late,
        )

    def _durations(self) -> Metric:
        durations = Histogram(
            "faas_invoke_duration_seconds", "How long executions took.", labels=["trigger"]
        )
        for trigger, one in self._executions.durations.copy().items():
            classes = one.classes.copy()
            total, buckets = 0, []
            for bound, number in zip((*BOUNDS_S, "+Inf"), classes, strict=True):
                total += number
                buckets.append((str(bound), float(total)))
            durations.add_metric([trigger], buckets, one.total_s)
        return durations


class FunctionMetrics:
    """What people call the functions that have been executed, to be joined by their ids."""

    def __init__(self, executions: ExecutionMetrics, store: Store) -> None:
        self._executions = executions
        self._store = store
        self._functions: list[Function] = []

    async def refresh(self) -> None:
        """Look the functions up; while the store fails, the last names stay."""
        with suppress(StoreError):
            self._functions = await self._store.get_functions(self._executions.functions)

    def collect(self) -> Iterable[Metric]:
        """Return the names as they were at the last look-up."""
        info = Gauge(
            "faas_function_info",
            "Always 1; tells the name and the address of a function that was executed.",
            labels=["function", "name", "address"],
        )
        for one in self._functions:
            info.add_metric([one.id, one.name, one.address or ""], 1)
        yield info


class StoreMetrics:
    """The database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        if (maintenance := self._store.maintenance) is not None:
            size, log, free = maintenance.sizes()
            yield Gauge("faas_db_size_bytes", "Size of the database file.", value=size)
            yield Gauge("faas_db_wal_bytes", "Size of its write-ahead log.", value=log)
            yield Gauge("faas_db_free_bytes", "What is free on the disk it is on.", value=free)
        yield Counter(
            "faas_lost_writes",
            "Rows nobody waits for (log lines, requests) that were dropped or failed.",
            value=self._store.lost_writes,
        )


class ServiceMetrics:
    """What functions used."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        tokens = Counter(
            "faas_ai_tokens",
            "Tokens that AI providers counted.",
            labels=["provider", "model", "direction"],
        )
        for labels, number in self._services.ai_tracker.tokens.copy().items():
            tokens.add_metric(labels, number)
        yield tokens
        yield Counter(
            "faas_log_truncated",
            "Log lines dropped because their execution had reached a limit.",
            value=self._services.logger.lines_dropped,
        )


class WorkerMetrics:
    """The pool of workers."""

    def __init__(self, runtime: HostedRuntime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        pool = self._runtime.pool()
        workers = Gauge("faas_workers", "Worker processes.", labels=["state"])
        workers.add_metric(["bound"], pool.bound)
        workers.add_metric(["spare"], pool.spare)
        workers.add_metric(["starting"], pool.starting)
        yield workers
        queues = Gauge("faas_queue_depth", "What waits.", labels=["queue"])
        queues.add_metric(["workers"], pool.waiting)
        yield queues


class HousekeepingMetrics:
    """The clean-up."""

    def __init__(self, housekeeper: Housekeeper) -> None:
        self._totals = housekeeper.totals

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        totals = self._totals
        yield _counted("faas_housekeeping_rows", "Rows deleted.", "table", totals.rows.copy())
        yield Counter(
            "faas_housekeeping_pages", "Pages given back to the file system.", value=totals.pages
        )
        yield Counter("faas_housekeeping_runs", "Clean-ups that succeeded.", value=totals.runs)
        yield Counter("faas_housekeeping_failures", "Clean-ups that failed.", value=totals.failures)
        yield Counter(
            "faas_housekeeping_seconds",
            "Time spent cleaning up, pauses included.",
            value=totals.seconds,
        )
        yield Gauge(
            "faas_housekeeping_last_success_timestamp_seconds",
            "When the last clean-up succeeded; 0 before the first.",
            value=totals.last_success,
        )


_DEALT_WITH = (TickOutcome.STARTED, TickOutcome.SKIPPED, TickOutcome.MISSED, TickOutcome.FAILED)


class ScheduleMetrics:
    """Executions on schedule."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        dealt_with = self._scheduler.dealt_with
        # Monitoring takes the first of a kind for an increase only if there was a 0 before it.
        numbers = {str(outcome): dealt_with[outcome] for outcome in _DEALT_WITH}
        yield Counter(
            "faas_cron_missed",
            "Ticks of schedules that found no server running in time.",
            value=dealt_with[TickOutcome.MISSED],
        )
        yield _counted("faas_cron_ticks", "Ticks of schedules dealt with.", "outcome", numbers)


class ServerMetrics:
    """This server among those on one database."""

    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        membership = self._membership
        this = membership.this
        info = Gauge(
            "faas_server_info",
            "1 for the server that answers, with its id, its host and port, and its version.",
            labels=["server", "name", "version"],
        )
        info.add_metric((this.id, this.name, this.version), 1)
        yield info
        yield Gauge(
            "faas_servers_live",
            "Servers that work on the database, as this one knows them.",
            value=membership.live_servers,
        )
        yield Gauge(
            "faas_server_leads",
            "1 for the server that cleans up for all.",
            value=int(membership.leads),
        )
        yield Gauge(
            "faas_server_clock_ahead_seconds",
            "By how much the machine's clock is ahead of a shared database's; that is made up for.",
            value=this.ahead_s,
        )


def _counted(name: str, text: str, label: str, numbers: dict[str, int]) -> Metric:
    family = Counter(name, text, labels=[label])
    for word, number in numbers.items():
        family.add_metric([word], number)
    return family
