"""In which order a plan is carried out, and that nothing is taken for done that is not."""

import pytest

from perilune.client import FunctionsClient, NotPermitted, RequestRefused
from perilune.client.checking import Draft, Unsound, check
from perilune.client.deploy import NotTaken, carry_out
from perilune.client.folders import FunctionFiles
from perilune.client.plan import StepKind, plan_step
from perilune.client.settings import settings_of


class Recorded(FunctionsClient):
    """Functions of a server that keeps one function and knows the settings it was told."""

    def __init__(self, ignored: frozenset[str] = frozenset()) -> None:
        self.function: dict = {"id": "f", "active_version": {"code": "old"}}
        self.ignored = ignored
        self.calls: list[tuple] = []

    async def create(self, settings):
        self.calls.append(("create", dict(settings)))
        return self._keep(settings)

    async def update(self, function, settings):
        self.calls.append(("update", dict(settings)))
        return self._keep(settings)

    async def replace_env(self, function, values, write_only=None):
        self.calls.append(("env", dict(values), tuple(write_only)))

    def _keep(self, settings):
        self.function |= {key: v for key, v in settings.items() if key not in self.ignored}
        return self.function


def files(**changes) -> FunctionFiles:
    settings = settings_of(changes.pop("settings", {}))
    return FunctionFiles(**({"name": "n", "settings": settings, "code": "new"} | changes))


async def test_a_schedule_does_not_fire_before_the_variables_are_there():
    functions = Recorded()
    wanted = files(settings={"cron_schedule": "* * * * *", "cron_status": "active"})

    step = plan_step(wanted, {"TOKEN": "x"}, None)
    await carry_out(functions, step)

    kinds = [call[0] for call in functions.calls]
    assert kinds == ["create", "env", "update"]
    assert functions.calls[0][1]["disabled"] is True
    assert functions.calls[2][1] == {"disabled": False}


async def test_variables_change_before_the_code_that_needs_them():
    functions = Recorded()

    step = plan_step(files(), {"TOKEN": "x"}, functions.function)
    await carry_out(functions, step)

    assert step.kind is StepKind.CHANGE and "x" not in repr(step)
    assert functions.calls == [("env", {"TOKEN": "x"}, ()), ("update", {"code": "new"})]


async def test_only_what_differs_is_sent():
    functions = Recorded()
    functions.function |= {"description": "d", "retention_days": 30}
    wanted = files(code="old", settings={"description": "d"})

    await carry_out(functions, plan_step(wanted, {}, functions.function))

    assert functions.calls == [("update", {"retention_days": None})]


@pytest.mark.parametrize(
    ("wanted", "ignored"),
    [
        pytest.param(files(settings={"max_concurrency": 2}), "max_concurrency", id="setting"),
        pytest.param(files(requirements="a==1"), "requirements", id="requirements"),
    ],
)
async def test_a_setting_that_the_server_does_not_know_is_an_error(wanted, ignored):
    functions = Recorded(frozenset({ignored}))

    with pytest.raises(NotTaken, match=f"n: the server did not take {ignored}"):
        await carry_out(functions, plan_step(wanted, {}, functions.function))


def test_a_hidden_variable_stays_hidden_and_counts_as_equal():
    function = {"id": "f", "env_vars": {"A": "[REDACTED]", "B": "1"},
                "active_version": {"code": "new"}}  # fmt: skip

    same = plan_step(files(), {"A": "x", "B": "1"}, function)
    other = plan_step(files(write_only=("B",)), {"A": "x", "B": "1"}, function)

    assert same.kind is StepKind.UNCHANGED
    assert other.env_changes == {"B": "made write-only"} and other.write_only == ("A", "B")


class Refusing(FunctionsClient):
    """Functions of a server that refuses each draft with the same words."""

    def __init__(self, status: int, text: str) -> None:
        self.refusal = RequestRefused(status, text)

    async def check(self, function, draft):
        raise self.refusal


@pytest.mark.parametrize(
    ("language", "status", "text", "told"),
    [
        pytest.param(
            "javascript", 400, "runtime: runtime must be one of: [lua python]",
            r"pip install 'perilune\[javascript\]'", id="the extra is missing"),
        pytest.param("cobol", 400, "runtime: runtime must be one of: [lua python]",
                     r"one of: \[lua python\]\n", id="a language that nobody has"),
        pytest.param("lua", 503, "The code was not checked: all workers are busy",
                     "not checked: all workers are busy\n.*--force", id="busy"),
    ],
)  # fmt: skip
async def test_a_refused_check_names_place_and_remedy(language, status, text, told):
    draft = Draft("f/main.x", None, {"runtime": language})

    with pytest.raises(Unsound, match=told) as caught:
        await check(Refusing(status, text), [draft])

    assert str(caught.value).startswith("f/main.x: ")


async def test_a_language_without_a_check_is_deployed_with_a_warning():
    warnings = await check(Refusing(501, "no check"), [Draft("main.txt", None, {})])

    assert warnings == ["main.txt: no check"]


async def test_a_check_that_is_not_permitted_is_no_problem_of_the_code():
    functions = Refusing(403, "")
    functions.refusal = NotPermitted(403, "scope deploy is needed")

    with pytest.raises(NotPermitted):
        await check(functions, [Draft("main.lua", None, {})])
