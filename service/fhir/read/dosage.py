"""How a drug was given: into the spinal fluid or not. Doses are never read.

Read from the raw JSON: a dosage of a wrong shape tells nothing, and costs the resource nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from service.fhir.drug_names import is_intrathecal
from service.fhir.reading import Reading

_CODE = "route.intrathecal"
_ELSEWHERE = re.compile(
    r"\b(?:intravenous(?:ly)?|iv|oral(?:ly)?|by mouth|po|subcutaneous(?:ly)?|sc|sq"
    r"|intramuscular(?:ly)?|im)\b",
    re.IGNORECASE,
)


def intrathecal(resource: dict[str, Any], reading: Reading, *names: str) -> bool | None:
    """True if any dosage goes into the spinal fluid, False if all that tell go elsewhere.

    By code first, then by the words of the route; `names` (of the drug) and instructions only ever
    say yes, for other routes are not written there.
    """
    told = [_by_route(d.get("route"), reading) for d in _dosages(resource)]
    if True in told:
        return True
    if told and all(t is False for t in told):
        return False
    texts = [*names, *(d["text"] for d in _dosages(resource) if isinstance(d.get("text"), str))]
    return True if any(is_intrathecal(text) for text in texts) else None


def _dosages(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for member in ("dosage", "dosageInstruction"):
        given = resource.get(member)
        for dosage in given if isinstance(given, list) else [given]:
            if isinstance(dosage, dict):
                yield dosage


def _by_route(route: Any, reading: Reading) -> bool | None:
    if not isinstance(route, dict):
        return None
    try:
        if any(m.concept == _CODE for m in reading.meanings(route)):
            return True
        texts = [route.get("text"), *(c.get("display") for c in route.get("coding", ()))]
    except (AttributeError, TypeError):
        return None
    words = [text for text in texts if isinstance(text, str)]
    if any(is_intrathecal(text) for text in words):
        return True
    return False if any(_ELSEWHERE.search(text) for text in words) else None
