"""The management key: read, refused or generated, and never shown."""

import logging
import stat

import pytest

from perilune.api.access.keys import KEY_FILE, ApiKey, KeyHolder, UnusableKeyError, load_api_key

KEY = "0123456789abcdef"


def test_a_new_key_is_written_privately_and_found_again(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    created = load_api_key("", tmp_path)
    found = load_api_key("", tmp_path)

    assert created.is_new and not found.is_new
    assert found.value == created.value
    assert len(created.value) == 64 and set(created.value) <= set("0123456789abcdef")
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]
    assert created.value not in caplog.text and created.value not in repr(created)


def test_a_configured_key_wins_and_writes_no_file(tmp_path):
    key = load_api_key(f" {KEY}\n", tmp_path)

    assert key == ApiKey(KEY, None)
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_stripped(tmp_path):
    (tmp_path / KEY_FILE).write_text(f"  {KEY}\r\n")

    assert load_api_key("", tmp_path).value == KEY


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="blank"),
        pytest.param("short", id="short"),
        pytest.param("0123456789abcde\u00e9", id="not ascii"),
        pytest.param("01234567 89abcdef", id="blank inside"),
        pytest.param("0123456789\n0123456789", id="two lines"),
    ],
)
def test_unusable_keys_are_refused_and_kept_as_they_are(tmp_path, text):
    file = tmp_path / KEY_FILE
    file.write_text(text)

    with pytest.raises(UnusableKeyError) as caught:
        load_api_key("", tmp_path)

    assert str(file) in str(caught.value)
    assert file.read_text() == text
    if text.strip():
        assert text not in str(caught.value)


def test_an_unreadable_file_is_an_error_not_a_new_key(tmp_path):
    (tmp_path / KEY_FILE).mkdir()

    with pytest.raises(UnusableKeyError, match="can't read"):
        load_api_key("", tmp_path)


def test_a_file_others_can_read_is_warned_about(tmp_path, caplog):
    file = tmp_path / KEY_FILE
    file.write_text(KEY)
    file.chmod(0o644)

    load_api_key("", tmp_path)

    assert "can be read by others" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("candidate", [b"", b"x"])
def test_empty_input_is_never_the_key(candidate):
    assert not KeyHolder(ApiKey("", None)).is_key(candidate)
