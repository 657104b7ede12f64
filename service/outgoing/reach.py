"""Which network addresses may be connected to."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network
Ip = IPv4Address | IPv6Address

METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # credentials of containers
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",  # a public address that only answers inside its cloud
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
"""Where clouds hand out the credentials of a machine: nothing that keeps a medical record."""

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """Public addresses, and of the others those in `networks`; all private ones if `private`.

    Judged by the address that is connected to, after its name was looked up: a name that leads to
    another address the next time gains nothing. `plain_http`: without TLS too.
    """

    networks: tuple[Network, ...] = ()
    private: bool = False
    plain_http: bool = False

    def permits(self, address: str) -> bool:
        """Whether this numeric address may be connected to."""
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        inside = _inside(found)
        if any(ip in METADATA or ip.is_multicast or ip.is_unspecified for ip in (found, *inside)):
            return False
        return self._listed(found) or all(self._permits(ip) for ip in inside or [found])

    def _permits(self, ip: Ip) -> bool:
        return self._listed(ip) or (self.private and not ip.is_link_local) or _is_public(ip)

    def _listed(self, ip: Ip) -> bool:
        return any(ip.version == network.version and ip in network for network in self.networks)


ANYWHERE = Reach(private=True, plain_http=True)
"""For a server that whoever runs the program named by hand, and for the demonstration."""


def _is_public(ip: Ip) -> bool:
    # The former site-local addresses of IPv6 are private and called global.
    return ip.is_global and not (isinstance(ip, IPv6Address) and ip.is_site_local)


def _inside(ip: Ip) -> list[Ip]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(ip, IPv6Address):
        return []
    found: list[Ip | None] = [ip.ipv4_mapped, ip.sixtofour]
    found += ip.teredo or ()
    if any(ip in network for network in _NAT64) or (ip in _COMPATIBLE and int(ip) > 1):
        found.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def parse_network(text: str) -> Network:
    """ValueError unless it is a network such as 10.20.0.0/16, or one address."""
    return ip_network(text.strip())
