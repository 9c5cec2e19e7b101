"""What a handler is called with: the members of `ctx` and `event`."""

import msgspec


class GuestMember(msgspec.Struct, frozen=True):
    """One member of what a handler is called with, under its name in Lua and JavaScript."""

    name: str
    type: str
    summary: str


class GuestObject(msgspec.Struct, frozen=True):
    """One argument of handlers."""

    name: str
    summary: str
    members: tuple[GuestMember, ...]


CTX = GuestObject(
    "ctx",
    "About this execution.",
    (
        GuestMember("executionId", "string", "this execution; names its record"),
        GuestMember("functionId", "string", "this function"),
        GuestMember("functionName", "string", "its name"),
        GuestMember(
            "mount", "string", "path at which it was called: `/fn/ADDRESS` or `/fn/ID`, escaped"
        ),
        GuestMember("version", "string", 'number of the version that runs, such as `"3"`'),
        GuestMember(
            "requestId", "string", "the caller's `X-Request-Id`, otherwise the execution's id"
        ),
        GuestMember("startedAt", "number", "Unix seconds"),
        GuestMember(
            "baseUrl",
            "string or nil",
            "address of the server as seen from outside, without `/fn/ID`",
        ),
    ),
)
EVENT = GuestObject(
    "event",
    "What happened: an HTTP request, or what else called the function.",
    (
        GuestMember("method", "string", '`"GET"`, `"POST"`, ...'),
        GuestMember("path", "string", "whole path, percent-decoded: `/fn/ADDRESS/users/7`"),
        GuestMember(
            "relativePath",
            "string",
            "path below the function: `/users/7`; `/` if there is none",
        ),
        GuestMember(
            "rawRelativePath", "string", "the same as it was sent: `/a%2Fb` is one segment"
        ),
        GuestMember("query", "table", "name to first value; always a table"),
        GuestMember(
            "headers",
            "table",
            'name to first value, found in any case: `event.headers["content-type"]`',
        ),
        GuestMember("body", "string", 'raw bytes, `""` without a body; never decoded for you'),
        GuestMember("multiQuery", "table", "name to all values"),
        GuestMember("multiHeaders", "table", "name to all values"),
        GuestMember("rawQuery", "string", "the query as it was sent"),
        GuestMember("host", "string", "the Host header"),
        GuestMember("scheme", "string", "`http` or `https`"),
        GuestMember("remoteAddr", "string", "the client's address"),
        GuestMember(
            "trigger",
            "string",
            '`"http"` for requests, `"cron"` for scheduled executions',
        ),
    ),
)
