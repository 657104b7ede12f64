"""What all cards share: stable uuids, links into the rule book, escaping, length."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cds_rules.citation import Cite
from service.wire.response import MAX_SUMMARY, Card, Coding, Link, Source, Suggestion

_NAMESPACE = uuid.UUID("6f7f4f0e-6a2f-5b0c-9c62-0d8f3e2b7a51")
TOPIC_SYSTEM = "urn:relapse-cds:topic"
OVERRIDE_SYSTEM = "urn:relapse-cds:override-reason"

_OVERRIDES = tuple(
    Coding(system=OVERRIDE_SYSTEM, code=code, display=display)
    for code, display in (
        ("already-known", "Already known and acted on"),
        ("chart-wrong", "The chart is wrong or incomplete"),
        ("does-not-fit", "Does not fit this patient"),
        ("disagree", "Disagree with the source"),
    )
)
_MARKDOWN = re.compile(r"([\\`*_\[\]|<>~]|&(?=#?\w+;))")


_SPECIAL = frozenset("\\`*_[]|<>~&")


@dataclass(frozen=True, slots=True)
class Pages:
    """Addresses of our own pages, from the public base URL."""

    base: str
    app: bool = False
    """Is there a SMART app to be launched from a card?"""

    def rule(self, scheme: str, rule: str | None = None) -> str:
        """The rule book page of a scheme, at a rule."""
        return f"{self.base}/rulebook/{scheme}" + (f"#{rule}" if rule else "")

    def book(self) -> str:
        """The rule book's first page."""
        return f"{self.base}/rulebook/"

    def launch(self) -> str:
        """What an EHR opens with `iss` and `launch` added: the address registered with it."""
        return f"{self.base}/smart/launch"


def stable_uuid(*parts: str) -> str:
    """The same parts always give the same uuid, so that a dismissed card can be recognised."""
    # What uuid.uuid5 does, without the object it makes.
    name = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    said = hashlib.sha1(_NAMESPACE.bytes + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(said[16], 16) & 3]
    return f"{said[:8]}-{said[8:12]}-5{said[13:16]}-{variant}{said[17:20]}-{said[20:32]}"


def escape(text: str) -> str:
    """Text as literal Markdown: nothing in it formats, links or becomes HTML."""
    plain = " ".join(text.split())
    return plain if _SPECIAL.isdisjoint(plain) else _MARKDOWN.sub(_escaped, plain)


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def fit(variants: Iterable[str]) -> str:
    """The first variant short enough for a summary; the last one is cut if none is."""
    last = ""
    for last in variants:
        if len(last) <= MAX_SUMMARY:
            return last
    return last[: MAX_SUMMARY - 1].rstrip() + "…"


def sources_label(cites: Iterable[Cite]) -> str:
    """Short names of the sources, each once."""
    return "; ".join(dict.fromkeys(c.source.short for c in cites))


def card(  # noqa: PLR0913 - these are the parts of a card
    kind: str,
    patient: str,
    summary: str,
    detail: Sequence[str],
    *,
    label: str,
    url: str,
    pages: Pages,
    suggestions: tuple[Suggestion, ...] = (),
    rules: tuple[str, ...] = (),
    says: tuple[str, ...] | None = None,
) -> Card:
    """An info card: critical and warning are for order checks, not for telling a risk group.

    `says`: what it says, where its words change from day to day without saying anything new.
    """
    text = "\n".join(detail)
    return Card(
        uuid=stable_uuid("card", kind, patient, *(says if says is not None else (summary, text))),
        summary=summary,
        detail=text,
        indicator="info",
        source=_source(label, url, kind),
        suggestions=suggestions or None,
        selectionBehavior="any" if suggestions else None,
        overrideReasons=_OVERRIDES,
        links=_links(pages),
        rules=rules,
    )


@lru_cache(maxsize=4096)
def _source(label: str, url: str, kind: str) -> Source:
    topic = Coding(system=TOPIC_SYSTEM, code=kind, display=_TOPICS[kind])
    return Source(label=label, url=url, topic=topic)


@lru_cache(maxsize=16)
def _links(pages: Pages) -> tuple[Link, ...]:
    book = Link(label="Rule book", url=pages.book(), type="absolute")
    if not pages.app:
        return (book,)
    return (Link(label="Course, schemes and reasons", url=pages.launch(), type="smart"), book)


_TOPICS = {
    "first-relapse-risk": "Risk at first relapse of ALL",
    "outside-first-relapse": "Relapse outside the first-relapse schemes",
    "suspected-relapse": "Suspected relapse of ALL",
    "record-incomplete": "Parts of the record not retrieved",
    "no-relapse": "ALL without a relapse on record",
    "treatment-at-relapse": "Treatment of relapsed ALL",
    "evaluation-at-relapse": "Evaluation at relapse of ALL",
    "before-car-t": "CAR-T: eligibility and readiness",
    "after-car-t": "Follow-up after CAR-T",
    "trials": "Clinical trials for relapsed ALL",
}
