"""Routes of the secrets that signatures of calls are checked with."""

from typing import Annotated

import msgspec
from fastapi import Request, Response

from perilune.api.body import decode_body
from perilune.api.errors import InvalidRequest
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.signing import MAX_SECRET_CHARS, MIN_SECRET_CHARS, Signing
from perilune.store import (
    FunctionNotFound,
    SigningSecret,
    SigningSecretNotFound,
    TooManySigningSecrets,
)

_ALL = "/api/functions/{function_id}/signing-secrets"
_ONE = _ALL + "/{secret_id}"
_TAG = "Functions"

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


class SigningSecretList(msgspec.Struct, frozen=True, kw_only=True):
    """A function's secrets, oldest first."""

    signing_secrets: list[SigningSecret]


def add_signing_routes(routes: RouteTable, signing: Signing) -> None:
    """Add what makes, lists and removes signing secrets."""

    async def list_secrets(function_id: str) -> Response:
        return json_answer(await signing.all(function_id))

    async def create_secret(function_id: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), SigningSecretBody)
        return json_answer(await signing.create(function_id, wanted.value))

    async def delete_secret(function_id: str, secret_id: str) -> Response:
        await signing.delete(function_id, secret_id)
        return Response(status_code=204)

    routes.add(
        "GET",
        _ALL,
        list_secrets,
        "listSigningSecrets",
        _TAG,
        scope=Scope.READ,
        summary="List a function's signing secrets without their values",
        answer=SigningSecretList,
        errors=(FunctionNotFound,),
    )
    routes.add(
        "POST",
        _ALL,
        create_secret,
        "createSigningSecret",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Add a signing secret; the answer is the only place where it is shown",
        body=SigningSecretBody,
        answer=NewSigningSecret,
        errors=(InvalidRequest, FunctionNotFound, TooManySigningSecrets),
    )
    routes.add(
        "DELETE",
        _ONE,
        delete_secret,
        "deleteSigningSecret",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Remove a signing secret",
        status=204,
        errors=(FunctionNotFound, SigningSecretNotFound),
    )
