"""Which addresses functions may reach."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.http import EgressPolicy, EgressRefused
from perilune.services.http.egress import is_own_address

PRIVATE = (
    *("127.0.0.1", "10.1.1.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.0.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("::127.0.0.1", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "2002:a9fe:a9fe::1"),
    *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    *("192.0.0.9", "192.0.0.10", "192.88.99.1", "2002:c058:6301::1", "64:ff9b::c058:6301"),
    *("3fff::1", "3fff:fff::1", "4000::1", "5f00::1"),
    *("2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:169.254.169.254"),
    *("168.63.129.16", "::ffff:168.63.129.16"),
)
PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "2606:4700::1111"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::", "2606:4700::5efe:8.8.8.8"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_refused(address):
    assert not EgressPolicy().allows(address, ip_address(address))

    with pytest.raises(EgressRefused, match="PERILUNE_HTTP_ALLOW"):
        EgressPolicy().check_literal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address):
    assert EgressPolicy().allows(address, ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700::5efe:8.8.8.8"])
def test_the_machines_own_addresses_are_not_public_unless_the_operator_allows_them(address):
    def is_own(one):
        return str(one) == "8.8.8.8"

    policy = EgressPolicy(is_own=is_own)

    assert not policy.allows("me.example.org", ip_address(address))
    with pytest.raises(EgressRefused, match=r"of the server itself; .* PERILUNE_HTTP_ALLOW"):
        policy.check_literal(address)
    assert policy.allows("dns.example.org", ip_address("8.8.4.4"))
    assert EgressPolicy(["8.8.8.8"], is_own=is_own).allows("x", ip_address(address))
    assert EgressPolicy(["x"], is_own=is_own).allows("x", ip_address(address))


def test_the_kernel_says_which_addresses_are_the_machines_own():
    assert is_own_address(ip_address("127.0.0.1"))
    assert not is_own_address(ip_address("8.8.8.8"))
    assert not is_own_address(ip_address("2606:4700::1111"))


@given(st.ip_addresses(v=4))
def test_plain_addresses_are_judged_like_the_standard_library_does(address):
    is_near = any(
        address in ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16")
    )
    expected = address.is_global and not address.is_multicast and not is_near

    assert EgressPolicy().allows("example.org", address) == expected


@pytest.mark.parametrize(
    ("entry", "host", "address", "is_allowed"),
    [
        pytest.param("127.0.0.0/8", "x", "127.3.2.1", True, id="network"),
        pytest.param("127.0.0.0/8", "x", "::ffff:127.0.0.1", True, id="network, mapped address"),
        pytest.param("127.0.0.0/8", "x", "10.0.0.1", False, id="another network"),
        pytest.param("10.0.0.7", "x", "10.0.0.7", True, id="address"),
        pytest.param("10.0.0.7", "x", "10.0.0.8", False, id="another address"),
        pytest.param("::1", "x", "::1", True, id="address of version 6"),
        pytest.param("db.internal", "DB.internal.", "10.0.0.1", True, id="name"),
        pytest.param("db.internal", "a.db.internal", "10.0.0.1", False, id="name below"),
        pytest.param("*.internal", "db.internal", "10.0.0.1", True, id="wildcard"),
        pytest.param("*.internal", "internal", "10.0.0.1", False, id="wildcard, the name itself"),
        pytest.param("*.internal", "evilinternal", "10.0.0.1", False, id="wildcard needs its dot"),
    ],
)
def test_the_operator_allows_more(entry, host, address, is_allowed):
    assert EgressPolicy([entry]).allows(host, ip_address(address)) == is_allowed


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "300.1.1.1",
        "a b",
        "http://x",
        "*",
        "a..b",
        "-a",
        "127.1",
        "0x7f.1",
    ],
)
def test_an_entry_that_means_nothing_is_an_error(entry):
    with pytest.raises(ValueError, match="network|address|name"):
        EgressPolicy([entry])


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "localhost", "::1"])
async def test_names_are_judged_by_what_they_resolve_to(host):
    with pytest.raises(EgressRefused):
        await EgressPolicy().resolve(host, 80)


async def test_resolving_gives_the_allowed_addresses():
    policy = EgressPolicy(["127.0.0.1"])

    assert await policy.resolve("localhost", 80) == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["name.invalid", "a..b", "a" * 64])
async def test_a_name_that_does_not_exist_cannot_be_resolved(host):
    with pytest.raises(OSError, match="."):
        await EgressPolicy().resolve(host, 80)
