"""Cards of the order checks: one a finding, naming the order, with reasons to go on that fit it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.caution import Caution, Override
from cds_rules.treatment.orders import PAGE, Checked
from service.cards.build import OVERRIDE_SYSTEM, TOPIC_SYSTEM, Pages, escape, fit, sources_label, stable_uuid
from service.cards.facts import references
from service.wire.response import Card, Coding, Link, Source

_FHIR_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_MAX_NAME = 60
_MARKUP = re.compile(r"[\\`*_\[\]|<>~#]")


def order_cards(checked: Checked, pages: Pages) -> tuple[Card, ...]:
    """One card a finding, the loudest first; none when no check has anything to say."""
    return tuple(_card(c, checked.patient, pages) for c in checked.cautions)


def unread_card(unread: int, pages: Pages) -> tuple[Card, ...]:
    """Says that drafts could not be read: silence would look like a check that was passed."""
    many = unread != 1
    summary = f"{_drafts(unread)} could not be read, so no check was made of {'them' if many else 'it'}"
    why = (
        "The order is not in the form FHIR gives it, or it was selected and is not among the drafts, or too "
        "many were sent at once."
    )
    return _unchecked("order-unread", unread, summary, why, pages)


def others_card(others: int, pages: Pages) -> tuple[Card, ...]:
    """Says that drafts name another patient: to check them against this record would be wrong."""
    if others == 1:
        summary = "One draft order names another patient, so no check was made of it"
    else:
        summary = f"{others} draft orders name other patients, so no check was made of them"
    why = "The subject of the order is not the patient of this call. Is it in the right chart?"
    return _unchecked("order-of-another", others, summary, why, pages)


def _drafts(number: int) -> str:
    return "One draft order" if number == 1 else f"{number} draft orders"


def _unchecked(kind: str, number: int, summary: str, why: str, pages: Pages) -> tuple[Card, ...]:
    if not number:
        return ()
    source = Source(label="relapse-cds, reading of the orders", url=pages.book(), topic=_topic(kind, summary))
    uuid = stable_uuid("card", kind, str(number))
    return (Card(uuid=uuid, summary=summary, detail=why, indicator="info", source=source),)


def _card(c: Caution, patient: str, pages: Pages) -> Card:
    check, order = c.check, c.order
    name = escape(order.name[:_MAX_NAME])
    plain = " ".join(_MARKUP.sub(" ", order.name[:_MAX_NAME]).split())
    said = check.needs_title if c.needs else check.title
    detail = [
        f"**{name}** ({_named(order.reference)})",
        "",
        escape(check.detail),
        "",
        *_open(c),
        *([f"Facts used: {references(c.evidence)}", ""] if c.evidence else []),
        "This reports what the named source says, for a clinician to judge.",
    ]
    text = "\n".join(detail)
    page = pages.rule(PAGE, check.id)
    return Card(
        uuid=stable_uuid("card", check.id, patient, order.reference, text),
        summary=fit((f"{plain}: {said}" if plain else said, said)),
        detail=text,
        indicator=c.level.value,
        source=Source(label=sources_label(check.cites), url=page, topic=_topic(check.id, check.title)),
        overrideReasons=tuple(_reason(o) for o in check.overrides),
        links=(Link(label=f"Rule {check.id}", url=page, type="absolute"),),
        rules=(check.id,),
    )


def _open(c: Caution) -> Sequence[str]:
    if not c.needs:
        return ()
    lines = [
        f"- {escape(ASPECTS[n.aspect].title)}{f' ({escape(why)})' if why else ''}; "
        f"to settle it: {escape(ASPECTS[n.aspect].settled_by)}"
        for n, why in zip(c.needs, c.because, strict=True)
    ]
    return ("**Open:**", "", *lines, "")


def _named(reference: str) -> str:
    return reference if _FHIR_REFERENCE.fullmatch(reference) else reference.partition("/")[0]


def _topic(code: str, display: str) -> Coding:
    return Coding(system=TOPIC_SYSTEM, code=code, display=display)


def _reason(o: Override) -> Coding:
    return Coding(system=OVERRIDE_SYSTEM, code=o.name.lower().replace("_", "-"), display=o.value.capitalize())
