# Takes webhooks, each once.  To have their signatures checked before this code runs,
# set the access of the function to "signature".
from perilune_guest import kv, log


def handler(ctx, event):
    if event.method != "POST":
        return "", 405
    delivery = event.headers.get("Webhook-Id")
    if delivery and not kv.cas(f"seen:{delivery}", None, "1"):
        return {"status": "seen before"}
    try:
        payload = event.json()
    except ValueError as error:
        return {"error": str(error)}, 400
    log.info("webhook", id=delivery, payload=payload)
    return {"body": {"status": "accepted"}, "statusCode": 202}
