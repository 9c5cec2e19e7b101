"""AI without a provider and records without a database, for tests and trials."""

from perilune.clock import WallClock, wall_clock
from perilune.services.ai.tracker import StoreAITracker
from perilune.services.ai.types import AIError, ChatRequest, ChatResponse
from perilune.services.tracking import MemoryRequestRows


class FakeAIClient:
    """Answers with what it was given, in that order; the last answer is given for ever."""

    def __init__(self, *answers: ChatResponse | AIError) -> None:
        """Take the answers; without any, every answer is empty."""
        self._answers = list(answers) or [ChatResponse()]
        self.requests: list[tuple[str, ChatRequest]] = []
        """The function and the request of each call."""

    async def chat(self, function_id: str, request: ChatRequest) -> ChatResponse:
        """Return, or raise, the next answer."""
        self.requests.append((function_id, request))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, AIError):
            raise answer
        return answer


class MemoryAITracker(StoreAITracker):
    """A tracker that keeps its records in memory."""

    def __init__(self, *, clock: WallClock = wall_clock) -> None:
        super().__init__(MemoryRequestRows(), clock=clock)
