"""Look-up, spellings, refusals, and the codes that are easily taken for something else."""

import pytest

from cds_rules.terminology import TerminologyError, code_set, is_within, load
from cds_rules.terminology.code_set import (
    CPT,
    HCPCS,
    HGNC,
    HGNC_LEGACY,
    ICD10,
    ICD10CM,
    ICD10PCS,
    ICDO3,
    INTERPRETATION,
    LOINC,
    RXNORM,
    SNOMED,
    from_csv,
    luhn_valid,
    verhoeff_valid,
)

HEADER = "concept,system,code,display,source\n"
GOOD = f"all.in-relapse,{ICD10CM},C91.02,ALL in relapse,a table\n"


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        # State and kind of disease
        (ICD10CM, "C91.02", "all.in-relapse"),
        (ICD10CM, "C91.01", "all.in-remission"),
        (ICD10CM, "C91.00", "all.not-in-remission"),
        (ICD10CM, "C91.0", "all.unspecified"),
        (ICD10, "C91.0", "all.unspecified"),
        (SNOMED, "12301000132103", "all.in-relapse"),
        (SNOMED, "91857003", "all.unspecified"),
        (SNOMED, "277574007", "all.null"),
        (ICDO3, "9812/3", "all.b.bcr-abl1"),
        (ICDO3, "9727/3", "lbl"),
        (ICD10CM, "C83.5A", "lbl"),
        (ICD10CM, "C91.A2", "burkitt"),
        (ICD10CM, "C91.92", "lymphoid-leukemia.other"),
        (SNOMED, "278453007", "mpal"),
        (SNOMED, "93142004", "leukemia.generic-remission"),
        (SNOMED, "161436008", "leukemia.history"),
        (ICD10CM, "Z85.6", "leukemia.history"),
        (ICD10CM, "C79.32", "weak-site.cns"),
        (SNOMED, "94623007", "weak-site.testis"),
        # Laboratory
        (LOINC, "8124-0", "cd3-percent"),
        (LOINC, "8117-4", "cd19-percent"),
        (LOINC, "26464-8", "wbc"),
        (LOINC, "26465-5", "csf-wbc"),
        (LOINC, "58470-6", "csf-nucleated-cells"),
        (LOINC, "11150-0", "marrow-blasts-percent"),
        (LOINC, "26446-5", "blood-blasts-percent"),
        (LOINC, "32525-8", "marrow-cd19-percent"),
        (LOINC, "51124-6", "blasts.cd22.percent"),
        (LOINC, "51127-9", "blasts.cd22.units"),
        (LOINC, "101131-1", "flow.b-cell-precursors"),
        (LOINC, "67128-9", "flow.abnormal-leukocytes"),
        (LOINC, "52132-8", "bcr-abl1.p190"),
        (LOINC, "55147-3", "bcr-abl1.p210"),
        (LOINC, "69380-4", "bcr-abl1.p210-is"),
        (LOINC, "50195-7", "bcr-abl1.log-reduction"),
        (LOINC, "77042-0", "fish.dek-nup214"),
        (LOINC, "43399-5", "jak2-v617f"),
        (LOINC, "48807-2", "marrow-report"),
        (INTERPRETATION, "<", "interpretation.off-scale-low"),
        (INTERPRETATION, "ND", "interpretation.not-detected"),
        # Treatment
        (CPT, "38225", "car-t.collection"),
        (CPT, "0537T", "car-t.collection"),
        (CPT, "38228", "car-t.infusion"),
        (CPT, "0540T", "car-t.infusion"),
        (ICD10PCS, "XW033C3", "car-t.infusion"),
        (ICD10PCS, "XW043J7", "car-t.infusion.tisagenlecleucel"),
        (ICD10PCS, "XW24346", "car-t.infusion.brexucabtagene"),
        (HCPCS, "Q2053", "car-t.product.brexucabtagene"),
        (ICD10PCS, "6A550Z1", "leukapheresis"),
        (ICD10PCS, "6A550ZV", "stem-cell-harvest"),
        (ICD10PCS, "30233X2", "hsct.allogeneic.related.cord"),
        (ICD10PCS, "30243G4", "hsct.allogeneic.unspecified-donor"),
        (ICD10PCS, "30243Y0", "hsct.autologous"),
        (ICD10PCS, "009U3ZX", "lumbar-puncture"),
        (ICD10PCS, "3E0R305", "intrathecal-chemotherapy"),
        (ICD10CM, "Z94.84", "ever.hsct"),
        (ICD10CM, "T86.5", "ever.hsct"),
        (ICD10CM, "Z92.850", "ever.car-t"),
        (ICD10, "Z94.8", "ever.transplant-unspecified"),
        (RXNORM, "1942950", "drug.inotuzumab"),
        (RXNORM, "1294580", "drug.gemtuzumab"),
        (RXNORM, "1987398", "drug.axicabtagene"),
        (RXNORM, "1546019", "drug.dasatinib"),
        (RXNORM, "2372199", "drug.daratumumab"),
    ],
)
def test_code_is_what_it_is_and_not_its_neighbour(system: str, code: str, concept: str) -> None:
    assert load().lookup(system, code) == concept


@pytest.mark.parametrize("spelling", ["C91.02", "C9102", "c91.02", "c9102"])
@pytest.mark.parametrize("system", [ICD10CM, "urn:oid:2.16.840.1.113883.6.90"])
def test_icd_10_cm_is_found_with_and_without_its_dot(system: str, spelling: str) -> None:
    assert load().lookup(system, spelling) == "all.in-relapse"


@pytest.mark.parametrize(
    ("alias", "code", "concept"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", "91856007", "all.in-remission"),
        ("urn:oid:2.16.840.1.113883.6.1", "11150-0", "marrow-blasts-percent"),
        ("urn:oid:2.16.840.1.113883.6.88", "1597258", "drug.blinatumomab"),
        ("urn:oid:2.16.840.1.113883.6.281", "HGNC:7132", "gene.KMT2A"),
        ("urn:oid:2.16.840.1.113883.6.12", "0540t", "car-t.infusion"),
        ("urn:oid:2.16.840.1.113883.6.4", "DW051ZZ", "tbi"),
        ("http://hl7.org/fhir/sid/icd-10-pcs", "dw051zz", "tbi"),
        ("urn:oid:2.16.840.1.113883.6.285", "j9039", "drug.blinatumomab"),
    ],
)
def test_other_names_of_a_system_are_understood(alias: str, code: str, concept: str) -> None:
    assert load().lookup(alias, code) == concept


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ICD10, "C91.02"),  # WHO ICD-10 has no remission digit
        (ICD10CM, "C91.03"),
        (SNOMED, "C91.02"),
        (LOINC, "91857003"),
        (LOINC, " 11150-0"),
        ("", "C91.02"),
        ("http://example.org/local", "C91.02"),
        (INTERPRETATION, "nd"),
    ],
)
def test_what_is_not_listed_is_not_guessed(system: str, code: str) -> None:
    assert load().lookup(system, code) is None


@pytest.mark.parametrize("system", [HGNC, HGNC_LEGACY])
@pytest.mark.parametrize(
    ("code", "gene"), [("HGNC:7132", "KMT2A"), ("HGNC:6342", "KIT"), ("HGNC:7989", "NRAS")]
)
def test_genes_are_known_under_both_system_uris(system: str, code: str, gene: str) -> None:
    assert load().lookup(system, code) == f"gene.{gene}"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (HCPCS, "Q2042"),
        (CPT, "38242"),
        (CPT, "38220"),
        (CPT, "62270"),
        (RXNORM, "1747556"),
        (HGNC, "HGNC:14281"),
        (LOINC, "8806-2"),
        (ICDO3, "9835/3"),
        (ICDO3, "9819/3"),
    ],
)
def test_codes_seen_in_no_source_are_absent(system: str, code: str) -> None:
    assert load().lookup(system, code) is None


def test_other_diseases_are_not_within_all() -> None:
    found = {code.code for code in load().codes("all")}
    assert {"C91.00", "C91.02", "277571004", "9818/3"} <= found
    assert found.isdisjoint({"C91.A2", "C91.Z2", "C83.50", "9727/3", "278453007", "C95.02", "C167435"})


def test_collection_and_preparation_are_not_within_infusion() -> None:
    found = {code.code for code in load().codes("car-t.infusion")}
    assert {"38228", "0540T", "XW033C7", "XW033J7", "XW033M7"} <= found
    assert found.isdisjoint({"38225", "38226", "38227", "0537T", "0538T", "0539T", "6A550Z1", "Q2053"})


@pytest.mark.parametrize(
    ("concept", "prefix", "expected"),
    [
        ("all", "all", True),
        ("all.b.kmt2a", "all.b", True),
        ("all-risk", "all", False),
        ("all", "all.b", False),
    ],
)
def test_narrower_concepts_are_told_by_whole_segments(concept: str, prefix: str, expected: bool) -> None:
    assert is_within(concept, prefix) is expected


def test_unknown_concept_has_no_codes() -> None:
    assert load().codes("all.in-relapsed") == ()


@pytest.mark.parametrize(
    ("concept", "text"),
    [
        ("drug.inotuzumab", "inotuzumab ozogamicin"),
        ("hsct.autologous", "Autologous bone marrow transplant (procedure)"),  # not the wordless CPT row
        ("car-t.collection", "car-t.collection"),  # CPT only
        ("no.such-concept", "no.such-concept"),
    ],
)
def test_text_is_the_first_wording_or_the_name_itself(concept: str, text: str) -> None:
    assert load().text(concept) == text


def test_terminology_is_read_once() -> None:
    assert load() is load()


@pytest.mark.parametrize("code", ["11150-0", "709-6", "101131-1", "LA9633-4", "LA26406-1"])
def test_loinc_check_digit(code: str) -> None:
    assert luhn_valid(code)
    assert not any(luhn_valid(mutant) for mutant in _one_digit_changed(code))


@pytest.mark.parametrize("code", ["91857003", "2667000", "12301000132103", "551001000124108"])
def test_snomed_check_digit(code: str) -> None:
    assert verhoeff_valid(code)
    assert not any(verhoeff_valid(mutant) for mutant in _one_digit_changed(code))


def test_snomed_check_digit_finds_exchanged_neighbours() -> None:
    assert not verhoeff_valid("91875003")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"x,{LOINC},11150-1,Blasts,a table", "wrong check digit"),
        (f"x,{SNOMED},91857004,ALL,a table", "wrong check digit"),
        (f"x,{SNOMED},0091857003,ALL,a table", "malformed code"),
        (f"x,{ICD10CM},C9103,ALL,a table", "malformed code"),  # the files keep the dot
        (f"x,{RXNORM},1\u06603,mercaptopurine,a table", "malformed code"),
        ("x,http://example.org/local,CNS1,CNS1,a table", "unknown system"),
        ("x,urn:oid:2.16.840.1.113883.6.90,C91.01,ALL,a table", "unknown system"),  # an alias is for reading
        (f"x,{CPT},38225,Some wording,a table", "the wording of this system must not be shipped"),
        (f"x,{RXNORM},103,,a table", "empty display"),
        (f"x,{RXNORM},103,mercaptopurine,", "empty source"),
        (f"X.Y,{RXNORM},103,mercaptopurine,a table", "malformed concept"),
        (f"x..y,{RXNORM},103,mercaptopurine,a table", "malformed concept"),
        (f"x,{RXNORM},103,mercaptopurine", "wrong cells"),
        (f"x,{RXNORM}, 103,mercaptopurine,a table", "wrong cells"),
        (f'x,{RXNORM},103,"mercapto"purine,a table', "not readable as CSV"),
        (f"all.unspecified,{ICD10CM},C91.02,ALL,a table", "code already means all.in-relapse"),
        (f"all.in-relapse,{ICD10CM},C91.02,ALL,a table", "code already means all.in-relapse"),
    ],
)
def test_untrustworthy_row_is_refused_with_file_and_line(row: str, reason: str) -> None:
    with pytest.raises(TerminologyError) as caught:
        from_csv({"odd.csv": HEADER + GOOD + row + "\n"})
    assert (caught.value.file, caught.value.line, caught.value.reason) == ("odd.csv", 3, reason)
    assert str(caught.value) == f"odd.csv, line 3: {reason}"


@pytest.mark.parametrize("text", ["", "system,code\n", GOOD])
def test_file_without_the_header_is_refused(text: str) -> None:
    with pytest.raises(TerminologyError, match=r"odd\.csv, line 1: unexpected header"):
        from_csv({"odd.csv": text})


def test_code_in_two_files_is_refused() -> None:
    other = f"all.unspecified,{ICD10CM},C91.02,ALL,a table\n"
    with pytest.raises(TerminologyError, match=r"b\.csv, line 2: code already means all\.in-relapse"):
        from_csv({"a.csv": HEADER + GOOD, "b.csv": HEADER + other})


def test_same_code_of_two_systems_may_differ() -> None:
    other = f"all.unspecified,{ICD10},C91.0,,a table\nall.x,{ICD10CM},C91.0,ALL,a table\n"
    terminology = from_csv({"a.csv": HEADER + other})
    assert terminology.lookup(ICD10, "C910") == "all.unspecified"
    assert terminology.lookup(ICD10CM, "C910") == "all.x"


def test_system_uris_are_those_of_fhir() -> None:
    assert code_set.CPT == "http://www.ama-assn.org/go/cpt"
    assert code_set.HCPCS == "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    assert code_set.ICD10PCS == "http://www.cms.gov/Medicare/Coding/ICD10"
    assert code_set.RXNORM == "http://www.nlm.nih.gov/research/umls/rxnorm"


def _one_digit_changed(code: str) -> list[str]:
    """Every code that differs from this one in exactly one digit."""
    return [
        code[:place] + digit + code[place + 1 :]
        for place, old in enumerate(code)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]
