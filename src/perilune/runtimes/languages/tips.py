"""The shape of advice in reports, how it is found, and what is the same in every language."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Tip = Callable[[re.Match[str], str], str]
"""Writes advice about what a pattern has found in a message, and the line of source it is about."""


@dataclass(frozen=True, slots=True)
class Tips:
    """What advice helps against which failure, in one language."""

    by_kind: Mapping[str, str]
    """Advice for whole kinds of failures, whatever their messages say."""
    by_message: Sequence[tuple[re.Pattern[str], Tip]]
    """Of those whose pattern is found in the message, the first counts."""
    on_syntax: Callable[[str], str]
    """Writes advice for all other failures of syntax, from the line of source."""
    trace: str
    """Where the message ends and the lines begin that its place is told in."""

    def tip_for(self, kind: str, message: str, source_line: str = "") -> str | None:
        """Return the advice for a failure, without line feed at the end; None if there is none.

        Args:
            kind: `Execution.error_kind` of the failure.
            message: the interpreter's own text.
            source_line: the line where it happened, if known.
        """
        by_kind = self.by_kind.get(kind)
        if by_kind is not None:
            return by_kind
        headline = message.partition(self.trace)[0]
        for pattern, write in (*self.by_message, *_OF_ALL_LANGUAGES):
            found = pattern.search(headline)
            if found is not None:
                return write(found, source_line)
        return self.on_syntax(source_line) if kind == "syntax" else None


def write_tip(headline: str, *bullets: str) -> str:
    """Return advice as reports have it."""
    return "\n".join([f"[TIP] {headline}", *(f"  • {bullet}" for bullet in bullets)])


def fixed(headline: str, *bullets: str) -> Tip:
    """Return what writes the same advice whatever was found."""
    text = write_tip(headline, *bullets)
    return lambda found, source_line: text


def _no_variable_tip(found: re.Match[str], source_line: str) -> str:
    name = found["name"]
    by_smtp = ("To send e-mail by SMTP instead, set SMTP_HOST",) if name == "RESEND_API_KEY" else ()
    return write_tip(
        f"The environment variable {name} has no value",
        f"Set it: perilune env set FUNCTION {name}",
        *by_smtp,
    )


_OF_ALL_LANGUAGES: Sequence[tuple[re.Pattern[str], Tip]] = (
    (re.compile(r"(?P<name>[A-Z][A-Z_]+) not set in function environment"), _no_variable_tip),
)
"""Advice about what the server says to functions, after that of the language."""

TIMEOUT_TIP = write_tip(
    "The time limit was reached",
    "Check loops: each must come to an end",
    "Waiting counts too: http and ai calls, time.sleep",
    "Split long work into several executions, for example with a cron schedule",
)
