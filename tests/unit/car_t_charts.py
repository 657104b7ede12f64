"""Charts of patients after CAR-T: one infusion, and results so many days after it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import CarT, DrugUse, Measure, Measurement, MrdResult, PatientTimeline
from tests.unit.advice_charts import after
from tests.unit.charts import day, marrow_relapse

INFUSED = date(2025, 9, 1)
"""Some weeks after the relapse of `charts.marrow_relapse`."""


def on_day(days: int) -> date:
    """The day so many days after the infusion."""
    return INFUSED + timedelta(days=days)


def infused(
    when: str | None = INFUSED.isoformat(), product: str | None = "tisagenlecleucel", **more: Any
) -> CarT:
    return CarT(f"Procedure/car-t-{when}", day(when), product, **more)


def after_car_t(*given: CarT, **record: Any) -> PatientTimeline:
    """A marrow relapse, then CAR-T: one infusion of tisagenlecleucel if none is given."""
    return replace(marrow_relapse(car_t=given or (infused(),)), **record)


def mrd(days: int, fraction: float | Interval = 0.0, method: str | None = "ngs", **more: Any) -> MrdResult:
    value = fraction if isinstance(fraction, Interval) else Interval.exactly(fraction)
    told = {"marrow": True, **more}
    return MrdResult(f"Observation/{method}-{days}", day(after(days, INFUSED)), value, method=method, **told)


def cells(
    days: int, per_ul: float | Interval, measure: Measure = Measure.B_CELLS, **more: Any
) -> Measurement:
    value = per_ul if isinstance(per_ul, Interval) else Interval.exactly(per_ul)
    return Measurement(f"Observation/b-{days}", day(after(days, INFUSED)), measure, value, **more)


def drug(days: int, name: str = "blinatumomab", **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{days}", day(after(days, INFUSED)), name, **more)
