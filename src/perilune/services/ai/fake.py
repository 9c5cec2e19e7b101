"""AI without a provider, for tests and trials."""

from perilune.services.ai.types import AIError, ChatRequest, ChatResponse


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
