# Several paths in one function.
from perilune_guest import router


def handler(ctx, event):
    path = event.relative_path
    if router.match(path, "/users/:id"):
        return {"user": router.params(path, "/users/:id")["id"]}
    if router.match(path, "/health"):
        return {"status": "ok"}
    return {"error": f"nothing at {path}"}, 404
