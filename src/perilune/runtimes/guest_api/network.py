"""The outside world: http, ai and email."""

from perilune.runtimes.guest_api.model import GuestFunction

HTTP: tuple[GuestFunction, ...] = ()

AI: tuple[GuestFunction, ...] = ()

EMAIL: tuple[GuestFunction, ...] = ()
