"""What all sealed values have in common: opening them, and sealing them again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.database.statements import load_statements
from perilune.store.errors import SecretUnreadable
from perilune.vault import Sealed, Vault, VaultError

ENV_VARS = "env_vars"
SIGNING_SECRETS = "signing_secrets"
CHUNK_ROWS = 200
"""Sealed again in one transaction; other writes wait for some milliseconds meanwhile."""

Overwriting = Callable[[Connection], AbstractContextManager[None]]
"""Lets nothing remain, in unused parts of the database, of what the block replaces."""

_SQL = load_statements("secrets")


def opened(vault: Vault, sealed: Sealed, table: str, function_id: str, name: str) -> str:
    """Return a stored value.  Raises `SecretUnreadable`, which tells where it is, not what."""
    try:
        return vault.open(sealed, table, function_id, name)
    except VaultError as error:
        raise SecretUnreadable(f"{table}: {name} of {function_id}: {error}") from error


class Secrets:
    """All sealed values of the store; the methods are those of `SecretRows`."""

    def __init__(self, access: Access, vault: Vault, overwriting: Overwriting) -> None:
        """Use *access* and *vault*; values are replaced within *overwriting*."""
        self._access = access
        self._vault = vault
        self._overwriting = overwriting

    async def key_ids(self) -> set[str]:
        """See `SecretRows.key_ids`."""

        def read(connection: Connection) -> set[str]:
            return {key_id for (key_id,) in connection.execute(_SQL["key_ids"])}

        return await self._access.read(read)

    async def unknown_key_ids(self) -> set[str]:
        """See `SecretRows.unknown_key_ids`."""
        return {key_id for key_id in await self.key_ids() if not self._vault.knows(key_id)}

    async def reseal(self) -> int:
        """See `SecretRows.reseal`."""
        total = 0
        for table in (ENV_VARS, SIGNING_SECRETS):
            while done := await self._access.write(Work(partial(self._reseal_some, table))):
                total += done
        return total

    def _reseal_some(self, table: str, connection: Connection) -> int:
        stale = (self._vault.primary(), CHUNK_ROWS)
        rows = connection.execute(_SQL[f"stale_{table}"], stale).fetchall()
        with self._overwriting(connection):
            for function_id, name, text, key_id in rows:
                value = opened(self._vault, Sealed(text, key_id), table, function_id, name)
                sealed = self._vault.seal(value, table, function_id, name)
                connection.execute(_SQL[f"reseal_{table}"], (function_id, name, *sealed))
        return len(rows)
