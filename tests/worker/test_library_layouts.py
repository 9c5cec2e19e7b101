"""Go time layouts: every token both ways, the texts of errors, and what must hold for any input."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perilune.worker.library import LibraryError
from perilune.worker.library.layout_parser import parse_time
from perilune.worker.library.layouts import MAX_BYTES, format_time
from perilune.worker.library.zones import SERVER, UTC_ZONE, ServerZone, Zone, find_zone

BERLIN = find_zone("Europe/Berlin")
SATURDAY = 1_699_085_107  # 2023-11-04 09:05:07 in Berlin, day 308
YEAR_10000 = 253_402_300_800
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_S = 2**63


def parse(text: str, layout: str, zone: Zone = UTC_ZONE) -> int:
    return parse_time(text, layout, zone, zone)


def problem(text: str, layout: str) -> str:
    with pytest.raises(LibraryError) as caught:
        parse(text, layout)
    return str(caught.value)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006", "2023"),
        ("06", "23"),
        ("01", "11"),
        ("1", "11"),
        ("Jan", "Nov"),
        ("January", "November"),
        ("Januar", "Januar"),
        ("JanuaryX", "NovemberX"),
        ("Jan2", "Nov4"),
        ("02", "04"),
        ("2", "4"),
        ("_2", " 4"),
        ("_2006", "_2023"),
        ("__2006", "308023"),
        ("002", "308"),
        ("__2", "308"),
        ("Mon", "Sat"),
        ("Monday", "Saturday"),
        ("Month", "Month"),
        ("15", "09"),
        ("03", "09"),
        ("3", "9"),
        ("PM", "AM"),
        ("pm", "am"),
        ("Pm", "Pm"),
        ("04", "05"),
        ("4", "5"),
        ("05", "07"),
        ("5", "7"),
        ("MST", "CET"),
        ("-0700", "+0100"),
        ("-07:00", "+01:00"),
        ("-07", "+01"),
        ("-070000", "+010000"),
        ("-07:00:00", "+01:00:00"),
        ("-07:0", "+01:0"),
        ("Z0700", "+0100"),
        ("Z07:00", "+01:00"),
        ("Z07", "+01"),
        ("Z070000", "+010000"),
        ("Z07:00:00", "+01:00:00"),
        ("05.000", "07.000"),
        ("05,000", "07,000"),
        ("05.999", "07"),
        ("5.0001", "7.0011"),
        ("1.2.3.4", "11.4.9.5"),
        ("2006\xe5\xb9\xb4", "2023\xe5\xb9\xb4"),
        ("0", "0"),
        ("00", "00"),
        ("", ""),
        ("%Y", "%Y"),
    ],
)
def test_format(layout, text):
    assert format_time(SATURDAY, layout, BERLIN) == text


@pytest.mark.parametrize(
    ("unix_s", "zone", "layout", "text"),
    [
        pytest.param(0, "UTC", "Z07:00 MST -0700", "Z UTC +0000", id="UTC"),
        pytest.param(0, "", "MST", "UTC", id="empty name"),
        pytest.param(0, "America/New_York", "15 Z07:00 MST", "19 -05:00 EST", id="west"),
        pytest.param(0, "Asia/Kolkata", "15:04 -0700", "05:30 +0530", id="half an hour"),
        pytest.param(1_720_000_000, "Europe/Berlin", "15 MST", "11 CEST", id="summer"),
        pytest.param(0, "America/Sao_Paulo", "MST", "-03", id="no abbreviation"),
        pytest.param(-(2**40), "Europe/Berlin", "-07:00:00", "+00:53:28", id="local mean time"),
        pytest.param(-(2**40), "America/New_York", "-070000", "-045602", id="west, with seconds"),
        pytest.param(43_200, "UTC", "3PM 03pm", "12PM 12pm", id="noon"),
        pytest.param(0, "UTC", "3PM __2 002", "12AM   1 001", id="midnight"),
        pytest.param(YEAR_10000, "UTC", "2006-01-02 06", "10000-01-01 00", id="year 10000"),
        pytest.param(-62_167_219_200, "UTC", "2006 06", "0000 00", id="year 0"),
        pytest.param(-62_198_755_200, "UTC", "2006 06", "-0001 00", id="year -1"),
        pytest.param(LONGEST_S, "UTC", "2006-01-02", "292277026596-12-04", id="as far as it goes"),
        pytest.param(
            YEAR_10000 * 9 + 15_552_000, "Europe/Berlin", "MST", "CEST", id="summer in far years"
        ),
    ],
)
def test_format_in_zones_and_eras(unix_s, zone, layout, text):
    assert format_time(unix_s, layout, find_zone(zone)) == text


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("2023-11-14 22:13:20", "2006-01-02 15:04:05", 1_700_000_000),
        ("2023-318", "2006-002", 1_699_920_000),
        ("2024- 60", "2006-__2", 1_709_164_800),
        ("2023-11-14 318", "2006-01-02 002", 1_699_920_000),
        ("14 nov 2023", "02 Jan 2006", 1_699_920_000),
        ("NOVEMBER 14, 2023", "January 2, 2006", 1_699_920_000),
        ("5 May 2024", "2 January 2006", 1_714_867_200),
        ("68", "06", 3_092_601_600),
        ("69", "06", -31_536_000),
        ("Sunday 2023-11-14", "Monday 2006-01-02", 1_699_920_000),
        ("12:05AM", "3:04PM", -62_167_218_900),
        ("12:05pm", "3:04pm", -62_167_175_700),
        ("3:04", "1:02", -62_161_776_000),
        ("1:02", "3:04", -62_167_215_480),
        ("1970  1", "2006 _2", 0),
        ("1970 1", "2006   2", 0),
        ("1970", "2006 ", 0),
        ("1970-1-1     0", "2006-1-2 15", 0),
        ("1970Z", "2006Z07:00", 0),
        ("1970+01:00", "2006Z07:00", -3600),
        ("1970-0130", "2006-0700", 5400),
        ("1970+24:60:60", "2006-07:00:00", -90_060),
        ("1970 +0100 UTC", "2006 -0700 MST", 0),
        ("1970 GMT", "2006 MST", 0),
        ("1970 GMT+3", "2006 MST", 0),
        ("1970 +03", "2006 MST", 0),
        ("1970 WITA", "2006 MST", 0),
        ("1970 ChST", "2006 MST", 0),
        ("1970-01-01 00:00:01.5", "2006-01-02 15:04:05", 1),
        ("1970-01-01 00:00:01,123456789123", "2006-01-02 15:04:05", 1),
        ("1970-01-01 00:00:01.500", "2006-01-02 15:04:05,000", 1),
        ("1970-01-01 00:00:01", "2006-01-02 15:04:05.999", 1),
        ("1970-01-01 00:00:01.12345", "2006-01-02 15:04:05.9", 1),
        ("1969-12-31 23:59:59.5", "2006-01-02 15:04:05", -1),
    ],
)
def test_parse(text, layout, expected):
    assert parse(text, layout) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2024-07-01 12:00", 1_719_828_000, id="summer"),
        pytest.param("2024-01-01 12:00", 1_704_106_800, id="winter"),
        pytest.param("2024-07-01 12:00 CET", 1_719_831_600, id="winter time in summer"),
        pytest.param("2024-01-01 12:00 CEST", 1_704_103_200, id="summer time in winter"),
        pytest.param("2024-10-27 02:30 CEST", 1_729_989_000, id="first of two"),
        pytest.param("2024-10-27 02:30 CET", 1_729_992_600, id="second of two"),
        pytest.param("2024-07-01 12:00 UTC", 1_719_835_200, id="UTC"),
        pytest.param("2024-07-01 12:00 EST", 1_719_835_200, id="abbreviation of elsewhere"),
        pytest.param("2024-07-01 12:00 GMT+3", 1_719_835_200, id="GMT with an offset"),
    ],
)
def test_parse_in_a_zone(text, expected):
    layout = "2006-01-02 15:04" + (" MST" if len(text) > 16 else "")

    assert parse(text, layout, BERLIN) == expected


def test_a_time_that_clocks_skip_is_one_of_its_neighbours():
    assert parse("2024-03-31 02:30", "2006-01-02 15:04", BERLIN) in (1_711_848_600, 1_711_845_000)


@pytest.mark.parametrize(
    ("text", "layout", "element", "rest"),
    [
        ("bad", "2006-01-02", "2006", "bad"),
        ("2023-11", "2006-01-02", "-", ""),
        ("2023-1-02", "2006-01-02", "01", "1-02"),
        ("2023 x", "2006 01", "01", "x"),
        ("2023x01", "2006 01", " ", "x01"),
        ("abxd", "abcd", "abcd", "xd"),
        ("Foo", "Jan", "Jan", "Foo"),
        ("Xyz", "Monday", "Monday", "Xyz"),
        ("pm", "PM", "PM", "pm"),
        ("PM", "pm", "pm", "PM"),
        ("5", "002", "002", "5"),
        ("00:00:01", "15:04:05.000", ".000", ""),
        ("00:00:01.12", "15:04:05.000", ".000", ".12"),
        ("+1:00", "-07:00", "-07:00", "+1:00"),
        ("0100", "-0700", "-0700", "0100"),
        ("z", "Z07:00", "Z07:00", "z"),
        ("AB", "MST", "MST", "AB"),
        ("ABCD", "MST", "MST", "ABCD"),
        ("ABCDEF", "MST", "MST", "ABCDEF"),
        ("+24", "MST", "MST", "+24"),
    ],
)
def test_text_that_does_not_fit(text, layout, element, rest):
    expected = f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'

    assert problem(text, layout) == expected


@pytest.mark.parametrize(
    ("text", "layout", "reason"),
    [
        ("2024-13-15", "2006-01-02", "month out of range"),
        ("2024-00-15", "2006-01-02", "month out of range"),
        ("2024-01-32", "2006-01-02", "day out of range"),
        ("2024-01-00", "2006-01-02", "day out of range"),
        ("2023-02-29", "2006-01-02", "day out of range"),
        ("1900-02-29", "2006-01-02", "day out of range"),
        ("24:00", "15:04", "hour out of range"),
        ("13:00PM", "3:04PM", "hour out of range"),
        ("23:60", "15:04", "minute out of range"),
        ("23:59:60", "15:04:05", "second out of range"),
        ("+25:00", "-07:00", "time zone offset hour out of range"),
        ("+24:61", "-07:00", "time zone offset minute out of range"),
        ("+246061", "-070000", "time zone offset second out of range"),
        ("2023-366", "2006-002", "day-of-year out of range"),
        ("2023-000", "2006-002", "day-of-year out of range"),
        ("2023-10 318", "2006-01 002", "day-of-year does not match month"),
        ("2023-11-13 318", "2006-01-02 002", "day-of-year does not match day"),
        ("2024-01-15x", "2006-01-02", 'extra text: "x"'),
    ],
)
def test_values_out_of_range(text, layout, reason):
    assert problem(text, layout) == f'parsing time "{text}": {reason}'


def test_errors_are_plain_ascii():
    assert problem('\xe9"\\\n', "2006") == (
        r'parsing time "\xe9\"\\\x0a" as "2006": cannot parse "\xe9\"\\\x0a" as "2006"'
    )


def test_long_layouts_and_texts_are_refused():
    long = "2006 " * (MAX_BYTES // 5) + "x" * 5

    with pytest.raises(LibraryError, match="layout of .* bytes exceeds the limit"):
        format_time(0, long, UTC_ZONE)
    with pytest.raises(LibraryError, match="layout of .* bytes exceeds the limit"):
        parse("", long)
    with pytest.raises(LibraryError, match="text of .* bytes exceeds the limit"):
        parse(long, "2006")


@pytest.mark.parametrize(
    "name", ["Nope", "../../etc/passwd", "/etc/localtime", "europe/berlin", "\0", "x" * 10_000]
)
def test_unknown_zones(name):
    with pytest.raises(LibraryError) as caught:
        find_zone(name)

    assert str(caught.value) == f"unknown time zone {name[:64]}"


@pytest.mark.parametrize(
    ("variable", "offset_s"),
    [
        pytest.param("Europe/Berlin", 3600, id="name"),
        pytest.param(":Europe/Berlin", 3600, id="colon"),
        pytest.param("", 0, id="empty"),
        pytest.param("UTC", 0, id="UTC"),
        pytest.param("No/Where", 0, id="unknown"),
        pytest.param("/no/such/file", 0, id="no file"),
        pytest.param(__file__, 0, id="no zone file"),
    ],
)
def test_the_server_zone_follows_the_variable_as_in_go(variable, offset_s):
    zone = ServerZone()

    zone.follow(variable)

    assert zone.rule_at(0).offset_s == offset_s


def test_local_is_the_zone_of_the_server():
    assert find_zone("Local") is SERVER


COMPLETE = (
    "2006-01-02T15:04:05Z07:00",
    "Mon, 02 Jan 2006 15:04:05 -0700",
    "Monday January _2 3:4:5PM 2006 -07:00:00",
    "002/2006 03.04.05.000 pm Z070000",
    "20060102150405-0700",
    "Jan _2 15:04:05,999999 2006 -07:00 MST",
)
SHOWS_SECONDS_OF_OFFSET = re.compile("07:00:00|070000")
years_0_to_9999 = st.integers(-62_167_132_800, YEAR_10000 - 86_401)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])


@given(years_0_to_9999, st.sampled_from(COMPLETE), zones)
@example(-62_167_132_800, COMPLETE[0], "UTC")
@example(-1_096_934_400, COMPLETE[0], "America/St_Johns")
@example(-1_096_934_400, COMPLETE[2], "America/St_Johns")
def test_times_written_in_full_read_back(unix_s, layout, name):
    zone = find_zone(name if "MST" not in layout else "UTC")
    if not SHOWS_SECONDS_OF_OFFSET.search(layout) and zone.rule_at(unix_s).offset_s % 60:
        zone = UTC_ZONE  # offsets of local mean time have seconds, in Newfoundland until 1935

    assert parse_time(format_time(unix_s, layout, zone), layout, UTC_ZONE, UTC_ZONE) == unix_s


@given(st.integers(-1_000_000_000, YEAR_10000 - 86_401), zones)
def test_times_written_in_a_zone_read_back_there(unix_s, name):
    """Once clocks show a time twice, it may be the other one."""
    zone = find_zone(name)
    layout = "2006-01-02 15:04:05"

    again = parse(format_time(unix_s, layout, zone), layout, zone)

    assert format_time(again, layout, zone) == format_time(unix_s, layout, zone)
    assert abs(again - unix_s) <= 7200
    if zone.rule_at(unix_s).name.isalpha():
        named = layout + " MST"
        assert parse(format_time(unix_s, named, zone), named, zone) == unix_s


AS_IN_C = [
    ("2006-01-02 15:04:05", "%Y-%m-%d %H:%M:%S"),
    ("Mon Jan _2 06", "%a %b %e %y"),
    ("Monday, January 02", "%A, %B %d"),
    ("03:04 PM 002", "%I:%M %p %j"),
    ("-0700", "%z"),
]


@pytest.mark.parametrize(("layout", "directives"), AS_IN_C)
@given(unix_s=st.integers(-30_000_000_000, YEAR_10000 - 86_401))
def test_agrees_with_strftime(unix_s, layout, directives):
    expected = (EPOCH + timedelta(seconds=unix_s)).strftime(directives)

    assert format_time(unix_s, layout, UTC_ZONE) == expected


PIECES = """
    2006 06 01 1 Jan January 02 2 _2 __2 002 Mon Monday 15 03 3 PM pm 04 4 05 5 .000 .999 ,0
    MST -0700 -07:00 -07 Z07:00 Z0700 Z07 +01 -1 9 0 UTC GMT+3 CEST : - / x
"""
texts = st.lists(
    st.one_of(st.sampled_from(PIECES.split()), st.just(" "), st.characters(max_codepoint=255)),
    max_size=12,
).map("".join)
moments = st.integers(-LONGEST_S, LONGEST_S)


@given(texts, texts, moments)
@example("", "", 0)
@example("", "x", 0)
@example("-1", "06", 0)
def test_nothing_but_library_errors(text, layout, unix_s):
    written = format_time(unix_s, layout, BERLIN)
    for candidate in (text, written):
        with suppress(LibraryError):
            assert isinstance(parse(candidate, layout, BERLIN), int)
