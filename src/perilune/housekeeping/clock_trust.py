"""Whether the clock can be believed before something is deleted for its age."""

from dataclasses import dataclass

MAX_GAP_S = 24 * 3600
"""A server that was not used for longer than this may have started with a wrong clock."""
MAX_JUMP_S = 3600
"""By how much the clock may get ahead of the time that has really passed."""
WAIT_S = 24 * 3600
"""How long nothing is deleted then, so that somebody can set the clock right."""


@dataclass(slots=True)
class ClockTrust:
    """Compares the clock with the newest record and with the time that really passes."""

    newest: float | None
    """When the newest record was made, Unix seconds; None if there is none."""
    _seen: tuple[float, float] | None = None
    _doubted_at: float | None = None

    def doubt(self, now: float, monotonic: float) -> float | None:
        """Return by how many seconds the clock seems to be ahead; None if it can be believed.

        Args:
            now: what the clock says, Unix seconds.
            monotonic: seconds on a clock that nobody sets.
        """
        seen, self._seen = self._seen, (now, monotonic)
        if seen is None:
            known = now if self.newest is None else self.newest
            limit_s = MAX_GAP_S
        else:
            known = seen[0] + monotonic - seen[1]
            limit_s = MAX_JUMP_S
        if now - known > limit_s:
            self.newest, self._doubted_at = known, monotonic
        if self._doubted_at is None:
            return None
        passed_s = monotonic - self._doubted_at
        ahead_s = now - (self.newest or 0.0) - passed_s
        if ahead_s <= MAX_JUMP_S or passed_s >= WAIT_S:
            self._doubted_at = None
            return None
        return ahead_s
