"""Aspects of the course after CAR-T: the infusion, transplants before and after it, relapse, remission now.

Day zero is the last infusion on record; statements of a few weeks tell of one infusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.draw_findings import COSTIMULATORY_DOMAIN
from cds_rules.patient.remission import M1_BELOW_PERCENT, marrows, remissions
from cds_rules.patient.timeline import CarT, Part, Site, Transplant
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, When, YesNo, unrecorded
from cds_rules.treatment.aspects.bands import unheard
from cds_rules.treatment.aspects.car_t import INFANT
from cds_rules.treatment.aspects.course import CAR_T_GIVEN, b_lineage
from cds_rules.treatment.aspects.findings import KMT2A
from cds_rules.treatment.chart import Chart

SAME_INFUSION_DAYS = 28
"""Statements of CAR-T this close in time tell of one infusion, perhaps given in parts. Project's."""
JUDGED_FROM_DAY = 21
"""What CAR-T brought is judged from this day on: the first day of the "day 28" look (D-7, project's)."""
DAY_63 = 63
"""MYE2023 (004:199): loss of B-cell aplasia by day 63."""
NO_DAY = "the day of the CAR-T infusion is not on record"
HEARD = (Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS)
"""Parts that may hold a later word on the disease."""
_EITHER = frozenset(YesNo)
_YES, _NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})


class Construct(StrEnum):
    """Costimulatory domain of the product; MYE2023 (004:3)."""

    FOUR_1BB = "4-1BB"
    CD28 = "CD28"
    OTHER = "another construct"


class SinceInfusion(StrEnum):
    """Time since the infusion, cut where the sources cut."""

    TO_63 = "up to day 63"
    TO_6 = "day 64 to <6 months"
    TO_12 = "6 to <12 months"
    FROM_12 = "12 months or more"


@dataclass(frozen=True, slots=True)
class Infusion:
    """The last infusion: its first day, the products named, and the resources."""

    when: PartialDate
    products: frozenset[str]
    sources: tuple[str, ...]

    def days(self, seen: PartialDate) -> tuple[int, int]:
        """The fewest and the most days from the infusion to a date."""
        return (seen.earliest - self.when.latest).days, (seen.latest - self.when.earliest).days


def infusion(chart: Chart) -> Infusion | None:
    """The last dated infusion. One without a date (a status code) tells of the same one."""
    told = [c for c in chart.timeline.car_t if c.route.settles and c.certain]
    dated = sorted(((c.when, c) for c in told if c.when is not None), key=lambda d: d[0].earliest)
    if not dated:
        return None
    group: list[tuple[PartialDate, CarT]] = []
    for when, c in dated:
        near = timedelta(days=SAME_INFUSION_DAYS)
        if group and when.earliest > max(w.latest for w, _ in group) + near:
            group = []
        group.append((when, c))
    first = min((when for when, _ in group), key=lambda w: (not w.exact, w.earliest))
    named = {c.product for _, c in group if c.product}
    named = named or {c.product for c in told if c.when is None and c.product}
    return Infusion(first, frozenset(named), tuple(dict.fromkeys(c.source for _, c in group)))


def unread(chart: Chart, parts: Sequence[Part] = HEARD) -> str | None:
    """Why silence is no answer: a part that could speak was not read in full."""
    missing = chart.timeline.missing
    return next((missing[part] for part in parts if part in missing), None)


def _construct(chart: Chart) -> Seen:
    given = infusion(chart)
    every: frozenset[StrEnum] = frozenset(Construct)
    products = given.products if given is not None else _undated_products(chart)
    sources = given.sources if given is not None else chart.picture.car_t.evidence
    if not products:
        return Seen(every, sources, "the product infused is not told")
    domains = {COSTIMULATORY_DOMAIN.get(product.split("-")[0]) for product in products}
    found = frozenset(Construct(domain) if domain else Construct.OTHER for domain in domains)
    return Seen(found, sources, f"product: {', '.join(sorted(products))}")


def _undated_products(chart: Chart) -> frozenset[str]:
    """Products of infusions that have no date."""
    told = chart.timeline.car_t
    return frozenset(c.product for c in told if c.product and c.route.settles and c.certain)


def _time(chart: Chart) -> Seen:
    given = infusion(chart)
    if given is None:
        return Seen(frozenset(SinceInfusion), chart.picture.car_t.evidence, NO_DAY)
    on, first, last = chart.picture.on, given.when.earliest, given.when.latest
    found: set[StrEnum] = set()
    if (on - last).days <= DAY_63:
        found.add(SinceInfusion.TO_63)
    if (on - first).days > DAY_63 and on < add_months(last, 6):
        found.add(SinceInfusion.TO_6)
    if on >= add_months(first, 6) and on < add_months(last, 12):
        found.add(SinceInfusion.TO_12)
    if on >= add_months(first, 12):
        found.add(SinceInfusion.FROM_12)
    return Seen(frozenset(found), given.sources, f"infused {given.when}")


def _allogeneic(chart: Chart) -> list[Transplant]:
    """The sources speak of allogeneic transplant; one whose kind is not told counts (project's)."""
    return [t for t in chart.timeline.transplants if t.kind != "autologous"]


def _transplant_before(chart: Chart) -> Seen:
    given, p = infusion(chart), chart.picture
    if given is None:
        return Seen(_EITHER, p.car_t.evidence, NO_DAY)
    told = _allogeneic(chart)
    sure = [t for t in told if t.route.settles and t.certain and t.when is not None]
    before = tuple(t.source for t in sure if t.when is not None and t.when.latest < given.when.earliest)
    if before:
        return Seen(_YES, before)
    relapsed = p.relapse_date.value
    if p.earlier_transplant.value and relapsed is not None and relapsed.latest <= given.when.earliest:
        kinds = {t.kind for t in chart.timeline.transplants}
        if kinds != {"autologous"}:
            return Seen(_YES, p.earlier_transplant.evidence, "before the relapse that CAR-T was given for")
    doubtful = [t for t in told if t not in sure or t.when is None or t.when.earliest <= given.when.latest]
    if doubtful:
        why = "a transplant is recorded, but not for certain before the infusion"
        return Seen(_EITHER, tuple(t.source for t in doubtful), why)
    reason = unread(chart, (Part.PROCEDURES, Part.CONDITIONS))
    return Seen(_EITHER, (), reason) if reason else Seen(_NO, (), "none on record")


def _transplant_since(chart: Chart) -> Seen:
    given = infusion(chart)
    if given is None:
        return Seen(_EITHER, chart.picture.car_t.evidence, NO_DAY)
    told = [t for t in _allogeneic(chart) if t.when is not None and t.when.latest > given.when.earliest]
    sure = [t for t in told if t.route.settles and t.certain]
    after = tuple(t.source for t in sure if t.when is not None and t.when.earliest > given.when.latest)
    if after:
        return Seen(_YES, after)
    if told:
        why = "a transplant is recorded, but not for certain after the infusion"
        return Seen(_EITHER, tuple(t.source for t in told), why)
    undated = tuple(t.source for t in _allogeneic(chart) if t.when is None)
    if undated and len(undated) == len(_allogeneic(chart)) and _transplant_before(chart).possible != _YES:
        return Seen(_EITHER, undated, "a transplant without a date is recorded")
    reason = unread(chart, (Part.PROCEDURES, Part.CONDITIONS))
    return Seen(_EITHER, (), reason) if reason else Seen(_NO, (), "none on record")


def _relapse_since(chart: Chart) -> Seen:
    """A relapse of the day of infusion, or before it, is the one that CAR-T was given for."""
    given, p = infusion(chart), chart.picture
    if given is None:
        return Seen(_EITHER, p.car_t.evidence, NO_DAY)
    relapsed = p.relapse_date.value
    if relapsed is not None and relapsed.earliest > given.when.latest:
        return Seen(_YES, p.relapse_date.evidence)
    if p.relapses and relapsed is None:
        return Seen(_EITHER, p.relapse_date.evidence, p.relapse_date.because)
    if relapsed is not None and relapsed.latest > given.when.earliest:
        why = f"the relapse ({relapsed}) may be before or after the infusion ({given.when})"
        return Seen(_EITHER, p.relapse_date.evidence, why)
    if not p.relapse_number.known:
        return Seen(_EITHER, p.relapse_number.evidence, p.relapse_number.because)
    return Seen(_NO, p.relapse_number.evidence, "none on record since the infusion")


def _remission(chart: Chart) -> Seen:
    """CR or CRi since the infusion: a remission stated from day 21 on, or a marrow below 5 % blasts.

    Where a site outside the marrow was involved, a clear marrow alone does not tell it.
    """
    given, p = infusion(chart), chart.picture
    if given is None:
        return Seen(_EITHER, p.car_t.evidence, NO_DAY)
    reason = unread(chart)
    if reason is not None:
        return Seen(_EITHER, (), reason)
    relapsed = _relapse_since(chart)
    if relapsed.possible == _YES and p.in_remission.value is not True:
        return Seen(_NO, relapsed.evidence, "relapse since the infusion")
    if relapsed.possible != _NO:
        return Seen(_EITHER, relapsed.evidence, relapsed.because or "relapse since the infusion")
    first = given.when.latest + timedelta(days=JUDGED_FROM_DAY)
    diagnosed = p.diagnosed.value
    stated = [s for s in remissions(chart.timeline, diagnosed) if s.recorded and s.when.earliest >= first]
    if stated and p.in_remission.value is True:
        return Seen(_YES, (stated[-1].source,), f"stated on {stated[-1].when}")
    return _by_marrow(chart, first)


def _by_marrow(chart: Chart, first: date) -> Seen:
    told = [(m.when, m.source, m.value.at_least(M1_BELOW_PERCENT)) for m in marrows(chart.timeline)]
    told += [
        (r.when, r.source, r.fraction.at_least(M1_BELOW_PERCENT / 100))
        for r in chart.timeline.mrd
        if r.marrow and r.method == "flow" and r.route.settles
    ]
    looks = [(w, source, high) for w, source, high in told if w is not None and w.earliest >= first]
    newest = max((when.earliest for when, _, _ in looks), default=None)
    if newest is None:
        return Seen(_EITHER, (), f"no marrow on record from {first} on, after the infusion")
    last = [(source, high) for when, source, high in looks if when.latest >= newest]
    sources = tuple(source for source, _ in last)
    answers = {high for _, high in last}
    if answers == {Answer.YES}:
        return Seen(_NO, sources, "marrow of 5 % blasts or more")
    if answers != {Answer.NO}:
        return Seen(_EITHER, sources, f"the marrow of {newest} does not settle it")
    outside = [s for s in (Site.CNS, Site.TESTIS, Site.OTHER) if chart.picture.involved.get(s) is Answer.YES]
    if outside and chart.picture.relapses:
        why = "a clear marrow does not tell the response of another site"
        return Seen(_EITHER, sources, why)
    return Seen(_YES, sources, f"marrow below 5 % blasts on {newest}")


def _blinatumomab_before(chart: Chart) -> Seen:
    given = infusion(chart)
    if given is None:
        return Seen(_EITHER, chart.picture.car_t.evidence, NO_DAY)
    uses = chart.picture.findings.uses({"blinatumomab"})
    earlier = [u for u in uses if u.when is None or u.when.earliest < given.when.latest]
    sources = tuple(dict.fromkeys(u.source for u in (*earlier[:1], *earlier[-1:])))
    sure = [u for u in earlier if u.given and not u.ordered and u.route.settles and u.when is not None]
    if any(u.when is not None and u.when.latest < given.when.earliest for u in sure):
        return Seen(_YES, sources)
    if earlier:
        return Seen(_EITHER, sources, "blinatumomab is on record, but not for certain as given before")
    reason = unheard(chart)
    return Seen(_EITHER, (), reason) if reason else Seen(_NO, (), "none on record")


CONSTRUCT = Aspect(
    "afterCarT.construct",
    "CAR-T construct",
    Construct,
    _construct,
    "record the CAR-T product that was infused",
)
TIME = Aspect(
    "afterCarT.time",
    "time since the CAR-T infusion",
    SinceInfusion,
    _time,
    "record the day of the CAR-T infusion",
)
TRANSPLANT_BEFORE = Aspect(
    "afterCarT.transplantBefore",
    "transplant before the CAR-T infusion",
    YesNo,
    _transplant_before,
    "record transplants with their dates",
)
TRANSPLANT_SINCE = Aspect(
    "afterCarT.transplantSince",
    "transplant since the CAR-T infusion",
    YesNo,
    _transplant_since,
    "record transplants with their dates",
)
RELAPSE_SINCE = Aspect(
    "afterCarT.relapse",
    "relapse since the CAR-T infusion",
    YesNo,
    _relapse_since,
    "record each relapse with its date",
)
REMISSION = Aspect(
    "afterCarT.remission",
    "in remission after CAR-T",
    YesNo,
    _remission,
    "marrow with blast count and MRD after the infusion",
    (Test.MARROW, Test.MARROW_MRD),
)
BLINATUMOMAB_BEFORE = Aspect(
    "afterCarT.blinatumomabBefore",
    "blinatumomab before the CAR-T infusion",
    YesNo,
    _blinatumomab_before,
    "record blinatumomab with its days",
)
HEMATOGONES = Aspect(
    "afterCarT.hematogones",
    "hematogones in the marrow after CAR-T",
    YesNo,
    unrecorded(YesNo, "marrow reports are not read for hematogones"),
    "ask whether the marrow report names hematogones",
)
LINEAGE_SWITCH = Aspect(
    "afterCarT.lineageSwitch",
    "switch to myeloid lineage at the relapse",
    YesNo,
    unrecorded(YesNo, "myeloid markers on the blasts are not read from the record"),
    "immunophenotyping of the blasts with myeloid markers",
    (Test.IMMUNOPHENOTYPE,),
)

after_infusion: When = b_lineage & CAR_T_GIVEN.yes & TRANSPLANT_SINCE.no & RELAPSE_SINCE.no
"""B-ALL, CAR-T infused, neither relapse nor transplant since."""
in_remission: When = after_infusion & REMISSION.yes
naive: When = in_remission & TRANSPLANT_BEFORE.no
transplanted: When = in_remission & TRANSPLANT_BEFORE.yes
infant_or_kmt2a: When = INFANT.yes | KMT2A.yes
persistent: When = CONSTRUCT.is_(Construct.FOUR_1BB)
"""Constructs with a lasting effect: 4-1BB. MYE2023 (004:13, 199)."""
short_lived: When = CONSTRUCT.is_(Construct.CD28)
