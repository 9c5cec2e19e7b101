"""Functions on a running server, as the tests of faults look at them."""

from typing import Any

from bench.processes import Server


def added(server: Server, code: str, **settings: Any) -> str:
    """Create a function; return its address."""
    url = server.add_function("f", code if "function handler" in code else body_of(code))
    if settings:
        server.api("PUT", f"/api/functions/{id_of(url)}", settings)
    return url


def body_of(code: str) -> str:
    return f"function handler(ctx, event)\n{code}\nend"


def id_of(url: str) -> str:
    return url.rpartition("/")[2]


def executions(server: Server, url: str) -> list[dict]:
    return server.api("GET", f"/api/functions/{id_of(url)}/executions")["executions"]


def key_of(server: Server) -> str:
    return server.key
