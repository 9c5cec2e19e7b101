"""What went wrong on the network, in the words that functions may look for."""

import os
import ssl

import aiohttp

from perilune.services.http.target import RequestTarget
from perilune.services.http.wire import MAX_FIELD_BYTES, MAX_FIELDS, EndlessAnswerError

_MAX_CHARS = 300
_TOO_LARGE = ("Got more than ", "Too many headers")
"""How aiohttp says that a head passes its limits."""


def reason_of(error: Exception, target: RequestTarget) -> str:
    """Say in one line why *target* gave no response."""
    where = target.host_and_port
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"tls: failed to verify certificate: {_cause(error.certificate_error)}"
        case aiohttp.ClientConnectorSSLError():
            return f"tls: {_cause(error.os_error)}"
        case aiohttp.ClientConnectorDNSError() | aiohttp.InvalidURL():
            return f"dial tcp: lookup {target.host}: no such host"
        case aiohttp.ClientConnectorError():
            return f"dial tcp {where}: connect: {_cause(error.os_error)}"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case EndlessAnswerError():
            return f"malformed HTTP response: {error}"
        case aiohttp.ClientPayloadError():
            return "unexpected EOF"
        case aiohttp.ClientResponseError() if error.message.startswith(_TOO_LARGE):
            most = f"{MAX_FIELDS} fields of {MAX_FIELD_BYTES} bytes each"
            return f"malformed HTTP response: its headers are larger than {most}"
        case aiohttp.ClientResponseError():
            return f"malformed HTTP response: {_first_line(error.message)}"
        case OSError():
            return f"read tcp {where}: {_cause(error)}"
        case _:
            return _first_line(f"{type(error).__name__}: {error}")


def _cause(error: Exception) -> str:
    """Return the system's own words for *error*."""
    if isinstance(error, ssl.SSLError):
        return _first_line(getattr(error, "verify_message", "") or error.reason or str(error))
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return _first_line(str(error))


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip(": ")[:_MAX_CHARS]
