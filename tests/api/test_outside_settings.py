"""The settings of what functions may do outside, from the operator to the runtime."""

from contextlib import asynccontextmanager

import pytest

from perilune.app import Services, open_server
from perilune.config import SettingError, Settings
from perilune.services.http import HTTPClientError, Request
from tests.api.conftest import KEY, ScriptedRuntime
from tests.upstream import open_upstream
from tests.upstream.http_pages import answer


@asynccontextmanager
async def open_services(tmp_path, **settings):
    """Start a server with these settings and give the services its runtime got."""
    given: list[Services] = []

    @asynccontextmanager
    async def open_runtime(_, services):
        given.append(services)
        yield ScriptedRuntime()

    chosen = Settings(port=0, host="127.0.0.1", data_dir=tmp_path / "data", api_key=KEY, **settings)
    async with open_server(chosen, open_runtime):
        yield given[0]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        pytest.param("10.0.0.1/8", "an address within a network", id="host bits"),
        pytest.param("300.1.1.1", "no network, address or host name", id="no address"),
        pytest.param("http://h/", "no network, address or host name", id="URL"),
    ],
)
async def test_a_bad_entry_of_the_allow_list_stops_the_start(tmp_path, entry, problem):
    with pytest.raises(SettingError, match=problem) as caught:
        async with open_services(tmp_path, http_allow=("127.0.0.1", entry)):
            pass

    assert caught.value.source == "PERILUNE_HTTP_ALLOW"


async def test_only_allowed_addresses_are_reached(tmp_path):
    async with open_upstream(answer) as url:
        async with open_services(tmp_path / "a") as services:
            with pytest.raises(HTTPClientError, match="not a public"):
                await services.http.get(Request(url=f"{url}/echo"))
        async with open_services(tmp_path / "b", http_allow=("127.0.0.1",)) as services:
            response = await services.http.get(Request(url=f"{url}/echo"))

    assert response.status_code == 200


async def test_the_limits_of_the_settings_hold(tmp_path):
    async with (
        open_upstream(answer) as url,
        open_services(
            tmp_path, http_allow=("127.0.0.1",), http_timeout=1.0, http_response_body=1000
        ) as services,
    ):
        with pytest.raises(HTTPClientError, match="time limit of 1 s"):
            await services.http.get(Request(url=f"{url}/slow", timeout_s=60))
        with pytest.raises(HTTPClientError, match="limit of 1000 bytes"):
            await services.http.get(Request(url=f"{url}/endless", max_bytes=10**9))


async def test_the_client_is_closed_with_the_server(tmp_path):
    async with open_services(tmp_path) as services:
        pass

    with pytest.raises(HTTPClientError, match="closed"):
        await services.http.get(Request(url="http://example.org/"))
