"""Reading the clock, and times as text."""

from perilune.runtimes.guest_api.model import ArgType, GuestFunction, arg

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
)
