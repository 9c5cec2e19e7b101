"""Time zones: UTC, the server's own, and those of the IANA database.

All zone files are read when this module is imported, some 350 KB in 10 ms,
since nothing can be opened after the lock-down.  They are parsed when used.
The C library can't serve here: it reads its zone file again and again, and
falls back to UTC when it can't.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from perilune.worker.library.eras import DAY_S, ERA_S
from perilune.worker.library.errors import LibraryError

_MACHINE_ZONE = Path("/etc/localtime")
_MAX_SHOWN_NAME = 64
_CACHED_ZONES = 64

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_2400_S = 13_569_465_600
# `datetime` starts with year 1; two days more, for the offset of the zone.
_FIRST_S = -62_135_596_800 + 2 * DAY_S

# How far from a moment to look for the other offsets that its year has: beyond
# a change of the clocks, and half a year.
_PROBES_S = tuple(DAY_S * days for days in (0, -1, 1, -182, 182))


class Rule(NamedTuple):
    """What a zone's clocks show at some moment."""

    offset_s: int
    """Seconds east of UTC."""
    name: str
    """Abbreviation such as `CET`."""
    is_dst: bool


class Zone:
    """A time zone for any moment, however far from today."""

    def __init__(self, tz: tzinfo) -> None:
        self._tz = tz

    def rule_at(self, unix_s: int) -> Rule:
        """Return the rule in force at *unix_s*; the earliest one before year 1."""
        if unix_s >= _YEAR_2400_S:
            unix_s = _YEAR_2400_S + (unix_s - _YEAR_2400_S) % ERA_S
        local = (_EPOCH + timedelta(seconds=max(unix_s, _FIRST_S))).astimezone(self._tz)
        offset = local.utcoffset() or timedelta()
        return Rule(offset // timedelta(seconds=1), local.tzname() or "", bool(local.dst()))

    def unix_s(self, wall_s: int) -> int:
        """Return the moment at which clocks show *wall_s*, counted as if the zone were UTC.

        For what clocks skip or show twice, one of the two possible moments.
        """
        guess_s = wall_s - self.rule_at(wall_s).offset_s
        return wall_s - self.rule_at(guess_s).offset_s

    def offset_near(self, wall_s: int, is_wanted: Callable[[Rule], bool]) -> int | None:
        """Return the offset of a wanted rule in the year around *wall_s*, None without one."""
        rules = (self.rule_at(wall_s + probe_s) for probe_s in _PROBES_S)
        return next((rule.offset_s for rule in rules if is_wanted(rule)), None)


class ServerZone(Zone):
    """The zone of the server, which the process that starts workers announces."""

    def __init__(self) -> None:
        super().__init__(_machine_zone())
        self.name = _name_of(_MACHINE_ZONE)
        """Its IANA name, for programs that know zones by name; `UTC` if it has none."""

    def follow(self, variable: str | None) -> None:
        """Take the zone from the environment variable `TZ`; call it before the lock-down.

        As in Go: unset means the zone of the machine, empty means UTC, and so
        does what names neither a zone nor a zone file by its absolute path.
        """
        if variable is None:
            self._tz, self.name = _machine_zone(), _name_of(_MACHINE_ZONE)
            return
        name = variable.removeprefix(":")
        if name.startswith("/"):
            self._tz, self.name = _zone_from_file(Path(name)), _name_of(Path(name))
        elif name in _FILES:
            self._tz, self.name = _parsed(_FILES[name]), name
        else:
            self._tz, self.name = UTC, "UTC"


def find_zone(name: str) -> Zone:
    """Return the zone of an IANA name, `Local` for the server's, `UTC` or empty for UTC.

    Raises:
        LibraryError: there is no such zone.
    """
    if name == "Local":
        return SERVER
    if name in ("", "UTC"):
        return UTC_ZONE
    if name not in _FILES:
        raise LibraryError(f"unknown time zone {name[:_MAX_SHOWN_NAME]}")
    return _iana_zone(name)


def zone_file(name: str) -> bytes | None:
    """Return the zone file of an IANA name, None if there is no such zone."""
    return _FILES.get(name)


def zone_names() -> set[str]:
    """Return all IANA names there are."""
    return set(_FILES)


@lru_cache(maxsize=_CACHED_ZONES)
def _iana_zone(name: str) -> Zone:
    return Zone(_parsed(_FILES[name]))


def _parsed(data: bytes) -> ZoneInfo:
    return ZoneInfo.from_file(io.BytesIO(data))


def _machine_zone() -> tzinfo:
    return _zone_from_file(_MACHINE_ZONE)


def _zone_from_file(path: Path) -> tzinfo:
    try:
        return _parsed(path.read_bytes())
    except (OSError, ValueError):
        return UTC


def _name_of(file: Path) -> str:
    """Return the IANA name of a zone file, which says where it is or what it is a link to."""
    name = str(file.resolve()).rpartition("/zoneinfo/")[2]
    return name if name in _FILES else "UTC"


def _read_files() -> dict[str, bytes]:
    """Return the zone files of the package `tzdata` by name."""
    spec = find_spec("tzdata")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the package tzdata is not installed")
    directory = spec.submodule_search_locations[0]
    files = {}
    for name in Path(directory, "zones").read_text().split():
        # Takes half the time of `Path.read_bytes`, and there are 600 of them.
        with open(f"{directory}/zoneinfo/{name}", "rb", buffering=0) as file:
            files[name] = file.read()
    return files


_FILES = _read_files()
UTC_ZONE = Zone(UTC)
SERVER = ServerZone()
