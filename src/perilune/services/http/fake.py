"""An HTTP client for tests that sends nothing."""

from dataclasses import replace

from perilune.services.http.types import HTTPClientError, Request, Response


class FakeClient:
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

    async def get(self, request: Request) -> Response:
        """Answer a GET request."""
        return await self.request(replace(request, method="GET"))

    async def post(self, request: Request) -> Response:
        """Answer a POST request."""
        return await self.request(replace(request, method="POST"))

    async def put(self, request: Request) -> Response:
        """Answer a PUT request."""
        return await self.request(replace(request, method="PUT"))

    async def patch(self, request: Request) -> Response:
        """Answer a PATCH request."""
        return await self.request(replace(request, method="PATCH"))

    async def delete(self, request: Request) -> Response:
        """Answer a DELETE request."""
        return await self.request(replace(request, method="DELETE"))

    async def request(self, request: Request) -> Response:
        """Answer a request with the method it names."""
        method = request.method.upper() or "GET"
        self.requests.append(replace(request, method=method))
        answer = self._answers.get(f"{method}:{request.url}")
        if isinstance(answer, HTTPClientError):
            raise answer
        return answer or Response(status_code=200)
