"""Connections that lead to the public internet and nowhere else, whatever a name resolves to.

Who sets a webhook's address must not reach through us what only we can reach: this machine, the private
network, the cloud's metadata. The address is looked at where the socket is made, after the name was resolved
and for every connection anew: a name that answers differently the second time gains nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import aiohttp

IPAddress = IPv4Address | IPv6Address

# What Python 3.11 takes for global and is none, or is only inside one provider's machines.
_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "168.63.129.16/32",  # Azure: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "192.0.0.0/24",  # IETF protocol assignments, Oracle's metadata among them
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "fec0::/10",  # site-local, RFC 3879
        "5f00::/16",  # segment routing, RFC 9602
        "3fff::/20",  # documentation, RFC 9637
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class NotPublic(OSError):
    """The address is not one of the public internet: no connection is made."""


def is_public(address: str) -> bool:
    """Whether an IP address, and every one that hides in it, belongs to the public internet."""
    try:
        first = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(
        one.is_global
        and not one.is_multicast
        and not any(one in block for block in _NOT_PUBLIC if block.version == one.version)
        for one in _all_in(first)
    )


def _all_in(address: IPAddress) -> list[IPAddress]:
    """The address and the IPv4 ones that a relay or the system would take out of it."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:  # the same address, written longer
        return [address.ipv4_mapped]
    inner: list[IPAddress] = [address]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner += address.teredo
    if address in _NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return inner


def public_socket(address_info: Any) -> socket.socket:  # noqa: ANN401  # what getaddrinfo gives
    """Make the socket for a connection. Raises NotPublic."""
    family, kind, protocol, _, address = address_info
    if not is_public(str(address[0])):
        raise NotPublic("the address is not of the public internet")
    return socket.socket(family, kind, protocol)


def connector(*, only_public: bool) -> aiohttp.TCPConnector:
    """How to connect: anywhere, or only where everybody can."""
    return aiohttp.TCPConnector(socket_factory=public_socket if only_public else None)
