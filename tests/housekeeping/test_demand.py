"""When the disk asks for a clean-up."""

import pytest

from perilune.housekeeping.demand import LOW_AGAIN_S, LastClean, is_due
from perilune.store import DiskUsage

MIB = 1024 * 1024
GIB = 1024 * MIB
NOW = 1000.0


def usage(data: int, disk: int = 100 * GIB, *, is_low: bool = False) -> DiskUsage:
    return DiskUsage(data, disk, is_low)


def cleaned(left: DiskUsage, *, has_freed: bool = True, ago_s: float = 10) -> LastClean:
    return LastClean(left, has_freed, NOW - ago_s)


LOW = usage(50 * MIB, is_low=True)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        pytest.param(None, usage(50 * GIB), False, id="the first one comes at its time"),
        pytest.param(None, LOW, True, id="but at once on a low disk"),
        pytest.param(cleaned(usage(0)), usage(63 * MIB), False, id="little growth"),
        pytest.param(cleaned(usage(0)), usage(64 * MIB), True, id="much growth"),
        pytest.param(cleaned(usage(8 * GIB)), usage(9 * GIB), False, id="little of what there is"),
        pytest.param(cleaned(usage(8 * GIB)), usage(10 * GIB), True, id="much of what there is"),
        pytest.param(cleaned(usage(0)), usage(5 * MIB, 80 * MIB), True, id="much of the disk"),
        pytest.param(cleaned(usage(0)), usage(4 * MIB, 80 * MIB), False, id="little of the disk"),
        pytest.param(cleaned(usage(9 * GIB)), usage(MIB), False, id="less than before"),
        pytest.param(cleaned(usage(50 * MIB), has_freed=False), LOW, True, id="low now"),
        pytest.param(cleaned(LOW), LOW, True, id="low still, and there may be more to delete"),
        pytest.param(cleaned(LOW, has_freed=False), LOW, False, id="low, and nothing to delete"),
        pytest.param(
            cleaned(LOW, has_freed=False, ago_s=LOW_AGAIN_S), LOW, True, id="but some time later"
        ),
    ],
)
def test_when_a_clean_up_is_due(last: LastClean | None, now: DiskUsage, expected: bool) -> None:
    assert is_due(last, now, NOW) is expected
