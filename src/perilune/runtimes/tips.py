"""The shape of advice in reports, and the advice that is the same in every language."""

import re
from collections.abc import Callable

Tip = Callable[[re.Match[str]], str]
"""Writes advice about what a pattern has found in a message."""


def write_tip(headline: str, *bullets: str) -> str:
    """Return advice as reports have it."""
    return "\n".join([f"[TIP] {headline}", *(f"  • {bullet}" for bullet in bullets)])


def fixed(headline: str, *bullets: str) -> Tip:
    """Return what writes the same advice whatever was found."""
    text = write_tip(headline, *bullets)
    return lambda found: text


TIMEOUT_TIP = write_tip(
    "The time limit was reached",
    "Check loops: each must come to an end",
    "Waiting counts too: http and ai calls, time.sleep",
    "Split long work into several executions, for example with a cron schedule",
)
