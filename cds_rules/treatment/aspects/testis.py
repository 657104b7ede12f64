"""Aspects of testicular relapse: side, proof by biopsy, and the other testis."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import EventKind
from cds_rules.patient.findings import Field
from cds_rules.patient.series import events_of
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Diagnosis, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, unrecorded
from cds_rules.treatment.aspects.done import Trace, of_events, since_relapse
from cds_rules.treatment.chart import Chart


class Side(StrEnum):
    """How many testes are involved."""

    ONE = "one"
    BOTH = "both"


class OtherTestis(StrEnum):
    """Biopsy of the testis that is not enlarged."""

    NEGATIVE = "negative"
    POSITIVE = "positive"


class Proof(StrEnum):
    """What the testicular relapse rests on (D-3)."""

    BIOPSY = "biopsy"
    SUSPECTED = "clinical finding only"


def _side(chart: Chart) -> Seen:
    """The testes that the relapse names. Silence about the other one is read as for other sites (D-3)."""
    told = [
        d for d in chart.timeline.diagnoses if d.testes and (d.when is None or _at_relapse(d.when, chart))
    ]
    named = frozenset(testis for d in told for testis in d.testes)
    sources = tuple(d.source for d in told)
    if not named or not all(_sure(d) for d in told):
        return Seen(frozenset(Side), sources, "the record does not say for certain which testis is involved")
    return Seen(frozenset({Side.BOTH if len(named) > 1 else Side.ONE}), sources)


def _sure(told: Diagnosis) -> bool:
    return told.certain and told.route.settles and told.when is not None


def _proof(chart: Chart) -> Seen:
    """A biopsy that shows leukemia proves it. One that shows none may be of the other testis."""
    shown = [e for e in events_of(chart.timeline, EventKind.TESTIS_BIOPSY) if _at_relapse(e.when, chart)]
    proven = tuple(e.source for e in shown if e.positive and e.certain and e.route.settles)
    if proven:
        return Seen(frozenset({Proof.BIOPSY}), proven)
    sources = tuple(e.source for e in shown)
    why = "a biopsy is recorded without a result that can be read" if shown else "no biopsy result on record"
    return Seen(frozenset(Proof), sources, why)


def _at_relapse(when: PartialDate | None, chart: Chart) -> bool:
    relapse = chart.picture.relapse_date.value
    if relapse is None or when is None:
        return False
    return when.earliest >= relapse.earliest - timedelta(days=SITE_WINDOW_DAYS)


def _removed(chart: Chart) -> Seen:
    traces = of_events(EventKind.ORCHIECTOMY)(chart.timeline)
    return since_relapse(chart, traces, (Part.PROCEDURES,))


def _radiated(chart: Chart) -> Seen:
    given = [i for i in chart.timeline.irradiations if i.field is Field.TESTIS]
    traces = [Trace(i.source, i.when, i.route.settles) for i in given]
    return since_relapse(chart, traces, (Part.PROCEDURES,))


_NOT_HELD = "charts do not hold it in a form that can be read"
TESTIS_SIDE = Aspect(
    "testisSide",
    "testes involved",
    Side,
    _side,
    "record the body site with its side; examination and ultrasound",
    (Test.TESTIS_EXAM,),
)
OTHER_TESTIS = Aspect(
    "otherTestis",
    "biopsy of the other testis",
    OtherTestis,
    unrecorded(OtherTestis, _NOT_HELD),
    "ask the team; biopsy of the other testis",
    (Test.TESTIS_EXAM,),
)
TESTIS_PROOF = Aspect(
    "testisProof",
    "testicular relapse rests on",
    Proof,
    _proof,
    "biopsy of the suspect testis, or its recorded result",
    (Test.TESTIS_EXAM,),
)
ORCHIECTOMY_DONE = Aspect(
    "orchiectomySinceRelapse",
    "orchiectomy since the relapse",
    YesNo,
    _removed,
    "record orchiectomy with its date",
)
TESTIS_RADIATED = Aspect(
    "testicularRadiationSinceRelapse",
    "testicular radiation since the relapse",
    YesNo,
    _radiated,
    "record testicular radiation with its date",
)
