"""The URL of a request: checked, its query merged, ready to be sent as it stands."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from urllib.parse import quote, quote_plus, unquote_plus, unquote_to_bytes, urljoin

from perilune.services.http.remembered import remembered
from perilune.services.http.types import HTTPClientError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_BAD_HOST = re.compile(r"[^A-Za-z0-9_.-]")
_USER_INFO = re.compile(r"^([^/?#@]*:(?=/))?(/*)[^/?#]*@")
_PRINTABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_DEFAULT_PORTS = {"http": 80, "https": 443}

_Refuse = Callable[[str], HTTPClientError]


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """Where a request goes."""

    scheme: str
    user_info: str
    """As written, before the `@`; never part of `url`."""
    host: str
    port: int | None
    rest: str
    """Path and query, escaped."""

    @property
    def url(self) -> str:
        """The absolute URL without user information and fragment."""
        return f"{self.origin}{self.rest}"

    @property
    def origin(self) -> str:
        """Scheme, host and port, as written."""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self._bracketed_host}{port}"

    @property
    def host_and_port(self) -> str:
        """Host and port, as dialled."""
        return f"{self._bracketed_host}:{self.actual_port}"

    @property
    def actual_port(self) -> int | None:
        """The port that is connected to."""
        return _DEFAULT_PORTS.get(self.scheme) if self.port is None else self.port

    @property
    def authorization(self) -> str:
        """What the user information means as a header (RFC 7617); empty without any."""
        if not self.user_info:
            return ""
        user, _, password = self.user_info.partition(":")
        pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
        return f"Basic {b64encode(pair).decode()}"

    @property
    def _bracketed_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def with_query(self, query: Mapping[str, str]) -> "RequestTarget":
        """Add *query* and encode all of it anew, keys sorted; without *query* nothing changes."""
        if not query:
            return self
        path, _, own = self.rest.partition("?")
        pairs = sorted([*_pairs(own), *query.items()], key=lambda pair: pair[0])
        text = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)
        return replace(self, rest=f"{path}?{text}")

    def joined(self, location: str) -> "RequestTarget":
        """Return where a redirect to *location* leads.

        Raises:
            HTTPClientError: it is no URL.
        """
        target = parse_target(urljoin(self.url, location))
        is_relative = not _SCHEME.match(location) and not location.startswith("//")
        return replace(target, user_info=self.user_info) if is_relative else target


def quoted(text: str) -> str:
    """Return *text* for a message: in quotes, plain ASCII, without user information."""
    return json.dumps(_USER_INFO.sub(r"\1\2", text))


@remembered
def parse_target(text: str) -> RequestTarget:
    """Take *text* apart.  A scheme or host may be missing: that is for the client to refuse.

    Raises:
        HTTPClientError: it is no URL; the message starts with `failed to parse URL: `.
        UnicodeEncodeError: it has lone surrogates that stand for no byte.
    """

    def refused(reason: str) -> HTTPClientError:
        return HTTPClientError(f"failed to parse URL: parse {quoted(text)}: {reason}")

    if _CONTROL.search(text):
        raise refused("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise refused("missing protocol scheme")
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    rest = (text[found.end() :] if found else text).partition("#")[0]
    if not found and ":" in re.split(r"[/?]", rest)[0]:
        raise refused("first path segment in URL cannot contain colon")
    authority = ""
    if rest.startswith("//"):
        authority = re.split(r"[/?]", rest[2:])[0]
        rest = rest[2 + len(authority) :]
    escape = _BAD_ESCAPE.search(rest.partition("?")[0])
    if escape:
        raise refused(f"invalid URL escape {quoted(escape[0])}")
    user_info, _, where = authority.rpartition("@")
    host, port = _host_and_port(where, refused)
    return RequestTarget(
        scheme, user_info, host, port, _wire_form(rest or ("/" if authority else ""))
    )


def _host_and_port(where: str, refused: _Refuse) -> tuple[str, int | None]:
    host, colon, port = where.rpartition(":")
    if not colon or "]" in port:
        host, port = where, ""
    if port and not (port.isascii() and port.isdecimal() and len(port) < 6 and int(port) < 65536):
        raise refused(f"invalid port {quoted(':' + port)} after host")
    return _checked_host(host, refused), int(port) if port else None


def _checked_host(host: str, refused: _Refuse) -> str:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:].removesuffix("]"))
        except ValueError:
            raise refused("invalid IPv6 address in brackets") from None
        if address.scope_id is not None:
            raise refused("an IPv6 address with a zone names an interface of this machine")
        return str(address)
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise refused("invalid host name") from None
    bad = _BAD_HOST.search(host)
    if bad:
        raise refused(f"invalid character {quoted(bad[0])} in host name")
    return host


def _wire_form(rest: str) -> str:
    """Escape what may not stand in a request line; a path that lacks its slash gets it."""
    text = quote(rest, safe=_PRINTABLE, errors="surrogateescape")
    return f"/{text}" if text.startswith("?") else text


def _pairs(query: str) -> list[tuple[str, str]]:
    """Return the pairs of a query; those that are malformed are dropped, as servers do."""
    found = []
    for pair in query.split("&"):
        if pair and ";" not in pair and not _BAD_ESCAPE.search(pair):
            name, _, value = pair.partition("=")
            found.append((_text(name), _text(value)))
    return found


def _text(escaped: str) -> str:
    return unquote_plus(escaped, errors="surrogateescape")


def _escaped(text: str) -> str:
    return quote_plus(text, errors="surrogateescape")
