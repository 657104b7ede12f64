"""Which FHIR servers a caller may send us to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from service.outgoing.address import Address


@dataclass(frozen=True, slots=True)
class AllowedServers:
    """Servers at or below the addresses listed; any server at all if `anywhere`."""

    addresses: tuple[Address, ...] = ()
    anywhere: bool = False

    @classmethod
    def of(cls, urls: Iterable[str]) -> Self:
        """ValueError for what is no plain address."""
        found = tuple(Address.of(url) for url in urls)
        if None in found:
            raise ValueError("expected addresses without user name, query, dot or empty segments")
        return cls(tuple(address for address in found if address is not None))

    def permit(self, url: str) -> bool:
        """Whether the FHIR server at this address may be asked."""
        asked = Address.of(url)
        if asked is None:
            return False
        return self.anywhere or any(address.covers(asked) for address in self.addresses)
