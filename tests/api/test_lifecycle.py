"""Clients that go away, and the end of the server."""

import asyncio
import stat

import httpx
import pytest

from perilune.api import KEY_FILE, ListenError, UnusableKeyError, bind_sockets
from perilune.app import DATABASE_FILE, DataDirError, ensure_example, hold_data_dir
from perilune.events import HTTPResponse
from perilune.store import Execution, PaginationParams

from .conftest import KEY, open_site
from .gate import Gate, closed_record, soon
from .management import EVERY_MINUTE, make_due


@pytest.mark.parametrize("body", [pytest.param(b"", id="no body"), pytest.param(b"x", id="body")])
async def test_a_client_that_goes_away_cancels_its_execution(quick_probes, site, body):
    gate = Gate()
    function_id = await site.create(gate)
    _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    writer.write(
        b"POST /fn/%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
        % (function_id.encode(), len(body), body)
    )
    await soon(gate.entered.wait())

    writer.transport.abort()

    await soon(gate.was_cancelled.wait())
    execution = await closed_record(site, function_id)
    assert execution["status"] == "error"
    assert execution["error_message"] == "execution cancelled"
    assert execution["error_kind"] == "cancelled"


async def test_a_slow_execution_is_answered_all_the_same(site):
    """Longer than it takes until its client is watched."""

    async def slow(_):
        await asyncio.sleep(0.1)
        return HTTPResponse(body="slow")

    function_id = await site.create(slow)

    first = await site.client.post(f"/fn/{function_id}", content=b"x" * 100_000)
    second = await site.client.get(f"/fn/{function_id}")

    assert (first.text, second.text) == ("slow", "slow")


async def test_stopping_lets_running_requests_finish(tmp_path):
    async with open_site(tmp_path, shutdown_grace=20) as site:
        gate = Gate()
        function_id = await site.create(gate)
        running = asyncio.ensure_future(site.client.get(f"/fn/{function_id}"))
        await soon(gate.entered.wait())

        stopping = asyncio.ensure_future(site.server.stop())
        await asyncio.sleep(0)
        with pytest.raises(httpx.ConnectError):
            await _ask_until_refused(f"http://127.0.0.1:{site.server.port}/healthz")
        assert not stopping.done()
        gate.go_on.set()

        answer = await soon(running)
        assert await soon(stopping) is True
        assert answer.text == "finished" and answer.headers["connection"] == "close"
        assert not gate.was_cancelled.is_set()


async def test_stopping_cancels_and_records_what_takes_too_long(tmp_path):
    async with open_site(tmp_path, shutdown_grace=0) as site:
        gate = Gate()
        function_id = await site.create(gate)
        running = asyncio.ensure_future(site.client.get(f"/fn/{function_id}"))
        await soon(gate.entered.wait())

        has_finished = await soon(site.server.stop())

        answer = await soon(running)
        assert has_finished is False
        assert gate.was_cancelled.is_set()
        assert (answer.status_code, answer.json()) == (503, {"error": "Server is shutting down"})
        rows, _ = await site.server.store.list_executions(function_id, PaginationParams())
        assert [(row.status, row.error_message) for row in rows] == [
            ("error", "execution cancelled")
        ]


async def test_an_idle_server_stops_at_once(site):
    await site.client.get("/healthz")

    assert await asyncio.wait_for(site.server.stop(), 30) is True
    assert await asyncio.wait_for(site.server.stop(), 30) is True


async def test_executions_of_a_server_that_died_are_closed_at_the_next_start(tmp_path):
    async with open_site(tmp_path) as site:
        function_id = await site.answering()
        await site.server.store.create_execution(
            Execution(
                id="left-over", function_id=function_id, function_version_id=f"ver_{function_id}_v1"
            )
        )

    async with open_site(tmp_path) as site:
        found = (await site.client.get("/api/executions/left-over")).json()

    assert found["status"] == "error"
    assert found["error_message"] == "interrupted by server restart"


async def test_the_data_directory_is_private(tmp_path):
    async with open_site(tmp_path):
        data = tmp_path / "data"

        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / DATABASE_FILE).stat().st_mode) == 0o600


def test_an_open_data_directory_is_warned_about_and_left_alone(tmp_path, caplog):
    tmp_path.chmod(0o755)

    with hold_data_dir(tmp_path):
        pass

    assert "is open to others" in caplog.text
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_is_refused_as_the_data_directory(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(DataDirError), hold_data_dir(tmp_path / "file"):
        pass


async def test_a_port_in_use_is_named(tmp_path):
    (first,) = bind_sockets("127.0.0.1", 0)
    first.listen()
    port = first.getsockname()[1]

    with pytest.raises(ListenError, match=str(port)):
        bind_sockets("127.0.0.1", port)
    first.close()


def test_all_interfaces_share_one_port():
    sockets = bind_sockets("", 0)

    assert len({sock.getsockname()[1] for sock in sockets}) == 1
    assert all(not sock.get_inheritable() for sock in sockets)
    for sock in sockets:
        sock.close()


async def test_the_example_is_only_made_in_an_empty_store(site):
    first = await ensure_example(site.server.store)
    again = await ensure_example(site.server.store)

    assert first is not None and again is not None and again.id == first.id
    functions = (await site.client.get("/api/functions")).json()["functions"]
    assert [one["name"] for one in functions] == ["hello"]
    assert "handler" in functions[0]["active_version"]["code"]


async def test_no_example_beside_other_functions(site):
    await site.answering()

    assert await ensure_example(site.server.store) is None


async def test_nothing_secret_is_logged_at_the_start(tmp_path, caplog):
    caplog.set_level("DEBUG")
    async with open_site(tmp_path):
        pass

    assert KEY not in caplog.text


async def _ask_until_refused(url):
    while True:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as late:
            await late.get(url)


async def test_kd_91_stopping_refuses_first_and_waits_for_everything(tmp_path):
    async with open_site(tmp_path, shutdown_grace=20) as site:
        by_request, by_clock = Gate(), Gate()
        called = await site.create(by_request)
        due = await site.create(by_clock, cron_missed="run_once", **EVERY_MINUTE)
        running = asyncio.ensure_future(site.client.get(f"/fn/{called}"))
        await soon(by_request.entered.wait())
        await make_due(site, due)
        await soon(by_clock.entered.wait())

        stopping = asyncio.ensure_future(site.server.stop())
        with pytest.raises(httpx.ConnectError):
            await soon(_ask_until_refused(f"http://127.0.0.1:{site.server.port}/healthz"))
        by_request.go_on.set()
        assert (await soon(running)).text == "finished"
        assert not stopping.done()
        by_clock.go_on.set()

        assert await soon(stopping) is True
        rows, _ = await site.server.store.list_executions(due, PaginationParams())
        assert [(row.trigger, row.status) for row in rows] == [("cron", "success")]


async def test_kd_91_one_deadline_then_all_is_cancelled_and_recorded(tmp_path):
    async with open_site(tmp_path, shutdown_grace=0) as site:
        by_request, by_clock = Gate(), Gate()
        called = await site.create(by_request)
        due = await site.create(by_clock, cron_missed="run_once", **EVERY_MINUTE)
        running = asyncio.ensure_future(site.client.get(f"/fn/{called}"))
        await soon(by_request.entered.wait())
        await make_due(site, due)
        await soon(by_clock.entered.wait())

        assert await soon(site.server.stop()) is False

        assert (await soon(running)).status_code == 503
        for function_id in (called, due):
            rows, _ = await site.server.store.list_executions(function_id, PaginationParams())
            assert [row.error_message for row in rows] == ["execution cancelled"]
        (tick,), _ = await site.server.store.ticks.page(due, PaginationParams())
        assert (tick.outcome, tick.execution_status) == ("started", "error")


@pytest.mark.parametrize("content", ["", "\n", "short-key"])
async def test_kd_04_a_key_file_without_a_key_opens_nothing(tmp_path, content):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / KEY_FILE).write_text(content)

    with pytest.raises(UnusableKeyError, match="at least 16 are needed; `perilune key rotate`"):
        async with open_site(tmp_path, api_key=""):
            pass


async def test_kd_19_nobody_else_on_the_machine_can_read_the_data(tmp_path):
    async with open_site(tmp_path, api_key="") as site:
        data = tmp_path / "data"
        key = (data / KEY_FILE).read_text().strip()
        login = await site.client.post("/api/auth/login", json={"apiKey": key})
        assert login.status_code == 200, "something has been written"
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in data.iterdir()}

        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert {"lunar.db", KEY_FILE} <= set(modes)
        assert set(modes.values()) == {0o600}, modes


async def test_kd_19_files_that_others_can_read_are_warned_about(tmp_path, caplog):
    async with open_site(tmp_path):
        pass
    assert "others" not in caplog.text
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "lunar.db").chmod(0o644)

    async with open_site(tmp_path):
        pass

    assert "the data directory" in caplog.text and "chmod 700" in caplog.text
    assert "the database can be read by others" in caplog.text and "chmod 600" in caplog.text
