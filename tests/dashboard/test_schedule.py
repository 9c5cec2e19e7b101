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


async def test_what_the_preview_refuses_is_said_at_its_field_and_not_sent(site):
    function_id = await opened(site)
    schedule = card(site, "Schedule")
    zone = schedule.get_by_label("Time zone")
    await schedule.get_by_label("Cron expression").fill("0 5 * * *")
    await zone.fill("Mars/Base")
    await expect(schedule.get_by_role("alert")).to_have_text("There is no time zone Mars/Base.")

    await schedule.get_by_role("button", name="Save").click()

    await expect(zone).to_be_focused()
    assert (await stored(site, function_id)).get("cron_schedule") in (None, "")


IN_WORDS = [
    ("* * * * *", "Every minute", "A cada minuto"),
    ("*/5 * * * *", "Every 5 minutes", "A cada 5 minutos"),
    ("0 * * * *", "Every hour", "A cada hora"),
    ("30 * * * *", "Every hour, at minute 30", "A cada hora, no minuto 30"),
    ("5,35 * * * *", "At minutes 5 and 35", "Nos minutos 5 e 35"),
    ("0 */2 * * *", "Every 2 hours", "A cada 2 horas"),
    ("0 0 * * *", "At 12:00 AM, every day", "Às 00:00, todo dia"),
    (
        "30 9 * * 1-5",
        "At 9:30 AM, Monday to Friday",
        "Às 09:30, segunda-feira a sexta-feira",
    ),
    ("0 9,17 * * *", "At 9:00 AM and 5:00 PM, every day", "Às 09:00 e 17:00, todo dia"),
    (
        "*/15 9-17 * * mon,fri",
        "Every 15 minutes, from 9:00 AM to 5:45 PM, on Monday and Friday",
        "A cada 15 minutos, das 09:00 às 17:45, segunda-feira e sexta-feira",
    ),
    (
        "0 8-20 * * *",
        "Every hour, from 8:00 AM to 8:00 PM, every day",
        "A cada hora, das 08:00 às 20:00, todo dia",
    ),
    ("0 0 1 * *", "At 12:00 AM, on day 1 of the month", "Às 00:00, no dia 1 do mês"),
    (
        "0 0 13 * 5",
        "At 12:00 AM, on day 13 of the month or on Friday",
        "Às 00:00, no dia 13 do mês ou sexta-feira",
    ),
    (
        "0 6 * jan,jul *",
        "At 6:00 AM, in January and July",
        "Às 06:00, em janeiro e julho",
    ),
    ("@weekly", "At 12:00 AM, on Sunday", "Às 00:00, domingo"),
    ("TZ=Asia/Tokyo 0 0 * * 7", "At 12:00 AM, on Sunday", "Às 00:00, domingo"),
    ("0 0 1-31 * 1", "At 12:00 AM, every day", "Às 00:00, todo dia"),
    ("99 * * * *", "", ""),
    ("every day", "", ""),
]


async def test_schedules_are_told_in_words_of_both_languages(site):
    await site.sign_in("/functions")

    found = await site.page.evaluate(
        """async (expressions) => {
          const { cronWords } = await import("/js/cron.js");
          const { locale } = await import("/js/preferences.js");
          const told = expressions.map((one) => [one, cronWords(one)]);
          locale.set("pt-BR");
          return told.map(([one, english]) => [one, english, cronWords(one)]);
        }""",
        [one for one, _, _ in IN_WORDS],
    )

    plain = [tuple(text.replace("\u202f", " ") for text in one) for one in found]
    assert plain == IN_WORDS


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
