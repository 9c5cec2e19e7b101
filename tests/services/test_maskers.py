"""Which masker hides what an execution may not show."""

import pytest

from perilune.masking import DEFAULT_MASKER, REDACTED
from perilune.services.maskers import ExecutionMaskers
from perilune.store import StoreUnavailable

TEXT = "first-value second-value third-value"


async def shown(maskers: ExecutionMaskers, execution_id: str = "e_1") -> str:
    return (await maskers.of(execution_id)).text(TEXT)


@pytest.fixture
async def maskers(store):
    await store.env.set("f_ours", "A", "first-value", True)
    await store.env.set("f_ours", "B", "second-value")
    await store.env.set("f_theirs", "A", "third-value", True)
    maskers = ExecutionMaskers(DEFAULT_MASKER, store)
    maskers.functions["e_1"] = "f_ours"
    return maskers


async def test_write_only_values_of_the_own_function_are_hidden(maskers):
    assert await shown(maskers) == f"{REDACTED} second-value third-value"


async def test_what_changes_while_an_execution_runs_is_known_at_once(maskers, store):
    assert await shown(maskers) == f"{REDACTED} second-value third-value"

    await store.env.set("f_ours", "B", "second-value", True)
    await store.env.delete("f_ours", "A")

    assert await shown(maskers) == f"first-value {REDACTED} third-value"


async def test_executions_that_are_over_or_unknown_have_the_masker_of_all(maskers):
    del maskers.functions["e_1"]

    assert await maskers.of("e_1") is DEFAULT_MASKER
    assert await maskers.of("e_2") is DEFAULT_MASKER


async def test_without_the_values_everything_is_hidden(caplog):
    class Broken:
        is_broken = True

        async def write_only_values(self, function_id: str) -> tuple[str, ...]:
            if self.is_broken:
                raise StoreUnavailable("no disk")
            return ()

    values = Broken()
    maskers = ExecutionMaskers(DEFAULT_MASKER, values)
    maskers.functions["e_1"] = "f_ours"

    masker = await maskers.of("e_1")
    again = await maskers.of("e_1")
    values.is_broken = False
    later = await maskers.of("e_1")

    assert masker.text(TEXT) == masker.body(TEXT) == masker.base64_body(TEXT) == REDACTED
    assert masker.url(TEXT) == REDACTED and masker.may_hide("x")
    assert masker.headers({"X-A": TEXT}) == {"X-A": REDACTED}
    assert masker.multi_headers({"X-A": [TEXT]}) == {"X-A": [REDACTED]}
    assert again is masker and later is DEFAULT_MASKER
    assert caplog.text.count("no disk") == 1
