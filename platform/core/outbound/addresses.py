"""Which IP addresses belong to the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

GLOBAL_UNICAST_V6 = ip_network("2000::/3")
"""All that is assigned to public IPv6 hosts; what lies outside is local, mapped, translated or reserved."""

SPECIAL = tuple(
    ip_network(text)
    for text in (
        # IPv4, after the IANA special-purpose registry (RFC 6890 and its updates).
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is a metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, metadata and DNS, in the middle of a public range
        "169.254.0.0/16",  # link-local; 169.254.169.254 is the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        # IPv6 inside 2000::/3.
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, given back
        "3fff::/20",  # documentation
        # IPv6 outside it, named for the reader: GLOBAL_UNICAST_V6 already refuses these.
        "::/96",  # unspecified, loopback and IPv4-compatible
        "64:ff9b::/96",  # NAT64 carries any IPv4 address
        "64:ff9b:1::/48",  # local NAT64
        "100::/64",  # discard only
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local; fd00:ec2::254 is a metadata service
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)
"""Ranges that no public server lives in; Python's own `is_global` lets several of them through."""


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped one (::ffff:a.b.c.d), any other address as it is."""
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: Address) -> bool:
    """Tell whether `address` may belong to a server of the public internet."""
    address = unwrapped(address)
    if isinstance(address, IPv6Address) and (address.scope_id or address not in GLOBAL_UNICAST_V6):
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in SPECIAL)
