"""Tokens of programs, and the browsers that are signed in."""

import httpx
from playwright.async_api import expect

from tests.dashboard.conftest import KEY, Site
from tests.dashboard.sample import GREETER


async def opened(site: Site) -> None:
    await site.sign_in("/tokens")
    await site.page.get_by_role("heading", name="API tokens").wait_for()


async def status_with(site: Site, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, trust_env=False) as client:
        return (await client.get("/api/functions")).status_code


async def test_a_token_is_shown_once_works_and_is_revoked(site):
    await opened(site)
    page = site.page
    dialog = page.get_by_role("dialog")
    await page.get_by_role("button", name="New token").click()
    await dialog.get_by_label("Name").fill("laptop")
    await dialog.get_by_label("read", exact=True).check()
    await dialog.get_by_role("button", name="Create token").click()
    await expect(dialog).to_contain_text("shown this once")
    token = await dialog.locator("code").inner_text()
    assert token.startswith("perilune_")
    assert await status_with(site, token) == 200
    await dialog.get_by_role("button", name="I have copied it").click()
    await expect(dialog).to_be_hidden()
    assert token not in await page.content()

    row = page.get_by_role("row").filter(has_text="laptop")
    await row.get_by_role("button", name="Revoke").click()
    await dialog.get_by_role("button", name="Revoke").click()

    await expect(page.get_by_text("laptop is revoked")).to_be_visible()
    assert await status_with(site, token) == 401


async def test_another_browser_is_signed_out(site):
    await site.create(GREETER)
    async with httpx.AsyncClient(base_url=site.url, trust_env=False) as other:
        await other.post("/api/auth/login", json={"apiKey": KEY}, headers={"User-Agent": "Other/1"})
        assert (await other.get("/api/functions")).status_code == 200
        await opened(site)
        row = site.page.get_by_role("row").filter(has_text="Other/1")

        await row.get_by_role("button", name="End").click()

        await expect(row).to_be_hidden()
        assert (await other.get("/api/functions")).status_code == 401
    await expect(site.page.get_by_text("This one")).to_be_visible()
