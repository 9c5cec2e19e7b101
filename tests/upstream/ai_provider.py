"""Stand-ins for OpenAI and Anthropic: they say what they are told to and remember what they got."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.upstream import open_upstream

OPENAI_ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-small-2025",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": 'Hi <there> & "you"'},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}
ANTHROPIC_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [
        {"type": "text", "text": "Hello "},
        {"type": "thinking", "thinking": "hm", "text": "not said"},
        {"type": "text", "text": "second block"},
    ],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 15, "output_tokens": 8},
}
ANSWERS = {"/v1/chat/completions": OPENAI_ANSWER, "/v1/messages": ANTHROPIC_ANSWER}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer; a `body` that is no text is sent as JSON."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request."""

    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class AIProvider:
    """Gives the pages in `pages`, in turn, and after the last one good answers."""

    def __init__(self) -> None:
        self.url = ""
        self.pages: list[Page] = []
        self.received: list[Received] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.received.append(
            Received(
                method=request.method,
                path=request.path_qs,
                headers=dict(request.headers),
                text=await request.text(),
            )
        )
        await self.may_answer.wait()
        page = self.pages.pop(0) if self.pages else Page(body=ANSWERS[request.path])
        text = page.body if isinstance(page.body, str) else json.dumps(page.body)
        return web.Response(status=page.status, text=text, headers=page.headers)


@asynccontextmanager
async def open_ai_provider() -> AsyncIterator[AIProvider]:
    """Serve both providers on one free port; `url` is without a slash at its end."""
    provider = AIProvider()
    async with open_upstream(provider.answer) as provider.url:
        try:
            yield provider
        finally:
            provider.may_answer.set()
