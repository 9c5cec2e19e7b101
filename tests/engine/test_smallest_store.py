"""An engine on a store that has what `ExecutionStore` says, and nothing more."""

from unittest.mock import create_autospec

import pytest
from msgspec.structs import replace

from perilune.engine import (
    Config,
    ExecutionRequest,
    FunctionNotFoundError,
    NoActiveVersionError,
    VersionNotFoundError,
    new,
)
from perilune.events import HTTPEvent
from perilune.services.logger import Logger
from perilune.store import (
    Execution,
    ExecutionNotFound,
    ExecutionStatus,
    Function,
    FunctionNotFound,
    FunctionVersion,
    NoActiveVersion,
    Outcome,
    VersionNotFound,
)
from tests.engine.fakes import answering


class InADictionary:
    """Functions and records of a program that has its own way to keep them."""

    def __init__(self) -> None:
        self.functions = {"f": Function(id="f", name="greet"), "g": Function(id="g", name="empty")}
        self.versions = {
            "v1": FunctionVersion(
                id="v1", function_id="f", version=1, code="x", created_at=1, is_active=True
            )
        }
        self.executions: dict[str, Execution] = {}

    async def get_function(self, function_id: str) -> Function:
        try:
            return self.functions[function_id]
        except KeyError:
            raise FunctionNotFound from None

    async def get_active_version(self, function_id: str) -> FunctionVersion:
        for version in self.versions.values():
            if version.function_id == function_id and version.is_active:
                return version
        raise NoActiveVersion

    async def get_version_by_id(self, version_id: str) -> FunctionVersion:
        try:
            return self.versions[version_id]
        except KeyError:
            raise VersionNotFound from None

    async def create_execution(self, execution: Execution) -> Execution:
        self.executions[execution.id] = execution
        return execution

    async def update_execution(
        self,
        execution_id: str,
        status: ExecutionStatus,
        duration_ms: int | None,
        error_message: str | None,
        response_json: str | None,
        error_kind: str | None = None,
    ) -> None:
        if execution_id not in self.executions:
            raise ExecutionNotFound
        self.executions[execution_id] = replace(
            self.executions[execution_id],
            status=status,
            duration_ms=duration_ms,
            error_message=error_message,
            response_json=response_json,
            error_kind=error_kind,
        )


def nothing_logged() -> Logger:
    logger: Logger = create_autospec(Logger, instance=True)
    return logger


def request(function_id: str, version_id: str = "") -> ExecutionRequest:
    event = HTTPEvent(method="GET", path="/")
    return ExecutionRequest(function_id=function_id, event=event, version_id=version_id)


async def test_five_methods_are_enough():
    store = InADictionary()
    engine = new(Config(db=store, logger=nothing_logged(), runtime=answering(body="hello")))

    results = [await engine.execute(request("f", named)) for named in ("", "v1")]
    for function_id, version_id, expected in [
        ("unknown", "", FunctionNotFoundError),
        ("g", "", NoActiveVersionError),
        ("f", "v2", VersionNotFoundError),
    ]:
        with pytest.raises(expected):
            await engine.execute(request(function_id, version_id))

    assert [one.response.text for one in results if one.response] == ["hello", "hello"]
    assert [one.status for one in store.executions.values()] == ["success", "success"]


class WithOutcomes(InADictionary):
    """Takes a sixth method, with which it gets all that is known of an outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []

    async def close_execution(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


async def test_a_sixth_method_gets_outcomes_whole():
    store = WithOutcomes()
    engine = new(Config(db=store, logger=nothing_logged(), runtime=answering(body="hello")))

    await engine.execute(request("f"))

    [outcome] = store.outcomes
    assert (outcome.status, outcome.http_status, outcome.response_bytes) == ("success", 200, 5)
    assert [one.status for one in store.executions.values()] == ["pending"]


def test_without_a_runtime_data_and_variables_must_come_from_somewhere():
    with pytest.raises(TypeError, match="kv_store and env_store"):
        new(Config(db=InADictionary(), logger=nothing_logged()))
