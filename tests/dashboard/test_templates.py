"""Every template in every language, with real workers (KD-204)."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from perilune.app import open_server
from perilune.config import Settings
from tests.dashboard.conftest import KEY
from tests.upstream.ai_provider import open_ai_provider
from tests.upstream.resend import open_resend

TEMPLATES = Path("src/perilune/dashboard/static/templates")
ENDINGS = {"lua": ".lua", "python": ".py", "javascript": ".js", "typescript": ".ts"}
LANGUAGES = ["lua", "python", "javascript", pytest.param("typescript", marks=pytest.mark.soak)]
IDS = sorted(path.stem for path in TEMPLATES.glob("*.lua"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a template, and what it is answered with."""

    template: str
    status: int
    answer: dict | None = None
    method: str = "GET"
    path: str = ""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


def upstreams(ai: str, mail: str) -> dict[str, dict[str, str]]:
    return {
        "aiChat": {"OPENAI_API_KEY": "sk-test", "OPENAI_ENDPOINT": f"{ai}/v1"},
        "email": {"RESEND_API_KEY": "re_test", "RESEND_BASE_URL": mail},
        "proxy": {"UPSTREAM_URL": f"{ai}/v1"},
    }


MESSAGE = json.dumps({"to": "you@example.org", "message": "hello"})
HOOK = {"Webhook-Id": "1"}
CALLS = [
    Call(template="http", status=200, path="/a", answer={"method": "GET", "path": "/a"}),
    Call(template="blank", status=200),
    Call(template="api", status=200, answer={"items": []}),
    Call(template="api", status=201, method="POST", body='{"a":1}', answer={"item": {"a": 1}}),
    Call(template="api", status=400, method="POST", body="{"),
    Call(template="api", status=405, method="DELETE"),
    Call(template="router", status=200, path="/users/7", answer={"user": "7"}),
    Call(template="router", status=200, path="/health", answer={"status": "ok"}),
    Call(template="router", status=404, path="/no", answer={"error": "nothing at /no"}),
    Call(template="counter", status=200, path="?name=Ada", answer={"name": "Ada", "visits": 1}),
    Call(template="counter", status=200, answer={"name": "everybody", "visits": 1}),
    Call(template="cron", status=200, answer={"runs": 1}),
    Call(template="webhook", status=405),
    Call(template="webhook", status=400, method="POST", body="{"),
    Call(template="webhook", status=202, method="POST", body='{"type":"x"}', headers=HOOK),
    Call(template="aiChat", status=400, method="POST", body="[]"),
    Call(template="aiChat", status=400, method="POST", body="no"),
    Call(template="aiChat", status=502, method="POST", body='{"question":"?"}'),
    Call(
        template="aiChat",
        status=200,
        method="POST",
        body='{"question":"?"}',
        answer={"answer": 'Hi <there> & "you"'},
        env={"with": "upstream"},
    ),
    Call(template="email", status=400, method="POST", body="{}"),
    Call(template="email", status=400, method="POST", body="no"),
    Call(template="email", status=502, method="POST", body=MESSAGE),
    Call(
        template="email",
        status=202,
        method="POST",
        body=MESSAGE,
        answer={"id": "email_fake_123"},
        env={"with": "upstream"},
    ),
    Call(template="proxy", status=500, answer={"error": "UPSTREAM_URL is not set"}),
    Call(template="proxy", status=502, env={"UPSTREAM_URL": "http://127.0.0.1:1"}),
    Call(
        template="proxy",
        status=200,
        path="/chat/completions",
        answer={"model": "gpt-small-2025"},
        env={"with": "upstream"},
    ),
]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def world(tmp_path_factory):
    """A server that may reach stand-ins on loopback: its API and their addresses."""
    settings = Settings(
        port=0,
        host="127.0.0.1",
        data_dir=tmp_path_factory.mktemp("templates") / "data",
        api_key=KEY,
        http_allow=("127.0.0.1",),
    )
    async with open_ai_provider() as ai, open_resend() as mail, open_server(settings) as server:
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as api:
            yield api, upstreams(ai.url, mail.url)


async def create(api: httpx.AsyncClient, template: str, language: str) -> str:
    """Create a function as the create screen does."""
    known = (await api.get("/api/version")).json()["runtimes"]
    if language not in known:
        pytest.skip(f"{language} is not installed")
    code = (await api.get(f"/templates/{template}{ENDINGS[language]}")).text
    made = await api.post(
        "/api/functions", json={"name": template, "runtime": language, "code": code}
    )
    assert made.status_code == 200, made.text
    return made.json()["id"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("call", CALLS, ids=lambda one: f"{one.template}-{one.status}")
async def test_kd_204_templates_do_what_they_say(world, call, language):
    api, variables = world
    function_id = await create(api, call.template, language)
    given = variables[call.template] if call.env.get("with") else call.env
    await api.put(f"/api/functions/{function_id}/env", json={"env_vars": given})

    answer = await api.request(
        call.method, f"/fn/{function_id}{call.path}", content=call.body, headers=call.headers
    )

    assert answer.status_code == call.status, answer.text
    if call.answer is not None:
        shown = answer.json()
        assert {name: shown.get(name) for name in call.answer} == call.answer
    record = (await api.get(f"/api/executions/{answer.headers['x-execution-id']}")).json()
    assert "error_message" not in record, record["error_message"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_webhook_is_taken_once(world, language):
    api, _ = world
    function_id = await create(api, "webhook", language)

    answers = [
        await api.post(f"/fn/{function_id}", content="{}", headers={"Webhook-Id": "7"})
        for _ in range(2)
    ]

    assert [one.status_code for one in answers] == [202, 200]
    assert answers[1].json() == {"status": "seen before"}


def test_there_is_every_template_in_every_language():
    script = Path("src/perilune/dashboard/frontend/templates.ts").read_text("utf-8")
    assert {call.template for call in CALLS} == set(IDS)

    for template in IDS:
        assert f'{{ id: "{template}", icon: "' in script
    for ending in ENDINGS.values():
        assert sorted(path.stem for path in TEMPLATES.glob(f"*{ending}")) == IDS
