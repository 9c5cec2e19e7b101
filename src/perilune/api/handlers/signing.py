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
from perilune.store import DB, Function, to_json

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
            _check(value)
        with failing_as("Failed to create signing secret"):
            function = await self._db.get_function(function_id)
            secret = new_signing_secret() if value is None else value
            _check_scheme(function, secret)
            made = await self._rows.add(function_id, new_id(), secret)
        return to_json(made) | {"value": secret}

    async def delete(self, function_id: str, secret_id: str) -> None:
        """Remove a secret; what was signed with it is refused from now on.

        Raises:
            SigningSecretNotFound: the function has no such secret.
        """
        with failing_as("Failed to delete signing secret"):
            await self._db.get_function(function_id)
            await self._rows.delete(function_id, secret_id)


def _check(value: str) -> None:
    if not MIN_SECRET_CHARS <= len(value) <= MAX_SECRET_CHARS:
        raise InvalidRequest(
            f"value: value must have from {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} characters"
        )
    if not value.isprintable():
        raise InvalidRequest("value: value cannot contain control characters")


def _check_scheme(function: Function, value: str) -> None:
    """Refuse a secret that the function's scheme could never use, if it has one already."""
    scheme = function.signature_scheme
    if scheme is None and function.access != "signature":
        return
    if not can_sign(scheme or DEFAULT_SIGNATURE_SCHEME, value):
        least, most = STANDARD_KEY_BYTES
        raise InvalidRequest(
            f"value: value must be {STANDARD_PREFIX} and base64 of {least} to {most} bytes"
        )
