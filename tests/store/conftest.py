"""What tests of the store share: a clock that the test moves, and what was reported."""

import pytest

from perilune.store import StoreError
from tests.store.helpers import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def reported() -> list[StoreError]:
    """What the store reported to its error hook."""
    return []
