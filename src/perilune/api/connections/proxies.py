"""Reverse proxies in front of the server, and whom they speak for."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from perilune.api.connections.request import Address

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The addresses whose word on a request's client and scheme is taken."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        """Trust these addresses and networks."""
        self._networks = [ipaddress.ip_network(one) for one in networks]
        self.trusts_any = bool(self._networks)
        self._is_trusted = lru_cache(maxsize=4096)(self._look_up)

    def trusts(self, host: str) -> bool:
        """Whether a client at this address is such a proxy."""
        return self.trusts_any and self._is_trusted(host)

    def forwarded(
        self, headers: Iterable[tuple[bytes, bytes]], client: Address, scheme: str
    ) -> tuple[Address, str]:
        """Return client and scheme of a request that *client* has sent, by its headers.

        The client is the last address in `X-Forwarded-For` that is not a trusted proxy.
        """
        if not self.trusts(client[0]):
            return client, scheme
        chain: list[str] = []
        for given_name, value in headers:
            name = given_name.lower()
            if name == b"x-forwarded-for":
                chain += [part.strip() for part in value.decode("latin-1").split(",")]
            elif name == b"x-forwarded-proto":
                named = value.decode("latin-1").strip().lower()
                scheme = named if named in ("http", "https") else scheme
        addresses = [_address(text) for text in chain if text]
        for host, port in reversed(addresses):
            if not self.trusts(host):
                return (host, port), scheme
        return (addresses[0] if addresses else client), scheme

    def _look_up(self, host: str) -> bool:
        address = _ip(host)
        return address is not None and any(address in network for network in self._networks)


def _ip(host: str) -> _Ip | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # A socket for both families shows clients of IPv4 so.
    return getattr(address, "ipv4_mapped", None) or address


def _address(text: str) -> Address:
    """Return host and port; what is not an address with a port is a host as it stands."""
    host, port = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, port = text.split(":")
    return host, int(port) if port.isdecimal() and len(port) <= 5 else 0
