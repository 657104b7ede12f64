"""Which specimen a result names: by code in a contained Specimen, or by the words of its display."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from service.fhir.elements import CodeableConcept, ElementError, Reference
from service.fhir.reading import Reading, local

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bmarrow\b|\bbm\b|\bbma\b|\bbmat\b", re.IGNORECASE), "marrow"),
    (re.compile(r"\bcsf\b|\bcerebrospinal\b|\bspinal fluid\b", re.IGNORECASE), "csf"),
    (re.compile(r"\bblood\b|\bplasma\b|\bserum\b", re.IGNORECASE), "blood"),
)


def named(specimen: Reference | None, reading: Reading) -> str | None:
    """marrow, csf or blood; None when it names none, or more than one ("marrow blood")."""
    if specimen is None:
        return None
    reference = specimen.reference or ""
    coded = reading.specimens.get(reference if reference.startswith("#") else local(reference))
    if coded is not None:
        return coded
    return _in_words(specimen.display) if specimen.display else None


@lru_cache(maxsize=1024)
def _in_words(display: str) -> str | None:
    """Displays are few and come again with every result."""
    found = {place for pattern, place in _WORDS if pattern.search(display)}
    return found.pop() if len(found) == 1 else None


_CELLS = re.compile(r"\b(?:red|white) blood cells?\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def named_elsewhere(text: str, place: str) -> bool:
    """Do the words of a result's code name one other place than its code? The same come with every result."""
    found = in_words(text)
    return found is not None and found != place


def in_words(text: str) -> str | None:
    """The one place that the name of a test gives: marrow, csf or blood."""
    return _in_words(_CELLS.sub(" ", text))


def contradicts(specimen: Reference | None, place: str, reading: Reading) -> bool:
    """Does the specimen say that the result is from somewhere else?"""
    found = named(specimen, reading)
    return found is not None and found != place


_PLACES = {
    "site.marrow": "marrow",
    "specimen.marrow": "marrow",
    "specimen.csf": "csf",
    "specimen.blood": "blood",
}


def note_specimen(reference: str, specimen: dict[str, Any], reading: Reading) -> None:
    """Remember where a Specimen resource, contained or its own, is from.

    By its type, else by where it was collected; of each the code first, then the words.
    """
    try:
        codes = (specimen.get("type"), (specimen.get("collection") or {}).get("bodySite"))
        told = [place_of(CodeableConcept.of(code), reading) for code in codes if code]
    except (AttributeError, ElementError):
        return
    place = next((place for place in told if place is not None), None)
    if place is not None:
        reading.specimens[reference] = place


def place_of(concept: CodeableConcept | None, reading: Reading) -> str | None:
    """The one place that a type of specimen or a body site names: by its code, else by its words."""
    if concept is None:
        return None
    places: set[str | None] = {_PLACES[m.concept] for m in reading.concepts(concept) if m.concept in _PLACES}
    if not places:
        texts = (concept.text, *(c.display for c in concept.coding))
        places = {_in_words(text) for text in texts if text and _names_a_place(text)}
    return places.pop() if len(places) == 1 else None


def _names_a_place(text: str) -> bool:
    return any(pattern.search(text) for pattern, _ in _WORDS)


def note_contained(resource: dict[str, Any], reading: Reading) -> None:
    """Remember the Specimens contained in one resource, for as long as it is read."""
    for stale in [reference for reference in reading.specimens if reference.startswith("#")]:
        del reading.specimens[stale]  # contained ids are local to their resource
    held = resource.get("contained")
    for item in held if isinstance(held, list) else ():
        if isinstance(item, dict) and item.get("resourceType") == "Specimen":
            note_specimen(f"#{item.get('id')}", item, reading)


_POOR = re.compile(
    r"(?<!not )(?<!no )\bha?emodilut|\b(?:suboptimal|inadequate|insufficient|paucicellular|dry tap)\b",
    re.IGNORECASE,
)


def is_doubted(text: str) -> bool:
    """Does a text say that the sample is diluted or too small? Blasts are then more than were counted."""
    return _POOR.search(text) is not None


def is_doubted_in_notes(resource: dict[str, Any]) -> bool:
    """The same of a raw resource's notes; what has not the shape of a note says nothing."""
    notes = resource.get("note")
    texts = [n.get("text") for n in notes if isinstance(n, dict)] if isinstance(notes, list) else []
    return any(isinstance(text, str) and is_doubted(text) for text in texts)
