# Answers every request with what it was.
from perilune_guest import log


def handler(ctx, event):
    log.info("called", method=event.method, path=event.relative_path)
    return {"message": "Hello!", "method": event.method, "path": event.relative_path}
