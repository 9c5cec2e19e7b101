"""Reading the clock, and times as text."""

from perilune.runtimes.guest.api.model import ArgType, GuestFunction, arg

_LAYOUT = arg("layout")
_ZONE = arg("zone", optional=True)

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
        args=(arg("milliseconds", ArgType.NUMBER),),
        returns="nothing",
        summary="Waits; ends early when the execution's time is over.",
        example="time.sleep(1)",
    ),
    GuestFunction(
        module="time",
        name="format",
        args=(arg("seconds", ArgType.NUMBER), _LAYOUT, _ZONE),
        returns="string | nil, err",
        summary=(
            "Writes Unix seconds by a Go layout (a sample of Mon Jan 2 15:04:05 MST 2006), in the "
            "server's time zone unless an IANA name is given; fails only for an unknown zone or "
            "a layout of more than 16 KiB."
        ),
        example='local text, err = time.format(0, "2006-01-02 15:04 MST", "Europe/Berlin")',
    ),
    GuestFunction(
        module="time",
        name="parse",
        args=(arg("text"), _LAYOUT, _ZONE),
        returns="number, nil | nil, err",
        summary=(
            "Reads a time by a Go layout as Unix seconds; in UTC unless the text or the third "
            "argument (an IANA name, or Local for the server's zone) says otherwise."
        ),
        example='local seconds, err = time.parse("2023-11-14 22:13", "2006-01-02 15:04")',
    ),
    GuestFunction(
        module="time",
        name="iso",
        args=(arg("seconds", ArgType.NUMBER, optional=True),),
        returns="string",
        summary="Unix seconds, now unless given, in UTC as 2023-11-14T22:13:20Z (RFC 3339).",
        example="local text = time.iso(1700000000)",
    ),
)
