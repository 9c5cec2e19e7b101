"""HTTP for guest code: requests to the outside world, under the egress policy."""

from perilune.services.http.client import MAX_LARGE_BODIES, AiohttpClient, HTTPLimits
from perilune.services.http.egress import EgressPolicy, EgressRefused
from perilune.services.http.fake import FakeClient
from perilune.services.http.types import HTTPClient, HTTPClientError, HTTPError, Request, Response

__all__ = [
    "MAX_LARGE_BODIES",
    "AiohttpClient",
    "EgressPolicy",
    "EgressRefused",
    "FakeClient",
    "HTTPClient",
    "HTTPClientError",
    "HTTPError",
    "HTTPLimits",
    "Request",
    "Response",
]
