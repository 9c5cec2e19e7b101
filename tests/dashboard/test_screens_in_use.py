"""Screens as they are in the middle of work: changed, refused, answered, full."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER
from tests.dashboard.test_screens import arrive, wrong

LOOKS = {
    "light": {"width": 1280, "height": 800},
    "dark": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}


async def settings_in_use(site: Site) -> None:
    """Every card has something in it; two are changed, one of them wrongly."""
    page = site.page
    function_id = await site.create(
        GREETER,
        name="in-use",
        cron_schedule="30 9 * * 1-5",
        cron_status="active",
        access="signature",
        signature_scheme="github",
    )
    variables = {"MODE": "fast", "API_TOKEN": "s3cret", "OLD": "x"}
    body = {"env_vars": variables, "write_only": ["API_TOKEN"]}
    await site.api.put(f"/api/functions/{function_id}/env", json=body)
    await site.api.post(f"/api/functions/{function_id}/signing-secrets", json={})
    await arrive(site, f"/functions/{function_id}/settings", "Danger zone")
    await page.locator(".next-runs li").first.wait_for()
    await page.get_by_label("Value of MODE").fill("slow")
    await page.get_by_role("button", name="Remove OLD").click()
    await page.get_by_role("button", name="Add variable").click()
    await page.get_by_label("Name", exact=True).last.fill("NOT-A-NAME")
    await page.get_by_label("Value of NOT-A-NAME").fill("x")
    await page.get_by_label("Memory").fill("1")
    await page.get_by_text("How to write one").click()
    await page.get_by_text("2 cards are changed").wait_for()


async def bench_in_use(site: Site) -> None:
    """A form with credentials was sent, and answered."""
    page = site.page
    function_id = await site.create(GREETER, name="in-use", access="token")
    await arrive(site, f"/functions/{function_id}/test", "Code examples")
    await page.get_by_label("Method").select_option("POST")
    await page.get_by_label("Path").fill("/users/1")
    await page.get_by_role("button", name="Form", exact=True).click()
    await page.get_by_role("button", name="Add field").click()
    await page.get_by_label("Name of the field").fill("name")
    await page.get_by_label("Value of the field").fill("Ada & Bob")
    await page.get_by_role("button", name="Send").click()
    await page.get_by_text("Sent before").wait_for()
    await page.get_by_label("Authorization", exact=True).select_option("basic")
    await page.get_by_role("button", name="Add header").click()
    await page.get_by_label("Name of the header").last.fill("Cookie")
    await page.get_by_role("button", name="Save this request").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("a form")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Use a form").wait_for()


async def data_in_use(site: Site) -> None:
    """Pairs of every kind, one with a long value."""
    function_id = await site.create(GREETER, name="in-use")
    path = f"/api/functions/{function_id}/kv"
    await site.api.put(f"{path}/short", json={"value": "1"})
    await site.api.put(f"{path}/user%3A17%2Fname", json={"value": "x" * 500, "ttl": 600})
    await site.api.put(f"{path}/%FF", json={"value": "/w==", "base64": True})
    await arrive(site, f"/functions/{function_id}/data", "Key-value data")
    await expect(site.page.locator("tbody tr")).to_have_count(3)


async def access_in_use(site: Site) -> None:
    """Several tokens with scopes and times."""
    for name, scopes in (("ci", ["deploy"]), ("a laptop", ["read", "invoke"]), ("old", ["admin"])):
        await site.api.post("/api/tokens", json={"name": name, "scopes": scopes})
    await arrive(site, "/tokens", "a laptop")


STATES: dict[str, Callable[[Site], Awaitable[None]]] = {
    "settings": settings_in_use,
    "test": bench_in_use,
    "data": data_in_use,
    "tokens": access_in_use,
}


@pytest.mark.soak
@pytest.mark.parametrize("state", STATES)
async def test_screens_are_accessible_and_fit_while_they_are_used(site, state):
    await site.page.emulate_media(reduced_motion="reduce")  # or pictures show what is on its way
    await site.sign_in()
    problems = {}
    await STATES[state](site)

    for look, size in LOOKS.items():
        await site.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
        await site.page.set_viewport_size(size)
        await site.picture(f"{look}/{state}-in-use")
        problems[look] = await wrong(site)
        width = await site.page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            problems[look].append(f"{width} px wide")

    assert {look: found for look, found in problems.items() if found} == {}
