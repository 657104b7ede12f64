"""What every code means to us: the shipped terminology and one hospital's own codes, in one look-up.

Made once at start and shared by all calls; a look-up is one dictionary access.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from cds_rules.patient.timeline import Route
from cds_rules.terminology.code_set import Terminology, load
from service.fhir.site_map import SiteCode, SiteMap


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means to us, and by which route."""

    concept: str
    route: Route
    site: SiteCode | None = None


Index = Mapping[tuple[str, str], Meaning]


class Lexicon:
    """All codes with their meaning. A site's mapping of a code wins over the shipped one."""

    def __init__(self, terminology: Terminology, site_map: SiteMap) -> None:
        meanings = {key: Meaning(concept, Route.CODE) for key, concept in terminology.concepts.items()}
        for key, site in site_map.codes.items():
            meanings[key] = Meaning(site.concept, Route.SITE, site)
        self.meanings: Index = meanings

    def only(self, matters: Callable[[Meaning], bool]) -> Index:
        """The part of it that a reader is interested in."""
        return {key: meaning for key, meaning in self.meanings.items() if matters(meaning)}


@cache
def shipped() -> Lexicon:
    """The lexicon of a site without codes of its own."""
    return Lexicon(load(), SiteMap())
