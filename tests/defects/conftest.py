"""The defects are looked for in the server that the tests of the API use."""

from tests.api.conftest import site, stranger

__all__ = ["site", "stranger"]
