"""An HTTP client for tests that sends nothing."""

from dataclasses import replace

from perilune.services.http.types import HTTPClient, HTTPClientError, Request, Response


class FakeClient(HTTPClient):
    """Answers from what it was told, keyed by `METHOD:URL`; all else is an empty 200."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        """What was asked for, oldest first, each with its method."""
        self._answers: dict[str, Response | HTTPClientError] = {}

    def set_response(self, method: str, url: str, response: Response) -> None:
        """Answer *method* on *url* with *response*."""
        self._answers[f"{method}:{url}"] = response

    def set_error(self, method: str, url: str, error: HTTPClientError) -> None:
        """Let *method* on *url* fail with *error*."""
        self._answers[f"{method}:{url}"] = error

    async def request(self, request: Request) -> Response:
        """Answer a request with the method it names."""
        method = request.method.upper() or "GET"
        self.requests.append(replace(request, method=method))
        answer = self._answers.get(f"{method}:{request.url}")
        if isinstance(answer, HTTPClientError):
            raise answer
        return answer or Response(status_code=200)
