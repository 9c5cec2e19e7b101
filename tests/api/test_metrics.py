"""`GET /metrics`: who may read it, what it says, and what never becomes a label."""

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import open_site

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


async def figures(site) -> dict[str, dict[tuple[str, ...], float]]:
    """All samples by name, then by the values of their labels in the order of their names."""
    answer = await site.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


async def token(site, *scopes: str) -> str:
    answer = await site.client.post("/api/tokens", json={"name": "t", "scopes": list(scopes)})
    assert answer.status_code < 300, answer.text
    return answer.json()["token"]


async def test_calls_are_counted_and_timed(site):
    function_id = await site.answering(body="hello")
    refusing = await site.answering(status_code=418)

    for _ in range(3):
        await site.client.get(f"/fn/{function_id}")
    await site.client.get(f"/fn/{refusing}")
    await site.client.get("/fn/unknown")

    seen = await figures(site)
    assert seen["faas_invocations_total"] == {
        (function_id, "success", "http"): 3,
        (refusing, "error", "http"): 1,
    }
    assert seen["faas_errors_total"] == {("response",): 1}
    assert seen["faas_refused_total"] == {("function_not_found",): 1}
    assert seen["faas_invoke_duration_seconds_count"] == {("http",): 4}
    assert seen["faas_invoke_duration_seconds_bucket"]["+Inf", "http"] == 4
    assert seen["faas_inflight"] == {(): 0}
    assert seen["faas_workers"] == {("bound",): 2, ("spare",): 1, ("starting",): 0}
    assert seen["faas_db_size_bytes"][()] >= 4096
    assert seen["faas_db_wal_bytes"][()] > 0
    assert seen["faas_lost_writes_total"] == {(): 0}
    assert "unknown" not in str(seen)


async def test_functions_that_were_executed_have_their_names(site, monkeypatch):
    monkeypatch.setattr("perilune.api.metrics.REUSE_S", -1.0)
    function_id = await site.answering(body="hello")
    await site.client.put(
        f"/api/functions/{function_id}", json={"name": 'say "hi"', "address": "hi"}
    )
    await site.answering(body="never called")
    before = await figures(site)
    await site.client.get("/fn/hi")

    seen = await figures(site)
    await site.client.delete(f"/api/functions/{function_id}")
    after = await figures(site)

    assert "faas_function_info" not in before
    assert seen["faas_function_info"] == {("hi", function_id, 'say "hi"'): 1}
    assert "faas_function_info" not in after and after["faas_invocations_total"]


async def test_every_figure_is_documented_and_every_documented_one_exists(site):
    await site.client.get(f"/fn/{await site.answering(body='hello')}")

    answer = await site.client.get("/metrics")
    shown = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith("faas_")
    }

    assert set(re.findall(r"`(faas_[a-z_]+)", PAGE.read_text())) == shown
    assert re.search(r"^process_resident_memory_bytes ", answer.text, re.MULTILINE)


@pytest.mark.parametrize("scope", ["read", "metrics"])
async def test_only_who_may_read_gets_it(site, stranger, scope):
    reading = await token(site, scope)

    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer wrong-wrong-wrong-wrong"}, 401),
        ({"Authorization": f"Bearer {reading}"}, 200),
    ):
        answer = await stranger.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert ("faas_" in answer.text) is (status == 200)


async def test_a_token_for_metrics_reads_nothing_else(site, stranger):
    function_id = await site.answering()
    await site.client.put(f"/api/functions/{function_id}/env", json={"env_vars": {"A": "s3cret"}})
    headers = {"Authorization": f"Bearer {await token(site, 'metrics')}"}

    for path in ("/api/functions", f"/api/functions/{function_id}/env", "/api/executions"):
        answer = await stranger.get(path, headers=headers)
        assert answer.status_code == 403 and "s3cret" not in answer.text


async def test_a_token_for_calls_does_not_read_it(site, stranger):
    calling = await token(site, "invoke")

    answer = await stranger.get("/metrics", headers={"Authorization": f"Bearer {calling}"})

    assert answer.status_code == 403
    assert "faas_" not in answer.text


@pytest.mark.parametrize(
    ("access", "status"),
    [pytest.param("public", 200, id="public"), pytest.param("off", 404, id="off")],
)
async def test_the_operator_decides_who_may_read(tmp_path, access, status):
    async with (
        open_site(tmp_path, metrics=access) as site,
        httpx.AsyncClient(base_url=site.client.base_url, trust_env=False, timeout=30) as stranger,
    ):
        answer = await stranger.get("/metrics")

        assert answer.status_code == status
        assert ("faas_" in answer.text) is (status == 200)


async def test_the_format_is_the_one_asked_for(site):
    plain = await site.client.get("/metrics")
    open_metrics = await site.client.get(
        "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}
    )
    head = await site.client.head("/metrics")
    post = await site.client.post("/metrics")

    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    assert plain.headers["cache-control"] == "no-store"
    assert (head.status_code, head.content) == (200, b"")
    assert post.status_code == 405


async def test_throttled_calls_are_counted_by_reason(site):
    function_id = await site.answering(body="x")
    limited = {"rate_limit": 1, "rate_window_s": 3600}
    await site.client.put(f"/api/functions/{function_id}", json=limited)

    for _ in range(3):
        await site.client.get(f"/fn/{function_id}")

    seen = await figures(site)
    assert seen["faas_throttled_total"] == {
        ("rate_limited",): 2,
        ("function_busy",): 0,
        ("workers_busy",): 0,
    }
    assert seen["faas_refused_total"] == {("rate_limited",): 2}
    assert sum(seen["faas_invocations_total"].values()) == 1
