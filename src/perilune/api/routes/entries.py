"""Routes of the key-value pairs of functions."""

from functools import partial
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from perilune.api.errors import EntryNotFound, InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.entries import Entries, PairBody
from perilune.api.parameters import Group, Parameter, optional_text
from perilune.api.routes.route import Route
from perilune.api.routes.shapes import Pair, PairList
from perilune.api.rules.lists import LIMIT, page_params
from perilune.api.scopes import TokenScope
from perilune.store import FunctionNotFound

_EVERY = "/api/functions/{function_id}/kv"
_ONE = _EVERY + "/{key:path}"

_read = partial(Route, "GET", tag="Functions", scope=TokenScope.READ)
_change = partial(Route, tag="Functions", scope=TokenScope.DEPLOY)


def entry_routes(entries: Entries) -> list[Route]:
    """Return what shows and changes pairs."""

    async def get_entry(function_id: str, request: Request) -> Json:
        return await entries.get(function_id, _key(request))

    async def put_entry(function_id: str, request: Request, body: PairBody) -> Json:
        return await entries.put(function_id, _key(request), body)

    async def delete_entry(function_id: str, request: Request) -> None:
        await entries.delete(function_id, _key(request))

    return [
        _read(
            _EVERY,
            entries.page,
            "listPairs",
            "List a function's key-value pairs",
            parameters=(
                optional_text("prefix", "What the keys begin with."),
                Parameter("cursor", "`next_cursor` of the part before."),
                Group("limit", (LIMIT,), lambda limit: page_params(limit, None).limit),
            ),
            answer=PairList,
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _read(
            _ONE,
            get_entry,
            "getPair",
            "Show a key-value pair",
            answer=Pair,
            errors=(FunctionNotFound, EntryNotFound),
        ),
        _change(
            "PUT",
            _ONE,
            put_entry,
            "putPair",
            "Write a key-value pair",
            body=PairBody,
            answer=Pair,
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _change(
            "DELETE",
            _ONE,
            delete_entry,
            "deletePair",
            "Delete a key-value pair",
            errors=(FunctionNotFound,),
        ),
    ]


def _key(request: Request) -> bytes:
    """Return the key that the path ends with: bytes, so from before it was taken for text."""
    raw: bytes = request.scope["raw_path"]
    # Escapes first, as the path was before it chose this route: a slash may be one of them.
    return unquote_to_bytes(raw).split(b"/", 5)[5]
