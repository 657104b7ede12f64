"""What every code means to us: the shipped terminology and one hospital's own codes, in one look-up.

Made once at start and shared by all calls; a look-up is one dictionary access.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_rules.patient.timeline import Route
from cds_rules.terminology.code_set import Terminology, load
from service.fhir.site_map import SiteMap, SiteMeaning, plain_name


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means to us, and by which route."""

    concept: str
    route: Route
    site: SiteMeaning | None = None


Index = Mapping[tuple[str, str], Meaning]
Names = Mapping[str, Meaning]
"""Meanings by the names of this site's orders, as `plain_name` gives them."""


class Lexicon:
    """All codes with their meaning. A site's mapping of a code wins over the shipped one."""

    def __init__(self, terminology: Terminology, site_map: SiteMap) -> None:
        meanings = {key: Meaning(concept, Route.CODE) for key, concept in terminology.concepts.items()}
        for key, site in site_map.codes.items():
            meanings[key] = Meaning(site.concept, Route.SITE, site)
        self.meanings: Index = meanings
        self.names: Names = {
            name: Meaning(site.concept, Route.SITE, site) for name, site in site_map.orders.items()
        }
        self.units = site_map.units
        self.text_settles = site_map.text_settles

    def only(self, matters: Callable[[Meaning], bool]) -> Index:
        """The part of it that a reader is interested in."""
        return {key: meaning for key, meaning in self.meanings.items() if matters(meaning)}

    def names_of(self, matters: Callable[[Meaning], bool]) -> Names:
        """The names of this site that a reader is interested in."""
        return {name: meaning for name, meaning in self.names.items() if matters(meaning)}


def by_name(code: Any, names: Names) -> Meaning | None:
    """What this site means by a raw CodeableConcept that has a text and no code.

    Raises on a shape that is no CodeableConcept.
    """
    text = code.get("text")
    if not isinstance(text, str) or any(c.get("code") for c in code.get("coding", ())):
        return None
    return names.get(plain_name(text))


@cache
def shipped() -> Lexicon:
    """The lexicon of a site without codes of its own."""
    return Lexicon(load(), SiteMap())
