# Passes requests on to another server.  Needs UPSTREAM_URL among the environment variables.
from perilune_guest import HttpError, env, http, log


def handler(ctx, event):
    upstream = env.get("UPSTREAM_URL")
    if not upstream:
        return {"error": "UPSTREAM_URL is not set"}, 500
    try:
        answer = http.get(upstream + event.relative_path, query=event.query)
    except HttpError as error:
        log.error(f"the other server did not answer: {error}")
        return {"error": "the other server did not answer"}, 502
    return answer.body, answer.status_code, {"Content-Type": answer.headers["Content-Type"]}
