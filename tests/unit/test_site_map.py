"""A hospital's file of local codes is read whole or refused with one line that says where and why."""

from pathlib import Path

import pytest

from service.fhir.site_map import SiteMap, SiteMapError, load_site_map

ROOT = Path(__file__).resolve().parents[2]
LAB = "urn:oid:1.2.3.4"

WHOLE = """
version = 1
name = "Test hospital"

[[code]]
system = "urn:oid:1.2.3.4"
code = "MRD-FLOW-BM"
concept = "mrd"
specimen = "marrow"
method = "flow"
lod = 1e-4
loq = 5e-4
time_point = "end of block 1"
"""


def load(folder: Path, text: str) -> SiteMap:
    file = folder / "site.toml"
    file.write_text(text, encoding="utf-8")
    return load_site_map(file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SiteMapError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert "site.toml" in message
    assert "\n" not in message
    return message


def test_every_member_of_a_code_is_read(tmp_path: Path) -> None:
    site_map = load(tmp_path, WHOLE)
    found = site_map.lookup(LAB, "MRD-FLOW-BM")
    assert site_map.name == "Test hospital"
    assert found is not None
    assert (found.concept, found.specimen, found.method) == ("mrd", "marrow", "flow")
    assert (found.lod, found.loq, found.time_point) == (1e-4, 5e-4, "end of block 1")


def test_a_code_means_something_only_in_its_own_system(tmp_path: Path) -> None:
    site_map = load(tmp_path, WHOLE)
    assert site_map.lookup("urn:oid:9.9", "MRD-FLOW-BM") is None
    assert site_map.lookup(LAB, "mrd-flow-bm") is None
    assert site_map.lookup(LAB, "OTHER") is None


def test_without_a_file_nothing_is_known() -> None:
    assert SiteMap().lookup(LAB, "MRD-FLOW-BM") is None


def test_what_is_not_said_stays_open(tmp_path: Path) -> None:
    lines = [line for line in WHOLE.splitlines() if not line.startswith(("specimen", "method", "lo", "time"))]
    found = load(tmp_path, "\n".join(lines)).lookup(LAB, "MRD-FLOW-BM")
    assert found is not None
    assert (found.specimen, found.method, found.lod, found.loq, found.time_point) == (None,) * 5


def test_a_file_without_codes_is_allowed(tmp_path: Path) -> None:
    assert dict(load(tmp_path, 'version = 1\nname = "x"\n').codes) == {}


def test_the_demonstration_file_is_usable() -> None:
    site_map = load_site_map(ROOT / "fixtures" / "site.toml")
    concepts = {entry.concept for entry in site_map.codes.values()}
    assert {"mrd", "csf-cytology"} <= concepts
    for entry in site_map.codes.values():
        assert entry.concept != "mrd" or (entry.specimen and entry.method and entry.lod)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("version = 1", "version = 2", "version"),
        ("version = 1\n", "", "version"),
        ('name = "Test hospital"\n', "", "name"),
        ('specimen = "marrow"', 'specimen = "bone"', "specimen"),
        ('method = "flow"', 'method = "guess"', "method"),
        ('time_point = "end of block 1"', 'time_point = "day 29"', "time_point"),
        ("lod = 1e-4", "lod = 0", "lod"),
        ("lod = 1e-4", "lod = -1e-4", "lod"),
        ("lod = 1e-4", "lod = 1.0", "lod"),
        ("lod = 1e-4", 'lod = "0.01 %"', "lod"),
        ("loq = 5e-4", "limit = 5e-4", "limit"),
        ('code = "MRD-FLOW-BM"', 'code = ""', "code"),
        ('system = "urn:oid:1.2.3.4"', 'system = ""', "system"),
        ('concept = "mrd"', "", "concept"),
        ('concept = "mrd"', 'concept = ""', "concept"),
    ],
)
def test_a_wrong_member_is_named(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in WHOLE
    assert place in refusal(tmp_path, WHOLE.replace(old, new))


def test_a_code_mapped_twice_is_refused(tmp_path: Path) -> None:
    entry = WHOLE[WHOLE.index("[[code]]") :]
    assert "mapped twice" in refusal(tmp_path, WHOLE + entry.replace('"flow"', '"ngs"'))


def test_a_concept_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    assert "concept" in refusal(tmp_path, WHOLE.replace('concept = "mrd"', 'concept = "mdr"'))


@pytest.mark.parametrize("text", ["version = ", "[[code]", "{}", '{"version": 1}'])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SiteMapError):
        load(tmp_path, text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SiteMapError, match="not TOML"):
        load_site_map(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(SiteMapError, match="cannot be read"):
            load_site_map(path)
