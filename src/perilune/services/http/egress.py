"""Which addresses guest code may reach: public ones, and what the operator allows.

What counts is the address that is connected to, not the name that was asked
for: names are resolved here, and the connection goes to an address that was
checked, so that a name whose answer changes (DNS rebinding) gains nothing.
"""

import asyncio
import re
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from aiohttp.abc import AbstractResolver, ResolveResult

from perilune.services.http.remembered import remembered
from perilune.services.http.types import HTTPClientError

Address = IPv4Address | IPv6Address

SETTING = "PERILUNE_HTTP_ALLOW"
MAX_LOOK_UPS = 64
"""Names that are resolved at a time.

A look-up can't be ended: it keeps its thread until the system's resolver gives up, perhaps long
after the execution.  So there are many more threads than executions, and they are of no use to
anything else: names whose servers never answer must not keep the rest from working.
"""

_LABEL = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_LOOKS_NUMERIC = re.compile(r"(^|\.)([0-9]+|0x[0-9a-f]*)$")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""What the lower half of an address begins with when an IPv4 address follows (RFC 5214, 6.1)."""
_NEAREST = (
    # Global by the standard library's table, and yet whoever is near answers there: services of
    # the own network (RFC 7723, 8155), relays of 6to4 (RFC 7526).
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    # What one cloud's machines are managed through, whoever has the address elsewhere.
    IPv4Network("168.63.129.16"),
    # For documentation (RFC 9637), younger than that table.
    IPv6Network("3fff::/20"),
)


class EgressRefused(HTTPClientError):
    """The address is not public, or this machine's own, and not allowed by the operator."""

    code = "egress_refused"

    def __init__(self, host: str, address: str, *, is_own: bool = False) -> None:
        is_literal = host == address
        where = f"{address} is" if is_literal else f"{host} has the address {address}, which is"
        what = "not a public address" if is_literal else "not public"
        if is_own:
            what = "an address of the server itself"
        super().__init__(f"{where} {what}; the operator may allow it with {SETTING}")


def is_own_address(address: Address) -> bool:
    """Whether the kernel delivers what is sent to *address* on this machine.

    Connecting a datagram socket sends nothing; from then on its own address is the one that the
    kernel would send from, which is the destination only if that is local.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(probe.getsockname()[0] == str(address))
    except OSError:  # no route leads there
        return False


class EgressPolicy:
    """Decides which addresses may be connected to."""

    def __init__(
        self,
        allow: Iterable[str] = (),
        *,
        is_own: Callable[[Address], bool] = is_own_address,
    ) -> None:
        """Allow *allow* besides all public addresses of others.

        Args:
            allow: networks (`10.0.0.0/8`), addresses, and host names, which
                stand for whatever they resolve to; `*.example.org` means every
                name below `example.org`.
            is_own: says which addresses are this machine's own.

        Raises:
            ValueError: an entry is none of these.
        """
        self._is_own = is_own
        self._look_ups = ThreadPoolExecutor(MAX_LOOK_UPS, "perilune-look-up")
        self._networks: list[IPv4Network | IPv6Network] = []
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        for entry in allow:
            self._add(entry.strip().lower())

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry.strip("[]")))
            return
        except ValueError as problem:
            if "has host bits set" in str(problem):
                raise ValueError(f"{entry!r} is an address within a network, not one") from None
        if _LOOKS_NUMERIC.search(entry) or not _HOST_NAME.fullmatch(entry):
            raise ValueError(f"{entry!r} is no network, address or host name")
        if entry.startswith("*."):
            self._suffixes.append(entry[1:])
        else:
            self._names.add(entry)

    def allows(self, host: str, address: Address) -> bool:
        """Whether *address* may be connected to when *host* was asked for."""
        return self._refusal(host, address) is None

    def check_literal(self, host: str) -> None:
        """Check *host* if it is an address; names are checked when they are resolved.

        Raises:
            EgressRefused: it may not be connected to.
        """
        address = _literal(host)
        if address is not None and (refusal := self._refusal(host, address)):
            raise refusal

    def _refusal(self, host: str, address: Address) -> EgressRefused | None:
        """Return why *address* may not be connected to when *host* was asked for."""
        name = host.lower().rstrip(".")
        if name in self._names or name.endswith(tuple(self._suffixes)):
            return None
        inner = _embedded(address)
        if any(_within(one, self._networks) for one in (address, inner)):
            return None
        if not (_is_public(address) and (inner is address or _is_public(inner))):
            return EgressRefused(host, str(address))
        # A connection to oneself never passes the firewall in front.
        if self._is_own(address) or (inner is not address and self._is_own(inner)):
            return EgressRefused(host, str(address), is_own=True)
        return None

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of *host* that may be connected to, at least one.

        Raises:
            EgressRefused: it has none of these.
            OSError: it can't be resolved.
        """
        return [one["host"] for one in await self.look_up(host, port, socket.AF_UNSPEC)]

    async def look_up(self, host: str, port: int, family: int) -> list[ResolveResult]:
        """Return what `resolve` returns, in the form that aiohttp wants."""
        self.check_literal(host)
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._look_ups, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
            )
        except UnicodeError:  # a label is empty or longer than 63 characters
            raise OSError(f"{host} is no host name") from None
        refusal: EgressRefused | None = None
        allowed: list[ResolveResult] = []
        for kind, _, protocol, _, where in found:
            text = str(where[0])
            refused = self._refusal(host, ip_address(text.partition("%")[0]))
            if refused is None:
                allowed.append(
                    ResolveResult(
                        hostname=host,
                        host=text,
                        port=port,
                        family=kind,
                        proto=protocol,
                        flags=socket.AI_NUMERICHOST,
                    )
                )
            else:
                refusal = refused
        if not allowed:
            raise refusal or OSError(f"{host} has no address")
        return allowed


class CheckingResolver(AbstractResolver):
    """Resolves names for aiohttp, to addresses that the policy allows."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the allowed addresses of *host*."""
        return await self._policy.look_up(host, port, family)

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""


@remembered
def _literal(host: str) -> Address | None:
    """Return the address that *host* is; also in the old forms of inet_aton(3), as `127.1`."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped is not None or address in _NAT64 or address.sixtofour is not None
    ):
        return True  # what counts is the address inside
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    # Reserved are, among others, ::/96 and 64:ff9b:1::/48, which stand for addresses of IPv4.
    is_special = address.is_multicast or address.is_reserved or is_site_local
    return address.is_global and not is_special and not _within(address, _NEAREST)


def _within(address: Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)
