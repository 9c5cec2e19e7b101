"""What can go wrong between a client and its server."""

from perilune.errors import PeriluneError


class ClientError(PeriluneError):
    """A question to a server had no good answer."""

    code = "client_error"


class UnusableTarget(ClientError):
    """The server's address or the token can't be used, or there is none."""

    code = "unusable_target"


class ServerUnreachable(ClientError):
    """No answer came from the server."""

    code = "server_unreachable"


class RequestRefused(ClientError):
    """The server refused the request, or failed at it."""

    code = "refused"

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text or f"the server answered with status {status}")
        self.status = status


class NotPermitted(RequestRefused):
    """The token is missing, unknown, expired, or not allowed to do this."""

    code = "not_permitted"


class NotFound(RequestRefused):
    """There is no such function, version, execution or entry."""

    code = "not_found"

    def __init__(self, text: str) -> None:
        super().__init__(404, text)


class AmbiguousName(ClientError):
    """Several functions have this name."""

    code = "ambiguous_name"

    def __init__(self, name: str, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} functions are named {name!r}; use an id: {', '.join(ids)}")
