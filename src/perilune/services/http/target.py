"""The URL of a request: checked, its query merged, ready to be sent as it stands."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urljoin

from perilune.services.http.types import HTTPClientError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_BAD_HOST = re.compile(r"[^A-Za-z0-9_.~!$&'()*+,;=:\[\]%-]")
_PRINTABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
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
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.rest}"

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port: whom a secret of the request is meant for."""
        return self.scheme, self.host.lower(), self.port or _DEFAULT_PORTS.get(self.scheme)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User name and password, decoded; None if the URL has none."""
        if not self.user_info:
            return None
        user, _, password = self.user_info.partition(":")
        return unquote(user), unquote(password)

    def with_query(self, query: Mapping[str, str]) -> "Target":
        """Add *query* and encode all of it anew, keys sorted; without *query* nothing changes."""
        if not query:
            return self
        path, _, own = self.rest.partition("?")
        pairs = sorted([*_pairs(own), *query.items()], key=lambda pair: pair[0])
        text = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)
        return replace(self, rest=f"{path}?{text}")

    def joined(self, location: str) -> "Target":
        """Return where a redirect to *location* leads.  Raises `HTTPClientError`."""
        return parse_target(urljoin(self.url, location))


def parse_target(text: str) -> Target:
    """Take *text* apart.  A scheme or host may be missing: that is for the client to refuse.

    Raises:
        HTTPClientError: it is no URL; the message starts with `failed to parse URL: `.
    """

    def refused(reason: str) -> HTTPClientError:
        shown = re.sub(r"//[^/?#]*@", "//", text).encode("unicode_escape").decode()
        return HTTPClientError(f'failed to parse URL: parse "{shown}": {reason}')

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
        raise refused(f'invalid URL escape "{escape[0]}"')
    user_info, _, where = authority.rpartition("@")
    host, port = _host_and_port(where, refused)
    return Target(scheme, user_info, host, port, _wire_form(rest or ("/" if authority else "")))


def _host_and_port(where: str, refused: Callable[[str], HTTPClientError]) -> tuple[str, int | None]:
    host, colon, port = where.rpartition(":")
    if not colon or "]" in port:
        host, port = where, ""
    if port and not (port.isascii() and port.isdecimal() and len(port) < 6 and int(port) < 65536):
        raise refused(f'invalid port ":{port}" after host')
    if host.startswith("["):
        if not host.endswith("]"):
            raise refused("missing ']' in host")
        host = host[1:-1]
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise refused("invalid host name") from None
    bad = _BAD_HOST.search(host)
    if bad:
        raise refused(f'invalid character "{bad[0]}" in host name')
    return host, int(port) if port else None


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
    return quote_plus(text, safe="~", errors="surrogateescape")
