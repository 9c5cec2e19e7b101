"""The environment variables of a function, one by one (KD-189)."""

from playwright.async_api import Locator, expect

from tests.dashboard.conftest import Site
from tests.dashboard.test_settings import card, opened

TITLE = "Environment variables"


async def with_variables(site: Site) -> str:
    function_id = await site.create("function handler() end")
    body = {"env_vars": {"MODE": "fast", "TOKEN": "s3cret-value"}, "write_only": ["TOKEN"]}
    answer = await site.api.put(f"/api/functions/{function_id}/env", json=body)
    assert answer.status_code == 200
    await site.sign_in(f"/functions/{function_id}/settings")
    await card(site, TITLE).get_by_text("2 variables").wait_for()
    return function_id


def row(site: Site, name: str) -> Locator:
    return (
        card(site, TITLE).locator(".env-row").filter(has=site.page.get_by_label(f"Value of {name}"))
    )


async def save(site: Site) -> None:
    await card(site, TITLE).get_by_role("button", name="Save").click()
    await expect(site.page.get_by_text("Saved", exact=True).first).to_be_visible()


async def variables(site: Site, function_id: str) -> dict:
    return (await site.api.get(f"/api/functions/{function_id}/env")).json()


async def test_variables_are_added_changed_and_removed(site):
    function_id = await with_variables(site)
    ours = card(site, TITLE)
    await ours.get_by_label("Value of MODE").fill("slow")
    await ours.get_by_role("button", name="Add variable").click()
    await ours.get_by_label("Name").last.fill("LIMIT")
    await ours.get_by_label("Value of LIMIT").fill("17")
    await ours.get_by_role("button", name="Remove TOKEN").click()
    await expect(row(site, "MODE").get_by_text("modified")).to_be_visible()
    await expect(row(site, "LIMIT").get_by_text("added")).to_be_visible()
    await expect(row(site, "TOKEN").get_by_text("removed")).to_be_visible()
    await expect(ours.get_by_text("3 changes")).to_be_visible()

    await save(site)

    assert (await variables(site, function_id))["env_vars"] == {"MODE": "slow", "LIMIT": "17"}


async def test_kd_189_a_variable_that_is_restored_is_still_modified(site):
    function_id = await with_variables(site)
    ours = card(site, TITLE)
    await ours.get_by_label("Value of MODE").fill("slow")
    await ours.get_by_role("button", name="Remove MODE").click()

    await ours.get_by_role("button", name="Restore MODE").click()

    await expect(row(site, "MODE").get_by_text("modified")).to_be_visible()
    await save(site)
    assert (await variables(site, function_id))["env_vars"]["MODE"] == "slow"


async def test_kd_189_the_same_name_twice_is_refused(site):
    await with_variables(site)
    ours = card(site, TITLE)
    await ours.get_by_role("button", name="Add variable").click()
    await ours.get_by_label("Name").last.fill("MODE")
    await ours.get_by_label("Value of MODE").last.fill("other")

    await ours.get_by_role("button", name="Save").click()

    await expect(ours.get_by_role("alert")).to_have_text("MODE stands there twice.")


async def test_kd_189_a_variable_that_somebody_else_changed_too_is_told_first(site):
    function_id = await with_variables(site)
    ours = card(site, TITLE)
    await ours.get_by_label("Value of MODE").fill("slow")
    await site.api.put(f"/api/functions/{function_id}/env/MODE", json={"value": "theirs"})

    await ours.get_by_role("button", name="Save").click()

    await expect(row(site, "MODE").get_by_role("alert")).to_contain_text("Save again to replace")
    assert (await variables(site, function_id))["env_vars"]["MODE"] == "theirs"
    await save(site)
    assert (await variables(site, function_id))["env_vars"]["MODE"] == "slow"


async def test_changes_of_variables_can_be_undone(site):
    await with_variables(site)
    ours = card(site, TITLE)
    await ours.get_by_label("Value of MODE").fill("slow")
    await ours.get_by_role("button", name="Remove TOKEN").click()
    await ours.get_by_role("button", name="Add variable").click()
    await expect(ours.get_by_label("Name").last).to_be_focused()

    await ours.get_by_role("button", name="Undo").click()

    await expect(ours.get_by_label("Value of MODE")).to_have_value("fast")
    await expect(ours.locator(".env-row")).to_have_count(2)
    await expect(ours.get_by_role("button", name="Save")).to_be_disabled()


async def test_kd_189_what_somebody_else_changed_meanwhile_stays(site):
    function_id = await with_variables(site)
    await card(site, TITLE).get_by_label("Value of MODE").fill("slow")
    await site.api.put(f"/api/functions/{function_id}/env/OTHER", json={"value": "theirs"})

    await save(site)

    found = (await variables(site, function_id))["env_vars"]
    assert (found["MODE"], found["OTHER"]) == ("slow", "theirs")
    await expect(card(site, TITLE).get_by_text("3 variables")).to_be_visible()


async def test_a_write_only_value_is_never_shown_and_can_be_replaced(site):
    function_id = await with_variables(site)
    value = card(site, TITLE).get_by_label("Value of TOKEN")
    await expect(value).to_have_value("")
    assert "s3cret-value" not in await site.page.content()

    await value.fill("another")
    await save(site)

    await expect(card(site, TITLE).get_by_label("Value of TOKEN")).to_have_value("")
    assert (await variables(site, function_id))["write_only"] == ["TOKEN"]
    code = 'function handler() return { body = env.get("TOKEN") } end'
    await site.api.put(f"/api/functions/{function_id}", json={"code": code})
    assert (await site.api.get(f"/fn/{function_id}")).text == "another"


async def test_a_new_variable_can_be_made_write_only(site):
    function_id = await opened(site)
    ours = card(site, TITLE)
    await expect(ours.get_by_text("No variables")).to_be_visible()
    await ours.get_by_role("button", name="Add variable").click()
    await ours.get_by_label("Name").fill("KEY")
    await ours.get_by_label("Value of KEY").fill("hidden")
    await ours.get_by_label("Secret").check()

    await save(site)

    found = await variables(site, function_id)
    assert found == {"env_vars": {"KEY": "[REDACTED]"}, "write_only": ["KEY"]}


async def test_a_name_that_the_server_would_refuse_is_told(site):
    await opened(site)
    ours = card(site, TITLE)
    await ours.get_by_role("button", name="Add variable").click()
    await ours.get_by_label("Name").fill("NOT-A-NAME")
    await ours.get_by_label("Value of NOT-A-NAME").fill("x")

    await expect(ours.get_by_role("alert")).to_contain_text("English alphabet, digits and _")
    await ours.get_by_role("button", name="Save").click()

    await expect(ours.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    await expect(ours.get_by_label("Value of NOT-A-NAME")).to_have_value("x")


async def test_imported_variables_can_be_secret_and_come_from_a_file(site):
    function_id = await with_variables(site)
    await card(site, TITLE).get_by_role("button", name="Import .env").click()
    dialog = site.page.get_by_role("dialog")
    file = {"name": "prod.env", "mimeType": "text/plain", "buffer": b"MODE=slow\nDB_KEY=k1\n"}
    await dialog.locator("input[type=file]").set_input_files([file])
    await expect(dialog.get_by_text("1 of them replaces what is there")).to_be_visible()
    await dialog.get_by_label("All of them are secret").check()
    await dialog.get_by_role("button", name="Take 2 variables").click()

    await save(site)

    assert (await variables(site, function_id))["write_only"] == ["DB_KEY", "MODE", "TOKEN"]


async def test_a_file_of_variables_is_taken_in_and_given_out(site):
    function_id = await with_variables(site)
    await site.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ours = card(site, TITLE)
    await ours.get_by_role("button", name="Import .env").click()
    dialog = site.page.get_by_role("dialog")
    text = "# a comment\nexport MODE=\"two\\nlines\"\nPLAIN=a b # why\nQUOTED='$x'\nnot a line\n"
    await dialog.get_by_label("Lines such as NAME=value").fill(text)
    await expect(dialog.get_by_role("alert")).to_contain_text("5")
    await dialog.get_by_role("button", name="Take 3 variables").click()
    await save(site)

    found = (await variables(site, function_id))["env_vars"]
    assert found == {
        "MODE": "two\nlines",
        "TOKEN": "[REDACTED]",
        "PLAIN": "a b",
        "QUOTED": "$x",
    }
    await expect(ours.get_by_text("4 variables")).to_be_visible()
    await ours.get_by_role("button", name="Copy as .env").click()
    await expect(site.page.get_by_text("Copied").first).to_be_visible()
    copied = await site.page.evaluate("navigator.clipboard.readText()")
    assert 'MODE="two\\nlines"\n' in copied and "# TOKEN is write-only\n" in copied
