"""How a function's settings are written in `perilune.toml`, one line per setting.

In every text `${NAME}` stands for a value that is given when the file is deployed.
The mapping is total in both directions: every setting of the API has a place in the file, and
what a file does not name has its default, unless it is a setting that stays as it is then.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple
from unicodedata import normalize

from perilune.client.errors import ClientError
from perilune.client.references import Referred, escaped
from perilune.function_settings import SETTINGS as FUNCTION_SETTINGS
from perilune.function_settings import Form, Setting, SettingValue

Settings = dict[str, Any]
"""By the API's names, all of `SETTINGS`; those that a file leaves as they are may be missing."""

FILE = "perilune.toml"
WRITE_ONLY = "write_only"
"""The key under which the file lists variables that are never shown."""
IGNORE = "ignore"
"""The key under which the file lists patterns of files that are not part of the function."""
ENV = "env"
SIGNING_SECRETS = ("access", "signing_secrets")
"""The table and the key of the secrets that signatures of calls are checked with."""
SECRET_PLACES = frozenset({(ENV,), SIGNING_SECRETS})
"""Where values are that the server may have already, so that they need not be given."""


class UnusableFolder(ClientError):
    """A folder does not describe a function."""

    code = "unusable_folder"


SETTINGS = tuple(one for one in FUNCTION_SETTINGS.values() if one.name != "name")
"""In the order in which they stand in the file; its `name` says which function it describes."""

_SCHEDULE_STATUS = "cron_status"


def settings_of(function: Mapping[str, Any]) -> Settings:
    """Return the settings in an answer of the API, which leaves out what is None."""
    found = {}
    for one in SETTINGS:
        value = function.get(one.name)
        found[one.name] = one.default if value is None else value
    return found


def to_file(
    name: str,
    settings: Settings,
    variables: Mapping[str, str],
    write_only: Collection[str],
    signing_secrets: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the content of `perilune.toml`; what a new function would have is left out."""
    name = escaped(name)
    content: dict[str, Any] = {"name": name}
    for one in SETTINGS:
        value = settings[one.name]
        if one.is_kept:
            value = value or ""
        elif value == _default(one, settings) and not one.is_fixed:
            continue
        if one.form is Form.METHODS:
            value = str(value).split(",")
        elif isinstance(value, str):
            value = escaped(value)
        place = content.setdefault(one.section, {}) if one.section else content
        place[one.key] = value
    if signing_secrets is not None:
        table, key = SIGNING_SECRETS
        content.setdefault(table, {})[key] = list(signing_secrets)
    if variables:
        content[ENV] = dict(sorted(variables.items()))
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
    signing_secrets: tuple[str, ...] | None
    """None: they stay as they are."""
    ignored: tuple[str, ...]
    """Patterns of names of files in the folder that are not part of the function."""


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
        if value is not None:
            value = _checked(one, value, where)
            settings[one.name] = None if value == "" and one.empty_clears else value
        elif not one.is_kept:
            settings[one.name] = None
    for one in SETTINGS:
        if settings.get(one.name, "") is None:
            settings[one.name] = _default(one, settings)
    variables = rest.pop(ENV, {})
    if not isinstance(variables, dict):
        raise UnusableFolder(f"{where}: `env` must be a table of texts")
    for key, value in variables.items():
        if not isinstance(value, str):
            raise UnusableFolder(f"{where}: `env.{key}` must be a text")
    table, key = SIGNING_SECRETS
    secrets = _texts(rest.get(table, {}).pop(key, None), ".".join(SIGNING_SECRETS), where)
    ignored = _texts(rest.pop(IGNORE, None), IGNORE, where)
    write_only = rest.pop(WRITE_ONLY, [])
    if not isinstance(write_only, list) or not all(one in variables for one in write_only):
        raise UnusableFolder(f"{where}: `{WRITE_ONLY}` must be a list of names in `env`")
    _refuse_unknown(rest, where)
    return FileContent(
        str(name), settings, variables, tuple(sorted(write_only)), secrets, ignored or ()
    )


def _refuse_unknown(rest: Mapping[str, Any], where: str) -> None:
    """Refuse what is left of a file, and tell what each may have been meant to be."""
    known = [".".join(SIGNING_SECRETS), ENV, WRITE_ONLY, IGNORE]
    known += [one.place or one.name for one in SETTINGS]
    by_key = {place.rpartition(".")[2]: place for place in known}
    told = []
    for table, value in rest.items():
        inner = [f"{table}.{key}" for key in value] if isinstance(value, dict) else [table]
        for place in inner:
            close = get_close_matches(place.rpartition(".")[2], by_key, n=1)
            told.append(f"{place} (is {by_key[close[0]]} meant?)" if close else place)
    if told:
        raise UnusableFolder(f"{where}: unknown: {', '.join(sorted(told))}")


def changed_settings(before: Settings, after: Settings) -> Settings:
    """Return what must be sent to get from *before* to *after*."""
    return {name: value for name, value in after.items() if not is_same(name, before[name], value)}


def is_same(name: str, one: object, other: object) -> bool:
    """Tell whether two values of a setting mean the same to the server, which tidies them."""
    if isinstance(one, str) and isinstance(other, str):
        form = FUNCTION_SETTINGS[name].form
        if form is Form.METHODS:
            return _words(one) == _words(other)
        if form is Form.CRON:
            return one.split() == other.split()
        if form is Form.ADDRESS:
            return normalize("NFC", one) == normalize("NFC", other)
    return one == other


def for_creation(settings: Settings) -> Settings:
    """Return what must be sent to create a function with these settings."""
    return {
        one.name: settings[one.name]
        for one in SETTINGS
        if one.name in settings
        and (one.is_fixed or one.is_kept or settings[one.name] != one.default)
    }


def _default(one: Setting, settings: Settings) -> SettingValue:
    # Who writes a schedule into a file wants it to fire.
    if one.name == _SCHEDULE_STATUS and settings["cron_schedule"]:
        return "active"
    return one.default


def _words(methods: str) -> set[str]:
    return {word.strip().upper() for word in methods.split(",")}


def _texts(value: object, key: str, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UnusableFolder(f"{where}: `{key}` must be a list of texts")
    return tuple(value)


def _checked(one: Setting, value: object, where: str) -> SettingValue:
    place = f"{one.section}.{one.key}" if one.section else one.key
    if isinstance(value, Referred):
        value = _referred(one, value)
        if value is None:
            return None
    if one.form is Form.METHODS:
        return ",".join(_texts(value, place, where) or ())
    if type(value) is not one.kind:
        kind = {str: "a text", int: "a whole number", bool: "true or false"}[one.kind]
        raise UnusableFolder(f"{where}: `{place}` must be {kind}")
    return value  # type: ignore[return-value]  # its type was checked just now


def _referred(one: Setting, text: Referred) -> object:
    """Return what a text means that a reference stood for; an empty one is no value."""
    if text == "" and one.is_clearable:
        return None
    if one.form is Form.METHODS:
        return text.split(",")
    if one.kind is int and text.removeprefix("-").isdecimal():
        return int(text)
    if one.kind is bool and text in ("true", "false"):
        return text == "true"
    return str(text)
