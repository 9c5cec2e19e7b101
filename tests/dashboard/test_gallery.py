"""Every shared component in every state, on a page that is not shipped."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.dashboard.conftest import Site
from tests.dashboard.test_screens import wrong
from tests.dashboard.test_screens_in_use import LOOKS

GALLERY = Path(__file__).parent / "gallery"
STATIC = Path("src/perilune/dashboard/static")
COMPONENTS = Path("src/perilune/dashboard/frontend/ui")
SOME_LOOKS = [
    pytest.param(look, marks=() if look == "light" else pytest.mark.soak) for look in LOOKS
]
"""`make test` looks at one theme at one width."""
WHOLE_SCREENS = {"FunctionFrame", "Guarded", "Palette"}
"""Components that are what the frame and the screens are made of, and seen with them."""


async def opened(site: Site) -> None:
    """Show the gallery as if the server had it."""

    async def serve(route: Route) -> None:
        path = route.request.url.removeprefix(f"{site.url}/gallery/") or "index.html"
        text = (GALLERY / path).read_text("utf-8")
        sheets = re.findall(r'<link rel="stylesheet".*?/>', (STATIC / "index.html").read_text())
        absolute = "".join(sheets).replace('href="', 'href="/')
        kind = "text/html" if path.endswith("html") else "text/javascript"
        await route.fulfill(body=text.replace("</title>", f"</title>{absolute}"), content_type=kind)

    await site.page.route(f"{site.url}/gallery/**", serve)
    await site.page.emulate_media(reduced_motion="reduce")
    await site.page.goto(f"{site.url}/gallery/")
    await site.page.get_by_role("heading", name="Overlays").wait_for()


def test_every_component_is_in_the_gallery():
    sources = {path: path.read_text("utf-8") for path in COMPONENTS.glob("*.tsx")}
    shared = {
        name
        for text in sources.values()
        for name in re.findall(r"^export function ([A-Z]\w+)", text, re.MULTILINE)
    }
    shown = set(re.findall(r"<([A-Z]\w+)\b", (GALLERY / "gallery.tsx").read_text("utf-8")))

    assert shared - shown == WHOLE_SCREENS


@pytest.mark.parametrize("look", SOME_LOOKS)
async def test_components_are_accessible_and_fit_in_every_state(site, look):
    await site.page.set_viewport_size(LOOKS[look])
    await opened(site)
    await site.page.emulate_media(color_scheme="dark" if look == "dark" else "light")

    await site.picture(f"{look}/gallery")

    assert await wrong(site) == []
    width = await site.page.evaluate("document.documentElement.scrollWidth")
    assert width <= LOOKS[look]["width"]


@pytest.mark.parametrize("look", SOME_LOOKS)
async def test_overlays_are_accessible(site, look):
    await site.page.set_viewport_size(LOOKS[look])
    await opened(site)
    await site.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    await site.page.clock.install()
    await site.page.get_by_role("button", name="toasts").click()
    await expect(site.page.locator(".toast")).to_have_count(4)
    assert await wrong(site) == []
    await site.page.mouse.move(0, 0)  # whoever points at messages keeps them
    await site.page.clock.fast_forward(60_000)
    await expect(site.page.locator(".toast")).to_have_count(0)

    for opener in ("open dialog", "ask"):
        await site.page.get_by_role("button", name=opener, exact=True).click()
        await site.page.get_by_role("dialog").wait_for()
        assert await wrong(site) == []
        await site.picture(f"{look}/gallery-{opener.replace(' ', '-')}")
        await site.page.keyboard.press("Escape")
        await expect(site.page.get_by_role("dialog")).to_be_hidden()


async def test_the_gallery_is_not_shipped(site):
    assert (await site.api.get("/gallery/")).status_code == 404
