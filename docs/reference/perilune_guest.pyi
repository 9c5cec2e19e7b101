"""What Python functions on Perilune import.  Written by Perilune 0.1.0 from its guest API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

_Int = int
_Float = float
_Bytes = bytes
_Text = str | bytes | int | float

class Error(Exception):
    """Something that the guest API was asked for can't be done; the text says why."""

class Record(dict[str, Any]):
    """A dictionary whose members are attributes too, in camelCase and in snake_case."""

    def __getattr__(self, name: str) -> Any: ...

class Headers(dict[str, Any]):
    """Headers by name, found in any case."""

class Context(Record):
    """About this execution."""

    execution_id: str
    function_id: str
    function_name: str
    mount: str
    version: str
    request_id: str
    started_at: int
    base_url: str
    def time_left(self) -> float:
        """Return the seconds until this execution is stopped."""
    def get_remaining_time_in_millis(self) -> int:
        """Return the same in whole milliseconds."""

class Event(Record):
    """What happened: an HTTP request, or what else called the function."""

    method: str
    path: str
    relative_path: str
    raw_relative_path: str
    headers: Headers
    body: str
    query: dict[str, str]
    multi_headers: Headers
    multi_query: dict[str, list[str]]
    raw_query: str
    host: str
    scheme: str
    remote_addr: str
    trigger: str
    @property
    def body_bytes(self) -> bytes:
        """The body as it was received."""
    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""

class HttpResponse(Record):
    """What a server answered."""

    status_code: int
    headers: Headers
    multi_headers: Headers
    body: str
    url: str
    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
    @property
    def content(self) -> bytes:
        """The body as it was received."""
    def json(self) -> Any:
        """Return the body, which is JSON; raises ValueError if it is none."""

class KvPage(list[_KvItem]):
    """One part of a list of key-value pairs."""

    cursor: str | None
    @property
    def items(self) -> list[_KvItem]:
        """The pairs."""

_Handler = Callable[[Event, dict[str, str]], Any]

class _Routes:
    """Routes, tried in the order they were added; without handler, each is a decorator."""

    @overload
    def get(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def get(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def post(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def post(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def put(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def put(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def patch(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def patch(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def delete(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def delete(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def head(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def head(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    @overload
    def any(self, pattern: str, handler: _Handler) -> _Handler: ...
    @overload
    def any(self, pattern: str) -> Callable[[_Handler], _Handler]: ...
    def dispatch(self, event: Event) -> Any:
        """Return what the handler of the first route that fits returns."""

class _KvItem(Record):
    key: str
    value: str

class _ChatMessage(Record):
    role: str
    content: str

class _ChatUsage(Record):
    input_tokens: _Int
    output_tokens: _Int

class _ChatAnswer(Record):
    content: str
    model: str
    usage: _ChatUsage

class _SentEmail(Record):
    id: str

class _EmailTag(Record):
    name: str
    value: str | None

class _EmailAttachment(Record):
    filename: str
    content: str
    content_type: str | None

class _UrlParts(Record):
    scheme: str | None
    host: str | None
    path: str | None
    fragment: str | None
    query: dict[str, Any] | None
    username: str | None
    password: str | None

class _FormFile(Record):
    name: str
    filename: str
    content_type: str
    body: _Bytes

class _FormData(Record):
    fields: dict[str, str]
    multi_fields: dict[str, list[str]]
    files: list[_FormFile]

class _Log:
    def info(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level info to the log of this execution."""
    def debug(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level debug to the log of this execution."""
    def warn(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level warn to the log of this execution."""
    def error(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level error to the log of this execution."""

class _AioLog:
    async def info(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level info to the log of this execution."""
    async def debug(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level debug to the log of this execution."""
    async def warn(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level warn to the log of this execution."""
    async def error(self, message: object, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Adds a line of level error to the log of this execution."""

class KvError(Error):
    """A failure of kv."""

class _Kv:
    def get(self, key: _Text) -> str | None:
        """Reads a value of this function's key-value store; None if there is none."""
    def set(self, key: _Text, value: _Text, options: Mapping[str, Any] | None = None, *, ttl: _Float | None = None) -> bool:
        """Stores a value; the option ttl (seconds, 100 years at most) makes it expire."""
    def delete(self, key: _Text) -> bool:
        """Removes a value; a missing one is fine."""
    def incr(self, key: _Text, amount: _Float | None = None) -> _Float:
        """Adds to a number atomically (1 unless given) and returns the sum; a sum beyond 2^53 is an error and changes nothing."""
    def cas(self, key: _Text, old: _Text | None, new: _Text) -> bool:
        """Stores new only if the value is still old (None: missing), atomically."""
    def list(self, prefix: _Text | None = None, limit: _Int | None = None, cursor: _Text | None = None) -> KvPage:
        """Lists pairs by key: { items = { { key, value }, ... }, cursor = text or None }; pass the cursor to go on."""

class _AioKv:
    async def get(self, key: _Text) -> str | None:
        """Reads a value of this function's key-value store; None if there is none."""
    async def set(self, key: _Text, value: _Text, options: Mapping[str, Any] | None = None, *, ttl: _Float | None = None) -> bool:
        """Stores a value; the option ttl (seconds, 100 years at most) makes it expire."""
    async def delete(self, key: _Text) -> bool:
        """Removes a value; a missing one is fine."""
    async def incr(self, key: _Text, amount: _Float | None = None) -> _Float:
        """Adds to a number atomically (1 unless given) and returns the sum; a sum beyond 2^53 is an error and changes nothing."""
    async def cas(self, key: _Text, old: _Text | None, new: _Text) -> bool:
        """Stores new only if the value is still old (None: missing), atomically."""
    async def list(self, prefix: _Text | None = None, limit: _Int | None = None, cursor: _Text | None = None) -> KvPage:
        """Lists pairs by key: { items = { { key, value }, ... }, cursor = text or None }; pass the cursor to go on."""

class EnvError(Error):
    """A failure of env."""

class _Env:
    def get(self, key: _Text) -> str | None:
        """Reads an environment variable of this function; None if it is not set."""
    def set(self, key: _Text, value: _Text) -> bool:
        """Sets an environment variable of this function, for later executions too."""
    def delete(self, key: _Text) -> bool:
        """Removes an environment variable of this function; a missing one is fine."""

class _AioEnv:
    async def get(self, key: _Text) -> str | None:
        """Reads an environment variable of this function; None if it is not set."""
    async def set(self, key: _Text, value: _Text) -> bool:
        """Sets an environment variable of this function, for later executions too."""
    async def delete(self, key: _Text) -> bool:
        """Removes an environment variable of this function; a missing one is fine."""

class HttpError(Error):
    """A failure of http."""

class _Http:
    def get(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None) -> HttpResponse:
        """Sends a GET request; any status is a response: { statusCode, headers, multiHeaders, body, url }. Options: headers, query, timeout (seconds), followRedirects, maxBytes."""
    def head(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None) -> HttpResponse:
        """Sends a HEAD request; options as for http.get."""
    def post(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a POST request; options as for http.get, and body, json or form."""
    def put(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a PUT request; options as for http.get, and body, json or form."""
    def patch(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a PATCH request; options as for http.get, and body, json or form."""
    def delete(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a DELETE request; options as for http.get, and body, json or form."""
    def request(self, method: _Text, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a request with any method; options as for http.get, and body, json or form."""

class _AioHttp:
    async def get(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None) -> HttpResponse:
        """Sends a GET request; any status is a response: { statusCode, headers, multiHeaders, body, url }. Options: headers, query, timeout (seconds), followRedirects, maxBytes."""
    async def head(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None) -> HttpResponse:
        """Sends a HEAD request; options as for http.get."""
    async def post(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a POST request; options as for http.get, and body, json or form."""
    async def put(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a PUT request; options as for http.get, and body, json or form."""
    async def patch(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a PATCH request; options as for http.get, and body, json or form."""
    async def delete(self, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a DELETE request; options as for http.get, and body, json or form."""
    async def request(self, method: _Text, url: _Text, options: Mapping[str, Any] | None = None, *, headers: Mapping[str, _Text] | None = None, query: Mapping[str, Any] | None = None, timeout: _Float | None = None, follow_redirects: bool | None = None, max_bytes: _Int | None = None, body: _Text | None = None, json: Any | None = None, form: Mapping[str, Any] | None = None) -> HttpResponse:
        """Sends a request with any method; options as for http.get, and body, json or form."""

class JsonError(Error):
    """A failure of json."""

class _Json:
    def encode(self, value: Any, options: Mapping[str, Any] | None = None, *, pretty: bool | None = None, escape_html: bool | None = None) -> str:
        """Turns a value into JSON text; options: pretty, escape_html."""
    def decode(self, text: _Text, options: Mapping[str, Any] | None = None, *, null: bool | None = None) -> Any:
        """Reads JSON text; the option null keeps null members as json.null."""
    def array(self, items: Sequence[Any]) -> Any:
        """Marks a table so that it is encoded as an array, even when it is empty."""
    def object(self, members: Mapping[str, Any]) -> Any:
        """Marks a table so that it is encoded as an object, whatever its keys are."""

class _AioJson:
    async def encode(self, value: Any, options: Mapping[str, Any] | None = None, *, pretty: bool | None = None, escape_html: bool | None = None) -> str:
        """Turns a value into JSON text; options: pretty, escape_html."""
    async def decode(self, text: _Text, options: Mapping[str, Any] | None = None, *, null: bool | None = None) -> Any:
        """Reads JSON text; the option null keeps null members as json.null."""
    async def array(self, items: Sequence[Any]) -> Any:
        """Marks a table so that it is encoded as an array, even when it is empty."""
    async def object(self, members: Mapping[str, Any]) -> Any:
        """Marks a table so that it is encoded as an object, whatever its keys are."""

class Base64Error(Error):
    """A failure of base64."""

class _Base64:
    def encode(self, data: _Text, /) -> str:
        """Writes bytes as base64 in the standard alphabet, with padding."""
    def decode(self, text: _Text, /) -> _Bytes:
        """Reads padded base64 in the standard alphabet; line breaks are ignored."""
    def url_encode(self, data: _Text, /) -> str:
        """Writes bytes as base64 in the URL-safe alphabet, without padding."""
    def url_decode(self, text: _Text, /) -> _Bytes:
        """Reads base64 in the URL-safe alphabet, with padding or without it."""

class _AioBase64:
    async def encode(self, data: _Text, /) -> str:
        """Writes bytes as base64 in the standard alphabet, with padding."""
    async def decode(self, text: _Text, /) -> _Bytes:
        """Reads padded base64 in the standard alphabet; line breaks are ignored."""
    async def url_encode(self, data: _Text, /) -> str:
        """Writes bytes as base64 in the URL-safe alphabet, without padding."""
    async def url_decode(self, text: _Text, /) -> _Bytes:
        """Reads base64 in the URL-safe alphabet, with padding or without it."""

class _Crypto:
    def md5(self, data: _Text, /) -> str:
        """The MD5 digest in lower-case hex."""
    def sha1(self, data: _Text, /) -> str:
        """The SHA1 digest in lower-case hex."""
    def sha256(self, data: _Text, /) -> str:
        """The SHA256 digest in lower-case hex."""
    def sha384(self, data: _Text, /) -> str:
        """The SHA384 digest in lower-case hex."""
    def sha512(self, data: _Text, /) -> str:
        """The SHA512 digest in lower-case hex."""
    def hmac_sha1(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA1 of a message as lower-case hex."""
    def hmac_sha1_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA1 of a message as base64."""
    def hmac_sha1_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA1 of a message as raw bytes."""
    def hmac_sha256(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA256 of a message as lower-case hex."""
    def hmac_sha256_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA256 of a message as base64."""
    def hmac_sha256_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA256 of a message as raw bytes."""
    def hmac_sha512(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA512 of a message as lower-case hex."""
    def hmac_sha512_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA512 of a message as base64."""
    def hmac_sha512_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA512 of a message as raw bytes."""
    def equal(self, a: _Text, b: _Text, /) -> bool:
        """Compares two texts in a time that does not tell where they differ."""
    def uuid(self) -> str:
        """A random UUID, version 4."""

class _AioCrypto:
    async def md5(self, data: _Text, /) -> str:
        """The MD5 digest in lower-case hex."""
    async def sha1(self, data: _Text, /) -> str:
        """The SHA1 digest in lower-case hex."""
    async def sha256(self, data: _Text, /) -> str:
        """The SHA256 digest in lower-case hex."""
    async def sha384(self, data: _Text, /) -> str:
        """The SHA384 digest in lower-case hex."""
    async def sha512(self, data: _Text, /) -> str:
        """The SHA512 digest in lower-case hex."""
    async def hmac_sha1(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA1 of a message as lower-case hex."""
    async def hmac_sha1_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA1 of a message as base64."""
    async def hmac_sha1_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA1 of a message as raw bytes."""
    async def hmac_sha256(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA256 of a message as lower-case hex."""
    async def hmac_sha256_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA256 of a message as base64."""
    async def hmac_sha256_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA256 of a message as raw bytes."""
    async def hmac_sha512(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA512 of a message as lower-case hex."""
    async def hmac_sha512_base64(self, message: _Text, key: _Text, /) -> str:
        """The HMAC-SHA512 of a message as base64."""
    async def hmac_sha512_raw(self, message: _Text, key: _Text, /) -> _Bytes:
        """The HMAC-SHA512 of a message as raw bytes."""
    async def equal(self, a: _Text, b: _Text, /) -> bool:
        """Compares two texts in a time that does not tell where they differ."""
    async def uuid(self) -> str:
        """A random UUID, version 4."""

class TimeError(Error):
    """A failure of time."""

class _Time:
    def now(self) -> _Int:
        """The current time in whole Unix seconds."""
    def now_ms(self) -> _Int:
        """The current time in whole Unix milliseconds."""
    def sleep(self, milliseconds: _Float) -> None:
        """Waits; ends early when the execution's time is over."""
    def format(self, seconds: _Float, layout: _Text, zone: _Text | None = None) -> str:
        """Writes Unix seconds by a Go layout (a sample of Mon Jan 2 15:04:05 MST 2006), in the server's time zone unless an IANA name is given; fails only for an unknown zone or a layout of more than 16 KiB."""
    def parse(self, text: _Text, layout: _Text, zone: _Text | None = None) -> _Int:
        """Reads a time by a Go layout as Unix seconds; in UTC unless the text or the third argument (an IANA name, or Local for the server's zone) says otherwise."""
    def iso(self, seconds: _Float | None = None) -> str:
        """Unix seconds, now unless given, in UTC as 2023-11-14T22:13:20Z (RFC 3339)."""

class _AioTime:
    async def now(self) -> _Int:
        """The current time in whole Unix seconds."""
    async def now_ms(self) -> _Int:
        """The current time in whole Unix milliseconds."""
    async def sleep(self, milliseconds: _Float) -> None:
        """Waits; ends early when the execution's time is over."""
    async def format(self, seconds: _Float, layout: _Text, zone: _Text | None = None) -> str:
        """Writes Unix seconds by a Go layout (a sample of Mon Jan 2 15:04:05 MST 2006), in the server's time zone unless an IANA name is given; fails only for an unknown zone or a layout of more than 16 KiB."""
    async def parse(self, text: _Text, layout: _Text, zone: _Text | None = None) -> _Int:
        """Reads a time by a Go layout as Unix seconds; in UTC unless the text or the third argument (an IANA name, or Local for the server's zone) says otherwise."""
    async def iso(self, seconds: _Float | None = None) -> str:
        """Unix seconds, now unless given, in UTC as 2023-11-14T22:13:20Z (RFC 3339)."""

class UrlError(Error):
    """A failure of url."""

class _Url:
    def parse(self, text: _Text, /) -> _UrlParts:
        """Takes a URL apart: scheme, host (with port), path, fragment, query (table; repeated names as arrays), and username and password if there are any, all decoded."""
    def build(self, parts: Mapping[str, Any], /) -> str:
        """Makes a URL of the table that url.parse returns, escaping what must be."""
    def join(self, base: _Text, reference: _Text, /) -> str:
        """What a reference found at a base URL means, as a browser resolves links."""
    def encode(self, text: _Text, /) -> str:
        """Escapes a name or a value of a query; blanks become +."""
    def encode_path(self, text: _Text, /) -> str:
        """Escapes text as one segment of a path: blanks become %20, slashes %2F."""
    def decode(self, text: _Text, /) -> str:
        """Undoes url.encode."""

class _AioUrl:
    async def parse(self, text: _Text, /) -> _UrlParts:
        """Takes a URL apart: scheme, host (with port), path, fragment, query (table; repeated names as arrays), and username and password if there are any, all decoded."""
    async def build(self, parts: Mapping[str, Any], /) -> str:
        """Makes a URL of the table that url.parse returns, escaping what must be."""
    async def join(self, base: _Text, reference: _Text, /) -> str:
        """What a reference found at a base URL means, as a browser resolves links."""
    async def encode(self, text: _Text, /) -> str:
        """Escapes a name or a value of a query; blanks become +."""
    async def encode_path(self, text: _Text, /) -> str:
        """Escapes text as one segment of a path: blanks become %20, slashes %2F."""
    async def decode(self, text: _Text, /) -> str:
        """Undoes url.encode."""

class FormError(Error):
    """A failure of form."""

class _Form:
    def parse(self, event: Mapping[str, Any]) -> _FormData:
        """Reads the body of a request that is multipart/form-data or URL-encoded: { fields, multiFields, files }: names to first and to all values, and a list of { name, filename, contentType, body }. 1000 parts at most."""

class _AioForm:
    async def parse(self, event: Mapping[str, Any]) -> _FormData:
        """Reads the body of a request that is multipart/form-data or URL-encoded: { fields, multiFields, files }: names to first and to all values, and a list of { name, filename, contentType, body }. 1000 parts at most."""

class CookiesError(Error):
    """A failure of cookies."""

class _Cookies:
    def parse(self, event: Mapping[str, Any]) -> dict[str, str]:
        """The cookies of a request, name to value; an empty table without any."""
    def build(self, name: _Text, value: _Text, options: Mapping[str, Any] | None = None, *, path: _Text | None = None, domain: _Text | None = None, max_age: _Float | None = None, expires: _Float | None = None, secure: bool | None = None, http_only: bool | None = None, same_site: _Text | None = None) -> str:
        """A value for the header Set-Cookie. Options: path, domain, maxAge (seconds; 0 deletes), expires (Unix seconds), secure, httpOnly (true unless given), sameSite (Strict, None; Lax unless given)."""

class _AioCookies:
    async def parse(self, event: Mapping[str, Any]) -> dict[str, str]:
        """The cookies of a request, name to value; an empty table without any."""
    async def build(self, name: _Text, value: _Text, options: Mapping[str, Any] | None = None, *, path: _Text | None = None, domain: _Text | None = None, max_age: _Float | None = None, expires: _Float | None = None, secure: bool | None = None, http_only: bool | None = None, same_site: _Text | None = None) -> str:
        """A value for the header Set-Cookie. Options: path, domain, maxAge (seconds; 0 deletes), expires (Unix seconds), secure, httpOnly (true unless given), sameSite (Strict, None; Lax unless given)."""

class StringsError(Error):
    """A failure of strings."""

class _Strings:
    def trim(self, text: _Text) -> str:
        """Removes all Unicode white space from both ends."""
    def trim_left(self, text: _Text) -> str:
        """Removes spaces, tabs and line breaks (no other white space) from the beginning."""
    def trim_right(self, text: _Text) -> str:
        """Removes spaces, tabs and line breaks (no other white space) from the end."""
    def split(self, text: _Text, separator: _Text) -> list[str]:
        """Cuts text at each separator; an empty separator cuts it into characters."""
    def join(self, items: Sequence[Any], separator: _Text) -> str:
        """Puts the items of a list together, with a separator between them."""
    def has_prefix(self, text: _Text, prefix: _Text) -> bool:
        """Tells whether text begins with the prefix."""
    def has_suffix(self, text: _Text, suffix: _Text) -> bool:
        """Tells whether text ends with the suffix."""
    def contains(self, text: _Text, part: _Text) -> bool:
        """Tells whether text contains the part, which is no pattern."""
    def replace(self, text: _Text, old: _Text, new: _Text, n: _Int | None = None) -> str:
        """Replaces text, which is no pattern, everywhere or the first n times."""
    def to_lower(self, text: _Text) -> str:
        """Maps text to lower case, character by character in all of Unicode."""
    def to_upper(self, text: _Text) -> str:
        """Maps text to upper case, character by character in all of Unicode."""
    def rep(self, text: _Text, n: _Int) -> str:
        """Repeats text n times."""
    def repeat(self, text: _Text, n: _Int) -> str:
        """The same as rep; needs brackets and quotes, since repeat is a keyword of Lua."""

class _AioStrings:
    async def trim(self, text: _Text) -> str:
        """Removes all Unicode white space from both ends."""
    async def trim_left(self, text: _Text) -> str:
        """Removes spaces, tabs and line breaks (no other white space) from the beginning."""
    async def trim_right(self, text: _Text) -> str:
        """Removes spaces, tabs and line breaks (no other white space) from the end."""
    async def split(self, text: _Text, separator: _Text) -> list[str]:
        """Cuts text at each separator; an empty separator cuts it into characters."""
    async def join(self, items: Sequence[Any], separator: _Text) -> str:
        """Puts the items of a list together, with a separator between them."""
    async def has_prefix(self, text: _Text, prefix: _Text) -> bool:
        """Tells whether text begins with the prefix."""
    async def has_suffix(self, text: _Text, suffix: _Text) -> bool:
        """Tells whether text ends with the suffix."""
    async def contains(self, text: _Text, part: _Text) -> bool:
        """Tells whether text contains the part, which is no pattern."""
    async def replace(self, text: _Text, old: _Text, new: _Text, n: _Int | None = None) -> str:
        """Replaces text, which is no pattern, everywhere or the first n times."""
    async def to_lower(self, text: _Text) -> str:
        """Maps text to lower case, character by character in all of Unicode."""
    async def to_upper(self, text: _Text) -> str:
        """Maps text to upper case, character by character in all of Unicode."""
    async def rep(self, text: _Text, n: _Int) -> str:
        """Repeats text n times."""
    async def repeat(self, text: _Text, n: _Int) -> str:
        """The same as rep; needs brackets and quotes, since repeat is a keyword of Lua."""

class RandomError(Error):
    """A failure of random."""

class _Random:
    def int(self, min: _Int, max: _Int, /) -> _Int:
        """A random integer from min to max, both included."""
    def float(self) -> _Float:
        """A random number from 0 (included) to 1 (excluded)."""
    def string(self, length: _Int, /) -> str:
        """Random letters and digits, 1 to 1048576 of them; other lengths raise an error."""
    def bytes(self, n: _Int, /) -> str:
        """1 to 1048576 random bytes as base64 (standard alphabet, with padding)."""
    def hex(self, n: _Int, /) -> str:
        """1 to 1048576 random bytes as lower-case hex, two digits each."""
    def id(self) -> str:
        """A unique id of 20 letters and digits (xid) that sorts by second."""

class _AioRandom:
    async def int(self, min: _Int, max: _Int, /) -> _Int:
        """A random integer from min to max, both included."""
    async def float(self) -> _Float:
        """A random number from 0 (included) to 1 (excluded)."""
    async def string(self, length: _Int, /) -> str:
        """Random letters and digits, 1 to 1048576 of them; other lengths raise an error."""
    async def bytes(self, n: _Int, /) -> str:
        """1 to 1048576 random bytes as base64 (standard alphabet, with padding)."""
    async def hex(self, n: _Int, /) -> str:
        """1 to 1048576 random bytes as lower-case hex, two digits each."""
    async def id(self) -> str:
        """A unique id of 20 letters and digits (xid) that sorts by second."""

class RouterError(Error):
    """A failure of router."""

class _Router:
    def match(self, path: _Text, pattern: _Text) -> bool:
        """Whether a path fits a pattern: :name is one segment, a final * or *name one or more."""
    def params(self, path: _Text, pattern: _Text) -> dict[str, str]:
        """What the names of a pattern stand for in a path; empty if it does not fit."""
    def path(self, pattern: _Text, params: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None, *, strict: bool | None = None) -> str:
        """The path at which this function was called, followed by a pattern: :name and a final *name are replaced by escaped values of params; names without a value stay, or raise an error with the option strict. Clients fold away segments that are . or .., so no value may be one."""
    def url(self, pattern: _Text, params: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None, *, strict: bool | None = None) -> str:
        """The same as router.path, after the base URL of the server."""
    def new(self) -> _Routes:
        """A table of routes: get, post, put, patch, delete, head and any take a pattern and handler(event, params); dispatch(event) returns what the first that fits returns, or a response with status 404 or 405."""

class _AioRouter:
    async def match(self, path: _Text, pattern: _Text) -> bool:
        """Whether a path fits a pattern: :name is one segment, a final * or *name one or more."""
    async def params(self, path: _Text, pattern: _Text) -> dict[str, str]:
        """What the names of a pattern stand for in a path; empty if it does not fit."""
    async def path(self, pattern: _Text, params: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None, *, strict: bool | None = None) -> str:
        """The path at which this function was called, followed by a pattern: :name and a final *name are replaced by escaped values of params; names without a value stay, or raise an error with the option strict. Clients fold away segments that are . or .., so no value may be one."""
    async def url(self, pattern: _Text, params: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None, *, strict: bool | None = None) -> str:
        """The same as router.path, after the base URL of the server."""
    async def new(self) -> _Routes:
        """A table of routes: get, post, put, patch, delete, head and any take a pattern and handler(event, params); dispatch(event) returns what the first that fits returns, or a response with status 404 or 405."""

class AiError(Error):
    """A failure of ai."""

class _Ai:
    def chat(self, options: Mapping[str, Any] | None = None, *, provider: _Text | None = None, model: _Text | None = None, messages: Sequence[Mapping[str, Any]] | None = None, max_tokens: _Int | None = None, temperature: _Float | None = None, endpoint: _Text | None = None) -> _ChatAnswer:
        """Asks a model: provider (openai or anthropic), model, messages ({ role, content }), max_tokens, temperature, endpoint. The response is { content, model, usage = { input_tokens, output_tokens } }."""

class _AioAi:
    async def chat(self, options: Mapping[str, Any] | None = None, *, provider: _Text | None = None, model: _Text | None = None, messages: Sequence[Mapping[str, Any]] | None = None, max_tokens: _Int | None = None, temperature: _Float | None = None, endpoint: _Text | None = None) -> _ChatAnswer:
        """Asks a model: provider (openai or anthropic), model, messages ({ role, content }), max_tokens, temperature, endpoint. The response is { content, model, usage = { input_tokens, output_tokens } }."""

class EmailError(Error):
    """A failure of email."""

class _Email:
    def send(self, options: Mapping[str, Any] | None = None, *, from_: _Text | None = None, to: Any | None = None, subject: _Text | None = None, text: _Text | None = None, html: _Text | None = None, cc: Any | None = None, bcc: Any | None = None, reply_to: Any | None = None, headers: Mapping[str, _Text] | None = None, tags: Sequence[Mapping[str, _Text]] | None = None, scheduled_at: Any | None = None, attachments: Sequence[Mapping[str, Any]] | None = None) -> _SentEmail:
        """Sends an e-mail: from, to, subject, text or html, cc, bcc, reply_to, headers, tags, scheduled_at, attachments ({ filename, content, content_type })."""

class _AioEmail:
    async def send(self, options: Mapping[str, Any] | None = None, *, from_: _Text | None = None, to: Any | None = None, subject: _Text | None = None, text: _Text | None = None, html: _Text | None = None, cc: Any | None = None, bcc: Any | None = None, reply_to: Any | None = None, headers: Mapping[str, _Text] | None = None, tags: Sequence[Mapping[str, _Text]] | None = None, scheduled_at: Any | None = None, attachments: Sequence[Mapping[str, Any]] | None = None) -> _SentEmail:
        """Sends an e-mail: from, to, subject, text or html, cc, bcc, reply_to, headers, tags, scheduled_at, attachments ({ filename, content, content_type })."""

class _Aio:
    log: _AioLog
    kv: _AioKv
    env: _AioEnv
    http: _AioHttp
    json: _AioJson
    base64: _AioBase64
    crypto: _AioCrypto
    time: _AioTime
    url: _AioUrl
    form: _AioForm
    cookies: _AioCookies
    strings: _AioStrings
    random: _AioRandom
    router: _AioRouter
    ai: _AioAi
    email: _AioEmail

log: _Log
kv: _Kv
env: _Env
http: _Http
json: _Json
base64: _Base64
crypto: _Crypto
time: _Time
url: _Url
form: _Form
cookies: _Cookies
strings: _Strings
random: _Random
router: _Router
ai: _Ai
email: _Email
aio: _Aio
