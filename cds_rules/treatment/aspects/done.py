"""Aspects of the evaluation: which examinations the record holds since the relapse.

"No" means that a record read in full holds none; a part that was not read leaves it open. A sample taken
shortly before the recorded relapse is the one that showed it, and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import EventKind
from cds_rules.patient.findings import Antigen, Marker
from cds_rules.patient.series import events_of
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Measure, Part, PatientTimeline, Site
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.chart import Chart
from cds_rules.value import value

BEFORE_RELAPSE_DAYS = SITE_WINDOW_DAYS
"""An examination this many days before the relapse belongs to it. Project's parameter."""
HEARD = (Part.LABORATORY, Part.REPORTS, Part.PROCEDURES)
"""Parts that may hold an examination; while one is unread, silence is no answer."""

_YES, _NO, _EITHER = frozenset({YesNo.YES}), frozenset({YesNo.NO}), frozenset(YesNo)
KARYOTYPE = frozenset({Marker.HYPODIPLOIDY, Marker.KMT2A, Marker.ETV6_RUNX1, Marker.TCF3_HLF})
"""Markers that cytogenetics or FISH tell; BCR::ABL1 is asked for apart. Project's reading."""
_NONE_SINCE = Seen(_NO, (), "none on record since the relapse")
PANEL = frozenset({Marker.TP53, Marker.IKZF1, Marker.ABL_CLASS, Marker.JAK2})
"""Markers that a panel or fusion test tells; one of them alone need not be a panel. Project's reading."""


@value
class Trace:
    """One sign of an examination; `sure` False: it need not be that one, or need not have been done."""

    source: str
    when: PartialDate | None
    sure: bool = True


Traces = Callable[[PatientTimeline], Iterable[Trace]]


def since_relapse(chart: Chart, traces: Iterable[Trace], heard: tuple[Part, ...] = HEARD) -> Seen:
    """Was it done since the relapse? A trace that cannot be placed, or is not sure, leaves it open."""
    found = list(traces)
    if not found:
        return silent(chart, heard)
    relapsed = chart.picture.relapse_date.value
    if relapsed is None:
        return Seen(_EITHER, _sources(found), "it is on record, but the date of the relapse is unknown")
    before = timedelta(days=BEFORE_RELAPSE_DAYS)
    first, surely = relapsed.earliest - before, relapsed.latest - before
    done = [t for t in found if t.sure and t.when is not None and t.when.earliest >= surely]
    if done:
        return Seen(_YES, _sources(done))
    perhaps = [t for t in found if t.when is None or t.when.latest >= first]
    if perhaps:
        why = "what is on record need not be this examination, or not since the relapse"
        return Seen(_EITHER, _sources(perhaps), why)
    return silent(chart, heard)


def silent(chart: Chart, heard: tuple[Part, ...] = HEARD) -> Seen:
    """Nothing on record: no, if all parts that may hold it were read."""
    missing = chart.timeline.missing
    unread = [missing[part] for part in heard if part in missing] if missing else ()
    return Seen(_EITHER, (), unread[0]) if unread else _NONE_SINCE


def _sources(traces: Iterable[Trace]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.source for t in traces))


def of_events(*kinds: EventKind, sure: bool = True) -> Traces:
    """Events of these kinds; `sure` False where the kind alone does not say which examination it was."""

    def traces(timeline: PatientTimeline) -> list[Trace]:
        found = events_of(timeline, *kinds)
        return [Trace(e.source, e.when, sure and e.certain and e.route.settles) for e in found]

    return traces


def intrathecal_drugs(timeline: PatientTimeline) -> list[Trace]:
    """Drugs into the spinal fluid: a puncture was made, though its fluid need not have been examined."""
    return [Trace(d.source, d.until or d.when, sure=False) for d in timeline.drugs if d.intrathecal]


def of_measures(*measures: Measure) -> Traces:
    """Results of these measures."""

    def traces(timeline: PatientTimeline) -> list[Trace]:
        found = [m for measure in measures for m in timeline.by_measure.get(measure, ())]
        return [Trace(m.source, m.when, m.route.settles) for m in found]

    return traces


def of_markers(markers: frozenset[Marker], *, sure: bool = True) -> Traces:
    """Genetic results, found or not found."""

    def traces(timeline: PatientTimeline) -> list[Trace]:
        found = [g for g in timeline.genetics if g.marker in markers]
        return [Trace(g.source, g.when, sure and g.route.settles) for g in found]

    return traces


def of_antigens(*antigens: Antigen) -> Traces:
    """Antigens tested on the blasts."""

    def traces(timeline: PatientTimeline) -> list[Trace]:
        found = [a for a in timeline.antigens if a.antigen in antigens]
        return [Trace(a.source, a.when, a.route.settles) for a in found]

    return traces


def _done(name: str, title: str, *kinds: Traces, tests: tuple[Test, ...] = ()) -> Aspect:
    def read(chart: Chart) -> Seen:
        timeline = chart.timeline
        return since_relapse(chart, [t for kind in kinds for t in kind(timeline)])

    return Aspect(f"done.{name}", f"{title} on record since the relapse", YesNo, read, title, tests)


def _both(chart: Chart, *each: Traces) -> Seen:
    """Done only if each of several is: no if one is lacking, open if one is open."""
    found = [since_relapse(chart, traces(chart.timeline)) for traces in each]
    evidence = tuple(dict.fromkeys(s for seen in found for s in seen.evidence))
    because = "; ".join(dict.fromkeys(s.because for s in found if s.because)) or None
    for possible in (_NO, _EITHER):
        if any(seen.possible == possible for seen in found):
            return Seen(possible, evidence, because)
    return Seen(_YES, evidence)


def _hla(chart: Chart) -> Seen:
    """HLA typing whenever done. A donor's cells given before mean that it was (project's inference)."""
    typed = tuple(of_events(EventKind.HLA_TYPING)(chart.timeline))
    given = [t for t in chart.timeline.transplants if t.kind != "autologous"]
    told = tuple(
        Trace(t.source, t.when, t.certain and t.route.settles and t.kind == "allogeneic") for t in given
    )
    sure = [t for t in (*typed, *told) if t.sure]
    if sure:
        return Seen(_YES, _sources(sure))
    if typed or told:
        return Seen(_EITHER, _sources((*typed, *told)), "what is on record need not be HLA typing")
    seen = silent(chart, (*HEARD, Part.CONDITIONS))
    return Seen(seen.possible, (), "none on record" if seen.settled else seen.because)


def _baseline(chart: Chart) -> Seen:
    """Blood count and chemistry. Of chemistry only albumin is read and stands for it (project's)."""
    count = since_relapse(chart, of_measures(Measure.LEUKOCYTES, Measure.PLATELETS)(chart.timeline))
    chemistry = since_relapse(chart, of_measures(Measure.ALBUMIN)(chart.timeline))
    evidence = tuple(dict.fromkeys((*count.evidence, *chemistry.evidence)))
    if count.possible == chemistry.possible:
        return Seen(count.possible, evidence, count.because)
    return Seen(_EITHER, evidence, "not both are on record since the relapse")


def _testes(chart: Chart) -> Seen:
    """Biopsy or removal since the relapse, or a relapse recorded there; palpation has no code."""
    seen = since_relapse(chart, of_events(EventKind.TESTIS_BIOPSY, EventKind.ORCHIECTOMY)(chart.timeline))
    if seen.possible == _YES or Site.TESTIS not in (chart.picture.sites.value or ()):
        return seen
    return Seen(_YES, chart.picture.sites.evidence, "a testicular relapse is recorded")


MARROW_DONE = _done(
    "marrow",
    "bone marrow aspirate or biopsy",
    of_events(EventKind.MARROW_SAMPLING, EventKind.MARROW_REPORT),
    of_measures(Measure.MARROW_BLASTS),
    tests=(Test.MARROW, Test.MARROW_BIOPSY),
)
IMMUNOPHENOTYPE_DONE = _done(
    "immunophenotype",
    "immunophenotyping of the blasts",
    of_events(EventKind.IMMUNOPHENOTYPING),
    of_antigens(*Antigen),
    tests=(Test.IMMUNOPHENOTYPE,),
)
CD19_CD22_DONE = Aspect(
    "done.antigens",
    "CD19 and CD22 on the blasts on record since the relapse",
    YesNo,
    lambda chart: _both(chart, *(of_antigens(antigen) for antigen in Antigen)),
    "CD19 and CD22 on the blasts",
    (Test.IMMUNOPHENOTYPE,),
)
CD19_DONE = _done("cd19", "CD19 on the blasts", of_antigens(Antigen.CD19), tests=(Test.IMMUNOPHENOTYPE,))
CD22_DONE = _done("cd22", "CD22 on the blasts", of_antigens(Antigen.CD22), tests=(Test.IMMUNOPHENOTYPE,))
CYTOGENETICS_DONE = _done(
    "cytogenetics",
    "cytogenetics of the blasts",
    of_markers(KARYOTYPE),
    of_events(EventKind.GENOMIC_TEST, sure=False),
    tests=(Test.MARROW_BIOPSY,),
)
BCR_ABL1_DONE = _done(
    "bcrAbl1",
    "BCR::ABL1 test",
    of_events(EventKind.BCR_ABL1_TEST),
    of_markers(frozenset({Marker.BCR_ABL1})),
    tests=(Test.BCR_ABL1,),
)
CSF_DONE = _done(
    "csf",
    "lumbar puncture",
    of_events(EventKind.LUMBAR_PUNCTURE),
    of_measures(Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS),
    of_events(EventKind.INTRATHECAL, sure=False),
    intrathecal_drugs,
    tests=(Test.CSF,),
)
HLA_DONE = Aspect("done.hla", "HLA typing on record", YesNo, _hla, "HLA typing", (Test.HLA,))
SEQUENCING_DONE = _done(
    "sequencing",
    "sequencing panel and fusion test of the leukemia",
    of_events(EventKind.GENOMIC_TEST),
    of_markers(PANEL, sure=False),
    tests=(Test.SEQUENCING,),
)
KINASE_MUTATIONS_DONE = _done(
    "kinaseMutations",
    "BCR::ABL1 kinase mutation analysis",
    of_events(EventKind.KINASE_MUTATION_TEST),
    of_markers(frozenset({Marker.T315I})),
    tests=(Test.KINASE_MUTATIONS,),
)
TESTES_DONE = Aspect(
    "done.testes",
    "examination of the testes on record since the relapse",
    YesNo,
    _testes,
    "examination of the testes",
    (Test.TESTIS_EXAM,),
)
BASELINE_DONE = Aspect(
    "done.baselineLaboratory",
    "blood count and chemistry on record since the relapse",
    YesNo,
    _baseline,
    "blood count and chemistry",
    (Test.BASELINE_LABS,),
)
SEROLOGY_DONE = Aspect(
    "done.serology",
    "serology of hepatitis B, HSV and CMV on record since the relapse",
    YesNo,
    lambda chart: _both(
        chart,
        of_events(EventKind.HEPATITIS_B_SEROLOGY),
        of_events(EventKind.HSV_SEROLOGY),
        of_events(EventKind.CMV_SEROLOGY),
    ),
    "serology of hepatitis B, HSV and CMV",
    (Test.SEROLOGY,),
)
PREGNANCY_TEST_DONE = _done(
    "pregnancyTest", "pregnancy test", of_events(EventKind.PREGNANCY_TEST), tests=(Test.PREGNANCY,)
)
CHEST_X_RAY_DONE = _done(
    "chestXRay", "chest X-ray", of_events(EventKind.CHEST_X_RAY), tests=(Test.CHEST_XRAY,)
)
ECG_DONE = _done("ecg", "ECG", of_events(EventKind.ECG), tests=(Test.ECG,))
CARDIAC_FUNCTION_DONE = _done(
    "cardiacFunction",
    "test of cardiac function",
    of_events(EventKind.ECHOCARDIOGRAPHY),
    tests=(Test.CARDIAC_FUNCTION,),
)
DENTAL_DONE = _done(
    "dental", "dental examination", of_events(EventKind.DENTAL_EXAMINATION), tests=(Test.DENTAL,)
)
