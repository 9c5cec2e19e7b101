"""Which time zone a server is in."""

from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from perilune.clock import find_zone
from perilune.config import SettingError, load_settings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Europe/Berlin", "Europe/Berlin", id="name"),
        pytest.param(":Asia/Tokyo", "Asia/Tokyo", id="colon"),
        pytest.param("UTC", "UTC", id="UTC"),
    ],
)
def test_names(text, name):
    assert find_zone(text).key == name


def machine_zone(folder: Path, name: str) -> Path:
    """Make a machine whose zone file is found as `zoneinfo/NAME`."""
    target = folder / "share" / "zoneinfo" / name
    target.parent.mkdir(parents=True)
    target.write_bytes(files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
    return target


def test_the_machines_zone_has_its_name(tmp_path):
    link = tmp_path / "localtime"
    link.symlink_to(machine_zone(tmp_path, "Europe/Berlin"))

    assert find_zone("", link).key == "Europe/Berlin"


def test_a_copied_zone_file_is_a_zone_without_a_name(tmp_path):
    copy = tmp_path / "localtime"
    copy.write_bytes(machine_zone(tmp_path, "Europe/Berlin").read_bytes())

    for zone in (find_zone("", copy), find_zone(f":{copy}")):
        assert not zone.key
        assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)


def test_a_machine_without_a_zone_is_in_utc(tmp_path):
    assert find_zone("", tmp_path / "missing").key == "UTC"


@pytest.mark.parametrize(
    "text", ["Nope/Zone", "Europe", "/etc/passwd", "/missing", "../etc/passwd", "CET-1CEST"]
)
def test_an_invalid_zone_stops_the_start(text):
    with pytest.raises(SettingError, match="TZ: must be a time zone like Europe/Berlin"):
        load_settings({"TZ": text}, {})


def test_the_setting_is_kept_as_it_was_given():
    assert load_settings({"TZ": ":Asia/Tokyo"}, {}).time_zone == ":Asia/Tokyo"
    assert load_settings({"TZ": ""}, {}).time_zone == ""
