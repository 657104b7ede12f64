"""Assessment to cards: few, ranked, each sufficient in its summary. The only place where words for the
clinician are chosen."""

from __future__ import annotations

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.request import Test
from service.cards.advice import all_topics
from service.cards.build import Pages
from service.cards.no_relapse import no_relapse_card
from service.cards.retrieval import retrieval_card
from service.cards.risk import outside_card, risk_card
from service.cards.suspicion import suspicion_card
from service.cards.trials import trials_card
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
    trials = trials_card(assessment, pages)
    if assessment.recommendations:
        cards.extend(all_topics(assessment, pages, [Test.TRIAL_REFERRAL] if trials else ()))
    # What qualifies all the others, and the trials open now, are never the ones left out.
    last = [card for card in (trials, _incomplete(assessment, pages)) if card is not None]
    return (*cards[: MAX_CARDS - len(last)], *last)


def _incomplete(assessment: Assessment, pages: Pages) -> Card | None:
    return retrieval_card(assessment, pages) if assessment.incomplete else None
