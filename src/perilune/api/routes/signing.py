"""Routes of the secrets that signatures of calls are checked with."""

from functools import partial
from typing import Annotated

import msgspec

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.signing import MAX_SECRET_CHARS, MIN_SECRET_CHARS, Signing
from perilune.api.routes.route import Route
from perilune.api.scopes import TokenScope
from perilune.store import (
    FunctionNotFound,
    SigningSecret,
    SigningSecretNotFound,
    TooManySigningSecrets,
)

_ALL = "/api/functions/{function_id}/signing-secrets"

_change = partial(Route, tag="Functions", scope=TokenScope.DEPLOY)

_Value = Annotated[
    str,
    msgspec.Meta(extra_json_schema={"minLength": MIN_SECRET_CHARS, "maxLength": MAX_SECRET_CHARS}),
]


class SigningSecretBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body that adds a secret."""

    value: _Value | None = None
    """The secret that the sender has given; without it, a random one is made."""


class NewSigningSecret(SigningSecret, frozen=True, kw_only=True):
    """A secret, this once with its value."""

    value: str


class SigningSecretsBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body that replaces all secrets."""

    values: list[_Value]
    dry_run: bool = False
    """Only tell how many would be added and removed."""


class ReplacedSigningSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """A function's secrets, oldest first, and what has become of the others."""

    signing_secrets: list[SigningSecret]
    added: int
    removed: int


class SigningSecretList(msgspec.Struct, frozen=True, kw_only=True):
    """A function's secrets, oldest first."""

    signing_secrets: list[SigningSecret]


def signing_routes(signing: Signing) -> list[Route]:
    """Return what makes, lists and removes signing secrets."""

    async def create_secret(function_id: str, body: SigningSecretBody) -> Json:
        return await signing.create(function_id, body.value)

    async def replace_secrets(function_id: str, body: SigningSecretsBody) -> Json:
        return await signing.replace(function_id, body.values, is_dry_run=body.dry_run)

    return [
        Route(
            "GET",
            _ALL,
            signing.all,
            "listSigningSecrets",
            "List a function's signing secrets without their values",
            tag="Functions",
            scope=TokenScope.READ,
            answer=SigningSecretList,
            errors=(FunctionNotFound,),
        ),
        _change(
            "POST",
            _ALL,
            create_secret,
            "createSigningSecret",
            "Add a signing secret; the answer is the only place where it is shown",
            body=SigningSecretBody,
            answer=NewSigningSecret,
            errors=(InvalidRequest, FunctionNotFound, TooManySigningSecrets),
        ),
        _change(
            "PUT",
            _ALL,
            replace_secrets,
            "replaceSigningSecrets",
            "Make these the signing secrets; those that are there already stay as they are",
            body=SigningSecretsBody,
            answer=ReplacedSigningSecrets,
            errors=(InvalidRequest, FunctionNotFound, TooManySigningSecrets),
        ),
        _change(
            "DELETE",
            _ALL + "/{secret_id}",
            signing.delete,
            "deleteSigningSecret",
            "Remove a signing secret",
            errors=(FunctionNotFound, SigningSecretNotFound),
        ),
    ]
