"""Who may call functions, and what they are told: on a real server with real Lua workers."""

import base64
import itertools
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from perilune.masking import REDACTED
from tests.api.signed import standard
from tests.faults.functions import added, executions, id_of, key_of

ECHO = """
function handler(ctx, event)
  return { body = json.encode({ event = event, ctx = ctx }) }
end
"""


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


def test_kd_14_a_caller_cannot_pretend_to_be_the_scheduler(server, client):
    url = added(server, ECHO)

    answer = client.get(url, headers={"X-Trigger": "cron", "X-Cron-Schedule": "* * * * *"})

    event = answer.json()["event"]
    assert event["trigger"] == "http"
    assert not [name for name in event["headers"] if name.lower().startswith(("x-trig", "x-cron"))]
    assert executions(server, url)[0]["trigger"] == "http"


def test_kd_15_the_id_of_a_function_cannot_be_guessed(server):
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
