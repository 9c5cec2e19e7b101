"""Routes of API tokens."""

import msgspec
from fastapi import Request, Response

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.doorkeeper import client_address
from perilune.api.access.tokens import Tokens
from perilune.api.body import decode_body
from perilune.api.errors import InvalidRequest
from perilune.api.parameters import Page
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable, caller_of
from perilune.api.scopes import Scope
from perilune.store import ApiToken, PaginationInfo, TokenNameTaken, TokenNotFound

_EVERY, _ONE = "/api/tokens", "/api/tokens/{token_id}"
_TAG = "Authentication"


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


def add_token_routes(routes: RouteTable, tokens: Tokens) -> None:
    """Add what makes, lists and revokes tokens."""

    async def create_token(request: Request) -> Response:
        wanted = decode_body(await routes.body(request), TokenBody)
        made = await tokens.create(wanted.name, wanted.scopes, wanted.expires_in)
        _note(request, AuditEvent.TOKEN_CREATED, made["id"], made["name"])
        return json_answer(made)

    async def list_tokens(page: Page) -> Response:
        return json_answer(await tokens.page(page))

    async def revoke_token(token_id: str, request: Request) -> Response:
        revoked = await tokens.revoke(token_id)
        _note(request, AuditEvent.TOKEN_REVOKED, revoked.id, revoked.name)
        return Response(status_code=204)

    routes.add(
        "POST",
        _EVERY,
        create_token,
        "createToken",
        _TAG,
        scope=Scope.ADMIN,
        summary="Make a token; the answer is the only place where it is shown",
        body=TokenBody,
        answer=NewToken,
        errors=(InvalidRequest, TokenNameTaken),
    )
    routes.add(
        "GET",
        _EVERY,
        list_tokens,
        "listTokens",
        _TAG,
        scope=Scope.ADMIN,
        summary="List tokens, newest first",
        answer=TokenList,
    )
    routes.add(
        "DELETE",
        _ONE,
        revoke_token,
        "revokeToken",
        _TAG,
        scope=Scope.ADMIN,
        summary="Revoke a token",
        status=204,
        errors=(TokenNotFound,),
    )


def _note(request: Request, event: AuditEvent, token_id: str, name: str) -> None:
    by = caller_of(request)
    audit(event, client_address(request.scope), token=token_id, name=name, by=by.id or by.kind)
