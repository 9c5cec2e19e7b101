"""Whether a change that comes with a session's cookie was made by our own page (KD-03).

Browsers send cookies along without asking the page.  A page of another origin
can't set a header of its own choice without being allowed to by CORS, and it
can't decide what the browser says about where a request comes from.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

PROOF_HEADER = b"x-requested-with"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_WANTED = frozenset({PROOF_HEADER, b"sec-fetch-site", b"origin", b"host"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def has_proof(headers: Iterable[tuple[bytes, bytes]], base_url: str = "") -> bool:
    """Whether these headers show that no foreign page made the request.

    Args:
        headers: the request's.
        base_url: where browsers reach this server; empty: where `Host` says.
    """
    found = {name: value for name, value in headers if name in _WANTED}
    if not found.get(PROOF_HEADER, b"").strip():
        return False
    site = found.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = found.get(b"origin")
    if origin is None:
        # No browser of the last ten years sends a change without either.
        return True
    return _is_own(origin.decode("latin-1"), found.get(b"host", b"").decode("latin-1"), base_url)


def _is_own(origin: str, host: str, base_url: str) -> bool:
    try:
        parts = urlsplit(origin)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return False
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        # Before a proxy that does TLS the scheme is another one than behind it.
        ours = urlsplit(f"{parts.scheme}://{host}")
        if (parts.hostname, port) == (ours.hostname, ours.port or _DEFAULT_PORTS[parts.scheme]):
            return True
        public = urlsplit(base_url)
        public_port = public.port or _DEFAULT_PORTS.get(public.scheme)
    except ValueError:
        return False
    return (parts.scheme, parts.hostname, port) == (public.scheme, public.hostname, public_port)
