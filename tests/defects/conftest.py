"""The defects are looked for in the server that the tests of the API use, and in a real store."""

from tests.api.conftest import site, stranger
from tests.store.conftest import clock, path, reported, store

__all__ = ["clock", "path", "reported", "site", "store", "stranger"]
