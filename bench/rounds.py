"""Measures systems in turns: bursts of load, each beside those of the others in the same round."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.cases import Case
from bench.load import Measured, drive, middle
from bench.usage import Usage, snapshot

OWN = "Perilune"
"""The system that the others are compared with."""
HELLO = "hello"
"""The case that a server's other cases are compared with."""
WARM_UP_S = 1
"""Load before each burst that does not count: workers are started, caches are filled."""
STARTING_S = 0.2
"""What a burst takes besides."""


@dataclass(frozen=True, slots=True)
class System:
    """A running server."""

    name: str
    pid: int
    url_of: Callable[[Case], str]


@dataclass(frozen=True, slots=True)
class Burst:
    """One measurement."""

    load: Measured
    used: Usage
    """By each request."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the bursts of all rounds come to: medians."""

    case: str
    connections: int
    system: str
    load: Measured
    used: Usage
    own_ratio: float
    """The rate of `OWN` beside this one's."""
    hello_ratio: float
    """The rate beside that of the same system's hello; 0 if that was not measured."""


Bursts = dict[tuple[str, int, str], list[Burst]]
"""By case, connections and system; one for each round."""


def measure(
    systems: Sequence[System], cases: Sequence[Case], rounds: int, seconds: int
) -> list[Row]:
    """Measure every case on every system, in each round beginning with another one."""
    if not cases:
        return []
    of_a_round = len(systems) * sum(len(case.connections) for case in cases)
    minutes = rounds * of_a_round * (WARM_UP_S + seconds + STARTING_S) / 60
    bursts: Bursts = {}
    print(f"{of_a_round} bursts in each round: about {minutes:.0f} minutes", file=sys.stderr)
    for number in range(rounds):
        first = number % len(systems)
        for case in cases:
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr)
            for connections in case.connections:
                for system in (*systems[first:], *systems[:first]):
                    burst = measure_once(system, case, connections, seconds)
                    bursts.setdefault((case.name, connections, system.name), []).append(burst)
    return [_row(bursts, key) for key in sorted(bursts, key=list(bursts).index)]


def measure_once(system: System, case: Case, connections: int, seconds: int) -> Burst:
    """Return what one burst of load showed."""
    url = system.url_of(case)

    def load(duration_s: int) -> Measured:
        return drive(
            url,
            connections=connections,
            seconds=duration_s,
            method=case.method,
            body=case.body,
            headers=case.headers,
        )

    load(WARM_UP_S)
    before = snapshot(system.pid)
    measured = load(seconds)
    after = snapshot(system.pid)
    return Burst(measured, after.since(before, measured.requests))


def _row(bursts: Bursts, key: tuple[str, int, str]) -> Row:
    case, connections, system = key
    own = bursts[key]
    return Row(
        case,
        connections,
        system,
        middle([one.load for one in own]),
        _middle_use([one.used for one in own]),
        _ratio(bursts[case, connections, OWN], own),
        _ratio(own, bursts.get((HELLO, connections, system), [])),
    )


def _ratio(over: list[Burst], under: list[Burst]) -> float:
    """Return the median of the ratios within the rounds; 0 without any."""
    ratios = [
        one.load.requests_per_s / other.load.requests_per_s
        for one, other in zip(over, under, strict=False)
    ]
    return median(ratios) if ratios else 0.0


def _middle_use(used: list[Usage]) -> Usage:
    return Usage(
        median(one.loop_us for one in used),
        median(one.threads_us for one in used),
        median(one.processes_us for one in used),
        median(one.switches for one in used),
    )
