"""HTTP for guest code: requests to the outside world, under the egress policy."""

from perilune.services.http.types import (
    HTTPClient,
    HTTPClientError,
    HTTPError,
    Request,
    Response,
)

__all__ = [
    "HTTPClient",
    "HTTPClientError",
    "HTTPError",
    "Request",
    "Response",
]
