"""Keys from the configuration and from a file."""

import pytest

from perilune.vault import (
    KeyFile,
    SecretKey,
    UnusableSecretKeyError,
    new_secret_key,
    parse_secret_keys,
)

ONE, TWO = "00" * 32, "ab" * 32


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param(ONE, [ONE], id="one"),
        pytest.param(f" {TWO.upper()}\n", [TWO], id="capitals and blanks"),
        pytest.param(f"{TWO},{ONE}", [TWO, ONE], id="commas"),
        pytest.param(f"{TWO}\n{ONE}\n", [TWO, ONE], id="lines"),
        pytest.param(f"{TWO},{TWO}", [TWO], id="the same twice"),
    ],
)
def test_keys_are_read_in_order(text, keys):
    assert [key.hex() for key in parse_secret_keys(text, "X")] == keys


@pytest.mark.parametrize("text", ["", " , ", "s3cret", ONE[1:], ONE + "0", f"{ONE},x", "é" * 64])
def test_anything_else_is_refused_without_being_repeated(text):
    with pytest.raises(UnusableSecretKeyError) as caught:
        parse_secret_keys(text, "PERILUNE_SECRET_KEY")

    assert str(caught.value) == (
        "PERILUNE_SECRET_KEY must hold keys of 64 hexadecimal digits, such as"
        " `openssl rand -hex 32` prints"
    )


def test_a_key_file_is_private_and_read_back(tmp_path):
    path = tmp_path / "secret_key.txt"
    key = new_secret_key()

    made = KeyFile(path).change(lambda present: present or (key,))

    assert made == (key,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.hex() for one in KeyFile(path).read()] == [key.hex()]
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key.txt"]


def test_a_second_first_key_does_not_replace_the_first(tmp_path):
    """Two programs that start at once agree on one key."""
    ours, theirs = KeyFile(tmp_path / "k"), KeyFile(tmp_path / "k")
    first, second = new_secret_key(), new_secret_key()

    assert ours.change(lambda present: present or (first,)) == (first,)
    assert theirs.change(lambda present: present or (second,)) == (first,)


def test_changes_of_the_file_are_seen_once(tmp_path):
    path = tmp_path / "k"
    reader, writer = KeyFile(path), KeyFile(path)
    old, new = SecretKey(bytes(32)), new_secret_key()
    writer.change(lambda _: (old,))

    assert reader.read() == (old,)
    assert reader.read_again() is None
    writer.change(lambda present: (new, *present))
    assert reader.read_again() == (new, old)
    assert reader.read_again() is None


@pytest.mark.parametrize("damage", ["", "nonsense"])
def test_a_file_that_is_damaged_later_changes_nothing(tmp_path, damage):
    path = tmp_path / "k"
    file = KeyFile(path)
    file.change(lambda _: (new_secret_key(),))

    path.write_text(damage)

    assert file.read_again() is None
    with pytest.raises(UnusableSecretKeyError, match=r"the secret key file .*/k must hold"):
        KeyFile(path).read()
    path.unlink()
    assert file.read_again() is None


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UnusableSecretKeyError, match="can't write the secret key file"):
        KeyFile(tmp_path / "missing" / "k").change(lambda _: (new_secret_key(),))
    with pytest.raises(UnusableSecretKeyError, match="can't read the secret key file"):
        KeyFile(tmp_path / "file" / "k").read()


def test_a_file_that_others_can_read_is_reported(tmp_path, caplog):
    path = tmp_path / "k"
    path.write_text(ONE)
    path.chmod(0o644)

    KeyFile(path).read()

    assert "chmod 600" in caplog.text
    assert ONE not in caplog.text
