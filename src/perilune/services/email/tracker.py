"""The record of every attempt to send an e-mail."""

from dataclasses import replace
from typing import cast

import msgspec

from perilune.clock import MonotonicClock, monotonic_clock
from perilune.masking import Masker
from perilune.services.email.types import (
    EmailClient,
    EmailError,
    EmailTracker,
    SendRequest,
    SendResponse,
    TrackedSendResult,
    TrackEmailRequest,
)
from perilune.services.tracking import StoreTracker, stored_text
from perilune.store import EmailRequest, EmailRequestStatus


class StoreEmailTracker(StoreTracker[TrackEmailRequest, EmailRequest]):
    """The tracker that ships: masked records in the store."""

    WHAT = "an e-mail"

    def _texts(self, request: TrackEmailRequest) -> tuple[str, ...]:
        return (
            request.from_,
            *request.to,
            request.subject,
            request.request_json,
            request.response_json or "",
            request.error_message or "",
        )

    def _row(self, mask: Masker, execution_id: str, request: TrackEmailRequest) -> EmailRequest:
        response_json, error_message = request.response_json, request.error_message
        return EmailRequest(
            id=self._new_id(),
            execution_id=execution_id,
            from_=stored_text(mask.text, request.from_),
            to=[stored_text(mask.text, address) for address in request.to],
            subject=stored_text(mask.text, request.subject),
            has_text=request.has_text,
            has_html=request.has_html,
            request_json=stored_text(mask.body, request.request_json),
            response_json=None if response_json is None else stored_text(mask.body, response_json),
            status=request.status,
            error_message=None if error_message is None else stored_text(mask.text, error_message),
            email_id=request.email_id,
            duration_ms=request.duration_ms,
            created_at=int(self._clock()),
        )


class TrackedEmailClient:
    """A client whose attempts are recorded with one execution, failed ones too."""

    def __init__(
        self,
        client: EmailClient,
        tracker: EmailTracker | None,
        execution_id: str,
        *,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        """Use *client*; without a *tracker* nothing is recorded."""
        self._client = client
        self._tracker = tracker
        self._execution_id = execution_id
        self._monotonic = monotonic

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Hand one e-mail to the provider.  Raises `EmailError`."""
        result = await self.send_with_tracking(function_id, request)
        if result.response is None:
            raise cast(Exception, result.error)
        return result.response

    async def send_with_tracking(self, function_id: str, request: SendRequest) -> TrackedSendResult:
        """Return the answer or the `EmailError`, and the record."""
        started = self._monotonic()
        try:
            response = await self._client.send(function_id, request)
        except EmailError as error:
            record = await self._track(request, started, error.request_json, str(error))
            return TrackedSendResult(track_data=record, error=error)
        except BaseException as error:
            # Cancelled, as a rule: the e-mail may have been sent all the same.
            await self._track(request, started, "", f"interrupted: {type(error).__name__}")
            raise
        record = await self._track(request, started, response.request_json, response)
        return TrackedSendResult(track_data=record, response=response)

    async def _track(
        self, request: SendRequest, started: float, request_json: str, outcome: SendResponse | str
    ) -> TrackEmailRequest:
        """Record the outcome: the answer, or the text of the error."""
        record = TrackEmailRequest(
            from_=request.from_,
            to=request.to,
            subject=request.subject,
            has_text=bool(request.text),
            has_html=bool(request.html),
            request_json=request_json,
            status=EmailRequestStatus.ERROR,
            duration_ms=int((self._monotonic() - started) * 1000),
        )
        if isinstance(outcome, SendResponse):
            record = replace(
                record,
                status=EmailRequestStatus.SUCCESS,
                response_json=msgspec.json.encode({"id": outcome.id}).decode(),
                email_id=outcome.id,
            )
        else:
            record = replace(record, error_message=outcome)
        if self._tracker is not None:
            await self._tracker.track(self._execution_id, record)
        return record
