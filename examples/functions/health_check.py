# Watches a web address and reports when it goes down or comes back.
#
#   scheduled, or POST /fn/health-check with the token    checks now
#   GET /fn/health-check                                  {"state": "up"}
#
# Environment:
#   CHECK_URL        the address; a status below 400 counts as up
#   CHECK_TOKEN      who sends `Authorization: Bearer TOKEN` may have it checked
#   ALERT_WEBHOOK    gets {"text": "..."} by POST; or instead of it
#   ALERT_TO, ALERT_FROM, RESEND_API_KEY    for an e-mail
#
# Deploy:
#   perilune deploy health_check.py --name health-check
#   perilune env set health-check CHECK_URL CHECK_TOKEN ALERT_WEBHOOK
#   perilune schedule set health-check '*/5 * * * *'

from typing import Any

from perilune_guest import Context, Error, Event, crypto, email, env, http, kv, log


def handler(ctx: Context, event: Event) -> Any:
    if event.method == "GET":
        return {"state": kv.get("state") or "unknown"}
    if not may_check(event):
        return {"error": "wrong or missing token"}, 401
    return check()


def may_check(event: Event) -> bool:
    if event.trigger == "cron":
        return True
    token = env.get("CHECK_TOKEN")
    given = event.headers.get("Authorization", "")
    return bool(token) and crypto.equal(given, f"Bearer {token}")


def check() -> Any:
    address = env.get("CHECK_URL")
    if not address:
        log.error("CHECK_URL is not set")
        return {"error": "not configured"}, 500
    state, reason = look(address)
    # What was never looked at counts as up: the first news is bad news.
    before = kv.get("state") or "up"
    if state != before:
        try:
            alert(f"{address} is {state} ({reason})")
        except Error as error:
            # The state stays as it was, so the next check tries again.
            log.error(f"alert not sent: {error}")
            return {"error": "alert not sent", "state": state}, 502
    try:
        kv.set("state", state)
    except Error as error:
        log.error(f"state not stored: {error}")
    return {"state": state, "changed": state != before}


def look(address: str) -> tuple[str, str]:
    try:
        response = http.get(address, timeout=10)
    except Error as error:
        return "down", str(error)
    return ("up" if response.ok else "down"), f"status {response.status_code}"


def alert(text: str) -> None:
    """Tell somebody; raises Error when nobody was reached."""
    webhook = env.get("ALERT_WEBHOOK")
    if webhook:
        response = http.post(webhook, json={"text": text})
        if response.status_code >= 300:
            raise Error(f"status {response.status_code}")
        return
    email.send(from_=env.get("ALERT_FROM"), to=env.get("ALERT_TO"), subject=text, text=text)
