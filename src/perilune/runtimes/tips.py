"""The shape of advice in reports, and the advice that is the same in every language."""


def write_tip(headline: str, *bullets: str) -> str:
    """Return advice as reports have it."""
    return "\n".join([f"[TIP] {headline}", *(f"  • {bullet}" for bullet in bullets)])


TIMEOUT_TIP = write_tip(
    "The time limit was reached",
    "Check loops: each must come to an end",
    "Waiting counts too: http and ai calls, time.sleep",
    "Split long work into several executions, for example with a cron schedule",
)
