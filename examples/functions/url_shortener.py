# Shortens URLs.
#
#   POST /fn/url-shortener         {"url": "https://..."}, with the token: makes a short URL
#   GET  /fn/url-shortener/CODE    redirects to the long one
#
# Environment:
#   SHORTENER_TOKEN    who sends `Authorization: Bearer TOKEN` may shorten
#
# Deploy:
#   perilune deploy url_shortener.py --name url-shortener
#   perilune env set url-shortener SHORTENER_TOKEN

from typing import Any

from perilune_guest import Context, Error, Event, crypto, env, kv, log, random, router, url

MAX_URL_CHARS = 2000
CODE_LENGTH = 7


def handler(ctx: Context, event: Event) -> Any:
    if event.method == "POST" and event.relative_path == "/":
        return shorten(event)
    if event.method == "GET" and router.match(event.relative_path, "/:code"):
        return follow(event)
    return {"error": "not found"}, 404


def shorten(event: Event) -> Any:
    if not may_shorten(event):
        return {"error": "wrong or missing token"}, 401
    try:
        wanted = event.json()
    except ValueError:
        return {"error": "the body is no JSON"}, 400
    target = wanted.get("url") if isinstance(wanted, dict) else None
    if not isinstance(target, str) or not is_web_address(target):
        return {"error": "url must be an http or https address"}, 400
    code = random.string(CODE_LENGTH)
    try:
        # cas stores only what is missing, so no code is ever given away twice.
        if not kv.cas(f"link:{code}", None, target):
            raise Error("its code is taken")
    except Error as error:
        log.error(f"link not stored: {error}")
        return {"error": "try again"}, 503
    return {"code": code, "url": router.url("/:code", {"code": code})}, 201


def follow(event: Event) -> Any:
    code = router.params(event.relative_path, "/:code")["code"]
    try:
        target = kv.get(f"link:{code}")
    except Error as error:
        log.error(f"link not read: {error}")
        return {"error": "try again"}, 503
    if target is None:
        return {"error": "no such link"}, 404
    return "", 302, {"Location": target}


def may_shorten(event: Event) -> bool:
    token = env.get("SHORTENER_TOKEN")
    given = event.headers.get("Authorization", "")
    return bool(token) and crypto.equal(given, f"Bearer {token}")


def is_web_address(text: str) -> bool:
    """Tell web addresses from others: a link that runs a script would run it under our name."""
    if len(text) > MAX_URL_CHARS:
        return False
    try:
        parts = url.parse(text)
    except Error:
        return False
    return parts.scheme in ("http", "https") and bool(parts.host)
