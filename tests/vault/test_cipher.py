"""Single values: encrypted, bound to their place, and readable after a rotation."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.vault import (
    PLAIN,
    KeyRing,
    Sealed,
    SecretKey,
    UnreadableSecretError,
    new_secret_key,
)

OLD, NEW = SecretKey(bytes(32)), SecretKey(bytes(range(32)))
PLACE = ("env_vars", "f_ours", "TOKEN")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_comes_back_as_it_was(value):
    ring = KeyRing([NEW])

    sealed = ring.seal(value, *PLACE)

    assert ring.open(sealed, *PLACE) == value
    assert sealed.key_id == NEW.key_id


def test_stored_values_are_encrypted():
    ring = KeyRing([NEW])

    first, second = ring.seal("hunter2hunter2", *PLACE), ring.seal("hunter2hunter2", *PLACE)

    assert first.text != second.text
    assert b"hunter" not in base64.b64decode(first.text)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(("env_vars", "f_theirs", "TOKEN"), id="another function"),
        pytest.param(("env_vars", "f_ours", "OTHER"), id="another name"),
        pytest.param(("signing_secrets", "f_ours", "TOKEN"), id="another table"),
    ],
)
def test_a_value_moved_elsewhere_cannot_be_read_there(place):
    ring = KeyRing([NEW])
    sealed = ring.seal("s3cret", *PLACE)

    with pytest.raises(UnreadableSecretError) as caught:
        ring.open(sealed, *place)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_a_changed_value_is_refused(position):
    ring = KeyRing([NEW])
    stored = bytearray(base64.b64decode(ring.seal("s3cret", *PLACE).text))
    stored[position] ^= 1

    with pytest.raises(UnreadableSecretError):
        ring.open(Sealed(base64.b64encode(bytes(stored)).decode(), NEW.key_id), *PLACE)


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", "é"])
def test_nonsense_is_refused(text):
    with pytest.raises(UnreadableSecretError):
        KeyRing([NEW]).open(Sealed(text, NEW.key_id), *PLACE)


def test_the_first_key_encrypts_and_all_decrypt():
    before = KeyRing([OLD]).seal("s3cret", *PLACE)
    ring = KeyRing([NEW, OLD])

    assert ring.open(before, *PLACE) == "s3cret"
    assert ring.seal("s3cret", *PLACE).key_id == ring.primary() == NEW.key_id
    assert ring.knows(OLD.key_id) and not KeyRing([NEW]).knows(OLD.key_id)


def test_a_value_whose_key_is_missing_names_the_key():
    sealed = KeyRing([OLD]).seal("s3cret", *PLACE)

    for vault in (KeyRing([NEW]), PLAIN):
        with pytest.raises(UnreadableSecretError, match=OLD.key_id):
            vault.open(sealed, *PLACE)


def test_values_from_before_there_was_a_key_can_be_read():
    assert KeyRing([NEW]).open(PLAIN.seal("plain", *PLACE), *PLACE) == "plain"


def test_a_ring_learns_of_new_keys():
    """A key that appears while the ring is in use encrypts at once; nothing becomes unreadable."""
    keys = [OLD]
    ring = KeyRing([OLD], lambda: keys)
    before = ring.seal("one", *PLACE)
    elsewhere = KeyRing([NEW]).seal("two", *PLACE)

    keys = [NEW, OLD]

    assert ring.open(elsewhere, *PLACE) == "two"
    assert ring.seal("three", *PLACE).key_id == NEW.key_id
    assert ring.open(before, *PLACE) == "one"


def test_a_key_is_not_shown():
    key = new_secret_key()

    assert key.hex() not in repr(key) and key.hex() not in str([key])
    assert len(key.hex()) == 64
    assert new_secret_key() != key
    with pytest.raises(ValueError, match="32 bytes"):
        SecretKey(b"short")
