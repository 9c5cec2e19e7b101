# Counts its visitors in the key-value store.
from perilune_guest import kv


def handler(ctx, event):
    name = event.query.get("name", "everybody")
    return {"name": name, "visits": kv.incr(f"visits:{name}")}
