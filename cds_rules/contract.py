"""The Assessment as JSON, version 1: names and shapes that clients rely on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cds_rules.assessment import VERSION, Assessment, SchemeFinding
from cds_rules.contract_advice import (
    caution_to_dict,
    cite_to_dict,
    criterion_to_dict,
    due_to_dict,
    missing_to_dict,
    recommendation_to_dict,
    score_to_dict,
    trial_to_dict,
)
from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.draw_findings import Findings
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment, Fact, RelapsePicture
from cds_rules.patient.timeline import DataProblem
from cds_rules.rule import Open
from cds_rules.treatment.missing import CONTRACT_NAME

OUTSIDE = "outside this scheme"


def assessment_to_dict(a: Assessment) -> dict[str, Any]:
    """One Assessment in the shape of version 1."""
    return {
        "version": VERSION,
        "assessedOn": a.assessed_on.isoformat(),
        "patient": a.patient,
        "applies": a.applies,
        "notApplicableBecause": a.not_applicable_because,
        "picture": picture_to_dict(a.picture),
        "schemes": [_scheme(s) for s in a.schemes],
        "outsideSchemes": list(a.outside),
        "missing": [missing_to_dict(m) for m in a.missing],
        "scores": [score_to_dict(f) for f in a.scores],
        "recommendations": [recommendation_to_dict(r, a.seen or {}) for r in a.recommendations],
        "carTChecklist": [criterion_to_dict(c) for c in a.checklist],
        "cautions": [caution_to_dict(c) for c in a.cautions],
        "surveillance": [due_to_dict(d) for d in a.surveillance],
        "trials": [trial_to_dict(m, a.assessed_on, a.max_status_age_days) for m in a.trials],
        "dataProblems": [*(_problem(p) for p in a.problems), *_incomplete(a)],
    }


def picture_to_dict(p: RelapsePicture) -> dict[str, Any]:
    """Every fact: its value and evidence, or null and why it is unknown."""
    return {
        "lineage": fact(p.lineage, str),
        "diagnosisDate": fact(p.diagnosed, str),
        "relapseNumber": fact(p.relapse_number, int),
        "relapseDate": fact(p.relapse_date, str),
        "ageAtRelapse": fact(p.age_at_relapse, int),
        "sites": fact(p.sites, lambda sites: sorted(str(s) for s in sites)),
        "involvement": {str(site): answer.value for site, answer in p.involved.items()},
        "monthsFromDiagnosis": fact(months_from_diagnosis(p), int),
        "endOfPrimaryTreatment": fact(p.treatment, _treatment),
        "firstRemission": fact(p.first_remission, str),
        "endBlock1Mrd": fact(p.end_block1_mrd, interval_to_dict),
        "transplantBeforeRelapse": fact(p.earlier_transplant, bool),
        "carT": fact(p.car_t, bool),
        "refractory": fact(p.refractory, bool),
        **_course(p),
        **_findings(p.findings),
    }


def _course(p: RelapsePicture) -> dict[str, Any]:
    return {
        "primaryRefractory": fact(p.primary_refractory, bool),
        "marrowState": fact(p.marrow_state, str),
        "inRemission": fact(p.in_remission, bool),
        "remissionNumber": fact(p.remission_number, int),
        "remissions": [
            {
                "number": r.number,
                "since": str(r.since),
                "until": _text(r.until),
                "stated": r.stated,
                "evidence": list(r.sources),
            }
            for r in p.remissions
        ],
        "priorRegimens": fact(
            p.prior_regimens, lambda count: {"atLeast": count.at_least, "atMost": count.at_most}
        ),
        "linesOfTherapy": [
            {
                "start": str(line.start),
                "end": _text(line.end),
                "drugs": list(line.drugs),
                "procedures": list(line.procedures),
                "certain": line.certain,
                "evidence": list(line.sources),
            }
            for line in p.lines
        ],
    }


def _findings(f: Findings) -> dict[str, Any]:
    return {
        "genetics": {marker.value: fact(known, bool) for marker, known in f.genetics.items()},
        "antigens": {antigen.value: fact(known, str) for antigen, known in f.antigens.items()},
        "transplants": [
            {
                "date": _text(t.when),
                "kind": t.kind,
                "donor": t.donor,
                "totalBodyIrradiation": t.total_body,
                "evidence": [t.source],
            }
            for t in f.transplants
        ],
        "carTInfusions": [
            {
                "date": _text(c.when),
                "product": c.product,
                "costimulatoryDomain": c.domain,
                "evidence": [c.source],
            }
            for c in f.car_t
        ],
        "radiation": [
            {"date": _text(i.when), "field": i.field.value, "gray": i.gray, "evidence": [i.source]}
            for i in f.irradiations
        ],
    }


def _text(when: PartialDate | None) -> str | None:
    return str(when) if when is not None else None


def fact(known: Fact[Any], shape: Callable[[Any], Any]) -> dict[str, Any]:
    """{"value", "evidence", "note"} or {"value": null, "unknownBecause"}."""
    if known.known:
        shown: dict[str, Any] = {"value": shape(known.value), "evidence": list(known.evidence)}
        if known.because:
            shown["note"] = known.because
        return shown
    return {"value": None, "evidence": list(known.evidence), "unknownBecause": known.because}


def months_from_diagnosis(p: RelapsePicture) -> Fact[int]:
    """Completed calendar months from diagnosis to relapse, when both dates settle it."""
    start, end = p.diagnosed.value, p.relapse_date.value
    if start is None or end is None:
        reasons = [f.because for f in (p.diagnosed, p.relapse_date) if not f.known and f.because]
        return Fact(because="; ".join(reasons))
    fewest, most = _months(start.latest, end.earliest), _months(start.earliest, end.latest)
    evidence = tuple(dict.fromkeys((*p.diagnosed.evidence, *p.relapse_date.evidence)))
    if fewest != most:
        return Fact(evidence=evidence, because=f"between {fewest} and {most} months by the dates given")
    return Fact(fewest, evidence)


_months = whole_months


def interval_to_dict(value: Interval) -> dict[str, Any]:
    """A fraction of cells: its bounds, and whether a bound itself is left out."""
    return {
        "low": value.low,
        "high": value.high,
        "lowExcluded": value.low_open,
        "highExcluded": value.high_open,
    }


def _treatment(value: EndOfTreatment) -> dict[str, Any]:
    completed: PartialDate | None = value.completed
    return {"onTreatmentAtRelapse": value.on_treatment, "completed": str(completed) if completed else None}


def _scheme(s: SchemeFinding) -> dict[str, Any]:
    return {
        "id": s.id,
        "title": s.title,
        "applies": s.finding.applies,
        "group": s.finding.group,
        "meaning": s.meaning,
        "possible": [g for g in s.finding.possible if g is not None],
        "rule": s.finding.rule,
        "rules": list(s.finding.rules),
        "open": [_open(o) for o in s.finding.open],
        "note": s.age_note,
        "settles": s.settles,
        "citations": [cite_to_dict(c) for c in s.citations],
    }


def _open(o: Open) -> dict[str, Any]:
    return {
        "fact": CONTRACT_NAME[o.fact],
        "settles": {value: " or ".join(g or OUTSIDE for g in groups) for value, groups in o.settles},
    }


def _incomplete(a: Assessment) -> list[dict[str, Any]]:
    return [{"kind": "unavailable", "text": reason, "resources": []} for reason in a.incomplete.values()]


def _problem(p: DataProblem) -> dict[str, Any]:
    return {"kind": p.kind.value, "text": p.text, "resources": list(p.resources)}
