"""The guest API, described once.

From this table come the allow-list of host calls, the bindings of every
language, the reference documentation and the completions of the editor.  An
entry that `runs_on_host` is a frame to the server; the others are implemented
inside the worker.
"""

from enum import StrEnum

import msgspec


class ArgType(StrEnum):
    """The kinds of argument the bindings check."""

    STRING = "string"
    """Text or number; numbers become text."""
    INT = "int"
    NUMBER = "number"
    TABLE = "table"
    ANY = "any"


class Argument(msgspec.Struct, frozen=True):
    """One parameter of a guest function."""

    name: str
    type: ArgType
    optional: bool = False


class GuestFunction(msgspec.Struct, frozen=True, kw_only=True):
    """One function that guest code can call."""

    module: str
    name: str
    args: tuple[Argument, ...]
    returns: str
    summary: str
    """One sentence for people and language models."""
    example: str
    """A Lua expression or statement that works as it stands."""
    since: str = "0.1.0"
    runs_on_host: bool = False
    has_reply: bool = True
    """False for calls whose outcome never reaches the guest (log lines)."""
    fails_with_false: bool = False
    """Whether a failure is `false, err`, as with functions that answer yes or no."""

    @property
    def full_name(self) -> str:
        """`module.name`, the name in frames and documentation."""
        return f"{self.module}.{self.name}"


def _arg(name: str, type_: ArgType = ArgType.STRING, *, optional: bool = False) -> Argument:
    return Argument(name, type_, optional)


_MESSAGE = (_arg("message"), _arg("fields", ArgType.TABLE, optional=True))
_KEY = _arg("key")


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
        args=(_KEY, _arg("value"), _arg("options", ArgType.TABLE, optional=True)),
        returns="true | false, err",
        fails_with_false=True,
        summary="Stores a value; the option ttl (seconds) makes it expire.",
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
        args=(_KEY, _arg("amount", ArgType.NUMBER, optional=True)),
        returns="number | nil, err",
        summary="Adds to a number atomically (1 unless given) and returns the sum.",
        example='local n = kv.incr("visits")',
        runs_on_host=True,
    ),
    GuestFunction(
        module="kv",
        name="cas",
        args=(_KEY, _arg("old", ArgType.STRING, optional=True), _arg("new")),
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
            _arg("prefix", ArgType.STRING, optional=True),
            _arg("limit", ArgType.INT, optional=True),
            _arg("cursor", ArgType.STRING, optional=True),
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
        args=(_KEY, _arg("value")),
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

JSON = (
    GuestFunction(
        module="json",
        name="encode",
        args=(_arg("value", ArgType.ANY), _arg("options", ArgType.TABLE, optional=True)),
        returns="string | nil, err",
        summary="Turns a value into JSON text; options: pretty, escape_html.",
        example='local text = json.encode({ name = "lamp" })',
    ),
    GuestFunction(
        module="json",
        name="decode",
        args=(_arg("text"), _arg("options", ArgType.TABLE, optional=True)),
        returns="value | nil, err",
        summary="Reads JSON text; the option null keeps null members as json.null.",
        example="local value, err = json.decode(event.body)",
    ),
    GuestFunction(
        module="json",
        name="array",
        args=(_arg("items", ArgType.TABLE),),
        returns="table",
        summary="Marks a table so that it is encoded as an array, even when it is empty.",
        example="local text = json.encode(json.array({}))",
    ),
    GuestFunction(
        module="json",
        name="object",
        args=(_arg("members", ArgType.TABLE),),
        returns="table",
        summary="Marks a table so that it is encoded as an object, whatever its keys are.",
        example='local text = json.encode(json.object({ "a" }))',
    ),
)

TIME = (
    GuestFunction(
        module="time",
        name="now",
        args=(),
        returns="number",
        summary="The current time in whole Unix seconds.",
        example="local seconds = time.now()",
    ),
    GuestFunction(
        module="time",
        name="now_ms",
        args=(),
        returns="number",
        summary="The current time in whole Unix milliseconds.",
        example="local ms = time.now_ms()",
    ),
    GuestFunction(
        module="time",
        name="sleep",
        args=(_arg("milliseconds", ArgType.NUMBER),),
        returns="nothing",
        summary="Waits; ends early when the execution's time is over.",
        example="time.sleep(1)",
    ),
)

GUEST_API: tuple[GuestFunction, ...] = LOG + KV + ENV + JSON + TIME

HOST_FUNCTIONS: dict[str, GuestFunction] = {
    function.full_name: function for function in GUEST_API if function.runs_on_host
}
