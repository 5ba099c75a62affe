"""Which addresses lie inside, and what the operator allows all the same. Pure: no network, no clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Next to what the standard library calls not global; its answers differ between the versions of Python.
_INSIDE = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",  # Azure's metadata; those of the other clouds lie in the networks above
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # Teredo and others, documentation, 6to4
    )
)
# All that is given out to the world; mapped, compatible, NAT64, local and multicast addresses are outside of it.
_WORLD = IPv6Network("2000::/3")

_INNER_ENDS = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "corp", "private", "home.arpa")
_SPELLED = re.compile(r"(?<![0-9])([0-9]{1,3})[.-]([0-9]{1,3})[.-]([0-9]{1,3})[.-]([0-9]{1,3})(?![0-9])")


def is_inside(address: Address) -> bool:
    """Whether the address is not one of the open internet (reliability C48)."""
    if isinstance(address, IPv6Address) and address not in _WORLD:
        return True
    return not address.is_global or address.is_multicast or any(address in network for network in _INSIDE)


def is_inner_name(name: str) -> bool:
    """Whether a host name can only mean something inside: without a dot, of a local zone, or spelling such an
    address as `10.0.0.1.nip.io` does. The answer of the resolver is checked as well."""
    if "." not in name or name.endswith(tuple(f".{end}" for end in _INNER_ENDS)):
        return True
    return any(_is_inside_text(".".join(numbers)) for numbers in _SPELLED.findall(name))


def _is_inside_text(text: str) -> bool:
    try:
        return is_inside(ip_address(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class AllowList:
    """What the operator allows: names with or without a port, and networks."""

    names: frozenset[str]
    networks: tuple[Network, ...]

    def names_host(self, host: str, port: int) -> bool:
        written = f"[{host}]" if ":" in host else host
        return bool(self.names & {host, f"{written}:{port}"})

    def holds(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


@lru_cache(maxsize=16)
def allow_list(entries: Sequence[str]) -> AllowList:
    """Read the setting, a tuple; an entry that is neither a network nor the name of a host allows nothing."""
    names, networks = set(), []
    for entry in entries:
        try:
            networks.append(ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            names.add(entry.lower())
    return AllowList(frozenset(names), tuple(networks))
