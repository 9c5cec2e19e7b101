"""Long texts are masked by another process, exactly as they would be here."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.masking import DEFAULT_MASKER, QUICK_CHARS, REDACTED, Masker
from perilune.masking.process import DistantMasker, MaskingProcess

LONG = "password=" + "x" * QUICK_CHARS
FILL = " password=y" * (QUICK_CHARS // 10)
MASKERS = {
    "default": DEFAULT_MASKER,
    "names": Masker(["customer-no"]),
    "values": DEFAULT_MASKER.hiding(("hunter2-hunter2", "naïve-\udcff-value")),
    "everything": DEFAULT_MASKER.hiding_all(),
}


@pytest.fixture(scope="module")
def process() -> Iterator[MaskingProcess]:
    with contextlib.closing(MaskingProcess()) as opened:
        yield opened


@pytest.mark.parametrize("masker", MASKERS.values(), ids=MASKERS)
@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        pytest.param("a b" + FILL, None, id="text"),
        pytest.param('{"customerNo":"4711","n":[1.50,1.50,"' + LONG + '"]}', None, id="json"),
        pytest.param(
            "a=1&customer-no=4711&" + LONG, "application/x-www-form-urlencoded", id="form"
        ),
        pytest.param("\udcff hunter2-hunter2 naïve-\udcff-value" + FILL, None, id="surrogates"),
        pytest.param("[" * 2000 + FILL, "application/json", id="nested"),
    ],
)
def test_another_process_masks_as_this_one(process, masker, text, content_type):
    distant = DistantMasker(masker, process)

    assert distant.body(text, content_type) == masker.body(text, content_type)
    assert distant.text(text) == masker.text(text)
    assert distant.body(text, content_type) != text


@given(st.text(st.characters(), max_size=200), st.sampled_from(sorted(MASKERS)))
@settings(max_examples=25)
def test_whatever_the_text_is(process, text, name):
    masker, text = MASKERS[name], text + FILL

    assert DistantMasker(masker, process).text(text) == masker.text(text)


def test_one_that_was_killed_is_replaced():
    with contextlib.closing(MaskingProcess()) as process:
        distant = DistantMasker(DEFAULT_MASKER, process)
        distant.text(LONG)
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        assert distant.text(LONG) == REDACTED
        assert process.pid not in (first, None)


def test_it_ends_with_its_owner_and_texts_are_masked_all_the_same():
    process = MaskingProcess()
    distant = DistantMasker(DEFAULT_MASKER, process)
    distant.text(LONG)
    pid = process.pid
    assert pid is not None

    process.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert distant.text(LONG) == REDACTED
    assert process.pid is None


def test_without_a_process_texts_are_masked_here_and_that_is_said_once(monkeypatch, caplog):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    distant = DistantMasker(DEFAULT_MASKER, MaskingProcess())

    assert [distant.text(LONG) for _ in range(2)] == [REDACTED] * 2
    assert caplog.text.count("masked in the server") == 1


def test_short_texts_start_nothing():
    process = MaskingProcess()

    assert DistantMasker(DEFAULT_MASKER, process).text("token=1234567890") == REDACTED
    assert process.pid is None
