# A small REST API: one branch per method.
from perilune_guest import crypto


def handler(ctx, event):
    if event.method == "GET":
        return {"items": []}
    if event.method == "POST":
        return create(event)
    return {"error": "method not allowed"}, 405, {"Allow": "GET, POST"}


def create(event):
    try:
        item = event.json()
    except ValueError as error:
        return {"error": str(error)}, 400
    item_id = crypto.uuid()
    return {"id": item_id, "item": item}, 201, {"Location": f"/{item_id}"}
