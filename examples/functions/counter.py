# Counts visits.
#
#   GET /fn/counter    {"visits": 3}
#
# Environment: none.
#
# Deploy:
#   perilune deploy counter.py

from typing import Any

from perilune_guest import Context, Error, Event, kv, log


def handler(ctx: Context, event: Event) -> Any:
    try:
        # incr is atomic: visits at the same time are all counted.
        visits = kv.incr("visits")
    except Error as error:
        log.error(f"visit not counted: {error}")
        return {"error": "can't count at the moment"}, 503
    return {"visits": visits}
