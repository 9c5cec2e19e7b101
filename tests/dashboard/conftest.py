"""A real Chromium on a real server with a real store and real workers.

One browser and one server serve all tests, which is why they share an event loop.  Each test has a
browser context of its own and finds a server without functions, tokens and sessions, so that none
sees what another has left behind.  A test that changes more takes a server of its own.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from pytest_asyncio import is_async_test

from perilune.app import RunningServer, open_server
from perilune.config import Settings

KEY = "0123456789abcdef-dashboard"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WAIT_MS = float(os.environ.get("PERILUNE_TEST_WAIT_MS", "30000"))
"""How long is waited for what should be seen; the machine may be busy."""
FLAGS = [
    "--no-sandbox",  # root in a container has no user namespaces to use
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """A server, somebody who uses its API, and a browser's page."""

    def __init__(self, server: RunningServer, api: httpx.AsyncClient, page: Page) -> None:
        self.server = server
        self.api = api
        self.page = page
        self.url = f"http://127.0.0.1:{server.port}"
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        # The browser reports answers of 4xx as errors too; tests look at what is shown then.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    async def create(self, code: str, name: str = "quotes", **settings) -> str:
        """Create a function; return its id."""
        answer = await self.api.post(
            "/api/functions", json={"name": name, "code": code, **settings}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    async def open(self, place: str) -> None:
        """Show a place of the dashboard, such as `/functions`."""
        await self.page.goto(f"{self.url}/#!{place}")

    async def sign_in(self, place: str = "/") -> None:
        """Show *place* to somebody who has signed in.

        The session is opened without the form, which `test_frame.py` tests.
        """
        login = f"{self.url}/api/auth/login"
        answer = await self.page.context.request.post(login, data={"apiKey": KEY})
        assert answer.ok
        await self.page.goto("about:blank")  # or nothing is loaded when only the fragment changes
        await self.open(place)
        await self.page.get_by_role("navigation", name="Sections").wait_for()

    async def picture(self, name: str) -> None:
        """Write a picture of the whole screen into the build folder."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in the event loop of the browser."""
    on_session_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if is_async_test(item) and Path(__file__).parent in item.path.parents:
            item.add_marker(on_session_loop, append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert found, "the dashboard is tested with Debian's Chromium: tools/install_chromium.sh"
    return found


# Not for the whole session: tests of other folders count the processes that they have started.
@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(chromium, tmp_path_factory) -> AsyncIterator[Browser]:
    # Crash reports and caches of fonts are not for the home of who runs the tests.
    home = {"HOME": str(tmp_path_factory.mktemp("home"))}
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=FLAGS, env={**os.environ, **home}
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def server(tmp_path_factory) -> AsyncIterator[RunningServer]:
    async with open_server(settings_of(tmp_path_factory.mktemp("dashboard"))) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def site(server, browser) -> AsyncIterator[Site]:
    """The dashboard in English, in a browser that has no memory; nothing may go wrong in it."""
    async with open_site(server, browser) as site:
        await _empty(site.api)
        yield site


def settings_of(folder: Path) -> Settings:
    """Return the settings of a server that keeps its data below *folder*."""
    return Settings(
        port=0, host="127.0.0.1", data_dir=folder / "data", api_key=KEY, http_allow=("127.0.0.1",)
    )


@asynccontextmanager
async def open_site(server: RunningServer, browser: Browser) -> AsyncIterator[Site]:
    """Open a page of a new browser context; at the end nothing may have gone wrong in it."""
    context = await browser.new_context(
        locale="en-US", color_scheme="light", viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(WAIT_MS)
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as api:
        site = Site(server, api, await context.new_page())
        yield site
    await context.close()
    assert site.problems == []


async def _empty(api: httpx.AsyncClient) -> None:
    """Delete what earlier tests have left: functions with all that is theirs, tokens, sessions."""
    for path, name in (
        ("/api/functions", "functions"),
        ("/api/tokens", "tokens"),
        ("/api/auth/sessions", "sessions"),
    ):
        while found := (await api.get(path)).json()[name]:
            for one in found:
                await api.delete(f"{path}/{one['id']}")
