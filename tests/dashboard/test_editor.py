"""What the editor does for whoever writes: offers, signatures, formatting, trials."""

import ast
import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import Locator, expect

from tests.dashboard.conftest import WAIT_MS, Site
from tests.dashboard.sample import GREETER
from tests.dashboard.test_code import active, button, editor, opened, write
from tests.dashboard.test_screens import wrong

PYTHON = "def handler(ctx, event):\n    return 1\n"
JAVASCRIPT = "export default () => 1;\n"
EMPTY = {
    "lua": "function handler() end\n",
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": JAVASCRIPT,
}


async def opened_in(site: Site, runtime: str) -> str:
    """Show an empty editor for a language; return the function's id."""
    if runtime not in (await site.api.get("/api/version")).json()["runtimes"]:
        pytest.skip(f"{runtime} is not installed")
    function_id = await opened(site, EMPTY[runtime], runtime=runtime)
    await write(site, "")
    return function_id


async def text_of(site: Site) -> str:
    """Return the text in the editor, also what is not drawn: it is kept as a draft."""
    drafts = "Object.entries(localStorage).filter(([key]) => key.startsWith('perilune-draft'))"
    return await site.page.evaluate(f"JSON.parse({drafts}[0]?.[1] ?? '{{}}').code ?? ''")


async def expect_text(site: Site, expected: str) -> None:
    """Wait until this is the text in the editor, which is kept a moment after it is written."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_MS / 1000):
            while await text_of(site) != expected:
                await site.page.evaluate("new Promise(requestAnimationFrame)")
    assert await text_of(site) == expected


def offers(site: Site) -> Locator:
    return site.page.locator(".cm-tooltip-autocomplete .cm-completionLabel")


def signature(site: Site) -> Locator:
    return site.page.get_by_role("status", name="Arguments of the call")


@pytest.mark.parametrize(
    ("runtime", "call", "arguments"),
    [
        ("lua", 'kv.set("a", ', ["key: string", "value: string", "options?: table"]),
        pytest.param(
            "javascript",
            'await kv.set("a", ',
            ["key: string", "value: string", "options?: table"],
            marks=pytest.mark.soak,
        ),
        pytest.param("typescript", "random.hex(", ["n: int"], marks=pytest.mark.soak),
        ("python", 'kv.set("a", ', ["key: string", "value: string", "options?: table"]),
    ],
)
async def test_a_call_says_what_belongs_into_it(site, runtime, call, arguments):
    await opened_in(site, runtime)

    await site.page.keyboard.type(call)

    await expect(signature(site).locator("code")).to_contain_text(f"({', '.join(arguments)})")
    here = 1 if call.endswith(", ") else 0
    await expect(signature(site).locator("strong")).to_have_text(arguments[here])
    await site.page.keyboard.type("1)")
    await expect(signature(site)).to_be_hidden()


async def test_a_signature_follows_the_cursor_and_is_asked_for_and_closed_by_keys(site):
    await opened_in(site, "lua")
    keys = site.page.keyboard
    await keys.type('strings["repeat"](strings.trim("a, (b"), ')
    await expect(signature(site).locator("strong")).to_have_text("n: int")

    for _ in range(3):
        await keys.press("ArrowLeft")
    await keys.press("ArrowLeft")
    await expect(signature(site).locator("code")).to_contain_text("strings.trim(")

    await keys.press("Escape")
    await expect(signature(site)).to_be_hidden()
    await keys.press("ControlOrMeta+Shift+Space")
    await expect(signature(site).locator("code")).to_contain_text("strings.trim(")


async def test_an_argument_given_by_its_name_is_the_one_that_is_marked(site):
    await opened_in(site, "python")

    await site.page.keyboard.type("kv.set(value=")

    await expect(signature(site).locator("strong")).to_have_text("value: string")


OFFERS = {
    "lua": {
        "event.": ["relativePath", "headers", "multiQuery"],
        "ctx.": ["executionId", "startedAt"],
        "string.": ["format", "gsub"],
        "local function greet(person)\n  return per": ["person"],
        "local function greet() end\ngre": ["greet"],
        "exa": ["example-counter", "example-webhook"],
    },
    "python": {
        "event.": ["relative_path", "headers", "multi_query"],
        "def greet(person):\n    return per": ["person"],
    },
    "javascript": {
        "ctx.": ["executionId", "requestId"],
        "function greet(person) {\n  return per": ["person"],
    },
}


@pytest.mark.parametrize(
    "runtime", ["lua", "python", pytest.param("javascript", marks=pytest.mark.soak)]
)
async def test_offers_are_of_the_place_and_the_language(site, runtime):
    await opened_in(site, runtime)

    for typed, expected in OFFERS[runtime].items():
        await write(site, "")
        await expect(offers(site)).to_have_count(0)
        await site.page.keyboard.type(typed)

        for one in expected:
            await expect(offers(site).get_by_text(one, exact=True)).to_be_visible()


async def test_members_of_the_event_are_only_that(site):
    await opened_in(site, "lua")
    await site.page.keyboard.type("event.")
    await expect(offers(site).first).to_be_visible()

    labels = await offers(site).all_inner_texts()

    assert {"method", "path", "body", "query"} <= set(labels)
    assert not {"handler", "log", "function", "event"} & set(labels)


async def test_texts_and_comments_offer_nothing(site):
    await opened_in(site, "lua")

    await site.page.keyboard.type("-- kv.")
    await site.page.keyboard.press("Enter")
    await site.page.keyboard.type('x = "log.')
    await site.page.keyboard.press("ControlOrMeta+Space")

    # What would be offered is there at once behind the text.
    await expect(offers(site)).to_have_count(0)
    await site.page.keyboard.press("End")
    await site.page.keyboard.type(" .. log.")
    await expect(offers(site).first).to_be_visible()


async def test_a_whole_example_is_inserted(site):
    await opened_in(site, "lua")
    await site.page.keyboard.type("example-coun")

    await offers(site).first.click()

    await expect(editor(site)).to_contain_text("kv.incr(")
    await expect(editor(site)).not_to_contain_text("example-")


UNFORMATTED = {
    "lua": (
        'function handler(ctx, event)\nlocal text = [[\n  kept  \n]]  \nif event.body == ""\n'
        "and ctx then\n      return { body = { \n1,\n} }\nend\nroutes.each(function()\n"
        'log.info(1)\nend)\n  return {\nbody = text ..\n"x",\n}\nend\n\n\n',
        'function handler(ctx, event)\n  local text = [[\n  kept  \n]]\n  if event.body == ""\n'
        "    and ctx then\n    return { body = {\n      1,\n    } }\n  end\n"
        "  routes.each(function()\n    log.info(1)\n  end)\n"
        '  return {\n    body = text ..\n      "x",\n  }\nend\n',
    ),
    "javascript": (
        "export default (event) => {\nconst text = `\n  kept  \n`;  \n  if (event.body) {\n"
        "      return {body: [\n1,\n]};\n}\nswitch (1) {\ncase 1: break;\n}\nreturn text;\n}",
        "export default (event) => {\n  const text = `\n  kept  \n`;\n  if (event.body) {\n"
        "    return {body: [\n      1,\n    ]};\n  }\n  switch (1) {\n    case 1: break;\n  }\n"
        "  return text;\n}\n",
    ),
    "typescript": (
        "type A = {\nb: string;\n};\nexport default (): A => {\nreturn { b: `x` };\n};\n",
        "type A = {\n  b: string;\n};\nexport default (): A => {\n  return { b: `x` };\n};\n",
    ),
    "python": (
        '# top\ndef handler(ctx, event):\n  text = """\n  kept  \n"""  \n  # why\n  if text:\n'
        "     return {\n      1: 2,\n  }\n  # after\n  return (text +\n          text)\n",
        '# top\ndef handler(ctx, event):\n    text = """\n  kept  \n"""\n    # why\n    if text:\n'
        "        return {\n         1: 2,\n     }\n    # after\n    return (text +\n"
        "            text)\n",
    ),
}


@pytest.mark.parametrize(
    "runtime", ["lua", "javascript", "python", pytest.param("typescript", marks=pytest.mark.soak)]
)
async def test_code_is_formatted_and_texts_are_left_alone(site, runtime):
    given, expected = UNFORMATTED[runtime]
    await opened_in(site, runtime)
    await write(site, given)

    await button(site, "Format").click()

    await expect(site.page.get_by_text("The code is formatted")).to_be_visible()
    await expect_text(site, expected)
    if runtime == "python":
        assert ast.dump(ast.parse(given)) == ast.dump(ast.parse(expected))
    # By key, a second time: nothing is left to do, and one step takes it back.
    await editor(site).press("Shift+Alt+f")
    assert await text_of(site) == expected
    await editor(site).press("ControlOrMeta+z")
    await expect_text(site, given)


async def test_code_without_structure_is_left_as_it_is(site):
    await opened_in(site, "python")
    broken = "if x:\n        a\n    b\n"
    await write(site, broken)

    await button(site, "Format").click()

    await expect(site.page.get_by_text("The structure of the code is unclear")).to_be_visible()
    assert await text_of(site) == broken


async def test_new_lines_of_lua_are_indented_once_for_brackets_of_one_line(site):
    await opened_in(site, "lua")
    keys = site.page.keyboard

    await keys.type("each(function()")
    await keys.press("Enter")
    await keys.type("log.info(1)")
    await keys.press("Enter")
    await keys.type("end")

    await expect_text(site, "each(function()\n  log.info(1)\nend)")


async def test_the_draft_is_run_without_being_saved(site):
    function_id = await opened(site)
    await write(site, 'function handler() log.info("tried") return { body = "draft" } end')

    await editor(site).press("ControlOrMeta+Enter")

    result = site.page.get_by_role("region", name="Result of the draft")
    await expect(result.get_by_text("200")).to_be_visible()
    await expect(result).to_contain_text("draft")
    await expect(result).to_contain_text("tried")
    assert (await active(site, function_id))[0] == 1
    await result.get_by_role("button", name="Close the result").click()
    await expect(result).to_be_hidden()


async def test_an_error_of_the_draft_leads_to_its_line(site):
    await opened(site)
    await write(site, "function handler()\n  local x\n  return x.y\nend\n")

    await button(site, "Run").click()

    result = site.page.get_by_role("region", name="Result of the draft")
    await expect(result).to_contain_text("attempt to index local 'x'")
    await result.get_by_role("button", name="Line 3").click()
    await expect(site.page.locator(".cm-activeLine")).to_contain_text("return x.y")
    assert await wrong(site) == []


async def test_the_draft_is_run_with_the_request_of_the_test_screen(site):
    function_id = await opened(site)
    request = {"method": "PUT", "path": "/a", "query": "b=1", "headers": [], "body": "c"}
    key = f"perilune-requests:{function_id}"
    keep = "([key, request]) => localStorage.setItem(key, JSON.stringify({ current: request }))"
    await site.page.evaluate(keep, [key, request])
    await site.page.reload()
    await editor(site).wait_for()
    await write(
        site,
        "function handler(ctx, e) return "
        "{ body = e.method .. e.relativePath .. e.query.b .. e.body } end",
    )

    await button(site, "Run").click()

    result = site.page.get_by_role("region", name="Result of the draft")
    await expect(result).to_contain_text("PUT/a1c")
    await expect(result).to_contain_text("PUT /a?b=1")


async def test_a_note_is_kept_with_the_version_that_is_saved(site):
    function_id = await opened(site)
    note = site.page.get_by_label("Note on this version")
    await expect(note).to_be_disabled()
    await write(site, "handler = print -- noted")

    await note.fill("first steps")
    await note.press("Enter")

    await expect(site.page.get_by_text("Saved as version 2")).to_be_visible()
    await expect(note).to_have_value("")
    listed = (await site.api.get(f"/api/functions/{function_id}/versions")).json()["versions"]
    assert [one.get("note") for one in listed] == ["first steps", None]


async def test_any_version_is_looked_at_and_restored(site):
    function_id = await site.create(GREETER)
    await site.api.put(f"/api/functions/{function_id}", json={"code": "-- second\n-- line\n"})
    await site.sign_in(f"/functions/{function_id}?version=1&line=2")
    source = site.page.get_by_role("textbox", name="Code of version 1")
    await expect(source).to_contain_text("Greets whoever calls it")
    await expect(site.page.locator(".cm-activeLine")).to_contain_text("function handler")
    await source.focus()
    await site.page.keyboard.type("nothing")
    await expect(source).not_to_contain_text("nothing")
    assert await wrong(site) == []

    await button(site, "Restore").click()
    await site.page.get_by_role("dialog").get_by_role("button", name="Restore").click()

    await expect(editor(site)).to_contain_text("Greets whoever calls it")
    await expect(site.page.locator(".screen-title").get_by_text("v3", exact=True)).to_be_visible()
    version, code = await active(site, function_id)
    assert (version, "Greets whoever calls it" in code) == (3, True)


async def test_changes_of_others_appear_when_the_window_gets_focus(site):
    function_id = await opened(site)
    change = f"/api/functions/{function_id}"
    await site.api.put(change, json={"code": "-- theirs"})
    await site.page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(editor(site)).to_have_text("-- theirs")
    await expect(site.page.get_by_text("Unsaved")).to_be_hidden()

    await write(site, "-- mine")
    await site.api.put(change, json={"code": "-- theirs again"})
    await site.page.evaluate("window.dispatchEvent(new Event('focus'))")

    note = site.page.get_by_text("This draft was based on version 2; version 3 is active now.")
    await expect(note).to_be_visible()
    await expect(editor(site)).to_have_text("-- mine")
    await button(site, "Save").click()
    await expect(site.page.get_by_role("dialog")).to_contain_text("Version 3 has become active")


@pytest.mark.parametrize("way", ["key", "margin"])
async def test_the_maximized_editor_is_left_by_escape_and_by_its_margin(site, way):
    await opened(site)
    await button(site, "Maximize the editor").click()
    scrim = site.page.locator(".workbench-scrim")
    await expect(scrim).to_be_visible()
    assert await site.page.evaluate("document.querySelector('header').inert")

    if way == "key":
        await editor(site).press("Escape")
    else:
        await site.page.mouse.click(4, 4)

    await expect(scrim).to_be_hidden()
    await site.page.wait_for_function("!document.querySelector('header').inert")


async def test_the_editor_speaks_the_language_of_the_page(site):
    await opened(site)
    await site.page.get_by_role("button", name="Switch language to Português").click()
    field = site.page.get_by_role("textbox", name="Código de quotes")
    await field.wait_for()

    await field.press("ControlOrMeta+f")

    await expect(
        site.page.locator(".cm-search").get_by_text("diferenciar maiúsculas")
    ).to_be_visible()
    await expect(site.page.get_by_text(re.compile("Linha 1, coluna 1"))).to_be_visible()


async def test_the_reference_has_what_handlers_get(site):
    await opened(site)
    await write(site, "")
    await site.page.get_by_label("Search the reference").fill("event.rel")

    await button(site, "Insert an example of event.relativePath").click()

    await expect(editor(site)).to_contain_text("event.relativePath")
    await site.page.get_by_label("Search the reference").fill("no such thing")
    await expect(site.page.get_by_text("Nothing of that name")).to_be_visible()
