"""Drugs by ingredient name, for products whose own code is not an ingredient's.

EHRs send RxNorm codes of clinical and branded products, NDC, or local codes; their display names the
ingredient. Whole words only: inotuzumab is not gemtuzumab, and "ara-C" is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cds_rules.patient.timeline import Route
from cds_rules.terminology.code_set import RXNORM, load
from service.fhir.lexicon import Meaning

MAX_LENGTH = 300
"""Longer texts are instructions, not names."""


@cache
def _ingredients() -> re.Pattern[str]:
    names = sorted({c.concept.removeprefix("drug.") for c in load().codes("drug")})
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w-])", re.IGNORECASE)


def named_drugs(code: Any) -> list[Meaning]:
    """The one drug that the displays and the text name; none if they name several.

    A display under an RxNorm code counts as coded; any other name is text. Raises on a shape that is
    no CodeableConcept.
    """
    found = list(_names(code))
    names = {name for name, _ in found}
    if len(names) != 1:
        return []
    route = Route.CODE if any(r is Route.CODE for _, r in found) else Route.TEXT
    return [Meaning(f"drug.{names.pop()}", route)]


def _names(code: Any) -> Iterator[tuple[str, Route]]:
    for coding in code.get("coding", ()):
        display = coding.get("display")
        if isinstance(display, str) and len(display) <= MAX_LENGTH:
            route = Route.CODE if coding.get("system") == RXNORM and coding.get("code") else Route.TEXT
            yield from ((name.lower(), route) for name in _ingredients().findall(display))
    text = code.get("text")
    if isinstance(text, str) and len(text) <= MAX_LENGTH:
        yield from ((name.lower(), Route.TEXT) for name in _ingredients().findall(text))
