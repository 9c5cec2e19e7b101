"""Where the keys for secrets come from: the configuration, or a file of the data directory."""

import contextlib
import fcntl
import logging
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from perilune.errors import PeriluneError
from perilune.vault.cipher import KEY_BYTES, SecretKey

SECRET_KEY_FILE = "secret_key.txt"  # noqa: S105 - a name, not a secret

_HEX_KEY = re.compile(rf"[0-9A-Fa-f]{{{2 * KEY_BYTES}}}")
_SEPARATOR = re.compile(r"[\s,]+")

Decide = Callable[[tuple[SecretKey, ...]], Sequence[SecretKey]]
"""Makes the keys that are wanted from those that are there."""

_log = logging.getLogger(__name__)


class UnusableSecretKeyError(PeriluneError):
    """A key for secrets is missing or can't be used; the server must not start."""

    code = "unusable_secret_key"


def parse_secret_keys(text: str, source: str) -> tuple[SecretKey, ...]:
    """Return the keys in *text*, separated by commas or white space.

    Args:
        text: The keys, 64 hexadecimal digits each; the first one encrypts.
        source: Where they come from, for the error.

    Raises:
        UnusableSecretKeyError: There is none, or one is something else.
    """
    parts = [part for part in _SEPARATOR.split(text) if part]
    if not parts or not all(_HEX_KEY.fullmatch(part) for part in parts):
        raise UnusableSecretKeyError(
            f"{source} must hold keys of {2 * KEY_BYTES} hexadecimal digits, such as"
            f" `openssl rand -hex {KEY_BYTES}` prints"
        )
    keys = {part.lower(): SecretKey(bytes.fromhex(part)) for part in parts}
    return tuple(keys.values())


class KeyFile:
    """The file that holds the keys when none is configured: one per line, the first encrypts.

    Changes by another process are seen, which is how a running server learns of a new key.
    """

    def __init__(self, path: Path) -> None:
        """Use *path*; nothing is read yet."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> tuple[SecretKey, ...]:
        """Return the keys; none if there is no file.

        Raises:
            UnusableSecretKeyError: The file can't be read or holds something else.
        """
        try:
            with self._path.open(encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                text = file.read()
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as problem:
            raise UnusableSecretKeyError(
                f"can't read the secret key file {self._path}: {problem}"
            ) from problem
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) and self._seen is None:
            _log.warning(
                "the secret key file %s can be read by others; run: chmod 600 %s",
                self._path,
                self._path,
            )
        keys = parse_secret_keys(text, f"the secret key file {self._path}")
        self._seen = _mark(status)
        return keys

    def read_again(self) -> tuple[SecretKey, ...] | None:
        """Return the keys if the file has changed since it was read; None if it has not.

        A file that has vanished, or can't be understood now, changes nothing.
        """
        try:
            if _mark(self._path.stat()) == self._seen:
                return None
            return self.read() or None
        except (OSError, UnusableSecretKeyError):
            return None

    def change(self, decide: Decide) -> tuple[SecretKey, ...]:
        """Replace the keys by what *decide* makes of them; nobody else can change them meanwhile.

        Raises:
            UnusableSecretKeyError: The file can't be read or written; it is as it was.
        """
        try:
            with _locked(self._path.parent):
                present = self.read()
                wanted = tuple(decide(present))
                if wanted != present:
                    self._write(wanted)
        except OSError as problem:
            raise UnusableSecretKeyError(
                f"can't write the secret key file {self._path}: {problem}"
            ) from problem
        return wanted

    def _write(self, keys: Sequence[SecretKey]) -> None:
        """Replace the file: complete and private from the moment it has its name."""
        unfinished = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write("".join(f"{key.hex()}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        self._seen = _mark(self._path.stat())


def new_secret_key() -> SecretKey:
    """Return a new random key."""
    return SecretKey(secrets.token_bytes(KEY_BYTES))


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_ino, status.st_size


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing keys in *folder*; make a new file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        # Values depend on a new key at once.
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
