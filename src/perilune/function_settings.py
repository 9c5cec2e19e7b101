"""The settings of a function, each declared once.

Everything that knows the settings reads them here: the record of the store, the body of a request
with its description and checks, `perilune.toml`, `perilune functions set`, the dashboard and the
page of the documentation.  A new setting is a migration and a member of `FunctionSettings`.
"""

import types
from dataclasses import KW_ONLY, dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

SettingValue = str | int | bool | None

MIB = 1024 * 1024
DEFAULT_RATE_WINDOW_S = 60
DEFAULT_SIGNATURE_SCHEME = "standard"
HTTP_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""What a setting of `Form.METHODS` may name, in the order in which it is stored."""


class CronStatus(StrEnum):
    """Whether a schedule fires."""

    ACTIVE = "active"
    PAUSED = "paused"


class Form(StrEnum):
    """What a text must be, where length and a list of words don't say it."""

    NAME = "a name"
    ADDRESS = "printable text without blanks and / \\ ? # %"
    CRON = "a cron expression"
    TIME_ZONE = "an IANA time zone"
    METHODS = f"any of {', '.join(HTTP_METHODS)}, separated by commas"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what it is for, what it may be, and where it is written.

    `name`, `kind` and `is_clearable` come from the member of `FunctionSettings`, and so does
    `default` unless it is given.
    """

    help: str
    """One sentence, without the values that are allowed."""
    place: str = ""
    """The table and the key in `perilune.toml`, a dot between them; empty: the setting's name."""
    _: KW_ONLY
    unset: str = ""
    """What it means that there is no value."""
    least: int = 1
    most: int | None = None
    """None where the server has a limit of its own, see `server_limit`."""
    words: tuple[str | int, ...] = ()
    """The only values there are."""
    form: Form | None = None
    max_chars: int | None = None
    server_limit: str = ""
    """Which limit of the server bounds it."""
    empty_clears: bool = False
    """Whether an empty text is no value."""
    is_kept: bool = False
    """Whether a `perilune.toml` that does not name it leaves it as it is."""
    is_fixed: bool = False
    """Whether it is chosen when the function is created, for good."""
    admin_only: bool = False
    """Whether turning it on takes the scope `admin`."""
    since: str = "0.1.0"
    default: SettingValue = None
    """What functions have for which nothing else was chosen."""
    name: str = ""
    kind: type = str
    """`str`, `int` or `bool`."""
    is_clearable: bool = False
    """Whether there may be no value."""

    @property
    def section(self) -> str:
        """The table in `perilune.toml`; empty: none."""
        return self.place.rpartition(".")[0]

    @property
    def key(self) -> str:
        """The key in this table."""
        return self.place.rpartition(".")[2] or self.name

    @property
    def values(self) -> str:
        """What it may be, in words."""
        if self.words:
            return " or ".join(", ".join(map(str, self.words)).rsplit(", ", 1))
        if self.kind is int:
            most = "the server's limit" if self.most is None else f"{self.most:,}"
            return f"{self.least:,} to {most}"
        if self.kind is bool:
            return "true or false"
        if self.server_limit:
            return f"one of the server's {self.server_limit}"
        longest = "" if self.max_chars is None else f" of at most {self.max_chars} characters"
        return f"{self.form or 'text'}{longest}"


class FunctionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set of a function.  None: there is no value."""

    name: Annotated[str, Setting("What people call it; not blank.", form=Form.NAME, max_chars=100)]
    address: Annotated[
        str | None,
        Setting(
            "What it is called by below `/fn/`, besides its id; no two functions have the same, and"
            " none has the form of an id. Unless it is given, a new function gets its name if that"
            " is `[a-z0-9][a-z0-9-]{0,62}` and no other function's name or address.",
            unset="only its id",
            form=Form.ADDRESS,
            max_chars=63,
            empty_clears=True,
            is_kept=True,
        ),
    ] = None
    description: Annotated[str | None, Setting("What it does.", unset="none", max_chars=500)] = None
    runtime: Annotated[
        str, Setting("The language of its code.", server_limit="runtimes", is_fixed=True)
    ] = "lua"
    disabled: Annotated[bool, Setting("A disabled function can't be called.")] = False
    env_writable: Annotated[
        bool, Setting("Whether its own code may change its environment variables.")
    ] = True
    cron_schedule: Annotated[
        str | None,
        Setting(
            "When it is executed by itself.",
            "schedule.cron",
            unset="never, and its status becomes paused",
            form=Form.CRON,
            max_chars=100,
            empty_clears=True,
        ),
    ] = None
    cron_status: Annotated[
        str | None,
        Setting(
            "Whether its schedule fires; active needs a schedule.",
            "schedule.status",
            unset="paused",
            words=tuple(map(str, CronStatus)),
            default="paused",
        ),
    ] = None
    cron_time_zone: Annotated[
        str | None,
        Setting(
            "The zone of its schedule.",
            "schedule.time_zone",
            unset="the server's",
            form=Form.TIME_ZONE,
            empty_clears=True,
        ),
    ] = None
    cron_missed: Annotated[
        str,
        Setting(
            "What becomes of due times while no server ran.",
            "schedule.missed",
            words=("skip", "run_once"),
        ),
    ] = "skip"
    cron_overlap: Annotated[
        str,
        Setting(
            "What becomes of a due time while the last execution still runs.",
            "schedule.overlap",
            words=("skip", "allow"),
        ),
    ] = "skip"
    timeout_s: Annotated[
        int | None,
        Setting(
            "Longest time of one execution, in seconds; at most `EXECUTION_TIMEOUT`.",
            "limits.timeout_s",
            unset="the server's limit",
            server_limit="timeout_s",
        ),
    ] = None
    memory_mb: Annotated[
        int | None,
        Setting(
            "Memory it may use, in MiB; at most `PERILUNE_WORKER_MEMORY`.",
            "limits.memory_mb",
            unset="the server's limit",
            least=16,
            server_limit="memory_mb",
        ),
    ] = None
    rate_limit: Annotated[
        int | None,
        Setting("Calls per `rate_window_s`.", "limits.calls", unset="any number", most=1_000_000),
    ] = None
    rate_window_s: Annotated[
        int | None,
        Setting(
            "The seconds that `rate_limit` is for.",
            "limits.calls_window_s",
            unset=str(DEFAULT_RATE_WINDOW_S),
            most=86_400,
        ),
    ] = None
    max_concurrency: Annotated[
        int | None,
        Setting("Executions at a time.", "limits.concurrency", unset="any number", most=10_000),
    ] = None
    access: Annotated[
        str, Setting("Who may call it.", "access.who", words=("public", "token", "signature"))
    ] = "public"
    signature_scheme: Annotated[
        str | None,
        Setting(
            "How signatures of calls are made.",
            "access.signature_scheme",
            unset=DEFAULT_SIGNATURE_SCHEME,
            words=(DEFAULT_SIGNATURE_SCHEME, "github", "stripe"),
            empty_clears=True,
        ),
    ] = None
    allowed_methods: Annotated[
        str | None,
        Setting(
            "The methods it may be called with; GET includes HEAD.",
            "access.methods",
            unset="all",
            form=Form.METHODS,
            empty_clears=True,
        ),
    ] = None
    handles_options: Annotated[
        bool,
        Setting(
            "Whether it answers OPTIONS itself, instead of the server.", "access.handles_options"
        ),
    ] = False
    unsandboxed_html: Annotated[
        bool,
        Setting(
            "Whether its documents, headers and cookies may count for the server's whole origin.",
            "access.unsandboxed_html",
            admin_only=True,
        ),
    ] = False
    retention_days: Annotated[
        int | None,
        Setting(
            "How many days its executions are kept.",
            "records.days",
            unset="7",
            words=(7, 15, 30, 365),
        ),
    ] = None
    retention_bytes: Annotated[
        int | None,
        Setting(
            "Most bytes that its executions take up, with logs and requests; the oldest go.",
            "records.bytes",
            unset="any number",
            least=MIB,
            most=2**50,
        ),
    ] = None
    save_response: Annotated[
        bool, Setting("Whether its answers are stored.", "records.responses")
    ] = False


def _declared() -> dict[str, Setting]:
    hints = get_type_hints(FunctionSettings, include_extras=True)
    settings = {}
    for field in msgspec.structs.fields(FunctionSettings):
        annotated, setting = get_args(hints[field.name])
        choices = set(_choices(annotated))
        default = field.default if setting.default is None else setting.default
        settings[field.name] = replace(
            setting,
            name=field.name,
            kind=next(iter(choices - {type(None)})),
            is_clearable=type(None) in choices,
            default=None if default is msgspec.NODEFAULT else default,
        )
    return settings


def _choices(annotation: Any) -> tuple[Any, ...]:  # whatever a member is annotated with
    is_union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if is_union else (annotation,)


SETTINGS = _declared()
"""All settings by name, in the order in which people are shown them."""


CHANGEABLE = frozenset(one.name for one in SETTINGS.values() if not one.is_fixed)


class UpdateFunctionRequest(dict[str, SettingValue]):
    """Changes of a function's settings: what is missing stays, None clears.

    Code is no setting: it makes a new version (`DB.create_version`).
    """

    def __init__(self, **changes: SettingValue) -> None:
        """Take new values by the names of settings.

        Raises:
            TypeError: there is no such setting, or it can't be changed.
        """
        if unknown := changes.keys() - CHANGEABLE:
            raise TypeError(f"not to be changed: {', '.join(sorted(unknown))}")
        super().__init__(changes)
