"""What functions can reach, break or use up: on a real server with real Lua workers."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import EXECUTION_TIMEOUT_S
from tests.faults.functions import added, executions

FORBIDDEN = (
    'io.open("/etc/passwd")',
    'io.popen("id")',
    "package.loaded.os.execute",
    'require("os")',
    'dofile("/etc/passwd")',
    'loadfile("/etc/passwd")',
    "channel.make()",
    "newproxy()",
    "_printregs()",
    'os.getenv("API_KEY")',
    'os.setenv("A", "B")',
    'os.execute("true")',
    "os.exit(3)",
    'os.remove("/tmp/nothing")',
    'os.rename("a", "b")',
    "os.tmpname()",
    "string.dump(handler)",
    "debug.getinfo(1)",
    "debug.getregistry()",
    "debug.sethook()",
    "jit.version",
    "ffi.C",
    'load("\\27LJ\\2")',
    'loadstring("\\27Lua")',
)


def test_kd_10_a_function_has_nothing_of_the_host(server, client):
    attempts = "\n".join(
        f"used[{number}] = used_by(function() return {code} end)"
        for number, code in enumerate(FORBIDDEN, 1)
    )
    url = added(
        server,
        f"""
        local used = {{}}
        local function used_by(attempt)
          local ok, result = pcall(attempt)
          return ok and result ~= nil
        end
        {attempts}
        used[{len(FORBIDDEN) + 1}] = used_by(function() return os.time() end)
        return {{ body = json.encode(used) }}
        """,
    )

    answer = client.get(url)

    assert answer.status_code == 200, executions(server, url)
    *used, control = answer.json()
    assert [code for code, was in zip(FORBIDDEN, used, strict=True) if was] == []
    assert control is True


def test_kd_11_one_function_cannot_end_the_server(server, client):
    cyclic = "local t = {} t.t = t local text, err = json.encode(t) return { body = tostring(err) }"
    deep = "local function f() return 1 + f() end f()"
    exits = "os.exit(3)"

    answers = [client.get(added(server, code)) for code in (cyclic, deep, exits)]

    assert [one.status_code for one in answers] == [200, 500, 500]
    assert "contains itself" in answers[0].text
    assert server.process.poll() is None
    assert client.get(added(server, 'return { body = "alive" }')).text == "alive"


def test_kd_12_memory_has_a_limit(server, client):
    sparse = added(server, "json.encode({ [1] = 1, [300000000] = 2 }) return {}")
    doubling = added(server, 'local t = "x" while true do t = t .. t end')

    answers = [client.get(url) for url in (sparse, doubling)]

    assert [one.status_code for one in answers] == [200, 500]
    (execution,) = executions(server, doubling)
    assert execution["error_kind"] == "memory"
    assert "memory limit exceeded" in execution["error_message"]
    assert client.get(added(server, 'return { body = "alive" }')).text == "alive"


def test_kd_13_the_time_limit_stops_patterns_and_host_calls(server, client):
    """Also one of the function's own, which is shorter than the server's."""
    pattern = added(server, 'local t = string.rep("a", 40) t:find(string.rep("a*", 40) .. "b")')
    loop = added(server, "while true do pcall(error) end", timeout_s=1)
    waiting = added(server, 'while true do kv.get("missing") end', timeout_s=1)

    urls = (pattern, loop, waiting)
    started = time.monotonic()
    with ThreadPoolExecutor(len(urls)) as callers:
        answers = list(callers.map(client.get, urls))

    assert [one.status_code for one in answers] == [504, 504, 504]
    assert time.monotonic() - started < EXECUTION_TIMEOUT_S + 30
    kinds = [executions(server, url)[0]["error_kind"] for url in urls]
    assert kinds == ["timeout"] * len(urls)


def test_kd_17_a_function_cannot_break_the_framing(server, client):
    url = added(
        server,
        """return { body = "whole body", headers = {
          ["X-Execution-Id"] = "forged", ["X-Function-Id"] = "forged", ["Content-Length"] = "2",
          ["Transfer-Encoding"] = "gzip", ["Connection"] = "close", ["Date"] = "never" } }""",
    )
    splitting = added(
        server, 'return { headers = { ["X-Split"] = "a\\r\\nX-Forged: 1" }, body = "x" }'
    )
    switching = added(server, "return { statusCode = 101 }")

    answer, again = client.get(url), client.get(url)
    split = client.get(splitting)

    for one in (answer, again):
        assert one.text == "whole body", executions(server, url)
        assert "forged" not in (one.headers["X-Execution-Id"], one.headers["X-Function-Id"])
        assert "Transfer-Encoding" not in one.headers
        assert one.headers.get("Date") != "never"
    assert "X-Forged" not in split.headers
    assert client.get(switching).status_code == 500
    logs = server.api("GET", f"/api/executions/{answer.headers['X-Execution-Id']}/logs")["logs"]
    assert any("X-Execution-Id" in line["message"] for line in logs)


@pytest.fixture
def inside() -> Iterator[tuple[str, socket.socket]]:
    """Something that listens on loopback and must not be reached."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"127.0.0.1:{listener.getsockname()[1]}", listener


def test_kd_18_functions_reach_public_addresses_only(server, client, inside):
    address, listener = inside
    url = added(
        server,
        f"""
        local errors = {{}}
        for _, target in ipairs({{ "http://{address}/", "http://[::ffff:127.0.0.1]:1/",
            "http://169.254.169.254/latest", "{server.base_url}/api/functions",
            "file:///etc/passwd" }}) do
          local answer, err = http.get(target)
          errors[#errors + 1] = answer and "reached" or tostring(err)
        end
        local answer, err = ai.chat({{ provider = "openai", model = "m", api_key = "k",
          endpoint = "http://{address}/v1", messages = {{ {{ role = "user", content = "x" }} }} }})
        errors[#errors + 1] = answer and "reached" or tostring(err)
        return {{ body = json.encode(errors) }}
        """,
    )

    answer = client.get(url)

    assert answer.status_code == 200, executions(server, url)
    assert len(answer.json()) == 6 and "reached" not in answer.json()
    with pytest.raises(BlockingIOError):
        listener.accept()
