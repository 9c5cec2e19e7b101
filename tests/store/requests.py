"""Requests to AI providers and e-mails to store; both tables are held to the same promises."""

import pytest

from perilune.store import AIRequest, EmailRequest, RequestStatus
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version


def ai_request(execution_id: str, **changes) -> AIRequest:
    return AIRequest(
        **{
            "id": fresh_id()[::-1],  # ids say nothing about the order
            "execution_id": execution_id,
            "provider": "openai",
            "model": "m",
            "endpoint": "https://example.net/v1/chat/completions",
            "request_json": "{}",
            "status": RequestStatus.SUCCESS,
            "duration_ms": 0,
            "created_at": NOW,
            **changes,
        }
    )


def email_request(execution_id: str, **changes) -> EmailRequest:
    return EmailRequest(
        **{
            "id": fresh_id()[::-1],
            "execution_id": execution_id,
            "from_": "a@example.net",
            "to": ["b@example.net"],
            "subject": "hi",
            "has_text": True,
            "has_html": False,
            "request_json": "{}",
            "status": RequestStatus.SUCCESS,
            "duration_ms": 0,
            "created_at": NOW,
            **changes,
        }
    )


class Kind:
    """One of the two tables, so that both are held to the same promises."""

    def __init__(self, make, part: str) -> None:
        self.make = make
        self._part = part

    def of(self, store):
        return getattr(store, self._part)


KINDS = [
    pytest.param(Kind(ai_request, "ai_requests"), id="ai"),
    pytest.param(Kind(email_request, "email_requests"), id="email"),
]


both = pytest.mark.parametrize("kind", KINDS)


async def barrier(store):
    """Return when everything submitted so far is committed."""
    await some_function(store)


async def some_execution(store) -> str:
    return (await store.create_execution(execution_of(await some_version(store)))).id
