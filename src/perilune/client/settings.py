"""How a function's settings are written in `perilune.toml`, one line per setting.

The mapping is total in both directions: every setting of the API has a place in the file, and
what a file does not name has its default.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from perilune.client.errors import ClientError

Settings = dict[str, Any]
"""By the API's names, all of `SETTINGS`."""

FILE = "perilune.toml"
WRITE_ONLY = "write_only"
"""The key under which the file lists variables that are never shown."""


class UnusableFolder(ClientError):
    """A folder does not describe a function."""

    code = "unusable_folder"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a function."""

    name: str
    """The API's name."""
    section: str
    """The table in the file; empty: none."""
    key: str
    kind: type
    default: str | int | bool | None = None


SETTINGS = (
    Setting("description", "", "description", str),
    Setting("runtime", "", "runtime", str, "lua"),
    Setting("disabled", "", "disabled", bool, False),
    Setting("env_writable", "", "env_writable", bool, True),
    Setting("cron_schedule", "schedule", "cron", str),
    Setting("cron_status", "schedule", "status", str, "paused"),
    Setting("cron_time_zone", "schedule", "time_zone", str),
    Setting("cron_missed", "schedule", "missed", str, "skip"),
    Setting("cron_overlap", "schedule", "overlap", str, "skip"),
    Setting("timeout_s", "limits", "timeout_s", int),
    Setting("memory_mb", "limits", "memory_mb", int),
    Setting("rate_limit", "limits", "calls", int),
    Setting("rate_window_s", "limits", "calls_window_s", int),
    Setting("max_concurrency", "limits", "concurrency", int),
    Setting("access", "access", "who", str, "public"),
    Setting("signature_scheme", "access", "signature_scheme", str),
    Setting("allowed_methods", "access", "methods", str),
    Setting("handles_options", "access", "handles_options", bool, False),
    Setting("unsandboxed_html", "access", "unsandboxed_html", bool, False),
    Setting("retention_days", "records", "days", int),
    Setting("retention_bytes", "records", "bytes", int),
    Setting("save_response", "records", "responses", bool, False),
)

_AT_CREATION = frozenset({"runtime"})
_SCHEDULE_STATUS = "cron_status"


def settings_of(function: Mapping[str, Any]) -> Settings:
    """Return the settings in an answer of the API, which leaves out what is None."""
    found = {}
    for one in SETTINGS:
        value = function.get(one.name)
        found[one.name] = one.default if value is None else value
    return found


def to_file(
    name: str, settings: Settings, variables: Mapping[str, str], write_only: Collection[str]
) -> dict[str, Any]:
    """Return the content of `perilune.toml`; what has its default is left out."""
    content: dict[str, Any] = {"name": name}
    for one in SETTINGS:
        value = settings[one.name]
        if value == _default(one, settings) and one.name != "runtime":
            continue
        if one.name == "allowed_methods":
            value = str(value).split(",")
        place = content.setdefault(one.section, {}) if one.section else content
        place[one.key] = value
    if variables:
        content["env"] = dict(sorted(variables.items()))
    if write_only:
        # Before the tables, where TOML wants it.
        content = {"name": name, WRITE_ONLY: sorted(write_only), **content}
    return content


class FileContent(NamedTuple):
    """What a `perilune.toml` says."""

    name: str
    settings: Settings
    variables: dict[str, str]
    write_only: tuple[str, ...]
    """Variables that the server must never show."""


def from_file(content: Mapping[str, Any], where: str) -> FileContent:
    """Return what a `perilune.toml` says.

    Args:
        content: of the file.
        where: what errors call it.

    Raises:
        UnusableFolder: it has something unknown, or of a wrong type, or no name.
    """
    rest: dict[str, Any] = {
        key: dict(value) if isinstance(value, dict) else value for key, value in content.items()
    }
    name = rest.pop("name", None)
    if not isinstance(name, str) or not name.strip():
        raise UnusableFolder(f"{where}: `name` must be a text that is not blank")
    settings: Settings = {}
    for one in SETTINGS:
        place = rest.get(one.section, {}) if one.section else rest
        if not isinstance(place, dict):
            raise UnusableFolder(f"{where}: `{one.section}` must be a table")
        value = place.pop(one.key, None)
        settings[one.name] = None if value is None else _checked(one, value, where)
    for one in SETTINGS:
        if settings[one.name] is None:
            settings[one.name] = _default(one, settings)
    variables = rest.pop("env", {})
    if not isinstance(variables, dict) or not all(isinstance(v, str) for v in variables.values()):
        raise UnusableFolder(f"{where}: `env` must be a table of texts")
    write_only = rest.pop(WRITE_ONLY, [])
    if not isinstance(write_only, list) or not all(one in variables for one in write_only):
        raise UnusableFolder(f"{where}: `{WRITE_ONLY}` must be a list of names in `env`")
    unknown = [key for key, value in rest.items() if value != {}]
    unknown += [f"{key}.{inner}" for key, v in rest.items() if isinstance(v, dict) for inner in v]
    if unknown:
        raise UnusableFolder(f"{where}: unknown: {', '.join(sorted(unknown))}")
    return FileContent(name, settings, variables, tuple(sorted(write_only)))


def changed_settings(before: Settings, after: Settings) -> Settings:
    """Return what must be sent to get from *before* to *after*."""
    return {name: value for name, value in after.items() if not is_same(name, before[name], value)}


def is_same(name: str, one: object, other: object) -> bool:
    """Tell whether two values of a setting mean the same to the server, which tidies them."""
    if isinstance(one, str) and isinstance(other, str):
        if name == "allowed_methods":
            return _words(one) == _words(other)
        if name == "cron_schedule":
            return one.split() == other.split()
    return one == other


def for_creation(settings: Settings) -> Settings:
    """Return what must be sent to create a function with these settings."""
    return {
        one.name: settings[one.name]
        for one in SETTINGS
        if one.name in _AT_CREATION or settings[one.name] != one.default
    }


def _default(one: Setting, settings: Settings) -> str | int | bool | None:
    # Who writes a schedule into a file wants it to fire.
    if one.name == _SCHEDULE_STATUS and settings["cron_schedule"]:
        return "active"
    return one.default


def _words(methods: str) -> set[str]:
    return {word.strip().upper() for word in methods.split(",")}


def _checked(one: Setting, value: object, where: str) -> str | int | bool:
    place = f"{one.section}.{one.key}" if one.section else one.key
    if one.name == "allowed_methods":
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise UnusableFolder(f"{where}: `{place}` must be a list of texts")
        return ",".join(value)
    if type(value) is not one.kind:
        kind = {str: "a text", int: "a whole number", bool: "true or false"}[one.kind]
        raise UnusableFolder(f"{where}: `{place}` must be {kind}")
    return value  # type: ignore[return-value]  # its type was checked just now
