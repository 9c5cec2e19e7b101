"""How each provider is asked and how its answer is read.  No I/O: `ChatClient` carries it out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from perilune.services.ai.types import AIError, ChatRequest, Usage
from perilune.services.http import Request

EXCERPT_CHARS = 200
"""How much of an answer that can't be understood is shown in the error."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a model said."""

    content: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class ProviderFailure:
    """Why there is no answer of a model."""

    message: str
    provider_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider's place and dialect."""

    name: str
    error_prefix: str
    key_variable: str
    """Environment variable of the function."""
    endpoint_variable: str
    """Environment variable of the function."""
    default_endpoint: str
    path: str
    headers: Callable[[str], dict[str, str]]
    """Takes the key."""
    body: Callable[[ChatRequest], dict[str, Any]]
    answer: type["_OpenAIAnswer | _AnthropicAnswer"]


def build_request(provider: Provider, chat: ChatRequest, *, key: str, endpoint: str) -> Request:
    """Return the HTTP request for a chat.

    Redirects are not followed: the key is for this endpoint only.

    Raises:
        AIError: a member of the chat can't be sent, or the endpoint can't be a URL.
    """
    try:
        # The body is part of the record, so its form does not depend on the order of members.
        body = json.dumps(
            provider.body(chat),
            ensure_ascii=False,
            allow_nan=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        body.encode()
    except ValueError as error:
        raise AIError(f"failed to marshal request: {error}") from error
    try:
        base = urlsplit(endpoint)
    except ValueError as error:
        raise AIError("failed to build request: the endpoint is not a URL") from error
    return Request(
        # A query of the endpoint (an API version, say) stays behind the path.
        url=base._replace(path=base.path.rstrip("/") + provider.path).geturl(),
        headers={"Content-Type": "application/json", **provider.headers(key)},
        body=body,
        follow_redirects=False,
    )


def read_answer(
    provider: Provider, status: int, text: str
) -> ProviderAnswer | ProviderFailure | None:
    """Return what the provider's response says; None if it is `unreadable`."""
    try:
        answer = msgspec.json.decode(text, type=provider.answer)
    except (msgspec.DecodeError, RecursionError):
        return None
    error = answer.error
    if error is not None:
        if isinstance(error, str):
            error = _Error(message=error)
        code = error.code or error.type
        message = error.message or f"HTTP {status}: {code or 'no message'}"
        return ProviderFailure(
            f"{provider.error_prefix}: {message}", None if code is None else str(code)
        )
    if not 200 <= status <= 299:
        return None
    return answer.read() or ProviderFailure(f"no response from {provider.name}")


def unreadable(status: int, text: str) -> ProviderFailure:
    """Return the failure for a response that is neither an answer nor the provider's error."""
    if 300 <= status <= 399:
        excerpt = "redirects are not followed"
    else:
        excerpt = " ".join(text[: 2 * EXCERPT_CHARS].split())[:EXCERPT_CHARS] or "no text"
    return ProviderFailure(f"failed to parse response: HTTP {status}: {excerpt}")


class _Error(msgspec.Struct):
    message: str | None = None
    type: str | None = None
    code: str | int | None = None


class _OpenAIMessage(msgspec.Struct):
    content: str | None = None


class _OpenAIChoice(msgspec.Struct):
    message: _OpenAIMessage = msgspec.field(default_factory=_OpenAIMessage)


class _OpenAIUsage(msgspec.Struct):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


class _OpenAIAnswer(msgspec.Struct):
    """https://platform.openai.com/docs/api-reference/chat/object."""

    model: str | None = None
    choices: list[_OpenAIChoice] | None = None
    usage: _OpenAIUsage | None = None
    error: _Error | str | None = None

    def read(self) -> ProviderAnswer | None:
        """Return the first choice, if there is one."""
        if not self.choices:
            return None
        usage = self.usage or _OpenAIUsage()
        return ProviderAnswer(
            self.choices[0].message.content or "",
            self.model or "",
            Usage(usage.prompt_tokens, usage.completion_tokens),
        )


class _AnthropicBlock(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _AnthropicUsage(msgspec.Struct):
    input_tokens: _Count = 0
    output_tokens: _Count = 0


class _AnthropicAnswer(msgspec.Struct):
    """https://docs.anthropic.com/en/api/messages."""

    model: str | None = None
    content: list[_AnthropicBlock] | None = None
    usage: _AnthropicUsage | None = None
    error: _Error | str | None = None

    def read(self) -> ProviderAnswer | None:
        """Return the text of all blocks, if there are any."""
        if not self.content:
            return None
        usage = self.usage or _AnthropicUsage()
        return ProviderAnswer(
            "".join(block.text or "" for block in self.content if block.type == "text"),
            self.model or "",
            Usage(usage.input_tokens, usage.output_tokens),
        )


def _openai_headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _openai_body(chat: ChatRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": chat.model,
        "messages": [{"role": one.role, "content": one.content} for one in chat.messages],
    }
    if chat.max_tokens:
        body["max_tokens"] = chat.max_tokens
    if chat.temperature is not None:
        body["temperature"] = chat.temperature
    return body


def _anthropic_headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


def _anthropic_body(chat: ChatRequest) -> dict[str, Any]:
    system = [one.content for one in chat.messages if one.role == "system"]
    body: dict[str, Any] = {
        "model": chat.model,
        "max_tokens": chat.max_tokens,
        "messages": [
            {"role": one.role, "content": one.content}
            for one in chat.messages
            if one.role != "system"
        ],
    }
    if system:
        body["system"] = "\n\n".join(system)
    if chat.temperature is not None:
        body["temperature"] = chat.temperature
    return body


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "openai": Provider(
            name="OpenAI",
            error_prefix="OpenAI API error",
            key_variable="OPENAI_API_KEY",
            endpoint_variable="OPENAI_ENDPOINT",
            default_endpoint="https://api.openai.com/v1",
            path="/chat/completions",
            headers=_openai_headers,
            body=_openai_body,
            answer=_OpenAIAnswer,
        ),
        "anthropic": Provider(
            name="Anthropic",
            error_prefix="anthropic API error",
            key_variable="ANTHROPIC_API_KEY",
            endpoint_variable="ANTHROPIC_ENDPOINT",
            default_endpoint="https://api.anthropic.com",
            path="/v1/messages",
            headers=_anthropic_headers,
            body=_anthropic_body,
            answer=_AnthropicAnswer,
        ),
    }
)
