# Receives webhooks of GitHub and counts the pushes to each repository.
#
#   POST /fn/github-webhook    what GitHub sends; content type application/json
#
# Environment:
#   WEBHOOK_SECRET    the secret that is set for the webhook at GitHub
#
# Deploy:
#   perilune deploy github_webhook.py --name github-webhook
#   perilune env set github-webhook WEBHOOK_SECRET

import hashlib
import hmac
from typing import Any

from perilune_guest import Context, Error, Event, env, kv, log


def handler(ctx: Context, event: Event) -> Any:
    secret = env.get("WEBHOOK_SECRET")
    if not secret:
        log.error("WEBHOOK_SECRET is not set")
        return {"error": "not configured"}, 500
    if event.method != "POST":
        return {"error": "only POST is supported"}, 405
    if not is_genuine(event, secret):
        return {"error": "bad signature"}, 401

    kind = event.headers.get("X-GitHub-Event", "")
    if kind != "push":
        return {"ignored": kind}, 202
    try:
        payload = event.json()
    except ValueError:
        return {"error": "the body is no JSON"}, 400
    name = repository_name(payload)
    if name is None:
        return {"error": "no repository"}, 400

    try:
        pushes = kv.incr(f"pushes:{name}")
    except Error as error:
        # GitHub shows a failed delivery, and can send it again.
        log.error(f"push not counted: {error}")
        return {"error": "can't count at the moment"}, 503
    log.info("push", ref=payload.get("ref"), repository=name)
    return {"repository": name, "pushes": pushes}


def is_genuine(event: Event, secret: str) -> bool:
    # GitHub signs the bytes of the body.  compare_digest takes the same time for
    # every wrong signature, so a good one can't be found by trying.
    given = event.headers.get("X-Hub-Signature-256", "")
    digest = hmac.new(secret.encode(), event.body_bytes, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode(), f"sha256={digest}".encode())


def repository_name(payload: Any) -> str | None:
    repository = payload.get("repository") if isinstance(payload, dict) else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None
