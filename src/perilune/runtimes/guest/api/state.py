"""What lasts beyond an execution: its log, the function's data and its configuration."""

from perilune.runtimes.guest.api.model import ArgType, GuestFunction, arg

_MESSAGE = (arg("message"), arg("fields", ArgType.TABLE, optional=True))
_KEY = arg("key")


def _log(name: str, summary: str) -> GuestFunction:
    return GuestFunction(
        module="log",
        name=name,
        args=_MESSAGE,
        returns="nothing",
        summary=summary,
        example=f'log.{name}("order stored", {{ id = 7 }})',
        runs_on_host=True,
        has_reply=False,
    )


LOG = (
    _log("info", "Adds a line of level info to the log of this execution."),
    _log("debug", "Adds a line of level debug to the log of this execution."),
    _log("warn", "Adds a line of level warn to the log of this execution."),
    _log("error", "Adds a line of level error to the log of this execution."),
)

KV = (
    GuestFunction(
        module="kv",
        name="get",
        args=(_KEY,),
        returns="string | nil, err",
        summary="Reads a value of this function's key-value store; nil if there is none.",
        example='local visits = kv.get("visits")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="set",
        args=(_KEY, arg("value"), arg("options", ArgType.TABLE, optional=True)),
        returns="true | false, err",
        fails_with_false=True,
        summary="Stores a value; the option ttl (seconds, 100 years at most) makes it expire.",
        example='kv.set("session", "abc", { ttl = 60 })',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="delete",
        args=(_KEY,),
        returns="true | false, err",
        fails_with_false=True,
        summary="Removes a value; a missing one is fine.",
        example='kv.delete("session")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="incr",
        args=(_KEY, arg("amount", ArgType.NUMBER, optional=True)),
        returns="number | nil, err",
        summary="Adds to a number atomically (1 unless given) and returns the sum.",
        example='local n = kv.incr("visits")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="cas",
        args=(_KEY, arg("old", ArgType.STRING, optional=True), arg("new")),
        returns="boolean | false, err",
        fails_with_false=True,
        summary="Stores new only if the value is still old (nil: missing), atomically.",
        example='local won = kv.cas("lock", nil, "me")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="list",
        args=(
            arg("prefix", ArgType.STRING, optional=True),
            arg("limit", ArgType.INT, optional=True),
            arg("cursor", ArgType.STRING, optional=True),
        ),
        returns="table | nil, err",
        summary=(
            "Lists pairs by key: { items = { { key, value }, ... }, cursor = text or nil }; "
            "pass the cursor to go on."
        ),
        example='local page = kv.list("user:", 10)',
        runs_on_host=True,
    ),
)

ENV = (
    GuestFunction(
        module="env",
        name="get",
        args=(_KEY,),
        returns="string | nil, err",
        summary="Reads an environment variable of this function; nil if it is not set.",
        example='local token = env.get("API_TOKEN")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="env",
        name="set",
        args=(_KEY, arg("value")),
        returns="true | false, err",
        fails_with_false=True,
        summary="Sets an environment variable of this function, for later executions too.",
        example='env.set("MODE", "fast")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="env",
        name="delete",
        args=(_KEY,),
        returns="true | false, err",
        fails_with_false=True,
        summary="Removes an environment variable of this function; a missing one is fine.",
        example='env.delete("MODE")',
        runs_on_host=True,
    ),
)
