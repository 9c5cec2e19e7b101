"""An execution as a state machine: every event in every state, without any I/O."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.engine import (
    EngineError,
    ExecutionRecordError,
    ExecutionRequest,
    ExecutionResult,
    ExecutionTimeoutError,
    FunctionBusyError,
    FunctionNotFoundError,
    VersionNotFoundError,
)
from perilune.engine.execution import CLOSING_LIMIT_S, Execution, Step
from perilune.engine.stored_copies import StoredEvent
from perilune.events import HTTPEvent, HTTPResponse
from perilune.runtimes import Usage
from perilune.store import (
    Function,
    FunctionNotFound,
    FunctionVersion,
    Outcome,
    StoreUnavailable,
    VersionNotFound,
)

FUNCTION = Function(id="f", name="greet")
SAVING = Function(id="f", name="greet", save_response=True)
LIMITED = Function(id="f", name="greet", max_concurrency=1)
VERSION = FunctionVersion(id="v", function_id="f", version=1, code="")
EVENT = HTTPEvent(method="GET", path="/fn/f")
OK = HTTPResponse(body="hello")
USED = Usage(0.004, is_cold=True, cpu_us=30, peak_bytes=4096)
GONE = StoreUnavailable("gone")


class Limits:
    """Deadlines that strike when a test says so."""

    def __init__(self) -> None:
        self.running: dict[Any, float] = {}

    def start(self, limited: Any, seconds: float) -> dict[Any, float]:
        assert limited not in self.running
        self.running[limited] = seconds
        return self.running


class Desk:
    """A driver that only notes what it is asked for, and a caller that notes what it is told."""

    def __init__(self, *, is_busy: bool = False) -> None:
        self.asked: list[str] = []
        self.told: list[ExecutionResult | BaseException] = []
        self.outcomes: list[Outcome] = []
        self.stopped = 0
        self.left = 0
        self.left_with: BaseException | None = None
        self.is_busy = is_busy
        self.deadlines: Any = Limits()
        self.now = itertools.count(10.0, 0.25).__next__
        self.time_limit_s = 7.0
        self.clock = lambda: 1000.5
        self.new_id = lambda: "e"

    # the driver

    def look_up(self, _execution: Execution) -> None:
        self.asked.append("look_up")

    def take_slot(self, _execution: Execution) -> None:
        if self.is_busy:
            raise FunctionBusyError("f", 1)
        self.asked.append("take_slot")

    def copy_event(self, _execution: Execution) -> None:
        self.asked.append("copy_event")

    def open_record(self, _execution: Execution) -> None:
        self.asked.append("open_record")

    def run(self, _execution: Execution) -> "Desk":
        self.asked.append("run")
        return self

    def describe(self, execution: Execution) -> None:
        execution.running = self
        self.asked.append("describe")

    def close_record(self, _execution: Execution, outcome: Outcome) -> None:
        self.asked.append("close_record")
        self.outcomes.append(outcome)

    def keep(self, _execution: Execution, _outcome: Outcome, _failure: Exception) -> None:
        self.asked.append("keep")

    def give_up(self, _execution: Execution, _outcome: Outcome) -> None:
        self.asked.append("give_up")

    def leave(self, _execution: Execution, error: BaseException | None) -> None:
        self.left += 1
        self.left_with = error

    # what `run` returns

    def cancel(self) -> None:
        self.stopped += 1

    # the caller

    def ended(self, result: ExecutionResult) -> None:
        self.told.append(result)

    def refused(self, error: BaseException) -> None:
        self.told.append(error)


Event = Callable[[Execution], None]

FOUND: Event = lambda e: e.looked_up((FUNCTION, VERSION), None)  # noqa: E731
COPIED: Event = lambda e: e.copied(StoredEvent("{}"), None)  # noqa: E731
RECORDED: Event = lambda e: e.recorded(None)  # noqa: E731
ANSWERED: Event = lambda e: e.answered(OK, USED)  # noqa: E731
CLOSED: Event = lambda e: e.closed(None)  # noqa: E731

EVENTS: dict[str, Event] = {
    "found": FOUND,
    "found, saves responses": lambda e: e.looked_up((SAVING, VERSION), None),
    "found, limited": lambda e: e.looked_up((LIMITED, VERSION), None),
    "not found": lambda e: e.looked_up(None, FunctionNotFoundError("f")),
    "copied": COPIED,
    "not copied": lambda e: e.copied(None, ExecutionRecordError(GONE)),
    "recorded": RECORDED,
    "not recorded": lambda e: e.recorded(GONE),
    "version gone": lambda e: e.recorded(VersionNotFound()),
    "function gone": lambda e: e.recorded(FunctionNotFound()),
    "answered": ANSWERED,
    "answered 500": lambda e: e.answered(HTTPResponse(status_code=500)),
    "answered nothing": lambda e: e.answered(None),
    "failed": lambda e: e.failed(ValueError("no"), USED),
    "stopped": lambda e: e.failed(asyncio.CancelledError()),
    "described": lambda e: e.described(("{}", "masked"), None),
    "not described": lambda e: e.described(None, ValueError("no")),
    "closed": CLOSED,
    "not closed": lambda e: e.closed(GONE),
    "settled": lambda e: e.settled(is_closed=True),
    "settled open": lambda e: e.settled(is_closed=False),
    "late": lambda e: e.late(),
    "cancel": lambda e: e.cancel(),
}
UP_TO = {
    Step.FINDING: [],
    Step.COPYING: ["found"],
    Step.OPENING: ["found", "copied"],
    Step.RUNNING: ["found", "copied", "recorded"],
    Step.DESCRIBING: ["found", "copied", "recorded", "failed"],
    Step.CLOSING: ["found", "copied", "recorded", "answered"],
    Step.OVER: ["found", "copied", "recorded", "answered", "closed"],
}


def after(*names: str, **more: Any) -> tuple[Execution, Desk]:
    """Return an execution to which these have happened."""
    desk = Desk(**more)
    execution = Execution(desk, ExecutionRequest(function_id="f", event=EVENT), desk)
    desk.look_up(execution)
    for name in names:
        EVENTS[name](execution)
    return execution, desk


def test_an_execution_goes_its_way():
    execution, desk = after(*UP_TO[Step.OVER])

    assert desk.asked == ["look_up", "copy_event", "open_record", "run", "close_record"]
    [result] = desk.told
    assert isinstance(result, ExecutionResult)
    assert (result.execution_id, result.response, result.status) == ("e", OK, "success")
    assert (result.recorded, result.error, result.duration_ms) == (True, None, 250)
    [outcome] = desk.outcomes
    assert (outcome.status, outcome.http_status, outcome.response_bytes) == ("success", 200, 5)
    assert (outcome.queue_ms, outcome.cold_start, outcome.cpu_us) == (4, True, 30)
    assert (outcome.peak_memory_bytes, outcome.error_message) == (4096, None)
    assert (desk.left, desk.deadlines.running, execution.step) == (1, {}, Step.OVER)


@pytest.mark.parametrize(
    ("names", "error"),
    [
        (["not found"], FunctionNotFoundError),
        (["found", "not copied"], ExecutionRecordError),
        (["found", "copied", "not recorded"], ExecutionRecordError),
        (["found", "copied", "function gone"], FunctionNotFoundError),
        (["found", "copied", "version gone", "found", "version gone"], VersionNotFoundError),
        (["found", "copied", "version gone", "not found"], FunctionNotFoundError),
        (["cancel"], asyncio.CancelledError),
        (["found", "cancel"], asyncio.CancelledError),
        (["found", "copied", "cancel", "not recorded"], asyncio.CancelledError),
        (["found", "copied", "version gone", "cancel"], asyncio.CancelledError),
    ],
)
def test_what_is_refused_never_runs_and_closes_no_record(names, error):
    _, desk = after(*names)

    [told] = desk.told
    assert isinstance(told, error)
    assert {"run", "close_record"}.isdisjoint(desk.asked)
    assert desk.left == 1


@pytest.mark.parametrize(
    ("names", "status", "message", "kind"),
    [
        (["answered"], "success", None, None),
        (["answered nothing"], "success", None, None),
        (["answered 500"], "error", None, None),
        (["failed", "described"], "error", "masked", "internal"),
        (["late", "stopped", "described"], "error", "masked", "timeout"),
        (["late", "failed", "described"], "error", "masked", "timeout"),
        (["late", "answered"], "success", None, None),
    ],
)
def test_how_code_ends_is_what_is_recorded_and_told(names, status, message, kind):
    _, desk = after(*UP_TO[Step.RUNNING], *names, "closed")

    [outcome], [result] = desk.outcomes, desk.told
    assert (outcome.status, outcome.error_message, outcome.error_kind) == (status, message, kind)
    assert isinstance(result, ExecutionResult)
    assert (result.status, result.recorded) == (status, True)
    assert isinstance(result.error, ExecutionTimeoutError) is (kind == "timeout")
    assert desk.stopped == ("late" in names)


@pytest.mark.parametrize(
    ("before", "after_it", "stopped", "status", "kind"),
    [
        (Step.OPENING, ["recorded"], 0, "error", "cancelled"),
        (Step.RUNNING, ["stopped"], 1, "error", "cancelled"),
        (Step.RUNNING, ["failed"], 1, "error", "cancelled"),
        (Step.RUNNING, ["answered"], 1, "success", None),
        (Step.DESCRIBING, [], 1, "error", "internal"),
        (Step.CLOSING, [], 0, "success", None),
    ],
)
def test_a_caller_who_leaves_is_told_when_the_record_is_closed(
    before, after_it, stopped, status, kind
):
    execution, desk = after(*UP_TO[before], "cancel")
    for name in after_it:
        EVENTS[name](execution)
    assert desk.told == []

    execution.closed(None)

    [outcome], [told] = desk.outcomes, desk.told
    assert (outcome.status, outcome.error_kind) == (status, kind)
    assert isinstance(told, asyncio.CancelledError)
    assert desk.stopped == stopped


def test_an_outcome_the_store_does_not_take_is_kept_and_waited_for_up_to_a_limit():
    execution, desk = after(*UP_TO[Step.CLOSING], "not closed")
    assert (desk.asked[-1], desk.told) == ("keep", [])
    assert desk.deadlines.running == {execution: CLOSING_LIMIT_S}

    execution.late()

    [result] = desk.told
    assert desk.asked[-1] == "give_up"
    assert isinstance(result, ExecutionResult)
    assert not result.recorded
    execution.settled(is_closed=True)
    assert len(desk.told) == 1


@pytest.mark.parametrize(("is_closed", "recorded"), [(True, True), (False, False)])
def test_an_outcome_that_is_settled_in_time_is_told_as_it_is(is_closed, recorded):
    execution, desk = after(*UP_TO[Step.CLOSING], "not closed")

    execution.settled(is_closed=is_closed)

    [result] = desk.told
    assert isinstance(result, ExecutionResult)
    assert result.recorded is recorded


def test_a_function_that_runs_as_often_as_it_may_is_busy():
    _, desk = after("found, limited", is_busy=True)

    [told] = desk.told
    assert isinstance(told, FunctionBusyError)
    assert "copy_event" not in desk.asked


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("event", list(EVENTS))
def test_an_event_that_is_not_waited_for_changes_nothing(step, event):
    """What leads on from a state is in the tables above; everything else is ignored."""
    waited_for = {
        Step.FINDING: {"found", "found, saves responses", "found, limited", "not found"},
        Step.COPYING: {"copied", "not copied"},
        Step.OPENING: {"recorded", "not recorded", "version gone", "function gone"},
        Step.RUNNING: {
            *("answered", "answered 500", "answered nothing", "failed", "stopped", "late")
        },
        Step.DESCRIBING: {"described", "not described"},
        Step.CLOSING: {"closed", "not closed", "settled", "settled open", "late"},
        Step.OVER: set(),
    }[step] | ({"cancel"} if step is not Step.OVER else set())
    execution, desk = after(*UP_TO[step])
    asked, told = list(desk.asked), list(desk.told)

    EVENTS[event](execution)

    has_changed = (desk.asked, desk.told) != (asked, told) or execution.step is not step
    if event in waited_for:
        assert has_changed or execution.is_cancelled or execution.is_late
    else:
        assert not has_changed


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=25), st.booleans())
def test_whatever_happens_its_caller_is_told_once_and_no_record_stays_open(events, is_busy):
    execution, desk = after(is_busy=is_busy)
    for name in events:
        was_over = execution.step is Step.OVER
        EVENTS[name](execution)
        assert len(desk.told) == (execution.step is Step.OVER) == desk.left
        assert not was_over or execution.step is Step.OVER
        if "run" in desk.asked:
            assert desk.asked.index("open_record") < desk.asked.index("run")
        assert desk.asked.count("run") <= 1
        assert desk.asked.count("close_record") <= 1
        if execution.step is Step.OVER:
            assert desk.deadlines.running == {}
            if "run" in desk.asked:
                assert "close_record" in desk.asked
            elif isinstance(desk.told[0], EngineError):
                assert "close_record" not in desk.asked
    # Whatever it still waits for comes in the end.
    for name in [*UP_TO[Step.DESCRIBING], "described", "closed"]:
        EVENTS[name](execution)
    assert (execution.step, len(desk.told), desk.left) == (Step.OVER, 1, 1)
