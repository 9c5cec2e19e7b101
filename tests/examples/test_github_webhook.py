"""The example that receives webhooks of GitHub, in every language."""

import hashlib
import hmac
import json

import pytest

from tests.examples.conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


def signed(body: str, secret: str = "s3cret", event: str = "push") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "X-Github-Event": event}


PUSH = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "ada/engine"}})


async def test_the_webhook_counts_genuine_pushes(stage: Stage) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    await webhook.call("POST", body=PUSH, headers=signed(PUSH))
    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH))

    assert (answer.status, answer.json) == (200, {"repository": "ada/engine", "pushes": 2})
    assert answer.logs == ['push {"ref":"refs/heads/main","repository":"ada/engine"}']


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param(signed(PUSH, secret="guess"), id="other secret"),
        pytest.param(signed(PUSH + " "), id="other body"),
        pytest.param({"X-Hub-Signature-256": "sha256="}, id="empty"),
    ],
)
async def test_the_webhook_refuses_bad_signatures(stage: Stage, headers: dict[str, str]) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=PUSH, headers=headers)

    assert (answer.status, answer.json) == (401, {"error": "bad signature"})
    assert (await stage.kv.list(webhook.id, b"", 10, None)).items == []


@pytest.mark.parametrize(
    ("body", "event", "expected"),
    [
        pytest.param("{}", "ping", (202, {"ignored": "ping"}), id="other event"),
        pytest.param("{}", "", (202, {"ignored": ""}), id="no event"),
        pytest.param("{}", "push", (400, {"error": "no repository"}), id="no repository"),
        pytest.param("7", "push", (400, {"error": "no repository"}), id="no object"),
        pytest.param(
            '{"repository":{}}', "push", (400, {"error": "no repository"}), id="no repository name"
        ),
        pytest.param(
            '{"repository":null}', "push", (400, {"error": "no repository"}), id="null repository"
        ),
        pytest.param(
            '{"repository":{"full_name":7}}',
            "push",
            (400, {"error": "no repository"}),
            id="repository name is a number",
        ),
        pytest.param("null", "push", (400, {"error": "no repository"}), id="null"),
        pytest.param("{", "push", (400, {"error": "the body is no JSON"}), id="broken JSON"),
    ],
)
async def test_the_webhook_takes_only_pushes(stage: Stage, body, event, expected) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=body, headers=signed(body, event=event))

    assert (answer.status, answer.json) == expected


@pytest.mark.parametrize("env", [{}, {"WEBHOOK_SECRET": ""}], ids=["missing", "empty"])
async def test_the_webhook_without_a_secret_trusts_nobody(
    stage: Stage, env: dict[str, str]
) -> None:
    webhook = await stage.deploy("github_webhook", **env)

    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH, secret=""))

    assert (answer.status, answer.json) == (500, {"error": "not configured"})
    assert answer.logs == ["WEBHOOK_SECRET is not set"]


async def test_the_webhook_is_for_sending_only(stage: Stage) -> None:
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("GET", headers=signed(""))

    assert (answer.status, answer.json) == (405, {"error": "only POST is supported"})


async def test_a_push_that_cannot_be_counted_has_failed(stage: Stage) -> None:
    stage.kv.fill()
    webhook = await stage.deploy("github_webhook", WEBHOOK_SECRET="s3cret")

    answer = await webhook.call("POST", body=PUSH, headers=signed(PUSH))

    assert (answer.status, answer.json) == (503, {"error": "can't count at the moment"})
    (line,) = answer.logs
    assert line.startswith("push not counted: KV error: ")
