"""E-mail without a provider, for tests and trials."""

from perilune.services.email.payload import request_json
from perilune.services.email.types import EmailError, SendRequest, SendResponse
from perilune.services.email.validate import validate_send_request


class FakeEmailClient:
    """Answers with what it was given, in that order; the last answer is given for ever."""

    def __init__(self, *answers: SendResponse | EmailError) -> None:
        """Take the answers; without any, every e-mail gets the id `fake`."""
        self._answers = list(answers)
        self.requests: list[tuple[str, SendRequest]] = []
        """The function and the e-mail of each call that was valid."""

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Return, or raise, the next answer.  Raises `EmailValidationError`."""
        validate_send_request(request)
        self.requests.append((function_id, request))
        if not self._answers:
            return SendResponse(id="fake", request_json=request_json(request))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, EmailError):
            raise answer
        return answer
