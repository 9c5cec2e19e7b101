import pytest

from perilune.store import FunctionNotFound
from tests.store.sqlite.file import rows


async def test_nothing_is_left_of_a_failed_write_for_an_unknown_function(store, path):
    with pytest.raises(FunctionNotFound):
        await store.env.set("nope", "KEY", "secret")

    assert rows(path, "SELECT * FROM env_vars") == []
