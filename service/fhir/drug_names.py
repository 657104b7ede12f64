"""Drugs by ingredient or brand, for products whose own code is not an ingredient's.

EHRs send RxNorm codes of clinical and branded products, NDC, or local codes; their display names the
ingredient, the brand, or both. Whole words only: inotuzumab is not gemtuzumab, and "ara-C" is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cds_rules.patient.drug_class import (
    ALL_DRUGS,
    IMMUNOSUPPRESSANT,
    JAK_INHIBITOR,
    LIPOSOMAL,
    SPELLINGS,
    STEROID,
)
from cds_rules.patient.timeline import Route
from cds_rules.terminology.brand import brands
from cds_rules.terminology.code_set import RXNORM, load
from service.fhir.lexicon import Meaning

MAX_LENGTH = 300
"""Longer texts are instructions, not names."""
INTRATHECAL_CHEMOTHERAPY = "intrathecal-chemotherapy"

_MIXED_INTO_CSF = frozenset({"methotrexate", "cytarabine", "hydrocortisone"})
"""Given together into the spinal fluid as one product: triple intrathecal therapy."""
_LIPOSOMAL = re.compile(r"\bliposom(?:e|es|al)\b", re.IGNORECASE)
_INTRATHECAL = re.compile(r"\bintrathecal(?:ly)?\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|fatal|avoid|except)\b", re.IGNORECASE)
"""Labels warn of the intrathecal route: "for intravenous use only, fatal if given intrathecally"."""
_LOCAL = re.compile(
    r"\b(?:topical|cream|ointment|lotion|gel|shampoo|ophthalmic|otic|eye|ear|nasal|inhal\w*|rectal|enema)\b",
    re.IGNORECASE,
)
_HAVE_LOCAL_FORMS = STEROID | IMMUNOSUPPRESSANT | JAK_INHIBITOR
"""Drugs that are also given on the skin, into the eye and so on, which is no systemic treatment."""


@cache
def _ingredients() -> re.Pattern[str]:
    """Every name and spelling, longest first; a space in it is any white space."""
    names = {c.concept.removeprefix("drug.") for c in load().codes("drug")} | ALL_DRUGS
    names |= {*SPELLINGS, *brands()}
    told = (re.escape(name).replace(r"\ ", r"\s+") for name in sorted(names, key=lambda n: (-len(n), n)))
    return re.compile(rf"(?<![\w-])({'|'.join(told)})(?![\w-])", re.IGNORECASE)


def named_drugs(code: Any) -> list[Meaning]:
    """The one drug that the displays and the text name; none if they name several.

    A display under an RxNorm code counts as coded; any other name is text. The drugs of triple
    intrathecal therapy named together are one meaning. Raises on a shape that is no CodeableConcept.
    """
    found = [(name, route) for text, route in _texts(code) for name in _named(text)]
    names = {name for name, _ in found}
    names -= {plain for plain, form in LIPOSOMAL.items() if form in names}
    if len(names) == 1:
        route = Route.CODE if any(r is Route.CODE for _, r in found) else Route.TEXT
        return [Meaning(f"drug.{names.pop()}", route)]
    if names and names <= _MIXED_INTO_CSF and any(is_intrathecal(text) for text, _ in _texts(code)):
        return [Meaning(INTRATHECAL_CHEMOTHERAPY, Route.TEXT)]
    return []


def every_drug(text: str) -> set[str]:
    """All the drugs that a text names, by our names."""
    names = _named(text) if len(text) <= MAX_LENGTH else set()
    return names - {plain for plain, form in LIPOSOMAL.items() if form in names}


def liposomal_form(drug: str, code: Any) -> str:
    """The drug, or its liposomal form if a coded drug is called so."""
    form = LIPOSOMAL.get(drug)
    return form if form and any(form in _named(text) for text, _ in _texts(code)) else drug


def is_intrathecal(text: str) -> bool:
    """Does the text say that it goes into the spinal fluid, and does not warn of it?"""
    return _INTRATHECAL.search(text) is not None and not _DENIED.search(text)


def _named(text: str) -> set[str]:
    """The drugs a text names, by our names."""
    words = (" ".join(found.lower().split()) for found in _ingredients().findall(text))
    names = {SPELLINGS.get(word) or brands().get(word, word) for word in words}
    if len(names) == 1 and _LIPOSOMAL.search(text):
        names = {LIPOSOMAL.get(name, name) for name in names}
    if names & _HAVE_LOCAL_FORMS and _LOCAL.search(text):
        names -= _HAVE_LOCAL_FORMS
    return names


def _texts(code: Any) -> Iterator[tuple[str, Route]]:
    """Displays and text that are short enough to be names, with how sure their drug is."""
    for coding in code.get("coding", ()):
        display = coding.get("display")
        if isinstance(display, str) and len(display) <= MAX_LENGTH:
            yield display, Route.CODE if coding.get("system") == RXNORM and coding.get("code") else Route.TEXT
    text = code.get("text")
    if isinstance(text, str) and len(text) <= MAX_LENGTH:
        yield text, Route.TEXT
