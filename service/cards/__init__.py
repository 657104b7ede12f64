"""Assessment to cards: few, ranked, each sufficient in its summary. The only place where words for the
clinician are chosen."""

from __future__ import annotations

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from service.cards.advice import all_topics
from service.cards.build import Pages
from service.cards.no_relapse import no_relapse_card
from service.cards.retrieval import retrieval_card
from service.cards.risk import outside_card, risk_card
from service.cards.suspicion import suspicion_card
from service.wire.response import Card

MAX_CARDS = 5


def cards_for(assessment: Assessment, pages: Pages) -> tuple[Card, ...]:
    """The cards for one patient, most important first; none if there is nothing to say."""
    if assessment.applies is False:
        return ()
    cards: list[Card] = []
    picture = assessment.picture
    if picture.relapsed is Answer.YES:
        cards.append(outside_card(assessment, pages) if assessment.outside else risk_card(assessment, pages))
    elif picture.suspicion or picture.relapse_number.evidence:
        cards.append(suspicion_card(assessment, pages))
    elif assessment.applies:
        cards.append(no_relapse_card(assessment, pages))
    if assessment.recommendations:
        cards.extend(all_topics(assessment, pages))
    if assessment.incomplete:
        # It qualifies all the others, so it is never the one left out.
        return (*cards[: MAX_CARDS - 1], retrieval_card(assessment, pages))
    return tuple(cards[:MAX_CARDS])
