"""Completion of primary treatment inferred from the doses given, where nothing else tells of it."""

from __future__ import annotations

from datetime import date, timedelta

from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.drug_class import ANTILEUKEMIC, STEROID
from cds_rules.patient.fact import Fact
from cds_rules.patient.picture import EndOfTreatment
from cds_rules.patient.timeline import DrugUse, Part, PatientTimeline

FULL_TREATMENT_MONTHS = 24
"""A last dose sooner after the diagnosis may be the last of a phase, or of what one hospital gave: most
of maintenance is taken at home. Project's parameter."""
DOSES_OF_A_SERIES, SERIES_MONTHS = 3, 12
"""The last dose counts only as the end of a series: this many days with a dose, in this many months.
Project's parameters."""
DOSE_GAP_DAYS = 84
"""Pulses of maintenance come at least this often, so treatment ended this long after the last dose at the
latest. Project's parameter."""


def after_last_dose(
    timeline: PatientTimeline, relapse: PartialDate, diagnosed: PartialDate | None
) -> Fact[EndOfTreatment] | None:
    """The end as a span of days from the last dose on, marked inferred; None where no dose is on record.

    Silence is believed only if every part that could hold a later dose was read in full.
    """
    uses = [d for d in timeline.drugs if not d.ordered and d.drug in ANTILEUKEMIC]
    given = sorted(((_day(d), d.source, d) for d in uses if _counts(d, relapse)), key=lambda g: g[:2])
    if not given:
        return None
    day, _, dose = given[-1]
    source = (dose.source,)
    why = _doubt(timeline, relapse, diagnosed, sorted({g[0] for g in given}), uses)
    if why is not None:
        return Fact(evidence=source, because=why)
    span = PartialDate(day, day + timedelta(days=DOSE_GAP_DAYS))
    note = f"inferred from the last antileukemic dose on record ({dose.drug}, {day})"
    return Fact(EndOfTreatment(False, span), source, note)


def _day(dose: DrugUse) -> date:
    """The last day of an administration; of an infusion over weeks, its end."""
    end = dose.until or dose.when
    return end.latest if end is not None else date.min


def _counts(dose: DrugUse, relapse: PartialDate) -> bool:
    """Given, dated to the day, by a route that settles, before the relapse; a steroid alone is no sign."""
    return (
        dose.given
        and dose.route.settles
        and dose.drug not in STEROID
        and dose.when is not None
        and dose.when.exact
        and (dose.until is None or dose.until.exact)
        and _day(dose) < relapse.earliest
    )


def _doubt(
    timeline: PatientTimeline,
    relapse: PartialDate,
    diagnosed: PartialDate | None,
    days: list[date],
    uses: list[DrugUse],
) -> str | None:
    """Why the last dose does not tell of completion, or None."""
    last = days[-1]
    parts = (Part.ADMINISTRATIONS, Part.STATEMENTS, Part.PROCEDURES)
    missing = next((timeline.missing[part] for part in parts if part in timeline.missing), None)
    if missing is not None:
        return missing
    if diagnosed is None or whole_months(diagnosed.latest, last) < FULL_TREATMENT_MONTHS:
        return f"the last dose on record is of {last}: too soon to be the end of treatment"
    if sum(whole_months(day, last) < SERIES_MONTHS for day in days) < DOSES_OF_A_SERIES:
        return f"the last dose on record is of {last}, with too few in the year before it for a series"
    if last + timedelta(days=DOSE_GAP_DAYS) >= relapse.earliest:
        return f"the last dose on record is of {last}: treatment may have gone on to the relapse"
    if timeline.transplants or timeline.car_t:
        return "a cell treatment is on record: the last dose does not tell when treatment ended"
    later = [d for d in uses if not _counts(d, relapse) and _reaches(d, last, relapse)]
    return "another drug may have been taken after the last dose on record" if later else None


def _reaches(use: DrugUse, last: date, relapse: PartialDate) -> bool:
    """May it have been taken between the last dose and the relapse?"""
    if use.when is None:
        return True
    end = use.until or use.when
    return use.when.earliest < relapse.earliest and (use.ongoing or end.latest > last)
