"""Rows of the REST contract, and how one is replayed on a real server.

A row is a request and its answer.  Paths, bodies and answers name what `prepared` has made in
braces: `{id}`, `{execution}`, ...; `...` in an answer stands for anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from perilune.engine import ExecutionTimeoutError
from perilune.events import HTTPResponse
from perilune.runtimes import GuestError
from perilune.store import Function, StoreUnavailable

from ..conftest import Site

FIRST, SECOND = "first", "second"
X_HEADERS = (
    "x-function-id",
    "x-function-version-id",
    "x-execution-id",
    "x-execution-duration-ms",
)

VERSION_1 = {
    "id": "{v1}",
    "function_id": "{id}",
    "version": 1,
    "code": FIRST,
    "created_at": ...,
    "is_active": False,
    "runtime": "lua",
}
VERSION_2 = VERSION_1 | {"id": "{v2}", "version": 2, "code": SECOND, "is_active": True}

Ids = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table of the contract."""

    method: str
    path: str
    status: int
    answer: Any = None
    """The JSON answered; None for an empty body."""
    sent: Any = None
    """The JSON sent; bytes are sent as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)
    failing: str = ""
    """What of the store fails: a name of `Store` or, with a dot, of one of its parts."""


def row(name: str, request: str, status: int, answer: Any = None, **more: Any) -> Any:
    """Return a parameter of a test: *request* is a method and a path."""
    method, _, path = request.partition(" ")
    return pytest.param(
        Row(method=method, path=path, status=status, answer=answer, **more), id=name
    )


def refused(name: str, request: str, status: int, text: str, **more: Any) -> Any:
    """Return a row whose answer is the error envelope."""
    return row(name, request, status, {"error": text}, **more)


def page(total: int, limit: int = 20, offset: int = 0) -> dict[str, Any]:
    """Return what a list answers about its part."""
    return {"pagination": {"total": total, "limit": limit, "offset": offset}}


async def prepared(site: Site) -> dict[str, str]:
    """Make what rows speak of; return the names."""

    async def fail(_):
        raise GuestError("secret detail")

    async def be_late(_):
        raise ExecutionTimeoutError(1)

    async def say_nothing(_):
        return None

    async def answer(_):
        return HTTPResponse(status_code=201, headers={"x-own": "1"}, body="made")

    site.runtime.behaviours |= {FIRST: answer, SECOND: answer}
    created = await site.client.post(
        "/api/functions", json={"name": "quotes", "description": "random", "code": FIRST}
    )
    function_id: str = created.json()["id"]
    called = await site.client.post(f"/fn/{function_id}", content=b"in")
    await site.client.put(
        f"/api/functions/{function_id}", json={"code": SECOND, "save_response": True}
    )
    site.server.store.logs.append("l1", called.headers["x-execution-id"], 2, "careful", 1000)
    await site.client.put(f"/api/functions/{function_id}/env", json={"env_vars": {"A": "1"}})
    await site.server.store.create_function(Function(id="bare", name="bare"))
    disabled = await site.answering()
    await site.client.put(f"/api/functions/{disabled}", json={"disabled": True})
    return {
        "id": function_id,
        "v1": f"ver_{function_id}_v1",
        "v2": f"ver_{function_id}_v2",
        "execution": called.headers["x-execution-id"],
        "bare": "bare",
        "disabled": disabled,
        "failing": await site.create(fail),
        "late": await site.create(be_late),
        "silent": await site.create(say_nothing),
    }


async def replay(site: Site, one: Row, monkeypatch: pytest.MonkeyPatch) -> httpx.Response:
    """Send the request of a row and compare the answer."""
    ids = await prepared(site)
    if one.failing:
        break_store(site, one.failing, monkeypatch)
    as_bytes = one.sent if isinstance(one.sent, bytes) else None
    answer = await site.client.request(
        one.method,
        named(one.path, ids),
        headers=one.headers,
        content=as_bytes,
        json=named(one.sent, ids) if as_bytes is None else None,
    )
    assert answer.status_code == one.status, answer.text
    if one.answer is None:
        assert answer.content == b""
    elif isinstance(one.answer, bytes):
        assert answer.content == one.answer
    else:
        assert answer.headers["content-type"] == "application/json"
        assert answer.text.endswith("}\n")
        assert_equal(answer.json(), named(one.answer, ids))
    return answer


def break_store(site: Site, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one operation of the store fail from now on."""

    def fail_now(*_: object, **__: object) -> None:
        raise StoreUnavailable("disk full")

    async def fail(*_: object, **__: object) -> None:
        fail_now()

    *parts, method = name.split(".")
    owner: Any = site.server.store
    if parts == ["Versions"]:
        # A transaction has parts of its own.
        from perilune.store.tables.versions import Versions

        owner = Versions
    elif parts:
        owner = getattr(owner, parts[0])
    in_callbacks = parts == ["execution_records"]
    monkeypatch.setattr(owner, method, fail_now if in_callbacks else fail)


def named(value: Any, ids: Ids) -> Any:
    """Return *value* with the names in its texts replaced."""
    if isinstance(value, str):
        for name, one in ids.items():
            value = value.replace(f"{{{name}}}", one)
        return value
    if isinstance(value, dict):
        return {key: named(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [named(one, ids) for one in value]
    return value


def assert_equal(found: Any, expected: Any, place: str = "$") -> None:
    """Compare, member by member; `...` is equal to anything, as a key to any other members."""
    if expected is ...:
        return
    if not isinstance(expected, dict | list):
        assert found == expected, place
    elif isinstance(expected, list):
        assert len(found) == len(expected), place
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_equal(one, other, f"{place}[{number}]")
    else:
        names = expected.keys() - {...}
        assert names <= found.keys() if ... in expected else names == found.keys(), place
        for name in names:
            assert_equal(found[name], expected[name], f"{place}.{name}")
