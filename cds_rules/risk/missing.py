"""What is missing, for whom it matters, and which test or entry would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cds_rules.answer import Answer
from cds_rules.assessment import MissingFact
from cds_rules.patient.picture import Fact, RelapsePicture
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Site
from cds_rules.request import Test
from cds_rules.risk.finding import SchemeFinding


def missing_facts(picture: RelapsePicture, schemes: Sequence[SchemeFinding]) -> tuple[MissingFact, ...]:
    """Open facts, those that hold up most schemes first."""
    waiting: dict[str, list[str]] = {}
    for scheme in schemes:
        if scheme.settles:
            for item in scheme.finding.open:
                waiting.setdefault(item.fact, []).append(scheme.id)
    found = [_describe(fact, picture, tuple(ids)) for fact, ids in waiting.items()]
    return tuple(sorted(found, key=lambda m: -len(m.schemes)))


def _describe(fact: str, picture: RelapsePicture, schemes: tuple[str, ...]) -> MissingFact:
    name, because, settled_by, tests = _DESCRIBE[fact](picture)
    return MissingFact(name, because, settled_by, schemes, tests)


def _why(*facts: Fact[object]) -> str:
    reasons = [f.because for f in facts if not f.known and f.because]
    return "; ".join(dict.fromkeys(reasons)) or "the dates given leave it open"


Described = tuple[str, str, str, tuple[Test, ...]]
"""Name in the contract, why it is open, what settles it, and the tests that still can."""


def _course(p: RelapsePicture) -> Described:
    why = _why(p.relapse_number, p.earlier_transplant, p.car_t, p.refractory)
    return "course", why, "record earlier relapses, transplant and CAR-T with their dates", ()


def _lineage(p: RelapsePicture) -> Described:
    test = Test.IMMUNOPHENOTYPE
    return "lineage", _why(p.lineage), f"{test}, or its recorded result", (test,)


def _pattern(p: RelapsePicture) -> Described:
    open_tests = [
        test
        for site, test in ((Site.MARROW, Test.MARROW), (Site.CNS, Test.CSF))
        if p.involved[site] is Answer.UNKNOWN
    ]
    if not open_tests:
        return "sites", _why(p.sites), "record the sites of the relapse", ()
    relapse = p.relapse_date.value
    if relapse is None:
        return "sites", _why(p.sites), "record the date and the sites of the relapse", ()
    if p.on <= relapse.latest + timedelta(days=SITE_WINDOW_DAYS):
        return "sites", _why(p.sites), " and ".join(open_tests), tuple(open_tests)
    done = " and ".join(open_tests)
    return "sites", _why(p.sites), f"record the result at relapse of: {done}; or record the sites", ()


def _from_diagnosis(p: RelapsePicture) -> Described:
    entries = [
        name
        for name, fact in (
            ("the date of first diagnosis", p.diagnosed),
            ("the date of the relapse", p.relapse_date),
        )
        if fact.value is None or not fact.value.exact
    ]
    settled_by = f"record {' and '.join(entries) or 'exact dates'}"
    return "monthsFromDiagnosis", _why(p.diagnosed, p.relapse_date), settled_by, ()


def _after_treatment(p: RelapsePicture) -> Described:
    settled_by = "record when primary treatment was completed, or that it was going on at the relapse"
    return "endOfPrimaryTreatment", _why(p.treatment), settled_by, ()


def _from_cr1(p: RelapsePicture) -> Described:
    return "firstRemission", _why(p.first_remission), "record the date of first remission", ()


def _mrd(p: RelapsePicture) -> Described:
    test = Test.MRD_END_BLOCK_1
    why = _why(p.end_block1_mrd)
    if p.block1_window is None:
        return "endBlock1Mrd", why, f"{test}, once the date of the relapse is known", ()
    first, last = p.block1_window
    if p.on > last:
        return "endBlock1Mrd", why, f"record the {test}, if one was done ({first} to {last})", ()
    return "endBlock1Mrd", why, str(test), (test,)


_DESCRIBE = {
    "course": _course,
    "lineage": _lineage,
    "pattern": _pattern,
    "from_diagnosis": _from_diagnosis,
    "after_treatment": _after_treatment,
    "from_cr1": _from_cr1,
    "mrd": _mrd,
}
