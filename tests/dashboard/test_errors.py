"""Errors of the server are told in the person's language, by their code or by the rule."""

import pytest
from playwright.async_api import expect

from perilune.api import errors
from perilune.api.error_answer import ErrorAnswer
from perilune.errors import PeriluneError
from tests.dashboard.sample import GREETER
from tests.dashboard.test_texts import texts

BY_RULE = {"address_taken", "api_error", "invalid_request"}
"""Codes that say too little by themselves: the message names the rule."""


def codes() -> set[str]:
    """All codes that the management API answers with."""
    kinds: list[type[PeriluneError]] = [PeriluneError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    answers = [one for one in vars(errors).values() if isinstance(one, ErrorAnswer)]
    answers += [
        errors.management_failure(kind.__new__(kind))
        for kind in kinds
        if not issubclass(kind, errors.ApiError)
    ]
    own = {kind.code for kind in kinds if issubclass(kind, errors.ApiError)}
    return own | {one.code for one in answers}


def test_every_code_of_the_server_has_a_text():
    known = {key.removeprefix("error.") for key in texts("en") if key.startswith("error.")}

    assert len(codes()) > 30
    assert codes() - BY_RULE - known == set()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("en", "There is no such function (any more).", id="en"),
        pytest.param("pt-BR", "Esta função não existe (mais).", id="pt-BR"),
    ],
)
async def test_the_server_gives_its_code_to_the_dashboard(site, language, expected):
    await site.page.add_init_script(f"localStorage.setItem('lunar-locale', '{language}')")
    await site.create(GREETER)
    await site.open("/login")
    await site.page.locator("input").fill("0123456789abcdef-dashboard")
    await site.page.keyboard.press("Enter")
    await site.page.locator(".topnav").wait_for()

    await site.open("/functions/unknown/settings")

    await expect(site.page.get_by_role("alert").get_by_text(expected)).to_be_visible()
