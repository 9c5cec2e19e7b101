"""The pool's decisions, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.runtimes import WorkerLimits
from perilune.runtimes.workers.plan import (
    GROW_AFTER_S,
    MAX_LINE,
    Demand,
    PoolPlan,
    line_depth,
    most_deserving,
    over_budget,
    plan,
    should_hand_over,
)

LIMITS = WorkerLimits(warm=2, maximum=8)
LONG = GROW_AFTER_S * 2


def planned(
    demands: list[Demand], *, spares: int = 0, starting: int = 0, bound: int = 0, idle: int = 0
) -> PoolPlan:
    """Plan for one kind of workers."""
    return plan(
        demands,
        warm={None: LIMITS.warm},
        spares={None: spares},
        starting={None: starting},
        bound=bound,
        idle=idle,
        limits=LIMITS,
    )


@pytest.mark.parametrize(
    ("demands", "state", "expected"),
    [
        pytest.param([], {}, PoolPlan((None,) * 2, 0), id="an empty pool gets its warm workers"),
        pytest.param([], {"spares": 2}, PoolPlan((), 0), id="warm enough"),
        pytest.param([], {"starting": 2}, PoolPlan((), 0), id="they are on their way"),
        pytest.param(
            [Demand("a", 1, 0.0, 0)],
            {"spares": 0},
            PoolPlan((None,) * 3, 0),
            id="one waits without a worker: one for it beside the warm ones",
        ),
        pytest.param(
            [Demand("a", 5, 0.0, 1)],
            {"spares": 2, "bound": 1},
            PoolPlan((), 0),
            id="a short wait for a busy worker is no reason to grow",
        ),
        pytest.param(
            [Demand("a", 3, LONG, 1)],
            {"spares": 2, "bound": 1},
            PoolPlan((None,) * 3, 0),
            id="a long one is",
        ),
        pytest.param(
            [Demand("a", 3, LONG, 1, held_s=0.0001)],
            {"spares": 2, "bound": 1},
            PoolPlan((), 0),
            id="not so long for a quick function",
        ),
        pytest.param(
            [Demand("a", 50, LONG, 6)],
            {"spares": 2, "bound": 6},
            PoolPlan((), 0),
            id="never past a function's share",
        ),
        pytest.param(
            [],
            {"bound": 8},
            PoolPlan((None,) * 2, 0),
            id="spares come on top of the most",
        ),
        pytest.param(
            [Demand("b", 1, LONG, 0)],
            {"bound": 8, "idle": 3},
            PoolPlan((None,) * 2, 0),
            id="one of them takes the place of an idle worker, which lives until then",
        ),
        pytest.param(
            [Demand("b", 1, LONG, 0)],
            {"bound": 7, "spares": 1, "starting": 1},
            PoolPlan((None,), 0),
            id="one for it beside the warm ones, with one place left",
        ),
        pytest.param(
            [Demand("b", 3, LONG, 0)],
            {"bound": 8, "spares": 2},
            PoolPlan((), 0),
            id="where all are busy, more spares would help nobody",
        ),
    ],
)
def test_plan(demands: list[Demand], state: dict[str, int], expected: PoolPlan) -> None:
    assert planned(demands, **state) == expected


@given(
    st.lists(
        st.builds(
            Demand,
            st.text(max_size=3),
            st.integers(1, 50),
            st.floats(0, 10),
            st.integers(0, 8),
        ),
        max_size=6,
    ),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(0, 8),
    st.integers(0, 8),
)
def test_a_plan_never_passes_the_limits(
    demands: list[Demand], spares: int, starting: int, bound: int, idle: int
) -> None:
    idle = min(idle, bound)

    decision = planned(demands, spares=spares, starting=starting, bound=bound, idle=idle)

    most = LIMITS.maximum + LIMITS.warm
    assert 0 <= len(decision.start) <= max(0, most - bound - spares - starting)
    assert 0 <= decision.evict <= idle


@pytest.mark.parametrize(
    ("held_s", "depth"),
    [(0.0, MAX_LINE), (0.00005, MAX_LINE), (0.0005, 4), (0.0015, 1), (0.003, 1), (10.0, 1)],
)
def test_only_quick_functions_stand_in_line(held_s: float, depth: int) -> None:
    assert line_depth(held_s) == depth


def test_the_function_with_the_fewest_workers_comes_first() -> None:
    demands = [Demand("a", 9, 1.0, 3), Demand("b", 1, 0.1, 1), Demand("c", 1, 0.2, 1)]

    assert most_deserving(demands, LIMITS) == "c"


def test_a_function_at_its_share_gets_none() -> None:
    assert most_deserving([Demand("a", 9, 1.0, LIMITS.per_function)], LIMITS) is None


@pytest.mark.parametrize(
    ("owned", "other", "expected"),
    [(4, 1, True), (2, 1, False), (1, 0, False), (2, 0, True)],
)
def test_workers_change_hands_only_when_it_evens_things_out(
    owned: int, other: int, expected: bool
) -> None:
    mine, theirs = Demand("a", 5, 1.0, owned), Demand("b", 5, 1.0, other)

    assert should_hand_over(mine, [theirs]) is expected


def test_each_kind_gets_its_own_workers_and_those_who_wait_come_first() -> None:
    decision = plan(
        [Demand("a", 1, 0.0, 0, kind="lua"), Demand("b", 1, 0.0, 0, kind="python")],
        warm={"lua": 2, "python": 1},
        spares={"lua": 3},
        starting={},
        bound=7,
        idle=0,
        limits=LIMITS,
    )

    assert decision == PoolPlan(("python",), 0)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param({"bound": 7, "idle": 0}, PoolPlan(("own",), 0), id="there is room"),
        pytest.param({"bound": 8, "idle": 2}, PoolPlan((), 1), id="an idle worker makes room"),
        pytest.param({"bound": 8, "idle": 0}, PoolPlan((), 0), id="all are busy"),
        pytest.param({"bound": 7, "idle": 0, "lua": 3}, PoolPlan((), 1), id="a spare makes room"),
    ],
)
def test_a_kind_without_spares_of_its_own(state: dict[str, int], expected: PoolPlan) -> None:
    """Like that of a function with a memory limit of its own."""
    decision = plan(
        [Demand("b", 1, 0.0, 0, kind="own")],
        warm={"lua": 2, "python": 1},
        spares={"lua": state.get("lua", 2), "python": 1},
        starting={},
        bound=state["bound"],
        idle=state["idle"],
        limits=LIMITS,
    )

    assert decision == expected


@pytest.mark.parametrize(
    ("total", "stopped"),
    [(100, []), (101, ["a"]), (110, ["a"]), (111, ["a", "b"]), (900, ["a", "b", "c"])],
)
def test_those_idle_for_longest_make_way_when_memory_is_short(
    total: int, stopped: list[str]
) -> None:
    idle = [("a", 10), ("b", 20), ("c", 30)]

    assert over_budget(idle, total, 100) == stopped
