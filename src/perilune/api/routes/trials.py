"""Routes for trying functions: drafts, stored events, checks of code."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from fastapi import Request, Response

from perilune.api.body import decode_body
from perilune.api.errors import ClientGone, CodeNotChecked, InvalidRequest, NotReplayable
from perilune.api.failures import Json
from perilune.api.parameters import VersionChoice
from perilune.api.replies import json_answer
from perilune.api.routes.shapes import CheckAnswer, ReplayAnswer, TrialAnswer
from perilune.api.routes.table import ErrorKinds, RouteTable
from perilune.api.rules.versions import chosen_version
from perilune.api.scopes import Scope
from perilune.api.subjects.checking import CheckBody, Checks, SourceBody
from perilune.api.subjects.trials import TrialBody, Trials
from perilune.engine import FunctionDisabledError
from perilune.runtimes import CheckUnavailable
from perilune.store import ExecutionNotFound, FunctionNotFound, NoActiveVersion, VersionNotFound


def add_trial_routes(routes: RouteTable, trials: Trials, checks: Checks) -> None:
    """Add what runs or checks code at somebody's wish."""
    _add_running(routes, trials)
    _add_checking(routes, checks)


def _add_running(routes: RouteTable, trials: Trials) -> None:
    async def test_function(function_id: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), TrialBody)
        client = request.client.host if request.client else ""
        return json_answer(await _awaited(request, trials.test(function_id, wanted, client)))

    async def replay_execution(
        execution_id: str, request: Request, version: VersionChoice = None
    ) -> Response:
        number = chosen_version(version)
        return json_answer(await _awaited(request, trials.replay(execution_id, number)))

    routes.add(
        "POST",
        "/api/functions/{function_id}/test",
        test_function,
        "testFunction",
        "Functions",
        scope=Scope.DEPLOY,
        summary="Run a draft, or the active version, with a made-up request",
        body=TrialBody,
        answer=TrialAnswer,
        errors=(InvalidRequest, FunctionNotFound, NoActiveVersion),
    )
    routes.add(
        "POST",
        "/api/executions/{execution_id}/replay",
        replay_execution,
        "replayExecution",
        "Executions",
        scope=Scope.DEPLOY,
        summary="Run the stored event of an execution again",
        answer=ReplayAnswer,
        errors=(
            InvalidRequest,
            FunctionDisabledError,
            ExecutionNotFound,
            VersionNotFound,
            NotReplayable,
            NoActiveVersion,
        ),
    )


def _add_checking(routes: RouteTable, checks: Checks) -> None:
    async def check_function(function_id: str, request: Request) -> Response:
        data = await routes.body(request)
        wanted = decode_body(data, CheckBody) if data else CheckBody()
        return json_answer(await checks.of_function(function_id, wanted.code))

    async def check_code(request: Request) -> Response:
        wanted = decode_body(await routes.body(request), SourceBody)
        return json_answer(await checks.of_source(wanted.code, wanted.runtime))

    common: ErrorKinds = (InvalidRequest, CheckUnavailable, CodeNotChecked)
    routes.add(
        "POST",
        "/api/functions/{function_id}/check",
        check_function,
        "checkFunction",
        "Functions",
        scope=Scope.DEPLOY,
        summary="Say what is wrong with code for a function, without running it",
        body=CheckBody,
        answer=CheckAnswer,
        errors=(*common, FunctionNotFound, NoActiveVersion),
    )
    routes.add(
        "POST",
        "/api/check",
        check_code,
        "checkCode",
        "Functions",
        scope=Scope.DEPLOY,
        summary="Say what is wrong with code, without running it",
        body=SourceBody,
        answer=CheckAnswer,
        errors=common,
    )


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
