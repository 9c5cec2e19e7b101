"""Who may use the management API: whoever shows a bearer token, or the cookie of a session."""

from starlette.types import Scope

from perilune.api.audit import AuditEvent, audit
from perilune.api.backoff import Backoff
from perilune.api.credentials import Credentials, bearer_of
from perilune.api.csrf import SAFE_METHODS, has_proof
from perilune.api.errors import AuthenticationRequired, CrossSiteRequest, TooManyAttempts
from perilune.api.scopes import Caller
from perilune.api.sessions import Sessions, session_tokens


class Doorkeeper:
    """Tells callers from strangers.  Either credential suffices, even if the other is wrong."""

    def __init__(
        self,
        credentials: Credentials,
        sessions: Sessions,
        backoff: Backoff,
        *,
        base_url: str = "",
    ) -> None:
        self._credentials = credentials
        self._sessions = sessions
        self._backoff = backoff
        self._base_url = base_url

    async def admit(self, scope: Scope) -> Caller:
        """Return who makes a request.

        Raises:
            AuthenticationRequired: a stranger.
            TooManyAttempts: too many wrong tokens have come from there.
            CrossSiteRequest: the session is right, the page is not.
            StoreError: it can't be found out.
        """
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        address = client_address(scope)
        bearer = bearer_of(headers)
        wait_s = self._backoff.wait_s(address) if bearer else 0
        if bearer and not wait_s:
            caller = await self._credentials.check(bearer)
            if caller is not None:
                self._backoff.succeeded(address)
                return caller
        cookies = session_tokens(headers)
        caller = await self._sessions.find(cookies) if cookies else None
        if caller is not None:
            if scope["method"] not in SAFE_METHODS and not has_proof(headers, self._base_url):
                raise CrossSiteRequest
            return caller
        if wait_s:
            raise TooManyAttempts(wait_s)
        if bearer:
            note_failure(self._backoff, address, AuditEvent.CREDENTIAL_REFUSED)
        raise AuthenticationRequired


def note_failure(backoff: Backoff, address: str, event: AuditEvent) -> None:
    """Count and log a wrong credential.  What is refused unseen meanwhile gets no lines."""
    audit(event, address)
    wait_s = backoff.failed(address)
    if wait_s:
        audit(AuditEvent.ADDRESS_BLOCKED, address, seconds=wait_s)


def client_address(scope: Scope) -> str:
    """Return the address a request comes from; empty if there is none."""
    client = scope.get("client")
    return str(client[0]) if client else ""
