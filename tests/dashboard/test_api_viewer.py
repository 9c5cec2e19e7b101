"""The viewer of the API's description, in a browser (`KD-21`)."""

import pytest
from playwright.async_api import expect


async def test_kd_21_the_viewer_shows_the_api_with_nothing_from_elsewhere(site):
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))

    await site.page.goto(f"{site.url}/docs")

    await expect(site.page.get_by_text("Create a function with its first version")).to_be_visible()
    await site.page.get_by_text("Create a function with its first version").click()
    await expect(site.page.get_by_text("Request body").first).to_be_visible()
    assert site.problems == []
    assert all(url.startswith((f"{site.url}/docs", "data:")) for url in asked), asked


@pytest.mark.soak
async def test_operations_can_be_tried_in_the_viewer(site):
    await site.sign_in()
    await site.page.goto(f"{site.url}/docs")

    await site.page.get_by_text("Create a function with its first version").click()
    await site.page.get_by_role("button", name="Try it out").click()
    await site.page.locator(".body-param__text").fill('{"name": "tried", "code": "x"}')
    await site.page.get_by_role("button", name="Execute").click()

    status = site.page.locator(".live-responses-table td.response-col_status:not(.col_header)")
    await expect(status).to_have_text("200")
    listed = (await site.api.get("/api/functions")).json()["functions"]
    assert [one["name"] for one in listed] == ["tried"]
