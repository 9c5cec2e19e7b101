"""Digests and random values."""

from perilune.runtimes.guest_api.model import GuestFunction

CRYPTO: tuple[GuestFunction, ...] = ()

RANDOM: tuple[GuestFunction, ...] = ()
