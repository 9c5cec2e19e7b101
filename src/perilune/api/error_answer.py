"""How an error looks to a client, whatever it is."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """How an error is answered."""

    status: int
    message: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    code: str = ""
    """Stable and machine readable; told in problem documents."""

    @property
    def body(self) -> bytes:
        """The JSON error envelope and a line feed."""
        return msgspec.json.encode({"error": self.message}) + b"\n"

    def problem(self, instance: str) -> bytes:
        """Return the same as a problem document (RFC 9457) about the request *instance*.

        Its type is `about:blank`: what a program needs beyond the status is in `code`.
        """
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.message,
            "instance": instance,
            "code": self.code,
        }
        return msgspec.json.encode(document) + b"\n"
