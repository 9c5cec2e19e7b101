"""Activity of functions: statistics of their executions."""

import msgspec

from perilune.store.records import Execution, Function


class ExecutionTotals(msgspec.Struct, frozen=True):
    """Executions of one duration class: how many, how many failed, and how long all took."""

    duration_class: int
    executions: int
    errors: int
    duration_ms: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of all functions."""

    functions: dict[str, list[ExecutionTotals]]
    """By id of the function."""
    names: dict[str, str]
    """Of all functions, by id."""
    series: dict[int, list[ExecutionTotals]]
    """By start of the span."""
    running: int
    """Executions that have not ended."""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What a function has done of late."""

    function: Function
    totals: list[ExecutionTotals]
    last: Execution | None
    """Without event, response and error."""
