"""The base class of every deliberate error.

It imports nothing, so each package can define its own errors on top of it.
"""

from typing import ClassVar


class PeriluneError(Exception):
    """A failure that Perilune foresaw and can name.

    `code` is stable and machine readable; the message is for people.
    """

    code: ClassVar[str] = "perilune_error"
