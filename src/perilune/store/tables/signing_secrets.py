"""Rows of the secrets that signatures of calls are checked with; the values are sealed."""

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Statement, Work
from perilune.store.database.statements import load_statements
from perilune.store.errors import SigningSecretNotFound, TooManySigningSecrets
from perilune.store.records import SigningSecret
from perilune.store.tables.functions import touch_function
from perilune.store.tables.secrets import SIGNING_SECRETS, opened
from perilune.vault import Sealed, Vault

MAX_SIGNING_SECRETS = 10
"""Of one function; each is tried for each call."""

_SQL = load_statements("signing_secrets")


class SigningSecretStore:
    """Signing secrets; the methods are those of `SigningSecretRows`."""

    def __init__(self, access: Access, clock: WallClock, vault: Vault) -> None:
        """Use *access*; *clock* gives the time of creation, *vault* seals the values."""
        self._access = access
        self._clock = clock
        self._vault = vault

    async def add(self, function_id: str, secret_id: str, value: str) -> SigningSecret:
        """See `SigningSecretRows.add`."""
        now = int(self._clock())

        def write(connection: Connection) -> None:
            touch_function(connection, function_id, now)
            (count,) = connection.execute(_SQL["count_secrets"], (function_id,)).fetchone()
            if count >= MAX_SIGNING_SECRETS:
                raise TooManySigningSecrets(MAX_SIGNING_SECRETS)
            sealed = self._vault.seal(value, SIGNING_SECRETS, function_id, secret_id)
            connection.execute(_SQL["add_secret"], (function_id, secret_id, *sealed, now))

        await self._access.write(Work(write, invalidates=function_id))
        return SigningSecret(id=secret_id, function_id=function_id, created_at=now)

    async def list(self, function_id: str) -> list[SigningSecret]:
        """See `SigningSecretRows.list`."""

        def read(connection: Connection) -> list[SigningSecret]:
            rows = connection.execute(_SQL["list_secrets"], (function_id,))
            return [
                SigningSecret(id=secret_id, function_id=owner, created_at=created_at)
                for secret_id, owner, created_at in rows
            ]

        return await self._access.read(read)

    async def values(self, function_id: str) -> tuple[str, ...]:
        """See `SigningSecretRows.values`."""

        def read(connection: Connection) -> tuple[str, ...]:
            rows = connection.execute(_SQL["secret_values"], (function_id,)).fetchall()
            return tuple(
                opened(self._vault, Sealed(text, key_id), SIGNING_SECRETS, function_id, secret_id)
                for secret_id, text, key_id in rows
            )

        return await self._access.look_up(read)

    async def delete(self, function_id: str, secret_id: str) -> None:
        """See `SigningSecretRows.delete`."""
        await self._access.write(
            Statement(_SQL["delete_secret"], (function_id, secret_id), SigningSecretNotFound)
        )
