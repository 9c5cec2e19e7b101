"""Trying functions from the management API: drafts, and what came in before.

Both are executions like any other, recorded under a version of the function, and both answer
with what one would otherwise collect from several places.
"""

import base64
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote_to_bytes, urlencode, urlsplit

import msgspec

from perilune.api.calls.events import MAPPED_IPV4, SecretHolder, hide_credentials, parse_query
from perilune.api.errors import InvalidRequest, NotReplayable
from perilune.api.failures import Json, failing_as, log_line
from perilune.api.headers import RequestNames, canonical, parse_headers
from perilune.api.rules.versions import checked_code
from perilune.engine import EVENT_TRUNCATED, Engine, ExecutionRequest, ExecutionResult
from perilune.events import HTTPEvent
from perilune.masking import REDACTED
from perilune.services.logger import Logger
from perilune.store import DB, Execution, ExecutionTrigger, StoreUnavailable

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TRIGGERS = ("http", "cron")
MAX_LOG_LINES = 1000
"""Lines in one answer; the rest is read where the execution is shown."""

_LOST = "\ufffd"
"""Stands in stored texts for bytes that are not UTF-8."""
_UNSENDABLE = frozenset("\r\n\0")


class TrialEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The request that a function is tried with."""

    method: str = "GET"
    path: str = "/"
    """Below the function's own path, with or without a query."""
    headers: dict[str, str | list[str]] = {}
    query: dict[str, str | list[str]] = {}
    body: str = ""
    is_base64_encoded: bool = False
    """Whether `body` is base64 of what is meant."""
    trigger: str = "http"
    """`cron` is an event as the scheduler makes it, with the headers that only it can set."""


class TrialBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to try."""

    code: str | None = None
    """A draft; without it, the active version is run."""
    event: TrialEvent = TrialEvent()


class Trials:
    """Runs drafts and stored events.

    Methods raise the store's not-found errors, `EngineError` when nothing was executed, and
    `OperationFailed` when the store itself fails.
    """

    def __init__(
        self, db: DB, engine: Engine, logs: Logger, *, secret: SecretHolder, base_url: str
    ) -> None:
        self._db = db
        self._engine = engine
        self._logs = logs
        self._secret = secret
        self._base_url = base_url
        self._names = RequestNames()

    async def test(self, function_id: str, trial: TrialBody, client: str) -> Json:
        """Run a draft, or the active version, also of a function that is disabled.

        Args:
            function_id: the function.
            trial: the draft and the event.
            client: the address that the function sees.

        Raises:
            InvalidRequest: the event is none that could come in.
        """
        code = None if trial.code is None else checked_code(trial.code)
        event = self._event(function_id, trial.event, client)
        return await self._execute(
            ExecutionRequest(
                function_id=function_id,
                event=event,
                trigger=ExecutionTrigger.TEST,
                base_url=self._base_url,
                code=code,
            )
        )

    async def replay(self, execution_id: str, version: int | None) -> Json:
        """Run what an earlier execution received, with the active version or another one.

        Masked values stay masked, and the answer says where they are; so it does where bytes
        that are not UTF-8 are not stored.

        Raises:
            NotReplayable: not all of the event is stored.
        """
        with failing_as("Failed to replay execution"):
            earlier = await self._db.get_execution(execution_id)
            version_id = ""
            if version is not None:
                version_id = (await self._db.get_version(earlier.function_id, version)).id
        event = _with_bytes(_stored_event(earlier))
        answer = await self._execute(
            ExecutionRequest(
                function_id=earlier.function_id,
                event=event,
                trigger=ExecutionTrigger.REPLAY,
                base_url=self._base_url,
                version_id=version_id,
            )
        )
        return answer | {"replayed": execution_id, "masked": list(_masked_places(event))}

    async def _execute(self, request: ExecutionRequest) -> Json:
        result = await self._engine.execute(request)
        if not result.recorded:
            raise StoreUnavailable("the outcome was not recorded in time")
        with failing_as("Failed to get execution"):
            record = await self._db.get_execution(result.execution_id)
            lines, total = await self._logs.entries_paginated(result.execution_id, MAX_LOG_LINES, 0)
        return _outcome(result, record) | {
            "logs": [log_line(one) for one in lines],
            "log_count": total,
        }

    def _event(self, function_id: str, wanted: TrialEvent, client: str) -> HTTPEvent:
        """Return the event that such a request would have become."""
        method = wanted.method.upper()
        if method not in METHODS:
            raise InvalidRequest(f"event.method: method must be one of: [{' '.join(METHODS)}]")
        path, _, in_path = wanted.path.partition("?")
        if not path.startswith("/"):
            raise InvalidRequest("event.path: path must start with /")
        body = _body(wanted)
        home = urlsplit(self._base_url)
        raw_headers = [(b"content-length", b"%d" % len(body))] if body else []
        raw_headers += _raw_headers(wanted.headers, {name for name, _ in raw_headers})
        headers, multi_headers = parse_headers(raw_headers, self._names)
        hide_credentials(headers, multi_headers, self._secret)
        query = "&".join(filter(None, (in_path, urlencode(wanted.query, doseq=True))))
        own = f"/fn/{function_id}"
        relative = unquote_to_bytes(path).decode("utf-8", "surrogateescape")
        if wanted.trigger not in TRIGGERS:
            raise InvalidRequest(f"event.trigger: trigger must be one of: [{' '.join(TRIGGERS)}]")
        # Characters that are invalid in an address are escaped, as clients do.
        raw_query = quote(query, safe="%&=+;/?:@!$'()*,~")
        values, multi_values = parse_query(raw_query.encode("ascii"))
        event = HTTPEvent(
            method=method,
            path=own + relative,
            relative_path=relative,
            headers=headers,
            body=body,
            query=values,
            multi_headers=multi_headers,
            multi_query=multi_values,
            raw_query=raw_query,
            host=home.netloc,
            scheme=home.scheme,
            remote_addr=client.removeprefix(MAPPED_IPV4),
            trigger="http",
        )
        return _scheduled(event, wanted.headers) if wanted.trigger == "cron" else event


def _scheduled(event: HTTPEvent, headers: Mapping[str, str | list[str]]) -> HTTPEvent:
    """Return the event as it is when the scheduler makes it."""
    own = {
        canonical(name): value
        for name, value in headers.items()
        if name.lower().startswith("x-cron-") and isinstance(value, str)
    }
    every = {**event.headers, "X-Trigger": "cron", **own}
    return msgspec.structs.replace(event, trigger="cron", headers=every)


def _body(wanted: TrialEvent) -> bytes:
    if not wanted.is_base64_encoded:
        return wanted.body.encode()
    try:
        return base64.b64decode(wanted.body, validate=True)
    except ValueError:
        raise InvalidRequest("event.body: body is not base64") from None


def _raw_headers(
    headers: Mapping[str, str | list[str]], own: set[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """Return headers as they would arrive; those the message itself needs can't be given."""
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            if _UNSENDABLE & {*name, *value}:
                raise InvalidRequest("event.headers: headers cannot contain line breaks")
            raw_name = name.lower().encode()
            if raw_name not in own:
                yield raw_name, value.encode()


def _outcome(result: ExecutionResult, record: Execution) -> Json:
    outcome: Json = {
        "execution_id": result.execution_id,
        "function_version_id": result.function_version_id,
        "status": result.status,
        "duration_ms": result.duration_ms,
    }
    if result.response is not None:
        outcome["response"] = result.response.to_json()
    if result.error is not None:
        outcome["error"] = {
            "kind": record.error_kind or "internal",
            "message": record.error_message or "",
        }
    return outcome


def _stored_event(execution: Execution) -> HTTPEvent:
    """Return what *execution* received, as far as it is stored."""
    if execution.event_json is None:
        raise NotReplayable("its event is not stored")
    try:
        event = HTTPEvent.from_json(execution.event_json)
    except ValueError:
        if EVENT_TRUNCATED.strip() in execution.event_json:
            raise NotReplayable("its body was too large to be stored whole") from None
        raise NotReplayable("its event is of another kind") from None
    if isinstance(event.body, str) and event.body.endswith(EVENT_TRUNCATED):
        raise NotReplayable("its body was too large to be stored whole")
    return event


def _with_bytes(event: HTTPEvent) -> HTTPEvent:
    """Return a stored event with those bytes that are no text where it has them escaped, too."""
    if event.raw_query and _LOST in repr(event.query) + repr(event.multi_query):
        query, several = parse_query(event.raw_query.encode())
        event = msgspec.structs.replace(event, query=query, multi_query=several)
    if event.raw_relative_path and _LOST in event.relative_path:
        raw = event.raw_relative_path.encode()
        relative = unquote_to_bytes(raw).decode("utf-8", "surrogateescape")
        path = event.path.removesuffix(event.relative_path) + relative
        event = msgspec.structs.replace(event, path=path, relative_path=relative)
    return event


def _masked_places(event: HTTPEvent) -> Iterator[str]:
    """Name the parts of a stored event that are not what came in."""
    for member, values in (("headers", event.headers), ("query", event.query)):
        for name, value in values.items():
            if REDACTED in value or _LOST in name + value:
                # A name of bytes could not be written as JSON.
                yield f"{member}.{name}".encode("utf-8", "surrogateescape").decode(
                    "utf-8", "replace"
                )
    if REDACTED in event.path or _LOST in event.path:
        yield "path"
    if isinstance(event.body, str) and REDACTED in event.body:
        yield "body"
