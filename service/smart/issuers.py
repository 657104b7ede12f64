"""The EHRs at which the app is registered, found by what a launch names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.config.errors import ConfigError
from service.config.smart import SmartIssuer
from service.outgoing.address import Address


@dataclass(frozen=True, slots=True)
class Issuers:
    """The allow-list, in the order of the settings."""

    listed: tuple[SmartIssuer, ...]

    def at(self, iss: str) -> SmartIssuer | None:
        """The issuer that a launch names in `iss`; None if it is not listed."""
        place = Address.of(iss)
        if place is None:
            return None
        return next((issuer for issuer in self.listed if Address.of(issuer.iss) == place), None)

    def named(self, issuer_id: str) -> SmartIssuer | None:
        """The issuer of this id."""
        return next((issuer for issuer in self.listed if issuer.id == issuer_id), None)


def listed(issuers: Iterable[SmartIssuer], *, plain_http: bool) -> Issuers:
    """The allow-list. ConfigError if an entry is ambiguous, or not https unless `plain_http`."""
    found = tuple(issuers)
    places = [Address.of(issuer.iss) for issuer in found]
    if None in places:
        raise ConfigError("smart_issuers: an iss is no plain FHIR base address")
    if len({issuer.id for issuer in found}) < len(found) or len(set(places)) < len(found):
        raise ConfigError("smart_issuers: an id or an iss is there twice")
    if not plain_http and not all(issuer.iss.startswith("https://") for issuer in found):
        raise ConfigError("smart_issuers: an iss is not https")
    return Issuers(found)
