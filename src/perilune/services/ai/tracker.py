"""The record of every attempt to reach a model."""

from functools import cached_property
from typing import cast

from perilune.clock import MonotonicClock, monotonic_clock
from perilune.masking import Masker
from perilune.services.ai.types import (
    AIClient,
    AIError,
    AITracker,
    ChatRequest,
    ChatResponse,
    TrackAIRequest,
    TrackedChatResult,
)
from perilune.services.tracking import StoreTracker, stored_text
from perilune.store import AIRequest, AIRequestStatus

MAX_COUNTED = 200
"""Pairs of model and direction whose tokens are counted by themselves, not as `OTHER`."""
MAX_NAME_CHARS = 100
OTHER = "other"


class StoreAITracker(StoreTracker[TrackAIRequest, AIRequest]):
    """The tracker that ships: masked records in the store."""

    WHAT = "an AI request"

    @cached_property
    def tokens(self) -> dict[tuple[str, str, str], int]:
        """Tokens by provider, model and direction (`input`, `output`), since the start."""
        return {}

    def _count(self, provider: str, model: str, direction: str, tokens: int | None) -> None:
        if not tokens:
            return
        key = (provider[:MAX_NAME_CHARS], model[:MAX_NAME_CHARS], direction)
        if key not in self.tokens and len(self.tokens) >= MAX_COUNTED:
            # Functions choose the names, so there is no end to them.
            key = (OTHER, OTHER, direction)
        self.tokens[key] = self.tokens.get(key, 0) + tokens

    def _texts(self, request: TrackAIRequest) -> tuple[str, ...]:
        return (
            request.provider,
            request.model,
            request.endpoint,
            request.request_json,
            request.response_json or "",
            request.error_message or "",
        )

    def _append(self, row: AIRequest) -> bool:
        self._count(row.provider, row.model, "input", row.input_tokens)
        self._count(row.provider, row.model, "output", row.output_tokens)
        return super()._append(row)

    def _row(self, mask: Masker, execution_id: str, request: TrackAIRequest) -> AIRequest:
        response_json, error_message = request.response_json, request.error_message
        return AIRequest(
            id=self._new_id(),
            execution_id=execution_id,
            provider=stored_text(mask.text, request.provider),
            model=stored_text(mask.text, request.model),
            endpoint=stored_text(mask.url, request.endpoint),
            request_json=stored_text(mask.body, request.request_json),
            response_json=None if response_json is None else stored_text(mask.body, response_json),
            status=request.status,
            error_message=None if error_message is None else stored_text(mask.text, error_message),
            input_tokens=request.input_tokens,
            output_tokens=request.output_tokens,
            duration_ms=request.duration_ms,
            created_at=int(self._clock()),
        )


class TrackedAIClient:
    """A client whose attempts are recorded with one execution, failed ones too."""

    def __init__(
        self,
        client: AIClient,
        tracker: AITracker | None,
        execution_id: str,
        *,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        """Use *client*; without a *tracker* nothing is recorded."""
        self._client = client
        self._tracker = tracker
        self._execution_id = execution_id
        self._monotonic = monotonic

    async def chat(self, function_id: str, request: ChatRequest) -> ChatResponse:
        """Return the model's answer.  Raises `AIError`."""
        result = await self.chat_with_tracking(function_id, request)
        if result.response is None:
            raise cast(Exception, result.error)
        return result.response

    async def chat_with_tracking(self, function_id: str, request: ChatRequest) -> TrackedChatResult:
        """Return the answer or the `AIError`, and the record."""
        started = self._monotonic()
        try:
            response = await self._client.chat(function_id, request)
        except AIError as error:
            record = await self._track(request, started, error.partial, str(error))
            return TrackedChatResult(track_data=record, error=error)
        except BaseException as error:
            # Cancelled, as a rule: the provider may charge for it all the same.
            await self._track(request, started, None, f"interrupted: {type(error).__name__}")
            raise
        record = await self._track(request, started, response, None)
        return TrackedChatResult(track_data=record, response=response)

    async def _track(
        self,
        request: ChatRequest,
        started: float,
        exchanged: ChatResponse | None,
        error_message: str | None,
    ) -> TrackAIRequest:
        exchanged = exchanged or ChatResponse()
        failed = error_message is not None
        record = TrackAIRequest(
            provider=request.provider,
            model=request.model,
            endpoint=exchanged.endpoint,
            request_json=exchanged.request_json,
            response_json=exchanged.response_json or None,
            status=AIRequestStatus.ERROR if failed else AIRequestStatus.SUCCESS,
            error_message=error_message,
            input_tokens=None if failed else exchanged.usage.input_tokens,
            output_tokens=None if failed else exchanged.usage.output_tokens,
            duration_ms=int((self._monotonic() - started) * 1000),
        )
        if self._tracker is not None:
            await self._tracker.track(self._execution_id, record)
        return record
