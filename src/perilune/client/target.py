"""Which server is meant, and what it accepts as proof."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from perilune.client.errors import UnusableTarget
from perilune.config import absolute_url

URL_VARIABLE = "PERILUNE_URL"
TOKEN_VARIABLE = "PERILUNE_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE_VARIABLE = "PERILUNE_TOKEN_FILE"  # noqa: S105 - the name of a variable

KEY_FILE = "api_key.txt"
DEFAULT_PORT = 3000


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """A server's base URL, without a slash at its end, and a token of it."""

    url: str
    token: str = field(repr=False)


def find_target(
    url: str | None, token: str | None, environ: Mapping[str, str], data_dir: Path
) -> ServerTarget:
    """Return the server that is meant.

    The address is *url*, else `PERILUNE_URL`, else this machine at the port that a server
    would take.  The token is *token*, else `PERILUNE_TOKEN` or the file `PERILUNE_TOKEN_FILE`,
    else, for a server on this machine only, its API key.

    Args:
        url: as given on the command line.
        token: the same.
        environ: the process environment.
        data_dir: the data directory of a server on this machine.

    Raises:
        UnusableTarget: the address is none, or there is no token.
    """
    address = url or environ.get(URL_VARIABLE) or _local_url(environ)
    try:
        base = absolute_url(address).rstrip("/")
    except ValueError as problem:
        raise UnusableTarget(f"the address of the server {problem}") from None
    found = token or _given_token(environ)
    if not found and _is_local(base):
        found = _local_key(environ, data_dir)
    if not found:
        raise UnusableTarget(
            f"there is no token for {base}: give one with --token, {TOKEN_VARIABLE} or"
            f" {TOKEN_FILE_VARIABLE}"
        )
    if not found.isascii() or not found.isprintable() or " " in found:
        raise UnusableTarget("the token has blanks or characters that aren't ASCII")
    return ServerTarget(base, found)


def _local_url(environ: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{environ.get('PORT') or DEFAULT_PORT}"


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _given_token(environ: Mapping[str, str]) -> str:
    text, file = environ.get(TOKEN_VARIABLE, ""), environ.get(TOKEN_FILE_VARIABLE, "")
    if text and file:
        raise UnusableTarget(
            f"{TOKEN_VARIABLE} is set together with {TOKEN_FILE_VARIABLE}; use one of them"
        )
    return _content(Path(file)) if file else text.strip()


def _local_key(environ: Mapping[str, str], data_dir: Path) -> str:
    """Return the key of the server that runs with the same settings."""
    if environ.get("API_KEY"):
        return environ["API_KEY"].strip()
    if environ.get("API_KEY_FILE"):
        return _content(Path(environ["API_KEY_FILE"]))
    file = data_dir / KEY_FILE
    return _content(file) if file.exists() else ""


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise UnusableTarget(f"can't read {file}: {problem}") from problem
