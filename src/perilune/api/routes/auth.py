"""Routes of logging in and out, and of sessions (`rest-api` 1)."""

from functools import partial
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.authenticator import client_address
from perilune.api.access.sessions import Sessions, session_tokens
from perilune.api.access.signin import LoginBody, SignIn, Visitor
from perilune.api.error_answer import LoginError
from perilune.api.errors import InvalidKey, TooManyAttempts
from perilune.api.failures import Json
from perilune.api.replies import json_answer
from perilune.api.routes.route import Route, caller_of
from perilune.api.rules.lists import PAGE
from perilune.api.scopes import CallerKind, TokenScope
from perilune.store import (
    LoginSession,
    PaginationInfo,
    PaginationParams,
    SessionNotFound,
    to_json,
)

_route = partial(Route, tag="Authentication")


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """A login or logout that did what it should."""

    success: bool


class CallerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential a request carries."""

    kind: CallerKind
    scopes: list[TokenScope]
    id: str | None = None
    name: str | None = None
    expires_at: int | None = None


class CookieAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a request carries the cookie of a session: never an error, so pages may ask."""

    kind: Literal["session", "none"]
    expires_at: int | None = None


class SessionAnswer(LoginSession, frozen=True, kw_only=True):
    """A session, and whether it is the caller's own."""

    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the list of sessions, newest first."""

    sessions: list[SessionAnswer]
    pagination: PaginationInfo


def auth_routes(sign_in: SignIn, sessions: Sessions) -> list[Route]:
    """Return what people log in with, and what shows and ends their sessions."""
    return [*_login_routes(sign_in, sessions), *_session_routes(sessions)]


def _login_routes(sign_in: SignIn, sessions: Sessions) -> list[Route]:
    async def login(request: Request, body: LoginBody) -> Response:
        return _success(await sign_in.login(body.api_key or "", _visitor(request)))

    async def show_session(request: Request) -> Json:
        cookies = session_tokens(request.scope["headers"])
        caller = await sessions.find(cookies) if cookies else None
        if caller is None:
            return to_json(CookieAnswer(kind="none"))
        return to_json(CookieAnswer(kind="session", expires_at=caller.expires_at))

    async def logout(request: Request) -> Response:
        return _success(await sign_in.logout(_visitor(request)))

    return [
        _route(
            "POST",
            "/api/auth/login",
            login,
            "login",
            "Begin a session with the management key",
            scope=None,
            body=LoginBody,
            answer=Success,
            errors=(InvalidKey, TooManyAttempts),
            envelope=LoginError,
        ),
        _route(
            "GET",
            "/api/auth/session",
            show_session,
            "showSession",
            "Tell whether the request carries the cookie of a session",
            scope=None,
            answer=CookieAnswer,
        ),
        _route(
            "POST",
            "/api/auth/logout",
            logout,
            "logout",
            "End the session",
            scope=None,
            answer=Success,
        ),
    ]


def _session_routes(sessions: Sessions) -> list[Route]:
    async def who_am_i(request: Request) -> Json:
        caller = caller_of(request)
        answer = CallerAnswer(
            kind=caller.kind,
            scopes=[one for one in TokenScope if caller.may(one)],
            id=caller.id or None,
            name=caller.name or None,
            expires_at=caller.expires_at,
        )
        return to_json(answer)

    async def list_sessions(request: Request, params: PaginationParams) -> Json:
        document = await sessions.page(params)
        own = caller_of(request).id
        for one in document["sessions"]:
            one["current"] = one["id"] == own
        return document

    async def end_session(request: Request, session_id: str) -> None:
        await sessions.revoke(session_id)
        audit(AuditEvent.SESSION_ENDED, client_address(request.scope), session=session_id)

    return [
        _route(
            "GET",
            "/api/auth/me",
            who_am_i,
            "whoAmI",
            "Show whose credential a request carries",
            scope=TokenScope.READ,
            answer=CallerAnswer,
        ),
        _route(
            "GET",
            "/api/auth/sessions",
            list_sessions,
            "listSessions",
            "List the sessions that have not ended, newest first",
            scope=TokenScope.ADMIN,
            parameters=(PAGE,),
            answer=SessionList,
        ),
        _route(
            "DELETE",
            "/api/auth/sessions/{session_id}",
            end_session,
            "endSession",
            "End a session",
            scope=TokenScope.ADMIN,
            errors=(SessionNotFound,),
        ),
    ]


def _visitor(request: Request) -> Visitor:
    return Visitor(
        address=client_address(request.scope),
        is_https=request.scope["scheme"] == "https",
        user_agent=request.headers.get("user-agent", ""),
        tokens=tuple(session_tokens(request.scope["headers"])),
    )


def _success(cookie: str) -> Response:
    answer = json_answer({"success": True})
    answer.headers["Set-Cookie"] = cookie
    return answer
