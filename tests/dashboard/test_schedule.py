"""The schedule of a function: presets, what is coming, what has become of it."""

from playwright.async_api import expect

from tests.dashboard.test_settings import card, opened, save, stored

PRESETS = {
    "Every minute": "* * * * *",
    "Every 5 minutes": "*/5 * * * *",
    "Every 15 minutes": "*/15 * * * *",
    "Every hour": "0 * * * *",
    "Every day": "0 0 * * *",
    "Every week": "0 0 * * 0",
}


async def test_presets_fill_in_the_expression_and_show_the_next_runs(site):
    await opened(site)
    schedule = card(site, "Schedule")

    for name, expression in PRESETS.items():
        await schedule.get_by_role("button", name=name, exact=True).click()
        await expect(schedule.get_by_label("Cron expression")).to_have_value(expression)
        pressed = schedule.get_by_role("button", name=name, exact=True)
        await expect(pressed).to_have_attribute("aria-pressed", "true")

    await expect(schedule.locator(".next-runs li")).to_have_count(5)


async def test_the_preview_follows_the_expression_and_the_zone(site):
    await opened(site)
    schedule = card(site, "Schedule")
    await schedule.get_by_label("Cron expression").fill("30 12 * * *")
    await schedule.get_by_label("Time zone").fill("Asia/Tokyo")
    await expect(schedule.get_by_text("Next runs (Asia/Tokyo)")).to_be_visible()
    await expect(schedule.locator(".next-runs li").first).to_contain_text("12:30")

    await schedule.get_by_label("Cron expression").fill("30 99 * * *")

    await expect(schedule.get_by_role("alert")).to_contain_text("99 in 99 is out of the range")
    await expect(schedule.locator(".next-runs")).to_be_hidden()


async def test_values_that_the_preview_refuses_are_shown_and_not_sent(site):
    function_id = await opened(site)
    schedule = card(site, "Schedule")
    zone = schedule.get_by_label("Time zone")
    await schedule.get_by_label("Cron expression").fill("0 5 * * *")
    await zone.fill("Mars/Base")
    await expect(schedule.get_by_role("alert")).to_have_text("There is no time zone Mars/Base.")

    await schedule.get_by_role("button", name="Save").click()

    await expect(zone).to_be_focused()
    assert (await stored(site, function_id)).get("cron_schedule") in (None, "")


async def test_the_words_are_shown_above_the_next_runs(site):
    await opened(site)
    schedule = card(site, "Schedule")

    await schedule.get_by_label("Cron expression").fill("30 9 * * 1-5")

    status = schedule.get_by_role("status")
    await expect(status).to_contain_text("Monday to Friday")
    await expect(schedule.locator(".next-runs li")).to_have_count(5)


async def test_a_schedule_is_activated_paused_and_removed(site):
    function_id = await opened(site)
    schedule = card(site, "Schedule")
    await schedule.get_by_label("Run on this schedule").check()
    await schedule.get_by_label("Cron expression").fill("0 5 * * *")
    await schedule.get_by_label("Time zone").fill("Europe/Berlin")
    await schedule.get_by_label("When the server was off").select_option("run_once")
    await schedule.get_by_label("When the last run goes on").select_option("allow")
    await save(site, "Schedule")
    now = await stored(site, function_id)
    assert (now["cron_schedule"], now["cron_status"]) == ("0 5 * * *", "active")
    assert now["cron_time_zone"] == "Europe/Berlin"
    assert (now["cron_missed"], now["cron_overlap"]) == ("run_once", "allow")
    await expect(card(site, "Due times")).to_contain_text("It was not due yet")

    await schedule.get_by_label("Run on this schedule").uncheck()
    await schedule.get_by_role("button", name="Save").click()
    await expect(schedule.get_by_text("Unsaved")).to_be_hidden()
    assert (await stored(site, function_id))["cron_status"] == "paused"

    await schedule.get_by_label("Cron expression").fill("")
    await schedule.get_by_role("button", name="Save").click()
    await expect(card(site, "Due times")).to_be_hidden()
    assert (await stored(site, function_id)).get("cron_schedule") in (None, "")


async def test_a_schedule_without_an_expression_is_refused_at_its_field(site):
    function_id = await opened(site)
    schedule = card(site, "Schedule")
    await schedule.get_by_label("Run on this schedule").check()

    await schedule.get_by_role("button", name="Save").click()

    await expect(schedule.locator(".field-error").first).to_be_visible()
    assert (await stored(site, function_id)).get("cron_status") != "active"
