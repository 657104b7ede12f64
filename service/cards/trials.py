"""The card of trials that take patients now, as the registry said of late. None where none is known to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.request import Test
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.trials.trial import Criterion, Grade, Role, TrialMatch
from service.cards.build import Pages, card, escape, fit
from service.cards.suggestions import suggestions_of
from service.trials.nearest import Near, nearest
from service.trials.words import made_up, registry_page, status_line
from service.wire.response import Card

MAX_TRIALS = 3
"""Trials on the card; the page lists the others."""
_MET_SHOWN = 6
_MADE_UP = "Demonstration data, made up: no registry says this."


def trials_card(a: Assessment, pages: Pages) -> Card | None:
    """At most three trials, best first. Surveys and the like are left to the page."""
    found = [m for m in a.open_trials if m.trial.study is not None and m.trial.study.interventional]
    if not found:
        return None
    placed = sorted(((m, _nearest(m, a)) for m in found), key=_order)
    shown = placed[:MAX_TRIALS]
    invented = any(made_up(m.trial) for m, _ in shown)
    detail = [
        *([f"**{_MADE_UP}**", ""] if invented else []),
        *(line for m, near in shown for line in _trial(m, near, a)),
        *_more(len(found) - len(shown)),
        "Whether a trial fits is for its team to say: its text holds more than is read here. "
        "The list is not exhaustive.",
    ]
    return card(
        "trials",
        a.patient,
        fit(_summaries([m for m, _ in placed], a, invented=invented)),
        detail,
        label="Demonstration data" if invented else "ClinicalTrials.gov",
        url=registry_page(shown[0][0].trial) or pages.rule("trials"),
        pages=pages,
        suggestions=suggestions_of(a, [Test.TRIAL_REFERRAL]),
        # The day of the last check is another one each day: whoever dismissed these trials has seen them.
        says=tuple(f"{m.trial.id} {m.grade.value} {m.unknown}" for m, _ in shown),
    )


def _nearest(match: TrialMatch, a: Assessment) -> Near | None:
    sites = match.trial.study.sites if match.trial.study else ()
    return next(iter(nearest(sites, a.picture.person.place)), None)


def _order(item: tuple[TrialMatch, Near | None]) -> tuple[int, int, int, float]:
    """As everywhere: the grade, the fewest unknown, the most met; of those alike the nearest."""
    match, near = item
    distance = near.km if near is not None and near.km is not None else float("inf")
    return list(Grade).index(match.grade), match.unknown, -match.met, distance


def _summaries(found: Sequence[TrialMatch], a: Assessment, *, invented: bool) -> Iterator[str]:
    first = found[0].trial
    what = "trial may fit" if len(found) == 1 else "trials may fit"
    lead = "Demonstration: " if invented else ""
    checked = f"checked {first.status.on.isoformat()}" if first.status else ""
    yield f"{lead}{len(found)} open {what} ({checked}): {first.id}, {escape(first.title)}"
    yield f"{lead}{len(found)} open {what} ({checked}): {first.id}"


def _trial(match: TrialMatch, near: Near | None, a: Assessment) -> Iterator[str]:
    trial = match.trial
    page = registry_page(trial)
    name = f"[{trial.id}]({page})" if page else trial.id
    phase = f"phase {escape(trial.phase)}; " if trial.phase else ""
    status = escape(status_line(trial, a.assessed_on, a.max_status_age_days))
    yield f"- **{name} {escape(trial.title)}.** {phase}{status}; {match.grade.value}{_site(near)}."
    met = [_wording(x.criterion) for x in match.answers if x.met is Answer.YES]
    if met:
        more = f"; and {len(met) - _MET_SHOWN} more" if len(met) > _MET_SHOWN else ""
        yield f"  - Met: {'; '.join(met[:_MET_SHOWN])}{more}"
    waiting = dict.fromkeys(name for x in match.answers if x.met is Answer.UNKNOWN for name in x.needs)
    if waiting:
        titles = (ASPECTS[name].title if name in ASPECTS else name for name in waiting)
        yield f"  - Would be settled by: {escape('; '.join(titles))}"
    unread = sum(x.met is Answer.UNKNOWN and not x.needs for x in match.answers)
    if unread:
        yield f"  - For the trial team: {unread} more {'criterion' if unread == 1 else 'criteria'}"


def _wording(criterion: Criterion) -> str:
    """An exclusion is met when it does not hold."""
    text = escape(criterion.text)
    return f"not: {text}" if criterion.role is Role.EXCLUSION else text


def _site(near: Near | None) -> str:
    if near is None:
        return "; no site named"
    words = f", {near.words}" if near.words else ""
    return f"; site: {escape(str(near.site))}{words}"


def _more(count: int) -> Iterator[str]:
    if count:
        yield ""
        yield f"{count} more may fit and take patients."
    yield ""
