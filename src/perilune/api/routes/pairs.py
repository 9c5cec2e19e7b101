"""Routes of the key-value pairs of functions."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Query, Request, Response

from perilune.api.body import decode_body
from perilune.api.errors import InvalidRequest, PairNotFound
from perilune.api.replies import json_answer
from perilune.api.routes.shapes import Pair, PairList
from perilune.api.routes.table import RouteTable
from perilune.api.rules.lists import Limit, page_params
from perilune.api.scopes import Scope
from perilune.api.subjects.pairs import PairBody, Pairs
from perilune.store import FunctionNotFound

_EVERY = "/api/functions/{function_id}/kv"
_ONE = "/api/functions/{function_id}/kv/{key:path}"
_TAG = "Functions"

Prefix = Annotated[str, Query(description="What the keys begin with.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the part before.")]


def add_pair_routes(routes: RouteTable, pairs: Pairs) -> None:
    """Add what shows and changes pairs."""
    _add_reading(routes, pairs)
    _add_changing(routes, pairs)


def _add_reading(routes: RouteTable, pairs: Pairs) -> None:
    async def list_pairs(
        function_id: str, prefix: Prefix = "", cursor: Cursor = None, limit: Limit = None
    ) -> Response:
        most = page_params(limit, None).limit
        return json_answer(await pairs.page(function_id, prefix, cursor, most))

    async def get_pair(function_id: str, request: Request) -> Response:
        return json_answer(await pairs.get(function_id, _key(request)))

    routes.add(
        "GET",
        _EVERY,
        list_pairs,
        "listPairs",
        _TAG,
        scope=Scope.READ,
        summary="List a function's key-value pairs",
        answer=PairList,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "GET",
        _ONE,
        get_pair,
        "getPair",
        _TAG,
        scope=Scope.READ,
        summary="Show a key-value pair",
        answer=Pair,
        errors=(FunctionNotFound, PairNotFound),
    )


def _add_changing(routes: RouteTable, pairs: Pairs) -> None:
    async def put_pair(function_id: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), PairBody)
        return json_answer(await pairs.put(function_id, _key(request), wanted))

    async def delete_pair(function_id: str, request: Request) -> Response:
        await pairs.delete(function_id, _key(request))
        return Response(status_code=204)

    routes.add(
        "PUT",
        _ONE,
        put_pair,
        "putPair",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Write a key-value pair",
        body=PairBody,
        answer=Pair,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "DELETE",
        _ONE,
        delete_pair,
        "deletePair",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Delete a key-value pair",
        status=204,
        errors=(FunctionNotFound,),
    )


def _key(request: Request) -> bytes:
    """Return the key that the path ends with: bytes, so from before it was taken for text."""
    raw: bytes = request.scope["raw_path"]
    # Escapes first, as the path was before it chose this route: a slash may be one of them.
    return unquote_to_bytes(raw).split(b"/", 5)[5]
