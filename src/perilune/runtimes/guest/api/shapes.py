"""The types behind the guest API, for languages that have some: results, options, structures.

A type is written as text: `string`, `int`, `number`, `boolean`, `any`,
`bytes`, `nothing`, the name of one of `STRUCTURES`, `list<T>` or `map<T>`; `T?` may be
missing.  Names are in camelCase or snake_case, as guests in Lua write them.
"""

from collections.abc import Mapping
from types import MappingProxyType

Members = Mapping[str, str]

_HTTP_OPTIONS: Members = {
    "headers": "map<string>?",
    "query": "map<any>?",
    "timeout": "number?",
    "followRedirects": "boolean?",
    "maxBytes": "int?",
}
_HTTP_BODY_OPTIONS: Members = {
    **_HTTP_OPTIONS,
    "body": "string?",
    "json": "any?",
    "form": "map<any>?",
}

STRUCTURES: Mapping[str, Members] = MappingProxyType(
    {
        "KvItem": {"key": "string", "value": "string"},
        "KvPage": {"items": "list<KvItem>", "cursor": "string?"},
        "HttpResponse": {
            "statusCode": "int",
            "headers": "map<string>",
            "multiHeaders": "map<list<string>>",
            "body": "string",
            "url": "string",
        },
        "ChatMessage": {"role": "string", "content": "string"},
        "ChatUsage": {"input_tokens": "int", "output_tokens": "int"},
        "ChatAnswer": {"content": "string", "model": "string", "usage": "ChatUsage"},
        "SentEmail": {"id": "string"},
        "EmailTag": {"name": "string", "value": "string?"},
        "EmailAttachment": {"filename": "string", "content": "string", "content_type": "string?"},
        "UrlParts": {
            "scheme": "string?",
            "host": "string?",
            "path": "string?",
            "fragment": "string?",
            "query": "map<any>?",
            "username": "string?",
            "password": "string?",
        },
        "FormFile": {
            "name": "string",
            "filename": "string",
            "contentType": "string",
            "body": "bytes",
        },
        "FormData": {
            "fields": "map<string>",
            "multiFields": "map<list<string>>",
            "files": "list<FormFile>",
        },
    }
)
"""Structures by name, each with its members."""

OPTIONS: Mapping[str, Members] = MappingProxyType(
    {
        "kv.set": {"ttl": "number?"},
        "http.get": _HTTP_OPTIONS,
        "http.head": _HTTP_OPTIONS,
        "http.post": _HTTP_BODY_OPTIONS,
        "http.put": _HTTP_BODY_OPTIONS,
        "http.patch": _HTTP_BODY_OPTIONS,
        "http.delete": _HTTP_BODY_OPTIONS,
        "http.request": _HTTP_BODY_OPTIONS,
        "json.encode": {"pretty": "boolean?", "escape_html": "boolean?"},
        "json.decode": {"null": "boolean?"},
        "router.path": {"strict": "boolean?"},
        "router.url": {"strict": "boolean?"},
        "cookies.build": {
            "path": "string?",
            "domain": "string?",
            "maxAge": "number?",
            "expires": "number?",
            "secure": "boolean?",
            "httpOnly": "boolean?",
            "sameSite": "string?",
        },
        "ai.chat": {
            "provider": "string",
            "model": "string",
            "messages": "list<ChatMessage>",
            "max_tokens": "int?",
            "temperature": "number?",
            "endpoint": "string?",
        },
        "email.send": {
            "from": "string?",
            "to": "any",
            "subject": "string?",
            "text": "string?",
            "html": "string?",
            "cc": "any?",
            "bcc": "any?",
            "reply_to": "any?",
            "headers": "map<string>?",
            "tags": "list<EmailTag>?",
            "scheduled_at": "any?",
            "attachments": "list<EmailAttachment>?",
        },
    }
)
"""The members of the argument `options`, by the full name of the function."""
