"""Every error that can reach HTTP has a status, and details stay inside."""

import inspect

import pytest

import perilune.api.errors as api_errors
import perilune.engine as engine
import perilune.runtimes as runtimes
import perilune.services.env as env
import perilune.store as store
from perilune.api.errors import (
    _CALL_ERRORS,
    _MANAGEMENT_ERRORS,
    ApiError,
    execution_failure,
    management_failure,
    refusal,
)
from perilune.errors import PeriluneError


def errors_of(module) -> list[type[PeriluneError]]:
    found = [one for _, one in inspect.getmembers(module, inspect.isclass)]
    return [one for one in found if issubclass(one, PeriluneError) and one is not PeriluneError]


def made(kind: type[PeriluneError]) -> PeriluneError:
    """Return an error of this class, whatever its constructor wants."""
    error = kind.__new__(kind)
    Exception.__init__(error, "secret detail")
    error.__dict__.update(allowed="GET", scope="read", wait_s=1, quota=())
    return error


def is_listed(kind: type, table: dict) -> bool:
    return any(one in table for one in kind.__mro__)


@pytest.mark.parametrize("kind", [pytest.param(k, id=k.__name__) for k in errors_of(engine)])
def test_errors_of_the_engine_have_an_answer(kind):
    assert is_listed(kind, _CALL_ERRORS)
    answer = refusal(made(kind))
    assert 400 <= answer.status <= 599 and b"secret detail" not in answer.body


@pytest.mark.parametrize(
    "kind", [pytest.param(k, id=k.__name__) for k in errors_of(store) + errors_of(env)]
)
def test_errors_of_lower_layers_have_an_answer(kind):
    answer = management_failure(made(kind))

    assert 400 <= answer.status <= 599
    if kind is not env.EnvValidationError:
        assert is_listed(kind, _MANAGEMENT_ERRORS)
    # What these say is for whoever has made the mistake.
    is_for_all = kind in (env.EnvValidationError, store.AddressTaken)
    assert (b"secret detail" in answer.body) is is_for_all


@pytest.mark.parametrize("kind", [pytest.param(k, id=k.__name__) for k in errors_of(runtimes)])
def test_how_an_execution_ends_has_an_answer(kind):
    answer = execution_failure(made(kind))

    assert answer.status in (500, 503, 504) and b"secret detail" not in answer.body
    assert (answer.status == 503) is (kind is runtimes.WorkersBusyError)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, id=k.__name__) for k in errors_of(api_errors) if issubclass(k, ApiError)],
)
def test_errors_of_the_api_have_their_own_status(kind):
    answer = management_failure(made(kind))

    assert answer.status == kind.status == refusal(made(kind)).status
    assert 400 <= answer.status <= 599


def test_anything_else_is_an_internal_error():
    for answer in (refusal(KeyError("secret")), management_failure(KeyError("secret"))):
        assert (answer.status, answer.message) == (500, "Internal server error")


def test_codes_are_unique_among_the_apis_errors():
    codes = [
        kind.__dict__.get("code") for kind in errors_of(api_errors) if issubclass(kind, ApiError)
    ]

    assert None not in codes and len(set(codes)) == len(codes)
