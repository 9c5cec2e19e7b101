"""HTTP for guest code: what a request and a response are, and what a client offers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from perilune.errors import PeriluneError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.  `method` counts for `HTTPClient.request`; the other methods decide it."""

    url: str
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    """Added to the query of the URL; the whole query is then encoded anew, keys sorted."""
    body: str | bytes = ""
    """Empty means no body."""
    timeout_s: float | None = None
    """For the whole exchange; None means the client's own limit, which is never passed."""
    follow_redirects: bool = True
    max_bytes: int | None = None
    """Longest response body; None means the client's own limit, which is never passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response; every status is a normal response."""

    status_code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Canonical names, first value of each."""
    body: str | bytes = b""
    multi_headers: Mapping[str, list[str]] = field(default_factory=dict)
    """Canonical names, all values."""
    url: str = ""
    """The URL that answered, after redirects."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status_code <= 299

    @property
    def is_error(self) -> bool:
        """Whether the status is 400 or above."""
        return self.status_code >= 400


class HTTPClientError(PeriluneError):
    """A request that got no response; the message may be shown to guest code.

    It starts with `failed to parse URL: `, `failed to create request: `,
    `HTTP request failed: ` or `failed to read response body: `.
    """

    code: ClassVar[str] = "http_client_error"


class HTTPError(PeriluneError):
    """A response whose status its receiver takes for a failure.  Clients don't raise it."""

    code = "http_error"

    def __init__(self, status_code: int, message: str, body: str | bytes = "") -> None:
        super().__init__(f"HTTP {status_code}: {message}")
        self.status_code = status_code
        self.message = message
        self.body = body


class HTTPClient(Protocol):
    """Sends requests; a client that inherits from it only has to write `request`.

    Every method raises `HTTPClientError` when there is no response.
    """

    async def request(self, request: Request) -> Response:
        """Send a request with the method it names."""
        ...

    async def get(self, request: Request) -> Response:
        """Send a GET request, without a body."""
        return await self.request(replace(request, method="GET", body=""))

    async def post(self, request: Request) -> Response:
        """Send a POST request."""
        return await self.request(replace(request, method="POST"))

    async def put(self, request: Request) -> Response:
        """Send a PUT request."""
        return await self.request(replace(request, method="PUT"))

    async def patch(self, request: Request) -> Response:
        """Send a PATCH request."""
        return await self.request(replace(request, method="PATCH"))

    async def delete(self, request: Request) -> Response:
        """Send a DELETE request."""
        return await self.request(replace(request, method="DELETE"))
