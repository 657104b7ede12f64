"""The sections of advice in the order of the rule book; every rule of treatment is in one of them."""

from __future__ import annotations

from dataclasses import dataclass

from cds_rules.rule import RuleError
from cds_rules.treatment import (
    adult,
    after_car_t,
    car_t,
    car_t_risk,
    cns,
    evaluation,
    later_relapse,
    marrow,
    prognosis,
    prognosis_figures,
    relapse_after_car_t,
    t_cell,
    testis,
    transplant,
)
from cds_rules.treatment.advice import Advice


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the rule book and one table of worked cases (`cases/<id>.txt`)."""

    id: str
    title: str
    about: str
    advice: tuple[Advice, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        "evaluation",
        "Evaluation at relapse",
        "What to examine; offered only where the record lacks it. Most of it is written for adults and given "
        "at every age.",
        evaluation.ADVICE,
    ),
    Section(
        "marrow",
        "First marrow relapse of B-ALL",
        "Reinduction and what follows it, as the pediatric sources give it.",
        marrow.ADVICE,
    ),
    Section(
        "cns",
        "Isolated CNS relapse of B-ALL",
        "Reinduction, transplant, radiation and CAR-T, early and late.",
        cns.ADVICE,
    ),
    Section(
        "testis",
        "Testicular relapse",
        "Local treatment and what goes with it.",
        testis.ADVICE,
    ),
    Section(
        "t_cell",
        "Relapse of T-ALL",
        "At any site and time.",
        t_cell.ADVICE,
    ),
    Section(
        "transplant",
        "Allogeneic transplant in children",
        "Donor, conditioning, timing and figures, as the pediatric sources give them.",
        transplant.ADVICE,
    ),
    Section(
        "car_t",
        "CAR-T before infusion",
        "Labels, construct, collection of T cells, bridging, and special groups. For B lineage without an "
        "earlier CAR-T.",
        car_t.ADVICE,
    ),
    Section(
        "car_t_risk",
        "Risk factors studied in CAR-T",
        "What went with worse results in studies, known before the infusion. None of it is the outlook of "
        "one person.",
        car_t_risk.ADVICE,
    ),
    Section(
        "after_car_t",
        "After CAR-T, in remission",
        "B-cell aplasia, MRD, construct and earlier transplant: who is watched, who goes on to transplant. "
        "B-ALL without relapse or transplant since the infusion.",
        after_car_t.ADVICE,
    ),
    Section(
        "relapse_after_car_t",
        "Relapse after CAR-T",
        "By what the blasts carry, and targeted drugs while the CAR-T cells last.",
        relapse_after_car_t.ADVICE,
    ),
    Section(
        "later_relapse",
        "Second or later relapse, refractory, after transplant",
        "Also after transplant and CAR-T. Relapse after CAR-T by antigen is in its own section.",
        later_relapse.ADVICE,
    ),
    Section(
        "adult",
        "Adults",
        "What the adult source says from 18 years on. Up to 30 years the pediatric sources stand beside it.",
        adult.ADVICE,
    ),
    Section(
        "prognosis",
        "Prognostic factors",
        "What groups of patients in the studies had. None of it is the outlook of one person.",
        prognosis.ADVICE + prognosis_figures.ADVICE,
    ),
)

ADVICE: dict[str, Advice] = {rule.id: rule for section in SECTIONS for rule in section.advice}
"""Every rule by its id."""
SECTION_OF: dict[str, str] = {rule.id: section.id for section in SECTIONS for rule in section.advice}
"""The section of every rule, which is also its page in the rule book."""

if sum(len(section.advice) for section in SECTIONS) != len(ADVICE):
    raise RuleError("two rules of advice have one id")
for _rule in ADVICE.values():
    if not set(_rule.versus) <= set(ADVICE):
        raise RuleError(f"rule {_rule.id} is set against a rule that does not exist")
