"""How the outcome of an execution is told: on a real server with real Lua workers."""

import pytest

from tests.faults.functions import added, executions


@pytest.mark.parametrize("code", ["99", "-1", "1000", "101", '"abc"', "false"])
def test_kd_39_an_invalid_status_is_an_error(server, client, code):
    url = added(server, f'return {{ statusCode = {code}, body = "x" }}')

    answer = client.get(url)

    assert (answer.status_code, answer.json()) == (500, {"error": "Function execution failed"})
    (record,) = executions(server, url)
    assert record["status"] == "error"
    assert "invalid statusCode" in record["error_message"]


@pytest.mark.parametrize("code", ["0", "nil"])
def test_kd_39_no_status_is_200(server, client, code):
    url = added(server, f'return {{ statusCode = {code}, body = "x" }}')

    assert client.get(url).status_code == 200
    assert executions(server, url)[0]["status"] == "success"


def test_kd_40_base64_goes_out_as_bytes_and_bytes_come_in(server, client):
    url = added(
        server,
        'return { body = base64.encode(event.body .. "\\0\\255"), isBase64Encoded = true }',
    )
    broken = added(server, 'return { body = "no base64!", isBase64Encoded = true }')

    answer = client.post(url, content=b"\xfe\x00")

    assert answer.content == b"\xfe\x00\x00\xff"
    record = server.api("GET", f"/api/executions/{answer.headers['X-Execution-Id']}")
    assert '"isBase64Encoded":true' in record["event_json"]
    assert client.get(broken).status_code == 500
    assert executions(server, broken)[0]["status"] == "error"
