"""Reading times by Go's reference layouts.

What is accepted and the texts of errors follow Go's package time.
"""

import re
from dataclasses import dataclass

from perilune.worker.library.eras import DAY_S, days_since_1970, split_time
from perilune.worker.library.errors import LibraryError
from perilune.worker.library.layouts import MONTHS, TOKEN, WEEKDAYS, check_size
from perilune.worker.library.zones import Zone


def parse_time(text: str, layout: str, zone: Zone, names: Zone) -> int:
    """Read a moment by *layout*, down to the whole second.

    Args:
        text: all of it must fit the layout.
        layout: missing parts mean year 0, January, the first, midnight.
        zone: where the text is from, unless it says so itself.
        names: the zone whose abbreviations are known; others count as UTC.

    Raises:
        LibraryError: the text does not fit, or one of the two is too long.
    """
    check_size(layout, "layout")
    check_size(text, "text")
    parser = _Parser(text, layout)
    fields = parser.read()
    wall_s = parser.first_second(fields) + fields.second_of_day()
    if fields.is_utc:
        return wall_s
    if fields.offset_s is not None:
        return wall_s - fields.offset_s
    if fields.zone_name:
        offset_s = names.offset_near(wall_s, lambda rule: rule.name == fields.zone_name)
        return wall_s - (offset_s or 0)
    return zone.unix_s(wall_s)


@dataclass(slots=True)
class _Fields:
    year: int = 0
    month: int | None = None
    day: int | None = None
    day_of_year: int | None = None
    hour: int = 0
    minute: int = 0
    second: int = 0
    is_afternoon: bool | None = None
    is_utc: bool = False
    offset_s: int | None = None
    zone_name: str = ""

    def second_of_day(self) -> int:
        hour = self.hour
        if self.is_afternoon and hour < 12:
            hour += 12
        elif self.is_afternoon is False and hour == 12:
            hour = 0
        return (hour * 60 + self.minute) * 60 + self.second


@dataclass(frozen=True, slots=True)
class _Number:
    """A token that is a number between two bounds."""

    field: str
    pattern: re.Pattern[str]
    low: int = 0
    high: int = 9999


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.ASCII | re.IGNORECASE)


_ONE_OR_TWO, _TWO = _pattern(r"\d\d?"), _pattern(r"\d\d")
_NUMBERS = {
    "2006": _Number("year", _pattern(r"\d{4}")),
    "01": _Number("month", _TWO, 1, 12),
    "1": _Number("month", _ONE_OR_TWO, 1, 12),
    "02": _Number("day", _TWO),
    "_2": _Number("day", _pattern(r" ?\d\d?")),
    "2": _Number("day", _ONE_OR_TWO),
    "002": _Number("day_of_year", _pattern(r"\d{3}")),
    "__2": _Number("day_of_year", _pattern(r" {0,2}\d{1,3}")),
    "15": _Number("hour", _ONE_OR_TWO, 0, 23),
    "03": _Number("hour", _TWO, 0, 12),
    "3": _Number("hour", _ONE_OR_TWO, 0, 12),
    "04": _Number("minute", _TWO, 0, 59),
    "4": _Number("minute", _ONE_OR_TWO, 0, 59),
    "05": _Number("second", _TWO, 0, 59),
    "5": _Number("second", _ONE_OR_TWO, 0, 59),
}
_WORDS = {
    "January": _pattern("|".join(MONTHS)),
    "Jan": _pattern("|".join(name[:3] for name in MONTHS)),
    "Monday": _pattern("|".join(WEEKDAYS)),
    "Mon": _pattern("|".join(name[:3] for name in WEEKDAYS)),
    "06": _TWO,
    "PM": re.compile("[AP]M"),
    "pm": re.compile("[ap]m"),
    "MST": re.compile(
        r"""
        UTC | ChST | MeST | (?: GMT )?+ [+-]0*(?: 2[0-3] | 1[0-9] | [0-9] )(?![0-9]) | GMT
        | [A-Z]{3}(?![A-Z]) | (?: [A-Z]{3,4}T | WITA )(?![A-Z])
        """,
        re.VERBOSE,
    ),
}
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_FRACTION = re.compile(r"[.,]([0-9]+)")
_BLANKS = re.compile(" *")
_OFFSET_PARTS = (("hour", 24, 3600), ("minute", 60, 60), ("second", 60, 1))


def _offset_pattern(token: str) -> re.Pattern[str]:
    numbers = re.sub("0[07]", r"(\\d\\d)", token[1:])
    return _pattern(f"([+-]){numbers}")


_OFFSETS = {
    sign + form: _offset_pattern(sign + form)
    for sign in "-Z"
    for form in ("07", "0700", "07:00", "070000", "07:00:00")
}


class _Parser:
    """Reads one text by one layout."""

    def __init__(self, text: str, layout: str) -> None:
        self._text = text
        self._layout = layout
        self._at = 0
        self._fields = _Fields()

    def read(self) -> _Fields:
        """Return what the text says, each part within its bounds."""
        literal_from = 0
        tokens = list(TOKEN.finditer(self._layout))
        following = [found[0] for found in tokens[1:]] + [""]
        for found, next_token in zip(tokens, following, strict=False):
            self._skip(self._layout[literal_from : found.start()])
            literal_from = found.end()
            self._read_token(found[0])
            if found[0] in ("05", "5") and next_token[:1] not in (".", ","):
                self._match(_FRACTION)
        self._skip(self._layout[literal_from:])
        rest = self._text[self._at :]
        if rest:
            raise self._rejected(f": extra text: {_quoted(rest)}")
        return self._fields

    def first_second(self, fields: _Fields) -> int:
        """Return when the day of *fields* starts, in seconds since 1970."""
        if fields.day_of_year is not None:
            return self._first_second_of_year_day(fields, fields.day_of_year)
        # Absent is None; zero is a number that the text has.
        month = 1 if fields.month is None else fields.month
        day = 1 if fields.day is None else fields.day
        try:
            return days_since_1970(fields.year, month, day) * DAY_S
        except ValueError:
            raise self._rejected(": day out of range") from None

    def _first_second_of_year_day(self, fields: _Fields, day_of_year: int) -> int:
        start_s = (days_since_1970(fields.year, 1, 1) + day_of_year - 1) * DAY_S
        year, when = split_time(start_s)
        if year != fields.year:
            raise self._rejected(": day-of-year out of range")
        if fields.month not in (None, when.month):
            raise self._rejected(": day-of-year does not match month")
        if fields.day not in (None, when.day):
            raise self._rejected(": day-of-year does not match day")
        return start_s

    def _skip(self, literal: str) -> None:
        """Pass literal text; blanks in it stand for any number of blanks."""
        text = self._text
        for index, char in enumerate(literal):
            here = text[self._at : self._at + 1]
            if char != " ":
                if here != char:
                    raise self._mismatch(literal)
                self._at += 1
            elif literal[index - 1 : index] != " ":
                if here not in ("", " "):
                    raise self._mismatch(literal)
                self._match(_BLANKS)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass what *pattern* matches here, if it does."""
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _read_token(self, token: str) -> None:
        if token in _NUMBERS:
            self._read_number(token, _NUMBERS[token])
        elif token in _WORDS:
            self._read_word(token)
        elif token in _OFFSETS:
            self._read_offset(token)
        else:
            self._read_fraction(token)

    def _read_number(self, token: str, number: _Number) -> None:
        found = self._match(number.pattern)
        if found is None:
            raise self._mismatch(token)
        value = int(found[0])
        if not number.low <= value <= number.high:
            raise self._rejected(f": {number.field} out of range")
        setattr(self._fields, number.field, value)

    def _read_word(self, kind: str) -> None:
        found = self._match(_WORDS[kind])
        if found is None:
            raise self._mismatch(kind)
        fields, word = self._fields, found[0]
        if kind in ("January", "Jan"):
            fields.month = _MONTH_NUMBERS[word[:3].lower()]
        elif kind == "06":
            fields.year = int(word) + (1900 if int(word) >= 69 else 2000)
        elif kind in ("PM", "pm"):
            fields.is_afternoon = word in ("PM", "pm")
        elif word == "UTC":
            fields.is_utc = True
        elif kind == "MST":
            fields.zone_name = word

    def _read_offset(self, token: str) -> None:
        fields = self._fields
        if token[0] == "Z" and self._text[self._at : self._at + 1] == "Z":
            self._at += 1
            fields.is_utc = True
            return
        found = self._match(_OFFSETS[token])
        if found is None:
            raise self._mismatch(token)
        sign, *numbers = found.groups()
        total_s = 0
        for (unit, high, unit_s), number in zip(_OFFSET_PARTS, numbers, strict=False):
            if int(number) > high:
                raise self._rejected(f": time zone offset {unit} out of range")
            total_s += int(number) * unit_s
        fields.offset_s = -total_s if sign == "-" else total_s

    def _read_fraction(self, token: str) -> None:
        """Pass a fraction: as many digits as there are zeros, or any number for nines."""
        found = _FRACTION.match(self._text, self._at)
        if token[1] == "9":
            self._at = found.end() if found else self._at
        elif found and len(found[1]) >= len(token) - 1:
            self._at += len(token)
        else:
            raise self._mismatch(token)

    def _mismatch(self, element: str) -> LibraryError:
        here = _quoted(self._text[self._at :])
        return self._rejected(
            f" as {_quoted(self._layout)}: cannot parse {here} as {_quoted(element)}"
        )

    def _rejected(self, reason: str) -> LibraryError:
        return LibraryError(f"parsing time {_quoted(self._text)}{reason}")


def _quoted(text: str) -> str:
    r"""Return *text* as Go's package time quotes it, with `\xhh` for all but plain ASCII."""
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return '"' + re.sub("[^ -\x7f]", lambda found: f"\\x{ord(found[0]):02x}", escaped) + '"'
