"""What an answer of a sandboxed function may not do to the origin it shares (KD-03).  No I/O.

Functions share their origin with the dashboard and with each other.  So a header that browsers
remember for the origin, or that a proxy in front takes for an order, is not sent, and cookies are
kept below the function's own path.
"""

from functools import lru_cache

MAX_COOKIES = 20
MAX_COOKIE_BYTES = 4096
"""Of one cookie's name and value; browsers take no larger one (RFC 6265bis, 5.6)."""
MAX_COOKIES_BYTES = 16 * 1024
MAX_PATH_BYTES = 1024
"""Of a cookie's path; browsers ignore a longer one (RFC 6265bis, 5.6)."""

# A new standard joins a family, and a list of names would not have it.  So a name is judged by the
# word it begins with and the word it ends with; the exceptions are those that name one answer.
_FIRST_WORDS = frozenset(
    b"""accept activate ad alt alternate attribution clear critical cross delegate document expect
    feature federated idp login nel observe origin permissions proxy public report reporting sec
    secure service set shared strict supports use""".split()
)
_LAST_WORDS = frozenset(
    b"allowed endpoints isolation pins policies policy registration security".split()
)
_ABOUT_ONE_ANSWER = frozenset(
    b"""accept-encoding accept-patch accept-post accept-query accept-ranges accept-signature
    content-security-policy cross-origin-embedder-policy cross-origin-opener-policy
    cross-origin-resource-policy document-isolation-policy document-policy feature-policy
    integrity-policy permissions-policy proxy-status ratelimit-policy referrer-policy
    set-cookie""".split()
)
_ORDERS_TO_PROXIES = frozenset(b"accel envoy lighttpd litespeed reproxy send sendfile".split())
"""Second words of `X-` names.  All other `X-` names are a function's own."""


@lru_cache(maxsize=2048)
def binds_more_than_the_answer(name: bytes) -> bool:
    """Whether a response header, in lower case, concerns more than the answer that has it."""
    first, *others = name.split(b"-")
    if first == b"x" and others:
        return others[0] in _ORDERS_TO_PROXIES
    name = name.removesuffix(b"-report-only")
    if name in _ABOUT_ONE_ANSWER:
        return False
    return first in _FIRST_WORDS or name.rpartition(b"-")[2] in _LAST_WORDS


def contained_cookies(cookies: list[bytes], mount: bytes, remarks: list[str]) -> list[bytes]:
    """Return `Set-Cookie` values that give a browser cookies below *mount* only, and not too many.

    Args:
        cookies: the values as the function gave them.
        mount: the path at which the function was called.
        remarks: gets a line if some are left out.
    """
    kept: list[bytes] = []
    left = MAX_COOKIES_BYTES
    for cookie in cookies:
        contained = _contained(cookie, mount)
        is_large = len(contained.partition(b";")[0]) > MAX_COOKIE_BYTES
        if not is_large and len(contained) <= left and len(kept) < MAX_COOKIES:
            kept.append(contained)
            left -= len(contained)
    if len(kept) < len(cookies):
        remarks.append(
            f"{len(cookies) - len(kept)} of {len(cookies)} cookies are not sent: an answer may have"
            f" {MAX_COOKIES}, of {MAX_COOKIE_BYTES} bytes each and {MAX_COOKIES_BYTES} in all"
        )
    return kept


def _contained(cookie: bytes, mount: bytes) -> bytes:
    """Return *cookie* with a path at or below *mount*, for this host alone.

    `Priority` goes, too: browsers that know it keep the session's cookie longer than others.
    """
    pair, *attributes = cookie.split(b";")
    kept, path = [pair.strip()], b""
    for attribute in filter(None, map(bytes.strip, attributes)):
        name, _, value = attribute.partition(b"=")
        match name.strip().lower():
            case b"path":
                path = value.strip()
            case b"domain" | b"priority":
                pass
            case _:
                kept.append(attribute)
    is_below = path == mount or path.startswith(mount + b"/")
    kept.append(b"Path=" + (path if is_below and len(path) <= MAX_PATH_BYTES else mount))
    return b"; ".join(kept)
