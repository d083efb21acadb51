import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.registry.guard import BlockedAddressError, check, refusal

NEVER = [
    "0.0.0.0",  # noqa: S104 - to be refused
    "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "192.0.0.192",
    "168.63.129.16", "192.0.2.1", "192.88.99.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::2", "::127.0.0.1", "::169.254.169.254", "fe80::1",
    "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2001:10::1",
    "3fff::1", "5f00::1", "100::1", "fd00:ec2::254", "fd20:ce::254", "4000::1",
    "fd00:c1::a9fe:a9fe", "fd00:42::42",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "2002:6464:64c8::",
    "not an address", "", "127.1", "0x7f.1", "2130706433", "1.2.3.4\n",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "198.18.0.1", "::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.255.255", "198.20.0.1",
    "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_some_addresses_are_never_dialled(address: str, *, private: bool) -> None:
    assert refusal(address, private=private) is not None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_dialled_where_it_is_allowed(address: str) -> None:
    assert refusal(address, private=True) is None
    assert refusal(address, private=False) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_dialled(address: str) -> None:
    assert refusal(address, private=False) is None
    assert refusal(address, private=True) is None


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_one_in_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for outer in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
    ):
        assert refusal(str(outer), private=False) == refusal(str(address), private=False)


@given(st.ip_addresses())
def test_nothing_that_python_calls_special_is_dialled_without_leave(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = (
        address.is_private or address.is_loopback or address.is_link_local
        or address.is_multicast or address.is_unspecified or address.is_reserved
    )  # fmt: skip
    embedded = address.version == 6 and (address.ipv4_mapped or address.sixtofour)
    nat64 = address in ipaddress.IPv6Network("64:ff9b::/96")
    if special and not embedded and not nat64:
        assert refusal(str(address), private=False) is not None


def test_the_message_says_what_to_set_only_where_that_helps() -> None:
    with pytest.raises(BlockedAddressError, match="allowPrivateAddresses"):
        check("10.0.0.1", private=False)
    with pytest.raises(BlockedAddressError, match="never contacted"):
        check("169.254.169.254", private=True)


def test_only_what_is_excepted_passes_the_guard_and_only_as_it_is_written() -> None:
    metadata = frozenset({"169.254.169.254", "fd00:ec2::254"})

    check("169.254.169.254", private=False, excepted=metadata)
    check("fd00:0ec2:0::254", private=False, excepted=metadata)
    for address in ("169.254.169.253", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::253"):
        with pytest.raises(BlockedAddressError):
            check(address, private=True, excepted=metadata)
    with pytest.raises(BlockedAddressError):
        check("169.254.169.254", private=True)
