"""What a credential allows, and who shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class TokenScope(StrEnum):
    """One right of an API token."""

    READ = "read"
    """See functions, versions, executions and metrics."""
    METRICS = "metrics"
    """See metrics alone."""
    INVOKE = "invoke"
    """Call functions, also those that are not public."""
    DEPLOY = "deploy"
    """Change functions, their code, settings and data; includes `READ`."""
    ADMIN = "admin"
    """Everything, tokens and sessions included."""


_INCLUDED = {
    TokenScope.READ: frozenset({TokenScope.READ, TokenScope.METRICS}),
    TokenScope.METRICS: frozenset({TokenScope.METRICS}),
    TokenScope.INVOKE: frozenset({TokenScope.INVOKE}),
    TokenScope.DEPLOY: frozenset({TokenScope.DEPLOY, TokenScope.READ, TokenScope.METRICS}),
    TokenScope.ADMIN: frozenset(TokenScope),
}


def rights_of(scopes: Iterable[str]) -> frozenset[TokenScope]:
    """Return all rights that *scopes* give; words that are no scope give none."""
    words = [TokenScope(word) for word in scopes if word in tuple(TokenScope)]
    return frozenset().union(*(_INCLUDED[word] for word in words))


class CallerKind(StrEnum):
    """What a caller has shown."""

    KEY = "key"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105  # no secret


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credential has been checked."""

    kind: CallerKind
    rights: frozenset[TokenScope]
    id: str = ""
    """Of the session or the token; empty for the management key."""
    name: str = ""
    """Of the token."""
    expires_at: int | None = None
    """When the credential ends by itself."""

    def may(self, scope: TokenScope) -> bool:
        """Whether the credential allows this."""
        return scope in self.rights
