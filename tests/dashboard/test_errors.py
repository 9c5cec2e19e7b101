"""Errors of the server are told in the person's language, by their code or by the rule."""

import pytest
from playwright.async_api import expect

from perilune.api import errors
from perilune.api.error_answer import ErrorAnswer
from perilune.errors import PeriluneError
from tests.dashboard.conftest import Site
from tests.dashboard.sample import GREETER
from tests.dashboard.test_texts import texts

BY_RULE = {"api_error", "invalid_request"}
"""Codes that say nothing by themselves: the message names the rule."""

RULES = [
    ("name: name cannot be empty", "não pode ficar vazio"),
    ("name: name cannot be longer than 100 characters", "No máximo 100 caracteres"),
    ("name: name cannot contain control characters", "caracteres de controle"),
    ("code: code cannot be longer than 1048576 bytes", "No máximo 1.048.576 bytes"),
    ("memory_mb: memory_mb must be between 16 and 128", "inteiro de 16 a 128"),
    ("expires_in: expires_in must be from 1 to 315360000 seconds", "inteiro de 1 a 315.360.000"),
    ("runtime: runtime must be one of: [lua python]", "Um destes: lua python"),
    ("scopes: at least one is needed of: [read deploy]", "Um destes: read deploy"),
    ("cron_time_zone: unknown time zone Mars/Base", "fuso horário Mars/Base"),
    ("cron_status: cron_status active needs a cron_schedule", "não pode rodar sozinha"),
    ("cron_schedule: invalid cron expression: schedule never fires", "nunca acontece"),
    (
        "cron_schedule: invalid cron expression: expected exactly 5 fields, found 2: [1 2]",
        "aqui há 2",
    ),
    (
        "cron_schedule: invalid cron expression: end of range (99) above maximum (23): 99",
        "99 em 99 está fora",
    ),
    ("env_var_key: environment variable key cannot be empty", "não pode ficar vazio"),
    (
        "env_var_key: environment variable key can only contain letters, numbers, and underscores",
        "letras sem acento",
    ),
    ("env_vars: cannot have more than 100 environment variables", "No máximo 100 variáveis"),
    ("value: value must have from 16 to 512 characters", "De 16 a 512 caracteres"),
    ("value: value must be whsec_ and base64 of 24 to 64 bytes", "base64 de 24 a 64 bytes"),
    ("value: value is not base64", "não é base64"),
    ("ttl: ttl must be a positive number of seconds", "mais do que zero"),
    (
        "KV error: key is too long: 600 bytes, at most 512 are allowed (limit max_key_bytes)",
        "pode ter 512 bytes",
    ),
    (
        "KV error: value is too large: 9 bytes, at most 4 are allowed (limit max_value_bytes)",
        "No máximo 4 bytes",
    ),
    (
        "KV error: the function's data would pass its quota of 100 bytes (limit x)",
        "podem ter 100 bytes ao todo",
    ),
    ("name: another token has this name", "já tem este nome"),
    ("something that no rule knows", "something that no rule knows"),
]


async def said(site: Site, status: int, message: str, code: str) -> str:
    """What the dashboard says to such an error."""
    return await site.page.evaluate(
        """async ([status, message, code]) => {
          const { ApiError } = await import("/js/api.js");
          const { fieldError } = await import("/js/errors.js");
          return fieldError(new ApiError(status, message, null, code));
        }""",
        [status, message, code],
    )


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


async def test_errors_are_told_in_the_language_of_the_person(site):
    await site.sign_in("/functions")
    await site.page.get_by_role("button", name="Switch language to Português").click()
    await site.page.get_by_role("heading", name="Funções", exact=True).wait_for()

    for message, expected in RULES:
        text = await said(site, 400, message, "invalid_request")
        assert expected in text, message

    told = await said(site, 404, "Function not found", "function_not_found")
    assert told == "Esta função não existe (mais)."
    assert "não responde" in await said(site, 0, "Failed to fetch", "")


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
