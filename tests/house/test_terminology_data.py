"""The shipped CSV files: complete, in their place, and free of what must not be shipped."""

import csv
import re
from importlib.resources import files

import pytest

from cds_rules.terminology import Code, load
from cds_rules.terminology.code_set import COLUMNS, CPT, HGNC, HGNC_LEGACY, SNOMED

FOLDER = files("cds_rules.terminology")

FAMILIES = {
    "conditions.csv": {
        "all", "mpal", "burkitt", "aml", "lymphoid-leukemia", "leukemia", "lbl", "down-syndrome", "relapse",
        "crs", "icans", "vod", "hlh", "gvhd", "weak-site", "extramedullary", "seizure", "neurotoxicity",
        "cranial-nerve-palsy",
    },
    "disease_status.csv": {"disease-status", "all-risk", "clinical-status"},
    "sites.csv": {"site", "specimen"},
    "labs.csv": None,  # one concept per test: the list is the file
    "results.csv": {"result", "interpretation", "absent-reason"},
    "genomics.csv": {"genomics", "answer", "gene"},
    "procedures.csv": None,
    "drugs.csv": {"drug"},
    "status_history.csv": {"ever", "encounter"},
    "cpt.csv": {"car-t", "hsct", "marrow-sampling"},
}  # fmt: skip

# Concepts which rules and the reading of the record name.
NAMED = """
all.unspecified all.not-in-remission all.in-remission all.in-relapse all.b all.b.bcr-abl1 all.b.kmt2a
all.b.etv6-runx1 all.b.hyperdiploid all.b.hypodiploid all.b.il3-igh all.b.tcf3-pbx1 all.null all.t mpal
burkitt aml lbl
lymphoid-leukemia.other leukemia.acute-unspecified leukemia.generic-remission leukemia.history
down-syndrome relapse.in-transplant-marrow crs icans vod hlh gvhd.acute gvhd.chronic gvhd
weak-site.cns weak-site.testis
weak-site.marrow extramedullary.skin extramedullary.orbit extramedullary.eye extramedullary.kidney
disease-status disease-status.improved disease-status.stable disease-status.worsened
disease-status.undetermined
disease-status.full-remission disease-status.partial-remission all-risk all-risk.standard all-risk.high
site.marrow site.testis site.cns site.skin site.eye specimen.csf specimen.blood
marrow-blasts-percent blood-blasts-percent blood-blasts-count csf-blasts-percent csf-blasts-count csf-wbc
csf-nucleated-cells other-fluid-blasts wbc alc anc platelets cd3-count cd3-percent cd4-count
cd8-count cd19-count cd19-percent cd20-count albumin creatinine bilirubin alt ast ldh ferritin
marrow-cd19-percent blasts.cd20 blasts.cd22.percent blasts.cd22.units immunophenotyping-study marrow-report
flow.b-cell-precursors flow.abnormal-leukocytes bcr-abl1.p190 bcr-abl1.p210 bcr-abl1.p210-is bcr-abl1.any
bcr-abl1.log-reduction cmv.igg cmv.igm cmv.dna karnofsky ecog lansky lvef
result.detected result.not-detected result.positive result.negative result.present result.absent
result.indeterminate result.equivocal result.inconclusive result.weakly-positive
hsct hsct.allogeneic hsct.allogeneic.related hsct.allogeneic.unrelated hsct.allogeneic.unspecified-donor
hsct.allogeneic.related.cord hsct.autologous car-t.infusion car-t.infusion.tisagenlecleucel
car-t.infusion.brexucabtagene car-t.collection car-t.preparation car-t.receipt leukapheresis stem-cell-harvest
marrow-sampling lumbar-puncture intrathecal-chemotherapy route.intrathecal orchiectomy rt.testis rt.cranial
rt.spinal tbi radiotherapy chemotherapy immunotherapy ever.hsct ever.car-t
seizure neurotoxicity cranial-nerve-palsy encounter.palliative-care encounter.dental-examination
encounter.pregnancy-test encounter.pregnancy-test.positive encounter.pregnancy-test.negative testis-biopsy
chest-x-ray ecg echocardiography pet hepatitis-b-serology pregnancy-test hla.a genomics.report
drug.blinatumomab drug.inotuzumab drug.gemtuzumab drug.axicabtagene drug.lisocabtagene gene.KMT2A
genomics.variant genomics.gene-studied answer.present answer.absent answer.positive
"""


def rows(name: str) -> list[Code]:
    """The rows of one file, unchecked."""
    reader = csv.reader((FOLDER / name).read_text(encoding="utf-8").splitlines())
    next(reader)
    return [Code(*cells) for cells in reader]


def everything() -> list[Code]:
    return [row for name in FAMILIES for row in rows(name)]


def test_every_file_is_a_known_family() -> None:
    assert {entry.name for entry in FOLDER.iterdir() if entry.name.endswith(".csv")} == set(FAMILIES)


def test_load_accepts_every_shipped_row() -> None:
    terminology = load()
    assert [row for row in everything() if terminology.lookup(row.system, row.code) != row.concept] == []
    assert len(everything()) > 500


@pytest.mark.parametrize("name", FAMILIES)
def test_file_keeps_to_its_family_and_form(name: str) -> None:
    raw = (FOLDER / name).read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    assert raw.startswith(",".join(COLUMNS).encode() + b"\n")
    families = FAMILIES[name]
    assert families is None or {row.concept.split(".")[0] for row in rows(name)} == families


@pytest.mark.parametrize("name", FAMILIES)
def test_rows_of_a_concept_stand_together(name: str) -> None:
    concepts = [row.concept for row in rows(name)]
    blocks = [concept for place, concept in enumerate(concepts) if concepts[place - 1 : place] != [concept]]
    assert len(blocks) == len(set(blocks))


@pytest.mark.parametrize("concept", NAMED.split())
def test_concept_that_rules_name_has_a_code(concept: str) -> None:
    assert concept in {code.concept for code in load().codes(concept)}


def test_cpt_has_its_own_file_and_no_wording() -> None:
    assert {row.system for row in rows("cpt.csv")} == {CPT}
    assert {row.display for row in rows("cpt.csv")} == {""}
    assert not any(row.system == CPT for name in FAMILIES if name != "cpt.csv" for row in rows(name))


def test_every_gene_stands_under_both_system_uris() -> None:
    def genes(system: str) -> set[tuple[str, str, str]]:
        return {(row.concept, row.code, row.display) for row in everything() if row.system == system}

    assert genes(HGNC) == genes(HGNC_LEGACY)
    assert all(concept == f"gene.{symbol}" for concept, _, symbol in genes(HGNC))
    assert len(genes(HGNC)) > 30


def test_every_snomed_row_says_whether_it_is_in_the_global_patient_set() -> None:
    unmarked = [
        row
        for row in everything()
        if row.system == SNOMED and not re.search(r"\[(not )?in GPS\]$", row.source)
    ]
    assert unmarked == []


def test_sources_are_short_and_none_is_a_guess() -> None:
    assert max(len(row.source) for row in everything()) <= 120
    assert not any(
        re.search(r"memory|unverified|stored|https?:", row.source, re.IGNORECASE) for row in everything()
    )


def test_readme_names_every_file() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in FAMILIES if f"`{name}`" not in readme] == []
