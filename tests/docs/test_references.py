import dataclasses
from pathlib import Path

import click
import pytest

import perilune.engine
from perilune.cli import main
from perilune.engine import Config, EngineError

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def engine_page():
    return (REFERENCE / "engine.md").read_text()


def test_every_public_name_of_the_engine_is_documented(engine_page):
    missing = [name for name in perilune.engine.__all__ if f"`{name}" not in engine_page]

    assert missing == []


def test_every_field_of_the_engine_configuration_is_documented(engine_page):
    fields = [field.name for field in dataclasses.fields(Config)]

    assert [name for name in fields if f"`{name}`" not in engine_page] == []


def test_every_error_of_the_engine_is_documented_with_its_code(engine_page):
    missing = [
        error
        for error in EngineError.__subclasses__()
        if f"| `{error.__name__}` | `{error.code}` |" not in engine_page
    ]

    assert missing == []


def test_every_command_is_documented():
    page = (REFERENCE / "commands.md").read_text()

    assert isinstance(main, click.Group)
    assert [name for name in main.commands if f"## perilune {name}" not in page] == []
