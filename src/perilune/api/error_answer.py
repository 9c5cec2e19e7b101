"""How an error looks to a client, whatever it is."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from msgspec import UNSET, UnsetType


class Error(msgspec.Struct, frozen=True):
    """What went wrong, for people."""

    error: str


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, as RFC 9457 has it; sent to whoever accepts it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


class LoginError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a login failed; without `success` if the fault is the server's."""

    success: bool | UnsetType = UNSET
    error: str


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
        return msgspec.json.encode(Error(self.message)) + b"\n"

    def problem(self, instance: str) -> bytes:
        """Return the same as a problem document (RFC 9457) about the request *instance*.

        Its type is `about:blank`: what a program needs beyond the status is in `code`.
        """
        document = Problem(
            type="about:blank",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.message,
            instance=instance,
            code=self.code,
        )
        return msgspec.json.encode(document) + b"\n"
