"""Routes of logging in and out, and of sessions (`rest-api` 1)."""

import msgspec
from fastapi import Request, Response

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.doorkeeper import client_address
from perilune.api.access.sessions import Sessions, session_tokens
from perilune.api.access.signin import LoginBody, SignIn, Visitor
from perilune.api.body import decode_body
from perilune.api.errors import ApiError, InvalidKey, TooManyAttempts, management_failure
from perilune.api.parameters import Page
from perilune.api.replies import json_answer, login_error
from perilune.api.routes.shapes import LoginError
from perilune.api.routes.table import RouteTable, caller_of
from perilune.api.scopes import CallerKind, Scope
from perilune.store import LoginSession, PaginationInfo, SessionNotFound, to_json

_TAG = "Authentication"


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A login or logout that did what it should."""

    success: bool


class CallerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential a request carries."""

    kind: CallerKind
    scopes: list[Scope]
    id: str | None = None
    name: str | None = None
    expires_at: int | None = None


class SessionAnswer(LoginSession, frozen=True, kw_only=True):
    """A session, and whether it is the caller's own."""

    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the list of sessions, newest first."""

    sessions: list[SessionAnswer]
    pagination: PaginationInfo


def add_auth_routes(routes: RouteTable, sign_in: SignIn, sessions: Sessions) -> None:
    """Add what people log in with, and what shows and ends their sessions."""
    _add_login(routes, sign_in)
    _add_sessions(routes, sessions)


def _add_login(routes: RouteTable, sign_in: SignIn) -> None:
    async def login(request: Request) -> Response:
        try:
            body = decode_body(await routes.body(request), LoginBody)
            cookie = await sign_in.login(body.api_key or "", _visitor(request))
        except ApiError as error:
            return login_error(management_failure(error))
        return _with_cookie(json_answer({"success": True}), cookie)

    async def logout(request: Request) -> Response:
        return _with_cookie(json_answer({"success": True}), await sign_in.logout(_visitor(request)))

    routes.add(
        "POST",
        "/api/auth/login",
        login,
        "login",
        _TAG,
        scope=None,
        summary="Begin a session with the management key",
        body=LoginBody,
        answer=Success,
        errors=(InvalidKey, TooManyAttempts),
        envelope=LoginError,
    )
    routes.add(
        "POST",
        "/api/auth/logout",
        logout,
        "logout",
        _TAG,
        scope=None,
        summary="End the session",
        answer=Success,
    )


def _add_sessions(routes: RouteTable, sessions: Sessions) -> None:
    async def who_am_i(request: Request) -> Response:
        caller = caller_of(request)
        answer = CallerAnswer(
            kind=caller.kind,
            scopes=[one for one in Scope if caller.may(one)],
            id=caller.id or None,
            name=caller.name or None,
            expires_at=caller.expires_at,
        )
        return json_answer(to_json(answer))

    async def list_sessions(request: Request, page: Page) -> Response:
        document = await sessions.page(page)
        own = caller_of(request).id
        for one in document["sessions"]:
            one["current"] = one["id"] == own
        return json_answer(document)

    async def end_session(session_id: str, request: Request) -> Response:
        await sessions.revoke(session_id)
        audit(AuditEvent.SESSION_ENDED, client_address(request.scope), session=session_id)
        return Response(status_code=204)

    routes.add(
        "GET",
        "/api/auth/me",
        who_am_i,
        "whoAmI",
        _TAG,
        scope=Scope.READ,
        summary="Show whose credential a request carries",
        answer=CallerAnswer,
    )
    routes.add(
        "GET",
        "/api/auth/sessions",
        list_sessions,
        "listSessions",
        _TAG,
        scope=Scope.ADMIN,
        summary="List the sessions that have not ended, newest first",
        answer=SessionList,
    )
    routes.add(
        "DELETE",
        "/api/auth/sessions/{session_id}",
        end_session,
        "endSession",
        _TAG,
        scope=Scope.ADMIN,
        summary="End a session",
        status=204,
        errors=(SessionNotFound,),
    )


def _visitor(request: Request) -> Visitor:
    return Visitor(
        address=client_address(request.scope),
        is_https=request.scope["scheme"] == "https",
        user_agent=request.headers.get("user-agent", ""),
        tokens=tuple(session_tokens(request.scope["headers"])),
    )


def _with_cookie(answer: Response, cookie: str) -> Response:
    answer.headers["Set-Cookie"] = cookie
    return answer
