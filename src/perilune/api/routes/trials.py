"""Routes for trying functions: drafts, stored events, checks of code."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from starlette.requests import Request

from perilune.api.errors import (
    ClientGone,
    CodeNotChecked,
    InvalidRequest,
    NotReplayable,
    PackagesNotInstalled,
)
from perilune.api.failures import Json
from perilune.api.handlers.checking import Checks, DraftBody
from perilune.api.handlers.trials import TrialBody, Trials
from perilune.api.routes.route import ErrorKinds, Route, caller_of
from perilune.api.routes.shapes import CheckAnswer, ReplayAnswer, TrialAnswer
from perilune.api.rules.functions import VersionBody
from perilune.api.rules.versions import VERSION_CHOICE
from perilune.api.scopes import TokenScope
from perilune.engine import FunctionDisabledError
from perilune.runtimes import CheckUnavailable
from perilune.services.env import EnvValidationError
from perilune.store import (
    AddressTaken,
    ExecutionNotFound,
    FunctionNotFound,
    NoActiveVersion,
    VersionNotFound,
)

_route = partial(Route, "POST", scope=TokenScope.DEPLOY)
_CHECK_ERRORS: ErrorKinds = (
    InvalidRequest,
    AddressTaken,
    EnvValidationError,
    PackagesNotInstalled,
    CheckUnavailable,
    CodeNotChecked,
)


def trial_routes(trials: Trials, checks: Checks) -> list[Route]:
    """Return what runs or checks code at somebody's wish."""
    return [*_running_routes(trials), *_checking_routes(checks)]


def _running_routes(trials: Trials) -> list[Route]:
    async def test_function(function_id: str, request: Request, body: TrialBody) -> Json:
        client = request.client.host if request.client else ""
        return await _awaited(request, trials.test(function_id, body, client))

    async def replay_execution(execution_id: str, request: Request, version: int | None) -> Json:
        return await _awaited(request, trials.replay(execution_id, version))

    return [
        _route(
            "/api/functions/{function_id}/test",
            test_function,
            "testFunction",
            "Run a draft, or the active version, with a made-up request",
            tag="Functions",
            body=TrialBody,
            answer=TrialAnswer,
            errors=(InvalidRequest, FunctionNotFound, NoActiveVersion),
        ),
        _route(
            "/api/executions/{execution_id}/replay",
            replay_execution,
            "replayExecution",
            "Run the stored event of an execution again",
            tag="Executions",
            parameters=(VERSION_CHOICE,),
            answer=ReplayAnswer,
            errors=(
                InvalidRequest,
                FunctionDisabledError,
                ExecutionNotFound,
                VersionNotFound,
                NotReplayable,
                NoActiveVersion,
            ),
        ),
    ]


def _checking_routes(checks: Checks) -> list[Route]:
    async def check_function(function_id: str, request: Request, body: VersionBody) -> Json:
        return await checks.of_function(function_id, body, is_admin=_is_admin(request))

    async def check_new_function(request: Request, body: VersionBody) -> Json:
        return await checks.of_new(body, is_admin=_is_admin(request))

    return [
        _route(
            "/api/functions/{function_id}/check",
            check_function,
            "checkFunction",
            "Say what is wrong with changes of a function, without making them or running it",
            tag="Functions",
            body=DraftBody,
            is_body_optional=True,
            answer=CheckAnswer,
            errors=(*_CHECK_ERRORS, FunctionNotFound, NoActiveVersion),
        ),
        _route(
            "/api/check",
            check_new_function,
            "checkCode",
            "Say what is wrong with a new function, without creating or running it",
            tag="Functions",
            body=DraftBody,
            required=("code",),
            answer=CheckAnswer,
            errors=_CHECK_ERRORS,
        ),
    ]


def _is_admin(request: Request) -> bool:
    return caller_of(request).may(TokenScope.ADMIN)


async def _awaited(request: Request, work: Coroutine[Any, Any, Json]) -> Json:
    """Await an execution, and stop it when its client goes away.

    Raises:
        ClientGone: nobody is left to hear the outcome.
    """
    execution = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({execution, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if execution.done():
            return execution.result()
        raise ClientGone
    finally:
        leaving.cancel()
        if not execution.done():
            execution.cancel()
            await asyncio.wait({execution})


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
