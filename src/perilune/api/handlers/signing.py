"""The secrets that signatures of calls are checked with, as the management API sees them."""

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json, failing_as
from perilune.api.signatures import (
    STANDARD_KEY_BYTES,
    STANDARD_PREFIX,
    can_sign,
    new_signing_secret,
)
from perilune.function_settings import DEFAULT_SIGNATURE_SCHEME
from perilune.ids import new_id
from perilune.store import DB, to_json

MIN_SECRET_CHARS = 16
MAX_SECRET_CHARS = 500


class Signing:
    """Makes, lists and removes signing secrets.  Raises as `Functions` does.

    Several are in force at a time, so that one can be replaced without losing a call.
    """

    def __init__(self, db: DB) -> None:
        self._db = db
        self._rows = db.signing_secrets

    async def all(self, function_id: str) -> Json:
        """Return a function's secrets, oldest first; never their values."""
        with failing_as("Failed to list signing secrets"):
            await self._db.get_function(function_id)
            found = await self._rows.list(function_id)
        return {"signing_secrets": [to_json(one) for one in found]}

    async def create(self, function_id: str, value: str | None) -> Json:
        """Store *value*, or a random one; it is in the answer, and nowhere else ever again.

        Raises:
            InvalidRequest: *value* can't be a secret.
            TooManySigningSecrets: the function has as many as it may have.
        """
        if value is not None:
            check_secret(value)
        with failing_as("Failed to create signing secret"):
            function = await self._db.get_function(function_id)
            secret = new_signing_secret() if value is None else value
            check_scheme(function.access, function.signature_scheme, secret)
            made = await self._rows.add(function_id, new_id(), secret)
        return to_json(made) | {"value": secret}

    async def replace(self, function_id: str, values: list[str], *, is_dry_run: bool) -> Json:
        """Make *values* all secrets there are; those that are there already stay as they are.

        Returns:
            The secrets, and how many were added and removed; in a dry run, how many would be,
            whether or not they can be secrets.

        Raises:
            InvalidRequest: one of them can't be a secret.
            TooManySigningSecrets: a function may not have as many.
        """
        with failing_as("Failed to replace signing secrets"):
            async with self._db.transaction() as transaction:
                function = await transaction.get_function(function_id)
                rows = transaction.signing_secrets
                present = await rows.list(function_id)
                known = await rows.values(function_id)
                gone = [
                    one.id for one, value in zip(present, known, strict=True) if value not in values
                ]
                new = [value for value in dict.fromkeys(values) if value not in known]
                if not is_dry_run:
                    for value in new:
                        check_secret(value)
                        check_scheme(function.access, function.signature_scheme, value)
                    for secret_id in gone:
                        await rows.delete(function_id, secret_id)
                    for value in new:
                        await rows.add(function_id, new_id(), value)
                    present = await rows.list(function_id)
        return {
            "signing_secrets": [to_json(one) for one in present],
            "added": len(new),
            "removed": len(gone),
        }

    async def delete(self, function_id: str, secret_id: str) -> None:
        """Remove a secret; what was signed with it is refused from now on.

        Raises:
            SigningSecretNotFound: the function has no such secret.
        """
        with failing_as("Failed to delete signing secret"):
            await self._db.get_function(function_id)
            await self._rows.delete(function_id, secret_id)


def check_secret(value: str) -> None:
    """Raise `InvalidRequest` for what can't be a secret, whatever the scheme."""
    if not MIN_SECRET_CHARS <= len(value) <= MAX_SECRET_CHARS:
        raise InvalidRequest(
            f"value: value must have from {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} characters"
        )
    if not value.isprintable():
        raise InvalidRequest("value: value cannot contain control characters")


def check_scheme(access: object, scheme: object, value: str) -> None:
    """Refuse a secret that a function's scheme could never use, if it has one already.

    Raises:
        InvalidRequest: it could not.
    """
    if scheme is None and access != "signature":
        return
    if not can_sign(str(scheme or DEFAULT_SIGNATURE_SCHEME), value):
        least, most = STANDARD_KEY_BYTES
        raise InvalidRequest(
            f"value: value must be {STANDARD_PREFIX} and base64 of {least} to {most} bytes"
        )
