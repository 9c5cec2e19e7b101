"""The tables of hostile functions once more, on workers that have only the required layers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from types import ModuleType

import pytest
import pytest_asyncio

from perilune.runtimes import Language, forked
from perilune.runtimes.languages.installed import LANGUAGES
from perilune.worker.lockdown import OPTIONAL_LAYERS, REQUIRED_LAYERS
from tests.runtimes import test_hostile_javascript, test_hostile_lua, test_hostile_python
from tests.runtimes.conftest import Box, open_box

pytestmark = [pytest.mark.soak, pytest.mark.asyncio(loop_scope="module")]

INTERPRETERS = {
    "lua": "perilune.worker.lua_interpreter",
    "python": "perilune.worker.python.interpreter",
    "javascript": "perilune.worker.javascript.launcher",
}
TABLES = {
    "lua": test_hostile_lua,
    "python": test_hostile_python,
    "javascript": test_hostile_javascript,
}


def _without_optional_layers(language: str) -> list[Language]:
    return [
        replace(one, open_spawner=forked(INTERPRETERS[language], (), OPTIONAL_LAYERS))
        for one in LANGUAGES
        if one.name == language
    ]


def _tests_of(language: str, module: ModuleType) -> dict[str, object]:
    return {
        f"{name}_{language}": test
        for name, test in vars(module).items()
        if name.startswith("test_") and callable(test)
    }


for _language, _module in TABLES.items():
    globals().update(_tests_of(_language, _module))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lua(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for Lua functions."""
    languages = _without_optional_layers("lua")
    async with open_box(tmp_path_factory.mktemp("data"), languages=languages) as opened:
        assert opened.runtime.sandbox().layers == REQUIRED_LAYERS
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def python(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for Python functions."""
    languages = _without_optional_layers("python")
    async with open_box(
        tmp_path_factory.mktemp("data"), language="python", languages=languages
    ) as opened:
        assert opened.runtime.sandbox().layers == REQUIRED_LAYERS
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def javascript(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for JavaScript functions."""
    languages = _without_optional_layers("javascript")
    async with open_box(
        tmp_path_factory.mktemp("data"), language="javascript", allow=[], languages=languages
    ) as opened:
        assert opened.runtime.sandbox().layers == REQUIRED_LAYERS
        yield opened
