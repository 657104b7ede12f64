"""Bundles for the command line: files, folders, standard input; what cannot be used is named, not shown."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cds_rules.patient.timeline import Part
from service.fhir.site_map import SiteMap
from service.inputs import InputError, read_inputs, timeline_of

Json = dict[str, Any]
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": []}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def read(*paths: object, stdin: bytes = b"") -> list[tuple[str, bool, str | None]]:
    """Name, whether there is a bundle, and the problem of each input."""
    found = list(read_inputs([str(p) for p in paths], io.BytesIO(stdin)))
    for item in found:
        assert (item.bundle is None) != (item.problem is None)
    return [(item.name, item.bundle is not None, item.problem) for item in found]


# ---- files and folders -------------------------------------------------------------------------


def test_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", BUNDLE)
    assert read(file) == [(str(file), True, None)]


def test_every_bundle_below_a_folder_in_order(tmp_path: Path) -> None:
    files = [write(tmp_path / name, BUNDLE) for name in ("a.json", "b/c.json", "b/d.json")]
    write(tmp_path / "notes.md", "not a bundle")
    assert [name for name, _, _ in read(tmp_path)] == [str(f) for f in files]


def test_in_a_folder_of_a_patient_only_the_bundle_is_read(tmp_path: Path) -> None:
    bundle = write(tmp_path / "p1" / "bundle.json", BUNDLE)
    write(tmp_path / "p1" / "cards.json", {"cards": []})
    assert [name for name, _, _ in read(tmp_path)] == [str(bundle)]


def test_a_folder_without_bundles_is_a_problem(tmp_path: Path) -> None:
    assert read(tmp_path) == [(str(tmp_path), False, "holds no bundle (*.json)")]


def test_a_missing_file_is_a_problem_and_the_next_is_read(tmp_path: Path) -> None:
    good = write(tmp_path / "good.json", BUNDLE)
    (bad_name, bad, problem), after = read(tmp_path / "absent.json", good)
    assert (bad_name, bad) == (str(tmp_path / "absent.json"), False)
    assert problem is not None
    assert problem.startswith("cannot be read")
    assert after == (str(good), True, None)


@pytest.mark.parametrize("text", ["", "{", "not json", "{}}", "\x00"])
def test_what_is_not_json_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    assert read(write(tmp_path / "a.json", text)) == [(str(tmp_path / "a.json"), False, "is not JSON")]


@pytest.mark.parametrize(
    "value", [[], 7, None, '"Bundle"', {}, {"resourceType": "Patient"}, {"resourceType": ["Bundle"]}]
)
def test_json_that_is_no_bundle(tmp_path: Path, value: object) -> None:
    assert read(write(tmp_path / "a.json", value))[0][2] == "is no FHIR Bundle"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"{\xff\xc0")
    assert read(file)[0][2] == "is not JSON"


# ---- standard input ------------------------------------------------------------------------------


def test_one_bundle_a_line() -> None:
    line = json.dumps(BUNDLE).encode()
    assert read("-", stdin=line + b"\n\n" + line + b"\n") == [
        ("standard input, line 1", True, None),
        ("standard input, line 3", True, None),
    ]


def test_a_bad_line_is_named_and_the_others_are_read() -> None:
    line = json.dumps(BUNDLE).encode()
    found = read("-", stdin=b"{\n" + line + b"\n[]\n")
    assert found == [
        ("standard input, line 1", False, "is not JSON"),
        ("standard input, line 2", True, None),
        ("standard input, line 3", False, "is no FHIR Bundle"),
    ]


@pytest.mark.parametrize("stdin", [b"", b"\n \n"])
def test_empty_standard_input_is_named_as_an_empty_folder_is(stdin: bytes) -> None:
    assert read("-", stdin=stdin) == [("standard input", False, "holds no bundle")]


# ---- the patient of a bundle -----------------------------------------------------------------------


def bundle(*resources: Any, full_urls: tuple[str, ...] = ()) -> Json:
    entries: list[Json] = [{"resource": r} for r in resources]
    for entry, url in zip(entries, full_urls, strict=False):
        entry["fullUrl"] = url
    return {**BUNDLE, "entry": entries}


PATIENT = {"resourceType": "Patient", "id": "p"}
CONDITION = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "277571004"}]},
}


def test_the_patient_of_the_bundle_is_assessed() -> None:
    timeline = timeline_of(bundle(CONDITION, PATIENT), SiteMap())
    assert timeline.person.source == "Patient/p"
    assert [d.source for d in timeline.diagnoses] == ["Condition/c"]


def test_references_by_the_full_url_of_the_patient_are_understood() -> None:
    condition = {**CONDITION, "subject": {"reference": "urn:uuid:0b6c"}}
    timeline = timeline_of(bundle(PATIENT, condition, full_urls=("urn:uuid:0b6c",)), SiteMap())
    assert [d.source for d in timeline.diagnoses] == ["Condition/c"]


@pytest.mark.parametrize(
    "resources", [[], [CONDITION], [{"resourceType": "Patient"}], [{"resourceType": "Patient", "id": 7}]]
)
def test_a_bundle_without_a_patient_cannot_be_assessed(resources: list[Json]) -> None:
    with pytest.raises(InputError, match=r"no Patient|Patient without an id"):
        timeline_of(bundle(*resources), SiteMap())


def test_a_bundle_of_two_patients_cannot_be_assessed() -> None:
    with pytest.raises(InputError, match="more than one Patient"):
        timeline_of(bundle(PATIENT, {"resourceType": "Patient", "id": "q"}), SiteMap())


@pytest.mark.parametrize(
    "value",
    [
        {**BUNDLE, "entry": None},
        {**BUNDLE, "entry": {}},
        {**BUNDLE, "entry": "x"},
        {**BUNDLE, "entry": [None]},
        {**BUNDLE, "entry": [{"resource": None}]},
        {**BUNDLE, "entry": [{"resource": "x", "fullUrl": 7}]},
        {"resourceType": "Bundle"},
    ],
)
def test_a_bundle_of_the_wrong_shape_cannot_be_assessed(value: Json) -> None:
    with pytest.raises(InputError):
        timeline_of(value, SiteMap())


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 500},
        {"link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]},
        {"entry": [{"resource": PATIENT}, {"resource": CONDITION}, None]},
    ],
)
def test_a_part_of_a_record_is_not_taken_for_the_whole(changes: Json) -> None:
    timeline = timeline_of({**bundle(PATIENT, CONDITION), **changes}, SiteMap())
    assert set(timeline.missing) == set(Part)
    assert all(reason.startswith(part.value) for part, reason in timeline.missing.items())


@pytest.mark.parametrize("changes", [{}, {"total": 2}, {"total": 1}, {"link": []}])
def test_a_whole_record_has_nothing_missing(changes: Json) -> None:
    assert dict(timeline_of({**bundle(PATIENT, CONDITION), **changes}, SiteMap()).missing) == {}
