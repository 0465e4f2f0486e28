"""The classifier of addresses: what belongs to the public internet, and what must never be connected to."""

from ipaddress import ip_address

import pytest

from core import outbound
from core.outbound.addresses import is_public

HOSTILE_V4 = [
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.0.0.53",
    "127.1.1.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.253",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.17.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "224.0.0.251",
    "233.252.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
]
HOSTILE_V6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::8.8.8.8",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:168.63.129.16",
    "::ffff:169.254.169.254",
    "::ffff:192.168.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::10.0.0.1",
    "100::1",
    "1fff::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2001:db8:ffff::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "e000::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff05::1:3",
    "ff0e::1",
]
ZONED = ["fe80::1%eth0", "2606:4700:4700::1111%1"]
GOOD = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.254",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
]


@pytest.mark.parametrize("address", HOSTILE_V4 + HOSTILE_V6 + ZONED)
def test_hostile_addresses_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", GOOD)
def test_addresses_of_the_public_internet_are_public(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", HOSTILE_V4)
def test_hostile_v4_addresses_are_refused_in_a_url(address, internet):
    with pytest.raises(outbound.ForbiddenAddress):
        outbound.check_url(f"http://{address}/a.mp3")


@pytest.mark.parametrize("address", HOSTILE_V4)
def test_hostile_v4_addresses_are_refused_when_mapped_into_v6(address, internet):
    with pytest.raises(outbound.ForbiddenAddress):
        outbound.check_url(f"http://[::ffff:{address}]/a.mp3")


@pytest.mark.parametrize("address", HOSTILE_V6)
def test_hostile_v6_addresses_are_refused_in_a_url(address, internet):
    with pytest.raises(outbound.ForbiddenAddress):
        outbound.check_url(f"http://[{address}]/a.mp3")


@pytest.mark.parametrize("address", HOSTILE_V4 + HOSTILE_V6 + ZONED)
def test_names_that_stand_for_hostile_addresses_are_refused(address, internet):
    internet.name("media.example", [address])

    with pytest.raises(outbound.ForbiddenAddress):
        outbound.check_url("https://media.example/a.mp3")


@pytest.mark.parametrize("address", GOOD)
def test_names_that_stand_for_public_addresses_are_admitted(address, internet):
    internet.name("media.example", [address])

    outbound.check_url("https://media.example/a.mp3")

    assert internet.asked == ["media.example"]
