"""The CAR-T checklist: label criteria, conditions of T-cell collection and of the infusion, one by one.

Each line says met, not met or unknown, with the facts behind it. The questions are those of the rules of
`car_t`, and the order checks ask them too; nothing is concluded here beyond a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.citation import Cite
from cds_rules.treatment.aspect import ASPECTS, When
from cds_rules.treatment.aspects.car_t import REFRACTORY_LABEL, labelled_course
from cds_rules.treatment.aspects.collection import (
    AFTER_TRANSPLANT,
    CYTOTOXICS,
    GVHD,
    IMMUNOSUPPRESSION,
    LYMPHOCYTES,
    PEMBROLIZUMAB,
    STEROIDS,
    T_CELLS,
    TREATED,
    AfterTransplant,
    LongWashout,
    Lymphocytes,
    TCells,
    Washout,
)
from cds_rules.treatment.aspects.course import CAR_T_GIVEN, TESTIS, any_relapse, b_lineage
from cds_rules.treatment.aspects.infusion import (
    CNS_CONTROL,
    LESION,
    NEUROTOXICITY,
    RADIATION,
    AfterRadiation,
    CnsControl,
    Neurotoxicity,
)
from cds_rules.treatment.aspects.person import adult
from cds_rules.treatment.car_t import LABEL_BREXUCABTAGENE, LABEL_TISAGENLECLEUCEL, to_25
from cds_rules.treatment.car_t_collection import (
    BLASTS,
    COUNTS,
    HUNGER,
    TRANSPLANTED,
    WASHOUTS,
    blasts_high,
    blasts_raised,
    counts_minimal,
    counts_reached,
)
from cds_rules.treatment.car_t_infusion import CNS_CITE, EXTRAMEDULLARY
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight, weigh


class Topic(StrEnum):
    """What a criterion belongs to."""

    TISAGENLECLEUCEL = "tisagenlecleucel, US label"
    BREXUCABTAGENE = "brexucabtagene, US label"
    COLLECTION_MYERS = "T-cell collection, Myers et al. 2023"
    COLLECTION_HUNGER = "T-cell collection, Hunger & Raetz 2020"
    INFUSION = "CAR-T infusion, Myers et al. 2023"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the checklist. `answer`: met, not met, unknown. `evidence`: resources as Type/id.

    `cautious`: the far end of a range that the source gives, or what it only prefers: not met means
    borderline, where the line without it is met.
    """

    id: str
    topic: Topic
    text: str
    answer: Answer
    evidence: tuple[str, ...]
    because: str | None
    """Notes of the facts it rests on; for an unknown one, why they are open."""
    settled_by: str | None
    """What would settle it; None if it is settled."""
    cites: tuple[Cite, ...]
    cautious: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A criterion before a chart is looked at."""

    id: str
    topic: Topic
    text: str
    met: When
    cites: tuple[Cite, ...]
    cautious: bool = False


_T, _B, _M, _H, _I = Topic
_no_transplant = AFTER_TRANSPLANT.is_(AfterTransplant.NONE)
_from_120 = AFTER_TRANSPLANT.is_(AfterTransplant.NONE, AfterTransplant.FROM_120)
_from_100 = _from_120 | AFTER_TRANSPLANT.is_(AfterTransplant.TO_120)
_off_pembrolizumab = PEMBROLIZUMAB.is_(LongWashout.OVER)
_late_radiation = RADIATION.is_(AfterRadiation.NEVER, AfterRadiation.FROM_8)

LINES: tuple[Line, ...] = (
    Line("TISA-1", _T, "B lineage", b_lineage, LABEL_TISAGENLECLEUCEL),
    Line("TISA-2", _T, "up to 25 years of age", to_25, LABEL_TISAGENLECLEUCEL),
    Line("TISA-3", _T, "refractory, or second or later relapse", labelled_course, LABEL_TISAGENLECLEUCEL),
    Line(
        "TISA-4",
        _T,
        "no CAR-T given yet (this list is for the time before it; project's)",
        CAR_T_GIVEN.no,
        LABEL_TISAGENLECLEUCEL,
    ),
    Line("BREXU-1", _B, "B lineage", b_lineage, LABEL_BREXUCABTAGENE),
    Line("BREXU-2", _B, "18 years of age or more", adult, LABEL_BREXUCABTAGENE),
    Line("BREXU-3", _B, "relapsed or refractory", any_relapse | REFRACTORY_LABEL.yes, LABEL_BREXUCABTAGENE),
    Line(
        "BREXU-4",
        _B,
        "no CAR-T given yet (this list is for the time before it; project's)",
        CAR_T_GIVEN.no,
        LABEL_BREXUCABTAGENE,
    ),
    Line("MYE-1", _M, "lymphocytes 300/uL or more, or CD3+ cells 100/uL or more", counts_minimal, (COUNTS,)),
    Line(
        "MYE-2", _M, "lymphocytes above 300/uL, or CD3+ cells above 200/uL", counts_reached, (COUNTS,), True
    ),
    Line("MYE-3", _M, "not above 40,000 leukocytes/uL with above 80 % blasts", ~blasts_high, (BLASTS,)),
    Line(
        "MYE-4", _M, "not above 20,000 leukocytes/uL with above 50 % blasts", ~blasts_raised, (BLASTS,), True
    ),
    Line("MYE-5", _M, "72 hours without corticosteroids", STEROIDS.is_(Washout.OVER), (WASHOUTS,)),
    Line("MYE-6", _M, "2 weeks without cytotoxic drugs", CYTOTOXICS.is_(Washout.OVER), (WASHOUTS,)),
    Line(
        "MYE-7",
        _M,
        "6 weeks without pembrolizumab",
        _off_pembrolizumab | PEMBROLIZUMAB.is_(LongWashout.RANGE),
        (WASHOUTS,),
    ),
    Line("MYE-8", _M, "3 months without pembrolizumab", _off_pembrolizumab, (WASHOUTS,), True),
    Line("MYE-9", _M, "no HSCT, or 100 days after it", _from_100, (TRANSPLANTED,)),
    Line("MYE-10", _M, "no HSCT, or 120 days after it", _from_120, (TRANSPLANTED,), True),
    Line(
        "MYE-11",
        _M,
        "no HSCT, or 4 weeks without immunosuppression",
        _no_transplant | IMMUNOSUPPRESSION.is_(Washout.OVER),
        (TRANSPLANTED,),
    ),
    Line("MYE-12", _M, "no HSCT, or no graft-versus-host disease", _no_transplant | GVHD.no, (TRANSPLANTED,)),
    Line(
        "HR-1",
        _H,
        "if not treated since the relapse: T cells above 200/uL",
        TREATED.yes | T_CELLS.is_(TCells.OVER_200),
        (HUNGER,),
    ),
    Line(
        "HR-2",
        _H,
        "if treated since the relapse: 2 weeks after chemotherapy",
        TREATED.no | CYTOTOXICS.is_(Washout.OVER),
        (HUNGER,),
    ),
    Line(
        "HR-3",
        _H,
        "if treated since the relapse: lymphocytes above 500/uL",
        TREATED.no | LYMPHOCYTES.is_(Lymphocytes.OVER_500),
        (HUNGER,),
    ),
    Line("INF-1", _I, "CNS disease stable or responding", ~CNS_CONTROL.is_(CnsControl.NOT), (CNS_CITE,)),
    Line(
        "INF-2", _I, "4 weeks after cranial radiation", ~RADIATION.is_(AfterRadiation.BEFORE_4), (CNS_CITE,)
    ),
    Line("INF-3", _I, "8 weeks after cranial radiation", _late_radiation, (CNS_CITE,), True),
    Line("INF-4", _I, "no parenchymal CNS lesion", LESION.no, (CNS_CITE,)),
    Line("INF-5", _I, "no neurologic toxicity now", ~NEUROTOXICITY.is_(Neurotoxicity.NOW), (CNS_CITE,)),
    Line("INF-6", _I, "testis not involved at the relapse", TESTIS.no, (EXTRAMEDULLARY,), True),
)
"""Every line in order. The infusion asks for definitive treatment of a testis, which is not on record."""


def checklist(chart: Chart, *topics: Topic) -> tuple[Criterion, ...]:
    """The criteria of these topics (none named: of all) for the chart, in order."""
    return checklist_of(Sight(lambda aspect: aspect.read(chart)), *topics)


def checklist_of(sight: Sight, *topics: Topic) -> tuple[Criterion, ...]:
    """The same, from aspects that are being read for other rules too."""
    wanted = topics or tuple(Topic)
    return tuple(_judged(line, sight) for line in LINES if line.topic in wanted)


def _judged(line: Line, sight: Sight) -> Criterion:
    verdict = weigh(line.met, sight)
    open_ones = [need.aspect for need in verdict.needs]
    names = open_ones or sorted(line.met.reads)
    seen = [sight[name] for name in names]
    settled_by = "; ".join(dict.fromkeys(ASPECTS[name].settled_by for name in open_ones))
    return Criterion(
        line.id,
        line.topic,
        line.text,
        verdict.answer,
        tuple(dict.fromkeys(source for s in seen for source in s.evidence)),
        "; ".join(dict.fromkeys(s.because for s in seen if s.because)) or None,
        settled_by or None,
        line.cites,
        line.cautious,
    )
