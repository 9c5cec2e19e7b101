"""Routes of API tokens."""

from functools import partial

import msgspec
from starlette.requests import Request

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.authenticator import client_address
from perilune.api.access.tokens import Tokens
from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json
from perilune.api.routes.route import Route, caller_of
from perilune.api.rules.lists import PAGE
from perilune.api.scopes import TokenScope
from perilune.store import ApiToken, PaginationInfo, TokenNameTaken, TokenNotFound

_EVERY = "/api/tokens"

_route = partial(Route, tag="Authentication", scope=TokenScope.ADMIN)


class TokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body that asks for a token."""

    name: str = ""
    scopes: list[str] = []
    expires_in: int | None = None
    """Seconds."""


class NewToken(ApiToken, frozen=True, kw_only=True):
    """A token, this once with its text."""

    token: str


class TokenList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the list of tokens, newest first."""

    tokens: list[ApiToken]
    pagination: PaginationInfo


def token_routes(tokens: Tokens) -> list[Route]:
    """Return what makes, lists and revokes tokens."""

    async def create_token(request: Request, body: TokenBody) -> Json:
        made = await tokens.create(body.name, body.scopes, body.expires_in)
        _note(request, AuditEvent.TOKEN_CREATED, made["id"], made["name"])
        return made

    async def revoke_token(request: Request, token_id: str) -> None:
        revoked = await tokens.revoke(token_id)
        _note(request, AuditEvent.TOKEN_REVOKED, revoked.id, revoked.name)

    return [
        _route(
            "POST",
            _EVERY,
            create_token,
            "createToken",
            "Make a token; the answer is the only place where it is shown",
            body=TokenBody,
            answer=NewToken,
            errors=(InvalidRequest, TokenNameTaken),
        ),
        _route(
            "GET",
            _EVERY,
            tokens.page,
            "listTokens",
            "List tokens, newest first",
            parameters=(PAGE,),
            answer=TokenList,
        ),
        _route(
            "DELETE",
            _EVERY + "/{token_id}",
            revoke_token,
            "revokeToken",
            "Revoke a token",
            errors=(TokenNotFound,),
        ),
    ]


def _note(request: Request, event: AuditEvent, token_id: str, name: str) -> None:
    by = caller_of(request)
    audit(event, client_address(request.scope), token=token_id, name=name, by=by.id or by.kind)
