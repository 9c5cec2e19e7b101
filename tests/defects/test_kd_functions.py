"""One test per defect of the predecessor in what functions may do and who may call them.

On a real server with real Lua workers; KD-nn names the defect.  Details are tested beside
the code; here stands that the defect is not there.
"""

import base64
import itertools
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.processes import Server, serving
from perilune.masking import REDACTED
from tests.api.test_signatures import standard

EXECUTION_TIMEOUT_S = 4
ECHO = """
function handler(ctx, event)
  return { body = json.encode({ event = event, ctx = ctx }) }
end
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("functions")
    return folder / "data"


@pytest.fixture(scope="module")
def server(data_dir) -> Iterator[Server]:
    environment = {"EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S)}
    with serving(data_dir, environment) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as opened:
        yield opened


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
    key: str = server._key
    return key


def test_kd_02_no_credential_reaches_a_function_or_its_record(server, client):
    """Neither the key, nor a token that opens the function, nor the cookie of a session."""
    made = server.api("POST", "/api/tokens", {"name": "kd-02", "scopes": ["invoke"]})
    url = added(server, ECHO, access="token")
    cookie = {"Cookie": "auth_token=of-a-session; theme=dark"}

    for secret in (key_of(server), made["token"]):
        answer = client.get(url, headers={"Authorization": f"Bearer {secret}", **cookie})

        assert answer.status_code == 200
        assert "Authorization" not in answer.json()["event"]["headers"]
        assert answer.json()["event"]["headers"]["Cookie"] == "theme=dark"
        record = server.api("GET", f"/api/executions/{answer.headers['X-Execution-Id']}")
        for text in (answer.text, str(record)):
            assert secret not in text and "of-a-session" not in text


def test_kd_03_pages_of_functions_do_not_run_as_the_servers_own(server, client):
    url = added(
        server,
        'return { body = "<script>", headers = { ["Content-Type"] = "text/html",'
        ' ["Set-Cookie"] = "auth_token=forged", ["Content-Security-Policy"] = "default-src *" } }',
    )

    before = client.get(url)
    server.api("PUT", f"/api/functions/{id_of(url)}", {"unsandboxed_html": True})
    after = client.get(url)

    policies = before.headers.get_list("Content-Security-Policy")
    assert "sandbox allow-scripts allow-forms" in policies
    assert not any("allow-same-origin" in one for one in policies)
    assert after.headers.get_list("Content-Security-Policy") == ["default-src *"]
    assert "Set-Cookie" not in before.headers and "Set-Cookie" not in after.headers


def test_kd_08_a_function_may_decide_about_other_origins(server, client):
    url = added(
        server,
        'return { statusCode = 204, headers = { ["Access-Control-Allow-Origin"] ='
        ' "https://one.example", ["X-Method"] = event.method } }',
    )
    ask = {
        "Origin": "https://two.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "X-Own, Content-Type",
    }

    preflight = client.options(url, headers=ask)
    answer = client.patch(url)
    server.api("PUT", f"/api/functions/{id_of(url)}", {"handles_options": True})
    own = client.options(url, headers=ask)

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "X-Own, Content-Type"
    for one in (answer, own):
        assert one.headers.get_list("Access-Control-Allow-Origin") == ["https://one.example"]
    assert (answer.headers["X-Method"], own.headers["X-Method"]) == ("PATCH", "OPTIONS")


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


def test_kd_11_one_function_can_not_end_the_server(server, client):
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

    assert answers[0].elapsed.total_seconds() < EXECUTION_TIMEOUT_S
    assert answers[1].status_code == 500
    (execution,) = executions(server, doubling)
    assert execution["error_kind"] == "memory"
    assert "memory limit exceeded" in execution["error_message"]
    assert client.get(added(server, 'return { body = "alive" }')).text == "alive"


def test_kd_13_the_time_limit_stops_patterns_and_host_calls(server, client):
    """Also one of the function's own, which is shorter than the server's."""
    pattern = added(server, 'local t = string.rep("a", 40) t:find(string.rep("a*", 40) .. "b")')
    loop = added(server, "while true do pcall(error) end", timeout_s=1)
    waiting = added(server, 'while true do kv.get("missing") end', timeout_s=1)

    started = time.monotonic()
    answers = [client.get(url) for url in (pattern, loop, waiting)]

    assert [one.status_code for one in answers] == [504, 504, 504]
    assert time.monotonic() - started < EXECUTION_TIMEOUT_S + 2 + 10
    kinds = [executions(server, url)[0]["error_kind"] for url in (pattern, loop, waiting)]
    assert kinds == ["timeout"] * 3


def test_kd_14_a_caller_can_not_pretend_to_be_the_scheduler(server, client):
    url = added(server, ECHO)

    answer = client.get(url, headers={"X-Trigger": "cron", "X-Cron-Schedule": "* * * * *"})

    event = answer.json()["event"]
    assert event["trigger"] == "http"
    assert not [name for name in event["headers"] if name.lower().startswith(("x-trig", "x-cron"))]
    assert executions(server, url)[0]["trigger"] == "http"


def test_kd_15_the_id_of_a_function_can_not_be_guessed(server):
    """The last 64 bits are random; those of two functions share few characters by chance."""
    ids = [id_of(added(server, "return {}")) for _ in range(8)]

    assert all(re.fullmatch("[0-9a-v]{20}", one) for one in ids)
    for first, second in itertools.pairwise(ids):
        assert sum(a == b for a, b in zip(first[-12:], second[-12:], strict=True)) <= 6


def test_kd_16_a_function_may_be_for_some_callers_only(server, client):
    secret = b"k" * 32
    url = added(server, 'return { body = "ok" }')
    assert client.get(url).text == "ok"
    path = f"/api/functions/{id_of(url)}"
    server.api(
        "POST",
        f"{path}/signing-secrets",
        {"value": "whsec_" + base64.b64encode(secret).decode()},
    )
    server.api(
        "PUT",
        path,
        {"access": "signature", "allowed_methods": "POST", "rate_limit": 2, "rate_window_s": 3600},
    )
    now = int(time.time())

    def signed(message: str) -> httpx.Response:
        return client.post(
            url, content=b"x", headers=standard(b"x", secret, message=message, time=now)
        )

    answers = [client.get(url), client.post(url), *map(signed, ("m1", "m1", "m2", "m3"))]

    assert [one.status_code for one in answers] == [405, 401, 200, 401, 200, 429]
    assert answers[0].headers["Allow"] == "OPTIONS, POST"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(executions(server, url)) == 3


def test_kd_17_a_function_can_not_break_the_framing(server, client):
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


def test_kd_20_secrets_are_not_returned_to_readers(server, client):
    url = added(server, 'return { body = env.get("API_TOKEN") }')
    path = f"/api/functions/{id_of(url)}"
    server.api(
        "PUT",
        f"{path}/env",
        {"env_vars": {"MODE": "fast", "API_TOKEN": "s3cret-kd-20"}, "write_only": ["API_TOKEN"]},
    )

    read = server.api("GET", path)["env_vars"]
    server.api("PUT", f"{path}/env", {"env_vars": read | {"MODE": "slow"}})

    assert read == {"MODE": "fast", "API_TOKEN": REDACTED}
    assert server.api("GET", path)["env_vars"] == {"MODE": "slow", "API_TOKEN": REDACTED}
    assert client.get(url).text == "s3cret-kd-20"


def test_kd_19_values_are_encrypted_in_the_file(server, client, data_dir):
    url = added(
        server, 'env.set("FROM_CODE", "v4lue" .. "-kd-19-b") return { body = env.get("TOKEN") }'
    )
    path = f"/api/functions/{id_of(url)}"
    server.api("PUT", f"{path}/env", {"env_vars": {"TOKEN": "v4lue-kd-19-a"}})

    answer = client.get(url)

    stored = b"".join(one.read_bytes() for one in data_dir.glob("lunar.db*"))
    assert answer.text == "v4lue-kd-19-a"
    assert server.api("GET", path)["env_vars"]["FROM_CODE"] == "v4lue-kd-19-b"
    with sqlite3.connect(data_dir / "lunar.db") as connection:
        rows = connection.execute(
            "SELECT count(*), count(key_id) FROM env_vars WHERE function_id = ?", (id_of(url),)
        ).fetchall()
    assert rows == [(2, 2)]
    assert b"v4lue-kd-19-a" not in stored and b"v4lue-kd-19-b" not in stored


def test_kd_45_executions_at_a_time_are_bounded(server, client):
    url = added(
        server,
        "local till = os.time() + 1.0 while os.time() <= till do end return {}",
        max_concurrency=1,
    )

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: httpx.get(url, timeout=30), range(6)))

    statuses = sorted(one.status_code for one in answers)
    assert statuses.count(429) >= 1
    assert all(one.headers["Retry-After"] for one in answers if one.status_code == 429)
    assert len(executions(server, url)) == 6 - statuses.count(429)


def test_kd_104_one_rule_set_for_the_api_and_for_code(server, client):
    url = added(
        server,
        """
        local errors = {}
        for _, pair in ipairs({ { "A-B", "x" }, { "A", string.rep("x", 10001) }, { " ", "x" } }) do
          local ok, err = env.set(pair[1], pair[2])
          errors[#errors + 1] = tostring(err)
        end
        env.set("9EMPTY", "")
        return { body = json.encode({ errors, env.get("9EMPTY") }) }
        """,
    )
    path = f"/api/functions/{id_of(url)}/env"

    errors, empty = client.get(url).json()

    for (key, value), error in zip(
        [("A-B", "x"), ("A", "x" * 10_001), (" ", "x")], errors, strict=True
    ):
        refused = client.put(
            server.base_url + path,
            json={"env_vars": {key: value}},
            headers={"Authorization": f"Bearer {key_of(server)}"},
        )
        assert refused.status_code == 400
        assert refused.json()["error"].partition(": ")[2] in error
    assert empty == ""
    assert server.api("GET", path)["env_vars"] == {"9EMPTY": ""}


def test_kd_111_head_is_get_without_a_body(server, client):
    url = added(server, 'return { body = event.method, headers = { ["X-Method"] = event.method } }')

    answer = client.head(url)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Method"] == "HEAD"
    assert answer.headers["Content-Length"] == "4"
    assert client.request("TRACE", url).status_code == 405
