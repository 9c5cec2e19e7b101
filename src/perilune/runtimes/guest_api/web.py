"""URLs and paths."""

from perilune.runtimes.guest_api.model import GuestFunction

URL: tuple[GuestFunction, ...] = ()

ROUTER: tuple[GuestFunction, ...] = ()
