"""The keys for secrets at rest: loaded, checked against the store, and replaced."""

import logging
from dataclasses import dataclass
from pathlib import Path

from perilune.store import Store
from perilune.vault import (
    Decide,
    KeyFile,
    KeyRing,
    SecretKey,
    UnusableSecretKeyError,
    new_secret_key,
    parse_secret_keys,
)

_log = logging.getLogger(__name__)


class SecretKeys:
    """The keys of one server: those that are configured, else those in its key file.

    Raises `UnusableSecretKeyError` if they can't be read.  A first key is made by `ensure`,
    when it is known that the store does not need another one; until then there is none.
    Configured keys are the operator's to change; what would change them does nothing.
    """

    def __init__(self, configured: str, path: Path) -> None:
        self._file = None if configured else KeyFile(path)
        if self._file is None:
            self.source = "PERILUNE_SECRET_KEY"
            self.ring = KeyRing(parse_secret_keys(configured, self.source))
        else:
            self.source = str(path)
            self.ring = KeyRing(self._file.read(), self._file.read_again)

    def ensure(self) -> None:
        """Make a first key, unless there is one already."""
        self._change(lambda present: present or (new_secret_key(),))

    def add(self) -> None:
        """Put a new key before the others, so that it encrypts, unless they are configured."""
        new = new_secret_key()
        self._change(lambda present: (new, *present))

    def drop_unused(self, needed: set[str]) -> tuple[str, ...]:
        """Forget the keys that are not *needed*, but never the first; return their names."""
        dropped: list[str] = []

        def decide(present: tuple[SecretKey, ...]) -> tuple[SecretKey, ...]:
            unused = [key for key in present[1:] if key.key_id not in needed]
            dropped.extend(key.key_id for key in unused)
            return tuple(key for key in present if key not in unused)

        self._change(decide)
        return tuple(dropped)

    def _change(self, decide: Decide) -> None:
        if self._file is not None:
            self.ring.use(self._file.change(decide))


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of the secrets of a store."""

    resealed: int
    """Values that were encrypted again."""
    dropped: tuple[str, ...] = ()
    """Names of the keys that were forgotten."""


async def unlock(store: Store, keys: SecretKeys) -> None:
    """Make sure that every secret of *store* can be read and is encrypted with the first key.

    Raises:
        UnusableSecretKeyError: A key is missing; store and key file are as they were.
    """
    await _check(store, keys)
    keys.ensure()
    resealed = await store.secrets.reseal()
    if resealed:
        _log.info("secrets encrypted with the first key: %d", resealed)


async def rotate(store: Store, keys: SecretKeys) -> Rotation:
    """Encrypt every secret with a new key, or with the first of the configured ones.

    Older keys stay, so whatever ends this halfway loses nothing, and calling it again goes on.
    """
    await _check(store, keys)
    keys.add()
    return Rotation(await store.secrets.reseal())


async def prune(store: Store, keys: SecretKeys) -> Rotation:
    """Encrypt with the first key what is not yet, then forget keys that nothing needs."""
    await _check(store, keys)
    keys.ensure()
    resealed = await store.secrets.reseal()
    return Rotation(resealed, keys.drop_unused(await store.secrets.key_ids()))


async def _check(store: Store, keys: SecretKeys) -> None:
    missing = sorted(await store.secrets.unknown_key_ids())
    if missing:
        raise UnusableSecretKeyError(
            f"the database holds secrets encrypted with the key {', '.join(missing)}, which is"
            f" not in {keys.source}; restore that key (several are possible, the first one"
            " encrypts)"
        )
