"""Guest module `time`, and the server's zone as `os.date` and `os.time` show it."""

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perilune.runtimes.workers.zygote_client import open_zygote
from perilune.worker import frames
from perilune.worker.library.zones import SERVER
from tests.worker.conftest import MEMORY_BYTES, Worker
from tests.worker.lua_guest import Guest, setup

LUA = "perilune.worker.lua_interpreter"
BERLIN = ZoneInfo("Europe/Berlin")
SUMMER = 1_720_000_000


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    """A guest on a server in Berlin."""
    SERVER.follow("Europe/Berlin")
    yield Guest()
    SERVER.follow(None)


def test_clock(guest):
    before = time.time()
    seconds, milliseconds, iso = guest.texts("time.now(), time.now_ms(), time.iso()")

    assert int(before) <= int(seconds) <= time.time()
    assert int(before * 1000) <= int(milliseconds) <= time.time() * 1000
    assert before - 1 <= datetime.fromisoformat(iso).timestamp() <= time.time()


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ('time.format(1700000000, "2006-01-02 15:04 MST")', ["2023-11-14 23:13 CET"]),
        ('time.format("1720000000.9", "15:04:05 -0700")', ["11:46:40 +0200"]),
        ('time.format(-1.5, "05", "UTC")', ["59"]),
        ("time.format(0, 2006)", ["1970"]),
        ('time.format(0, "15 MST", "America/New_York")', ["19 EST"]),
        ('time.format(0, "15 MST", "Local")', ["01 CET"]),
        ('time.format(0, "2006\\255\\1")', ["1970\\xff\1"]),
        ('time.format(0/0, "2006")', ["292277026596"]),
        ('time.format(1/0, "2006")', ["292277026596"]),
        ('time.format(-1/0, "2006")', ["-292277022657"]),
        ('time.format(1e300, "2006")', ["292277026596"]),
        ('time.format(0, "2006", "No/Where")', ["nil", "unknown time zone No/Where"]),
        (
            'time.format(0, string.rep("x", 1e7))',
            ["nil", "layout of 10000000 bytes exceeds the limit of 16384 bytes"],
        ),
        ('time.parse("2024-07-01 12:00", "2006-01-02 15:04")', ["1719835200", "nil"]),
        ('time.parse("2024-07-01 12:00 CEST", "2006-01-02 15:04 MST")', ["1719828000", "nil"]),
        ('time.parse("2024-07-01 12", "2006-01-02 15", "Local")', ["1719828000", "nil"]),
        ('time.parse("2024-07-01 12", "2006-01-02 15", "Asia/Tokyo")', ["1719802800", "nil"]),
        ("time.parse(2024, 2006)", ["1704067200", "nil"]),
        ('time.parse("", "")', ["-62167219200", "nil"]),
        ('time.parse("x", "2006", "No/Where")', ["nil", "unknown time zone No/Where"]),
        (
            'time.parse(string.rep("1", 1e7), "2006")',
            ["nil", "text of 10000000 bytes exceeds the limit of 16384 bytes"],
        ),
        (
            'time.parse("bad", "2006-01-02")',
            ["nil", 'parsing time "bad" as "2006-01-02": cannot parse "bad" as "2006"'],
        ),
        ("time.iso(1700000000)", ["2023-11-14T22:13:20Z"]),
        ('time.iso("-0.5")', ["1970-01-01T00:00:00Z"]),
        ("time.iso(253402300800)", ["10000-01-01T00:00:00Z"]),
    ],
)
def test_values(guest, expression, texts):
    assert guest.texts(expression) == texts


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("time.format()", "bad argument #1 to format (number expected, got nil)"),
        ('time.format("x", "2006")', "bad argument #1 to format (number expected, got string)"),
        ("time.format(0)", "bad argument #2 to format (string expected, got nil)"),
        ('time.format(0, "", {})', "bad argument #3 to format (string expected, got table)"),
        ("time.parse()", "bad argument #1 to parse (string expected, got nil)"),
        ('time.parse("")', "bad argument #2 to parse (string expected, got nil)"),
        ('time.parse("", "", true)', "bad argument #3 to parse (string expected, got boolean)"),
        ("time.iso({})", "bad argument #1 to iso (number expected, got table)"),
        ("time.sleep()", "bad argument #1 to sleep (number expected, got nil)"),
        ("os.date({})", "bad argument #1 to date (string expected, got table)"),
        ("os.time({year = 2024, month = 1})", "field 'day' missing in date table"),
        ("os.time({year = 1e300, month = 1, day = 1})", "field 'year' is out of range"),
        ("os.time({year = 0/0, month = 1, day = 1})", "field 'year' is out of range"),
    ],
)
def test_wrong_arguments_raise(guest, call, problem):
    assert guest.error(f"local x = {call}") == f"<string>:1: {problem}"


@pytest.mark.parametrize("milliseconds", ["0", "-5", "0/0", "-1/0", '"1"', "1.9"])
def test_sleep_returns_nothing(guest, milliseconds):
    assert guest.text(f'select("#", time.sleep({milliseconds}))') == "0"


DIRECTIVES = "%Y-%m-%d %H:%M:%S %z %Z %a %A %b %B %c %I %j %p %U %w %W %x %X %y %%Z"


@given(st.integers(-2_000_000_000, 30_000_000_000))
@example(1_700_000_000)
@example(SUMMER)
def test_os_date_shows_the_zone_that_time_format_shows(guest, unix_s):
    moment = datetime.fromtimestamp(unix_s, UTC).astimezone(BERLIN)

    by_c, epoch, by_layout, in_utc, is_dst = guest.texts(
        f"os.date(event.query.form, {unix_s}), os.date('%s', {unix_s}), "
        f"time.format({unix_s}, '2006-01-02 15:04:05 -0700 MST'), "
        f"os.date('!%F %T', {unix_s}), os.date('*t', {unix_s}).isdst",
        query={"form": DIRECTIVES},
    )

    assert by_c == moment.strftime(DIRECTIVES)
    assert epoch == str(unix_s)
    assert by_layout == moment.strftime("%Y-%m-%d %H:%M:%S %z %Z")
    assert in_utc == datetime.fromtimestamp(unix_s, UTC).strftime("%F %T")
    assert is_dst == str(bool(moment.dst())).lower()


@given(st.integers(-2_000_000_000, 30_000_000_000))
@example(1_729_989_000)  # 02:30 summer time, the first of two
@example(1_729_992_600)
def test_os_time_undoes_os_date(guest, unix_s):
    assert guest.text(f"os.time(os.date('*t', {unix_s}))") == str(unix_s)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param("year=2024, month=7, day=1", "1719828000", id="noon unless told otherwise"),
        pytest.param("year=2024, month=7, day=1, isdst=true", "1719828000", id="summer time"),
        pytest.param("year=2024, month=7, day=1, isdst=false", "1719831600", id="winter time"),
        pytest.param("year=2024, month=14, day=-3", "1738062000", id="carried over"),
        pytest.param("year=1, month=1, day=1, hour=0", "-62135600008", id="year 1"),
        pytest.param('year="2024", month="7", day="1"', "1719828000", id="numeric strings"),
    ],
)
def test_os_time(guest, fields, seconds):
    assert guest.text(f"os.time({{{fields}}})") == seconds


@pytest.mark.parametrize("when", ["1e300", "-1e300", "0/0", "1/0"])
def test_times_beyond_what_c_can_show_are_nil(guest, when):
    assert guest.texts(f"os.date('%Y', {when}), os.date('*t', {when})") == ["nil", "nil"]


def test_os_time_now(guest):
    assert guest.text("math.abs(os.time() - time.now()) <= 1") == "true"
    assert re.fullmatch(r"\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}", guest.text("os.date()"))


async def test_a_locked_down_worker_shows_the_zone_of_its_server():
    """It has no environment and can open no file; the C library would fall back to UTC."""
    code = f"""
        local function look()
          return os.date("%H %Z", {SUMMER}) .. time.format({SUMMER}, " 15 MST")
        end
        local at_load = look()
        function handler()
          os.time({{year = 2024, month = 1, day = 1}})
          local lisbon = time.format({SUMMER}, " 15 MST", "Europe/Lisbon")
          return {{body = at_load .. ", " .. look() .. lisbon}}
        end
    """
    loop = asyncio.get_running_loop()
    async with open_zygote([LUA]) as zygote:
        worker = Worker(await zygote.spawn(LUA, MEMORY_BYTES, time_zone="Asia/Tokyo"))
        ready = await worker.receive()
        for frame in (setup(host_functions=[]), frames.Invoke("v1", code, {}, {}, 10.0)):
            await loop.sock_sendall(worker.spawned.sock, frames.encode(frame))
        result = await worker.receive()
        worker.spawned.close()

    assert isinstance(ready, frames.Ready)
    assert isinstance(result, frames.Result), result
    assert result.body == b"18 JST 18 JST, 18 JST 18 JST 10 WEST"
