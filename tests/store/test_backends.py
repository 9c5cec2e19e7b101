"""Which store a path or a URL names, and who knows which there are."""

from pathlib import Path

import pytest

import perilune
from perilune.store import (
    IN_MEMORY,
    Function,
    PaginationParams,
    UnknownStore,
    maintenance_of,
    open_store,
)

ALL = PaginationParams()


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(lambda path: path, id="path"),
        pytest.param(str, id="text"),
        pytest.param(lambda path: f"sqlite:///{path}", id="URL"),
        pytest.param(lambda path: f"sqlite:///{path}".replace(" ", "%20"), id="encoded URL"),
    ],
)
async def test_a_file_is_named_by_path_or_url(tmp_path, spelling):
    path = tmp_path / "a store.db"

    async with open_store(spelling(path)) as store:
        await store.create_function(Function(id="f", name="n"))

    assert path.is_file()
    assert maintenance_of(spelling(path)).check() == []
    async with open_store(path) as store:
        assert (await store.get_function("f")).name == "n"


async def test_a_url_with_three_slashes_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async with open_store("sqlite:///below.db"):
        assert (tmp_path / "below.db").is_file()


@pytest.mark.parametrize("spelling", [IN_MEMORY, "sqlite:///:memory:"])
async def test_stores_in_memory_are_private_and_gone_at_the_end(tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(tmp_path)
    async with open_store(spelling) as store, open_store(spelling) as other:
        await store.create_function(Function(id="f", name="n"))

        assert (await other.list_functions(ALL))[1] == 0
        assert store.maintenance is None

    async with open_store(spelling) as store:
        assert (await store.list_functions(ALL))[1] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://user:s3cret@host/db", "no store is known for mysql://"),
        ("http://s3cret.example", "no store is known for http://"),
        ("://s3cret", "no store is known for ://"),
        ("sqlite://s3cret/x.db", "the URL of an SQLite file is sqlite:///PATH"),
        ("sqlite:///", "the URL of an SQLite file is sqlite:///PATH"),
        ("sqlite:///x.db?key=s3cret", "the URL of an SQLite file is sqlite:///PATH"),
        ("sqlite:///x.db#s3cret", "the URL of an SQLite file is sqlite:///PATH"),
    ],
)
def test_other_urls_are_refused_without_showing_them(url, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for refuse in (open_store, maintenance_of):
        with pytest.raises(UnknownStore) as caught:
            refuse(url)
        assert str(caught.value).startswith(text)
        assert "sqlite:///PATH" in str(caught.value)
        assert "s3cret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_there_is_nothing_to_maintain_in_memory():
    with pytest.raises(UnknownStore, match="in memory"):
        maintenance_of(IN_MEMORY)


def test_sqlite_is_named_where_it_is_opened_and_nowhere_else():
    source = Path(perilune.__file__).parent
    naming = {
        path.relative_to(source)
        for path in source.rglob("*.py")
        if any(name in path.read_text() for name in ("SqliteStore", "sqlite3", "store.sqlite"))
    }

    assert {path for path in naming if path.parts[:2] != ("store", "sqlite")} == {
        Path("store/opening.py")
    }


def test_the_tests_of_the_contract_know_no_database():
    folder = Path(__file__).parent / "contract"
    tests = {path: path.read_text() for path in folder.glob("*.py")}

    assert tests
    assert [path for path, text in tests.items() if "sqlite" in text.lower()] == []
