"""What the Assessment advises, as JSON: recommendations, scores, checklist, missing facts, trials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_rules.answer import Answer
from cds_rules.assessment import MissingFact
from cds_rules.citation import Cite
from cds_rules.treatment.aspect import Seen
from cds_rules.treatment.car_t_checklist import Criterion
from cds_rules.treatment.caution import Caution
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.score import ScoreFinding
from cds_rules.treatment.surveillance import DueItem
from cds_rules.treatment.weigh import Need
from cds_rules.trials.trial import Tier, TrialMatch, TrialStatus


def missing_to_dict(m: MissingFact) -> dict[str, Any]:
    """A missing fact, what waits for it and what would settle it."""
    return {
        "fact": m.fact,
        "because": m.because,
        "settledBy": m.settled_by,
        "schemes": list(m.schemes),
        "rules": list(m.rules),
        "closes": m.closes,
        "tests": [test.value for test in m.tests],
    }


_SAYS = {Answer.YES: "applies", Answer.NO: "does not apply", Answer.UNKNOWN: "open"}


def recommendation_to_dict(r: Recommendation, seen: Mapping[str, Seen]) -> dict[str, Any]:
    """A rule that applies, or may, with the facts that would decide it."""
    return {
        "id": r.rule.id,
        "title": r.rule.title,
        "detail": r.rule.detail,
        "decision": r.rule.decision.value,
        "kind": r.rule.weight.value,
        "status": "applies" if r.applies else "possible",
        "needs": [_need(n) for n in r.needs],
        "audience": r.rule.audience.value,
        "versus": list(r.rule.versus),
        "citations": [cite_to_dict(c) for c in r.rule.cites],
        "evidence": list(r.evidence(seen)),
    }


def _need(n: Need) -> dict[str, Any]:
    return {"fact": n.aspect, "says": {value: _SAYS[answer] for value, answer in n.says}}


def score_to_dict(f: ScoreFinding) -> dict[str, Any]:
    """A score: its value, or the range of scores still possible and what is missing for it."""
    settled = f.low == f.high
    return {
        "id": f.id,
        "title": f.title,
        "applies": _SAYS[f.applies],
        "value": f.low if settled else None,
        "range": [f.low, f.high] if f.low is not None else None,
        "maximum": f.maximum,
        "missing": [m.aspect for m in f.missing],
        "parts": [
            {
                "fact": p.aspect,
                "possible": list(p.values),
                "points": [p.low, p.high] if p.low is not None else None,
                "evidence": list(p.evidence),
            }
            for p in f.parts
        ],
        "meaning": [{"of": m.of, "says": m.says} for m in f.meaning],
        "audience": f.audience.value,
        "note": f.note or None,
        "citations": [cite_to_dict(c) for c in f.cites],
    }


MET = {Answer.YES: "met", Answer.NO: "not met", Answer.UNKNOWN: "unknown"}
"""How the contract says whether a criterion is met."""


def criterion_to_dict(c: Criterion) -> dict[str, Any]:
    """One line of the CAR-T checklist."""
    return {
        "id": c.id,
        "topic": c.topic.value,
        "text": c.text,
        "answer": MET[c.answer],
        "borderline": c.cautious,
        "because": c.because,
        "settledBy": c.settled_by,
        "citations": [cite_to_dict(x) for x in c.cites],
        "evidence": list(c.evidence),
    }


def caution_to_dict(c: Caution) -> dict[str, Any]:
    """What an order check says of one order; `needs` names open facts, empty when it holds for certain."""
    return {
        "id": c.check.id,
        "level": c.level.value,
        "title": c.check.needs_title if c.needs else c.check.title,
        "detail": c.check.detail,
        "order": c.order.reference,
        "needs": [need.aspect for need in c.needs],
        "citations": [cite_to_dict(x) for x in c.check.cites],
        "evidence": list(c.evidence),
    }


def due_to_dict(d: DueItem) -> dict[str, Any]:
    """One test of the follow-up, with the window in which it is due."""
    return {
        "id": d.id,
        "what": d.what,
        "due": d.due[0].isoformat() if d.due else None,
        "until": d.due[1].isoformat() if d.due else None,
        "state": d.state.value,
        "because": d.because,
        "citations": [cite_to_dict(c) for c in d.cites],
        "evidence": list(d.evidence),
    }


def trial_to_dict(m: TrialMatch, on: date, within_days: int) -> dict[str, Any]:
    """One trial for this patient. Its status is the last one known, with its date.

    `open`: a registry that was asked within so many days before `on` says that it takes patients. False
    says no more than that this is not known.
    """
    trial = m.trial
    return {
        "id": trial.id,
        "title": trial.title,
        "phase": trial.phase,
        "namedBySource": trial.tier is not Tier.FOUND,
        "grade": m.grade.value,
        "open": trial.open_on(on, within_days),
        "lastKnownStatus": _status(trial.status) if trial.status else None,
        "statusInSource": _status(trial.status_in_source) if trial.status_in_source else None,
        "sites": len(trial.study.sites) if trial.study else None,
        "criteria": [
            {
                "text": a.criterion.text,
                "role": a.criterion.role.value,
                "from": a.criterion.origin.value,
                "answer": MET[a.met],
                "because": a.because,
                "evidence": list(a.evidence),
            }
            for a in m.answers
        ],
        "citations": [cite_to_dict(c) for c in m.trial.cites],
    }


def _status(s: TrialStatus) -> dict[str, str]:
    return {"status": s.status, "on": status_day(s), "source": s.by}


def status_day(s: TrialStatus) -> str:
    """When a status was true, as precisely as it is known: of a source, the year."""
    return str(s.on.year) if s.from_source else s.on.isoformat()


def cite_to_dict(c: Cite) -> dict[str, str]:
    """A source and the place in it."""
    return {"key": c.key, "where": c.where}
