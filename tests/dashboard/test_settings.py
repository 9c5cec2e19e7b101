"""Every card of the settings."""

import re

from playwright.async_api import Locator, expect

from tests.dashboard.conftest import KEY, Site
from tests.dashboard.sample import GREETER


async def opened(site: Site, **settings) -> str:
    """Show the settings of a new function; return its id."""
    function_id = await site.create(GREETER, **settings)
    await site.sign_in(f"/functions/{function_id}/settings")
    await site.page.get_by_role("heading", name="Danger zone").wait_for()
    return function_id


def card(site: Site, title: str) -> Locator:
    heading = site.page.get_by_role("heading", name=title, exact=True, level=2)
    return site.page.locator("section.card").filter(has=heading)


async def stored(site: Site, function_id: str) -> dict:
    return (await site.api.get(f"/api/functions/{function_id}")).json()


async def save(site: Site, title: str) -> None:
    await card(site, title).get_by_role("button", name="Save").click()
    await expect(site.page.get_by_text("Saved", exact=True).first).to_be_visible()


async def test_general_settings_are_saved_and_shown_above(site):
    function_id = await opened(site)
    general = card(site, "General")
    await expect(general.get_by_role("button", name="Save")).to_be_disabled()

    await general.get_by_label("Name").fill("renamed")
    await general.get_by_label("Description").fill("What it is for")
    await general.get_by_label("Keep executions for").select_option("30")
    await general.get_by_label("Keep at most (MiB)").fill("5")
    await general.get_by_label("Save responses").check()
    await expect(general.get_by_text("Unsaved")).to_be_visible()
    await save(site, "General")

    await expect(site.page.get_by_role("heading", name="renamed", level=1)).to_be_visible()
    now = await stored(site, function_id)
    assert (now["name"], now["description"], now["retention_days"]) == (
        "renamed",
        "What it is for",
        30,
    )
    assert (now["save_response"], now["retention_bytes"]) == (True, 5 * 1024 * 1024)
    assert "cron_schedule" not in now, "what was not changed is not sent"


async def test_errors_are_shown_at_the_field_while_typing(site):
    function_id = await opened(site)
    general, limits = card(site, "General"), card(site, "Limits")
    name = general.get_by_label("Name")

    await name.fill("   ")
    await expect(general.get_by_role("alert")).to_have_text("This can't be empty.")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await name.fill("x" * 101)
    await expect(general.get_by_role("alert")).to_have_text("At most 100 characters.")
    await limits.get_by_label("Memory").fill("15")
    await expect(limits.get_by_role("alert")).to_have_text("At least 16.")
    await limits.get_by_label("Calls").fill("1.5")
    await expect(limits.get_by_role("alert").last).to_have_text("A whole number.")

    sent: list[str] = []
    site.page.on("request", lambda request: sent.append(request.method))
    await general.get_by_role("button", name="Save").click()
    await expect(name).to_be_focused()
    assert "PUT" not in sent
    assert (await stored(site, function_id))["name"] == "quotes"


async def test_refusals_of_the_server_are_shown_at_the_field(site):
    function_id = await opened(site)
    limits = card(site, "Limits")
    await limits.get_by_label("Memory").fill("1000000")

    await limits.get_by_role("button", name="Save").click()

    await expect(limits.get_by_role("alert")).to_contain_text("A whole number from 16 to")
    await expect(limits.get_by_label("Memory")).to_be_focused()
    assert (await stored(site, function_id)).get("memory_mb") is None


async def test_a_concurrent_change_is_shown_before_it_is_replaced(site):
    function_id = await opened(site)
    general = card(site, "General")
    await general.get_by_label("Name").fill("mine")
    change = {"name": "theirs", "description": "also theirs"}
    await site.api.put(f"/api/functions/{function_id}", json=change)

    await general.get_by_role("button", name="Save").click()

    await expect(general.get_by_role("alert")).to_contain_text("to: theirs. Save again")
    await expect(general.get_by_label("Name")).to_have_value("mine")
    await expect(general.get_by_label("Description")).to_have_value("also theirs")
    assert (await stored(site, function_id))["name"] == "theirs"
    await save(site, "General")
    now = await stored(site, function_id)
    assert (now["name"], now["description"]) == ("mine", "also theirs")


async def test_text_in_one_card_stays_when_another_is_saved(site):
    function_id = await opened(site)
    await card(site, "Limits").get_by_label("Time limit").fill("9")
    await site.api.put(f"/api/functions/{function_id}", json={"timeout_s": 5, "memory_mb": 64})

    await card(site, "General").get_by_label("Name").fill("renamed")
    await save(site, "General")

    await expect(card(site, "Limits").get_by_label("Time limit")).to_have_value("9")
    await expect(card(site, "Limits").get_by_label("Memory")).to_have_value("64")


async def test_the_list_of_cards_leads_to_each_and_marks_those_that_were_changed(site):
    await opened(site)
    cards = site.page.get_by_role("navigation", name="Cards of the settings")
    await card(site, "General").get_by_label("Name").fill("renamed")
    await expect(cards.get_by_role("button", name="General")).to_contain_text("Unsaved")

    await cards.get_by_role("button", name="Limits").click()

    await expect(card(site, "Limits").get_by_role("heading", level=2)).to_be_in_viewport()
    await expect(card(site, "Limits")).to_be_focused()
    await site.page.keyboard.press("Tab")
    await expect(card(site, "Limits").get_by_label("Time limit")).to_be_focused()


async def test_the_address_says_who_may_call_it_how(site):
    await opened(site, allowed_methods="GET,POST", access="token")

    address = card(site, "Address")

    await expect(address.locator(".badge")).to_have_text(["GET", "POST"])
    await expect(address).to_contain_text("Holders of an API token")
    await address.get_by_role("link", name="Test").click()
    await expect(site.page.get_by_role("heading", name="Request", exact=True)).to_be_visible()


async def test_an_address_is_chosen_refused_and_given_back(site):
    await site.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner = await site.create(GREETER, name="owner", address="taken")
    function_id = await opened(site, name="caller", address=None)
    address = card(site, "Address")
    url = address.get_by_label("URL", exact=True)
    own, error = address.get_by_label("Below /fn/"), address.locator(".field-error")
    await expect(url).to_have_value(f"{site.url}/fn/{function_id}")

    for text, problem in (
        ("taken", "The function owner has this address."),
        ("a/b", r"No blanks, no invisible characters and none of / \ ? # %"),
        (owner, "It looks like the id of a function."),
    ):
        await own.fill(text)
        await address.get_by_role("button", name="Save").click()
        await expect(error).to_have_text(problem)
    await own.fill("grüße")
    await save(site, "Address")

    await expect(url).to_have_value(f"{site.url}/fn/gr%C3%BC%C3%9Fe")
    head = site.page.locator(".screen-title")
    await expect(head).to_contain_text("/fn/grüße")
    await head.get_by_role("button", name="Copy URL").click()
    copied = await site.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{site.url}/fn/gr%C3%BC%C3%9Fe"
    assert (await site.api.get("/fn/grüße")).status_code == 200
    await own.fill("")
    await save(site, "Address")
    await expect(url).to_have_value(f"{site.url}/fn/{function_id}")
    await expect(head).not_to_contain_text("/fn/")
    assert "address" not in await stored(site, function_id)


async def test_changes_can_be_undone_before_they_are_saved(site):
    await opened(site)
    general = card(site, "General")

    await general.get_by_label("Name").fill("other")
    await general.get_by_role("button", name="Undo").click()

    await expect(general.get_by_label("Name")).to_have_value("quotes")
    await expect(general.get_by_text("Unsaved")).to_be_hidden()


async def test_limits_are_set_and_taken_away(site):
    function_id = await opened(site)
    limits = card(site, "Limits")
    await limits.get_by_label("Time limit").fill("7")
    await limits.get_by_label("Memory").fill("64")
    await limits.get_by_label("Calls").fill("100")
    await limits.get_by_label("In this time").fill("30")
    await limits.get_by_label("At a time").fill("3")
    await save(site, "Limits")
    now = await stored(site, function_id)
    assert (now["timeout_s"], now["memory_mb"], now["max_concurrency"]) == (7, 64, 3)
    assert (now["rate_limit"], now["rate_window_s"]) == (100, 30)

    await limits.get_by_label("Time limit").fill("")
    await limits.get_by_role("button", name="Save").click()
    await expect(limits.get_by_text("Unsaved")).to_be_hidden()

    assert (await stored(site, function_id)).get("timeout_s") is None


async def test_a_function_is_disabled_and_enabled(site):
    function_id = await opened(site)
    status = card(site, "Status")

    await status.get_by_label("Enabled").uncheck()
    await save(site, "Status")

    await expect(site.page.get_by_text("Disabled", exact=True)).to_be_visible()
    assert (await site.api.get(f"/fn/{function_id}")).status_code == 403


async def test_callers_and_their_secrets(site):
    function_id = await opened(site)
    access = card(site, "Access")
    await access.get_by_label("Callers").select_option("signature")
    await access.get_by_label("Signature").select_option("github")
    await access.get_by_label("PUT").uncheck()
    await save(site, "Access")
    now = await stored(site, function_id)
    assert (now["access"], now["signature_scheme"]) == ("signature", "github")
    assert now["allowed_methods"] == "GET,HEAD,POST,PATCH,DELETE"

    secrets = card(site, "Signing secrets")
    await expect(secrets.get_by_text("Without a secret every call is refused")).to_be_visible()
    await secrets.get_by_role("button", name="Make a secret").click()
    await expect(secrets.get_by_text("shown this once")).to_be_visible()
    made = await secrets.locator("code.grow").inner_text()
    assert len(made) > 16
    await secrets.get_by_label("Own secret").fill("0123456789abcdef-own")
    await secrets.get_by_role("button", name="Add secret").click()
    await expect(secrets.get_by_role("listitem")).to_have_count(2)

    await secrets.get_by_role("button", name="Delete this secret?").first.click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(secrets.get_by_role("listitem")).to_have_count(1)
    answer = await site.api.get(f"/api/functions/{function_id}/signing-secrets")
    assert len(answer.json()["signing_secrets"]) == 1


async def test_a_function_is_deleted_once_its_name_was_typed(site):
    function_id = await opened(site)
    await card(site, "Danger zone").get_by_role("button", name="Delete").click()
    dialog = site.page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name="Delete")
    await expect(confirm).to_be_disabled()
    await dialog.get_by_label("Type quotes to confirm").fill("quote")
    await expect(confirm).to_be_disabled()
    await dialog.get_by_label("Type quotes to confirm").fill("quotes")

    await confirm.click()

    await expect(site.page).to_have_url(re.compile("/functions$"))
    assert (await site.api.get(f"/api/functions/{function_id}")).status_code == 404


async def test_all_cards_that_were_changed_are_saved_together(site):
    function_id = await opened(site)
    await card(site, "General").get_by_label("Name").fill("renamed")
    await expect(site.page.get_by_role("button", name="Save all")).to_be_hidden()
    await card(site, "Limits").get_by_label("Time limit").fill("9")
    variables = card(site, "Environment variables")
    await variables.get_by_role("button", name="Add variable").click()
    await variables.get_by_label("Name").fill("MODE")
    await variables.get_by_label("Value of MODE").fill("fast")
    await expect(site.page.get_by_text("3 cards are changed")).to_be_visible()

    await site.page.keyboard.press("Control+s")

    await expect(site.page.get_by_role("button", name="Save all")).to_be_hidden()
    await expect(site.page.get_by_text("Unsaved")).to_have_count(0)
    now = await stored(site, function_id)
    assert (now["name"], now["timeout_s"]) == ("renamed", 9)
    assert now["env_vars"] == {"MODE": "fast"}


async def test_save_all_saves_what_it_says(site):
    function_id = await opened(site)
    await card(site, "General").get_by_label("Description").fill("described")
    await card(site, "Limits").get_by_label("At a time").fill("2")

    await site.page.get_by_role("button", name="Save all").click()

    await expect(site.page.get_by_role("button", name="Save all")).to_be_hidden()
    now = await stored(site, function_id)
    assert (now["description"], now["max_concurrency"]) == ("described", 2)


async def test_leaving_with_unsaved_settings_asks(site):
    await opened(site)
    await card(site, "General").get_by_label("Name").fill("renamed")
    tab = site.page.get_by_role("link", name="Versions", exact=True)

    await tab.click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(card(site, "General").get_by_label("Name")).to_have_value("renamed")
    await tab.click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Leave without").click()

    await expect(site.page.get_by_role("heading", name="Version history")).to_be_visible()


async def test_what_was_typed_stays_in_another_language_and_after_signing_in_again(site):
    function_id = await opened(site)
    general = card(site, "General")
    await general.get_by_label("Description").fill("typed")
    await card(site, "Environment variables").get_by_role("button", name="Add variable").click()
    await site.page.get_by_placeholder("API_TOKEN").fill("NEW")

    await site.page.get_by_role("button", name="Switch language to Português").click()
    await expect(site.page.get_by_label("Descrição")).to_have_value("typed")
    await site.page.get_by_role("button", name="Mudar o idioma para English").click()
    await expect(general.get_by_label("Description")).to_have_value("typed")
    await expect(site.page.get_by_placeholder("API_TOKEN")).to_have_value("NEW")
    for one in (await site.api.get("/api/auth/sessions")).json()["sessions"]:
        await site.api.delete(f"/api/auth/sessions/{one['id']}")
    await general.get_by_role("button", name="Save").click()
    await site.page.get_by_label("API key").fill(KEY)
    await site.page.get_by_role("button", name="Sign in").click()

    await expect(general.get_by_label("Description")).to_have_value("typed")
    await expect(site.page.get_by_placeholder("API_TOKEN")).to_have_value("NEW")
    await save(site, "General")
    assert (await stored(site, function_id))["description"] == "typed"


async def test_what_is_left_behind_on_purpose_is_forgotten(site):
    function_id = await opened(site)
    await card(site, "General").get_by_label("Description").fill("typed")
    await site.page.get_by_role("link", name="Access", exact=True).click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Leave without").click()
    await expect(site.page).to_have_url(re.compile("/tokens$"))

    await site.open(f"/functions/{function_id}/settings")

    await expect(card(site, "General").get_by_label("Description")).to_have_value("")
    await expect(site.page.get_by_text("Unsaved")).to_have_count(0)
