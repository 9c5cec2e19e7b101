"""Writes the names that time zones have for their offsets, for JavaScript functions.

The engine of JavaScript knows the offsets of all zones, and hardly any of their
abbreviations, such as CET.  Run this when the package `tzdata` has been updated.
"""

import re
import struct
from importlib import import_module
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/perilune/worker/javascript/guest/zone_names.js"
HEAD = """\
/**
 * The abbreviations of time zones.  Written by tools/generate_zone_names.py; do not edit.
 *
 * Each line has offsets in seconds with their abbreviations, then the zones that have them.
 * Where an offset has had several, it is the last one.
 */

const TABLE = `
"""
TAIL = """\
`;

/** @type {Map<string, string> | null} */
let lines = null;

/**
 * Return the offsets of a zone, each followed by its abbreviation; null if there is no such zone.
 *
 * @param {string} zone
 * @returns {string | null}
 */
export function abbreviationsOf(zone) {
  lines ??= new Map(
    TABLE.trim().split("\\n").flatMap((line) => {
      const [texts, zones] = line.split("|");
      return zones.split(" ").map((/** @type {string} */ name) => [name, texts]);
    }),
  );
  return lines.get(zone) ?? null;
}
"""
_HEADER = struct.Struct(">20x6l")
_RULE = re.compile(r"(<[^>]+>|[A-Za-z]+)(-?[\d:]+)(?:(<[^>]+>|[A-Za-z]+)(-?[\d:]+)?)?")
_HOUR_S = 3600


def abbreviations(data: bytes) -> dict[int, str]:
    """Return the last abbreviation of each offset that a zone file (RFC 9636) has."""
    _, _, _, transitions, types, characters = _HEADER.unpack_from(data)
    second = _HEADER.size + transitions * 5 + types * 6 + characters
    _, _, _, transitions, types, characters = _HEADER.unpack_from(data, second)
    at = second + _HEADER.size + 8 * transitions
    order = data[at : at + transitions]
    at += transitions
    kinds = list(struct.iter_unpack(">lbB", data[at : at + 6 * types]))
    at += 6 * types
    texts = data[at : at + characters]
    names: dict[int, str] = {}
    for index in (0, *order):
        offset_s, _, start = kinds[index]
        names[offset_s] = texts[start : texts.index(b"\0", start)].decode()
    footer = _RULE.match(data[at + characters :].decode("latin-1").lstrip("\n"))
    if footer is not None:
        standard, offset, summer, summer_offset = footer.groups()
        offset_s = -_seconds(offset)
        names[offset_s] = standard.strip("<>")
        if summer:
            summer_s = -_seconds(summer_offset) if summer_offset else offset_s + _HOUR_S
            names[summer_s] = summer.strip("<>")
    return names


def _seconds(text: str) -> int:
    hours, minutes, seconds = (*map(int, text.lstrip("+-").split(":")), 0, 0)[:3]
    total_s = (hours * 60 + minutes) * 60 + seconds
    return -total_s if text.startswith("-") else total_s


def table() -> str:
    """Return the text of the module."""
    directory = Path(import_module("tzdata").__path__[0])
    zones: dict[str, list[str]] = {}
    for name in (directory / "zones").read_text().split():
        names = abbreviations((directory / "zoneinfo" / name).read_bytes())
        texts = " ".join(f"{offset_s}{text}" for offset_s, text in sorted(names.items()))
        zones.setdefault(texts, []).append(name)
    lines = "".join(f"{texts}|{' '.join(names)}\n" for texts, names in sorted(zones.items()))
    return HEAD + lines + TAIL


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
