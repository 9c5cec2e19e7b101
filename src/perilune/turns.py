"""Time of the event loop for work that others cause, shared among all who have such work.

Every request takes several rounds of the event loop.  What counts for it is not how little one
connection or process takes of a round, but how much all of them take together.
"""

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Lets work be done in turns of bounded length."""

    def __init__(self, rest_s: float = 0.0, *, rests_alone: bool = True) -> None:
        """Begin with a turn.

        Args:
            rest_s: time between two turns; with 0 there is one in each round of the event loop.
            rests_alone: whether there is such a rest also when nobody else waits for the next turn.
        """
        self._rest_s = rest_s
        self._rests_alone = rests_alone
        self._left = 1.0
        self._line: deque[Callable[[], None]] = deque()

    @property
    def is_over(self) -> bool:
        """Whether the turn has been used up, and everybody has to wait for the next one."""
        return self._left <= 0

    def spend(self, share: float) -> None:
        """Count work that has been done: *share* of a turn."""
        was_over = self.is_over
        self._left -= share
        if self.is_over and not was_over:
            loop = asyncio.get_running_loop()
            if self._rest_s and (self._line or self._rests_alone):
                loop.call_later(self._rest_s, self._begin)
            else:
                loop.call_soon(self._begin)

    def wait(self, go_on: Callable[[], None], *, is_first: bool = False) -> None:
        """Have *go_on*, which spends some of a turn, called when there is time for it.

        Args:
            go_on: what to call.
            is_first: call it before those who are waiting; else after them.
        """
        if not self.is_over:
            go_on()
        elif is_first:
            self._line.appendleft(go_on)
        else:
            self._line.append(go_on)

    async def rest(self) -> None:
        """Let others run, and if the turn is over wait for another one."""
        if not self.is_over:
            await asyncio.sleep(0)
            return
        may_go_on = asyncio.Event()
        self._line.append(may_go_on.set)
        await may_go_on.wait()

    def _begin(self) -> None:
        self._left = 1.0
        while self._line and not self.is_over:
            self._line.popleft()()
