"""Which sites the relapse involves, from recorded sites, marrow blasts and CSF (D-2, D-3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.episode import (
    BLOODY_TAP_PER_UL,
    CNS3_LEUKOCYTES_PER_UL,
    SAME_RELAPSE_DAYS,
    Episode,
    near,
)
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.picture import Fact
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT, marrows
from cds_rules.patient.timeline import (
    DataProblem,
    Measure,
    Measurement,
    PatientTimeline,
    ProblemKind,
    Site,
)

SITE_WINDOW_DAYS = 14
"""Marrow and CSF looked at this close to the relapse tell its sites. Project's parameter."""
Involved = Mapping[Site, Answer]


def of(
    timeline: PatientTimeline, relapse: Episode | None
) -> tuple[Involved, Fact[frozenset[Site]], tuple[DataProblem, ...]]:
    """Per site Yes, No or Unknown; the sites when all are settled, else what is open."""
    if relapse is None:
        unknown = dict.fromkeys(Site, Answer.UNKNOWN)
        return unknown, Fact(because="no relapse is recorded"), ()
    marrow, marrow_from, problems = _marrow(timeline, relapse)
    cns, cns_from, why_cns, cns_problems = _cns(timeline, relapse)
    told = not problems and (bool(relapse.sites) or Answer.YES in (marrow, cns)) and relapse.sites_told
    seen = {site: _seen(timeline, relapse, site) for site in (Site.TESTIS, Site.OTHER)}
    involved = {
        Site.MARROW: marrow,
        Site.CNS: cns,
        Site.TESTIS: _recorded(relapse, Site.TESTIS, told, seen),
        Site.OTHER: _recorded(relapse, Site.OTHER, told, seen),
    }
    if timeline.person.sex == "female" and not seen[Site.TESTIS] and Site.TESTIS not in relapse.sites:
        involved[Site.TESTIS] = Answer.NO  # nobody has to ask; what a record tells all the same counts
    involved |= {site: Answer.UNKNOWN for site in relapse.named_sites if involved[site] is Answer.NO}
    signs = tuple(sign for found in seen.values() for sign in found)
    evidence = tuple(dict.fromkeys((*relapse.sources, *marrow_from, *cns_from, *(e.source for e in signs))))
    fact = _sites_fact(involved, evidence, why_cns, relapse, signs)
    return involved, fact, (*problems, *cns_problems)


def _sites_fact(
    involved: Involved, evidence: tuple[str, ...], why_cns: str, relapse: Episode, signs: tuple[Event, ...]
) -> Fact[frozenset[Site]]:
    open_sites = [site for site, answer in involved.items() if answer is Answer.UNKNOWN]
    if not open_sites:
        return Fact(frozenset(s for s, a in involved.items() if a is Answer.YES), evidence)
    if relapse.when is None:
        return Fact(evidence=evidence, because="the date of the relapse is unknown")
    reasons = []
    if Site.MARROW in open_sites:
        reasons.append(f"no clear marrow blast count within {SITE_WINDOW_DAYS} days of the relapse")
    if Site.CNS in open_sites:
        reasons.append(why_cns)
    if not relapse.sites_told:
        reasons.append("a recorded body site is not recognised")
    if any(site in open_sites for site in relapse.named_sites):
        reasons.append("a site is named in words, and not by a code or a result")
    if signs and (Site.TESTIS in open_sites or Site.OTHER in open_sites):
        kinds = " and ".join(dict.fromkeys(sign.kind.value for sign in signs))
        reasons.append(f"{kinds} on record, which may belong to this relapse")
    return Fact(evidence=evidence, because="; ".join(reasons) or "the site of the relapse is not recorded")


_SIGNS: Mapping[Site, frozenset[EventKind]] = {
    Site.TESTIS: frozenset({EventKind.TESTIS_BIOPSY, EventKind.GENITAL_METASTASIS}),
    Site.OTHER: frozenset({EventKind.LEUKEMIC_INFILTRATION}),
}
"""Findings beside the record of the relapse that show or hint at a site; a biopsy if it is positive."""


def _recorded(relapse: Episode, site: Site, told: bool, seen: Mapping[Site, list[Event]]) -> Answer:
    """Testis and other sites are not measured. Once a site is told or shown, silence reads as no."""
    if site in relapse.sites or any(_shows(e, relapse) for e in seen[site]):
        return Answer.YES
    return Answer.NO if told and not seen[site] else Answer.UNKNOWN


def _seen(timeline: PatientTimeline, relapse: Episode, site: Site) -> list[Event]:
    """Signs of a site that its record does not name: around it, or of no known day."""
    if site in relapse.sites or timeline.kinds_of_events.isdisjoint(_SIGNS[site]):
        return []
    return [
        e
        for e in timeline.events_in_order
        if e.kind in _SIGNS[site]
        and (e.positive is True or e.kind is not EventKind.TESTIS_BIOPSY)
        and (e.when is None or relapse.when is None or near(e.when, relapse.when, SAME_RELAPSE_DAYS))
    ]


def _shows(sign: Event, relapse: Episode) -> bool:
    """Proven, and at the relapse itself. The code of a metastasis only hints."""
    if sign.kind is EventKind.GENITAL_METASTASIS or not (sign.certain and sign.route.settles):
        return False
    known = sign.when is not None and relapse.when is not None
    return known and near(sign.when, relapse.when, SITE_WINDOW_DAYS)


def _marrow(
    timeline: PatientTimeline, relapse: Episode
) -> tuple[Answer, tuple[str, ...], tuple[DataProblem, ...]]:
    looks = _around(marrows(timeline), relapse.when)
    used = tuple(m.source for m in looks)
    high = [m for m in looks if m.value.at_least(M1_BELOW_PERCENT) is Answer.YES]
    clear = bool(looks) and all(m.value.at_least(M1_BELOW_PERCENT) is Answer.NO for m in looks)
    recorded = Site.MARROW in relapse.sites
    if recorded and clear:
        text = "A marrow relapse is recorded, but marrow blasts around it are below 5 %: marrow stays open."
        problem = DataProblem(ProblemKind.CONFLICT, text, (*relapse.sources, *used))
        return Answer.UNKNOWN, used, (problem,)
    if recorded or any(m.value.above(M3_ABOVE_PERCENT) is Answer.YES for m in looks):
        return Answer.YES, used, ()
    if high and relapse.sites:
        return Answer.YES, used, ()
    return (Answer.NO if clear else Answer.UNKNOWN), used, ()


def _cns(
    timeline: PatientTimeline, relapse: Episode
) -> tuple[Answer, tuple[str, ...], str, tuple[DataProblem, ...]]:
    cells = _around(_closing(timeline, Measure.CSF_LEUKOCYTES), relapse.when)
    blasts = _around(_closing(timeline, Measure.CSF_BLASTS), relapse.when)
    red = _around(_closing(timeline, Measure.CSF_RED_CELLS), relapse.when)
    used = tuple(m.source for m in (*cells, *blasts))
    answer, why = _csf(cells, blasts, red)
    if Site.CNS not in relapse.sites:
        return answer, used, why, ()
    if answer is not Answer.NO:
        return Answer.YES, used, "", ()
    # It may be parenchymal, or a nerve palsy: the recorded relapse stands, the reader is told.
    text = "A CNS relapse is recorded, but the CSF around it shows no blasts."
    return Answer.YES, used, "", (DataProblem(ProblemKind.CONFLICT, text, (*relapse.sources, *used)),)


def _csf(cells: list[Measurement], blasts: list[Measurement], red: list[Measurement]) -> tuple[Answer, str]:
    """CNS involvement by D-2, and why it is open. Which of several taps counts is not told: all do."""
    seen = {m.value.above(0.0) for m in blasts}
    if Answer.YES in seen:
        if any(m.value.at_least(BLOODY_TAP_PER_UL) is not Answer.NO for m in red):
            return Answer.UNKNOWN, "blasts in a bloody tap: repeat the lumbar puncture"
        if any(m.value.at_least(CNS3_LEUKOCYTES_PER_UL) is Answer.YES for m in cells):
            return Answer.YES, ""
        return Answer.UNKNOWN, "blasts in the CSF without a CNS3 cell count: repeat the lumbar puncture"
    empty = bool(cells) and all(m.value.above(0.0) is Answer.NO for m in cells)
    if seen == {Answer.NO} or (not blasts and empty):
        return Answer.NO, ""
    if cells:
        return Answer.UNKNOWN, "CSF cells are counted, but no result says whether they are blasts"
    return Answer.UNKNOWN, f"no CSF result within {SITE_WINDOW_DAYS} days of the relapse"


def _closing(timeline: PatientTimeline, measure: Measure) -> list[Measurement]:
    found = [m for m in timeline.measurements if m.measure is measure and m.route.settles]
    return sorted(found, key=lambda m: (m.when.earliest if m.when else date.min, m.source))


def _around(looks: Iterable[Measurement], when: PartialDate | None) -> list[Measurement]:
    if when is None:
        return []
    window = timedelta(days=SITE_WINDOW_DAYS)
    return [
        m
        for m in looks
        if m.when is not None
        and m.when.earliest >= when.earliest - window
        and m.when.latest <= when.latest + window
    ]
