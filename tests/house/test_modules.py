"""House rules that no tool checks: size of modules, a README in every room, no stray hosts and paths.

That no text names a package index is checked in test_packaging.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("cds_rules", "service")
MAX_LINES = 400
ROOMS = (
    ".",
    "bench",
    "cds_rules",
    "cds_rules/terminology",
    "fixtures",
    "deploy",
    "docs",
    "fixtures/hostile",
    "fixtures/shapes",
    "service",
    "service/store",
    "tests",
    "tests/journeys",
    "tests/schema",
)
PRODUCT = ("cds_rules", "service", "bench", "deploy", ".ci")
PRODUCT_FILES = {
    "README.md",
    "CHANGELOG.md",
    "NOTICE",
    "Makefile",
    "Dockerfile",
    "compose.yaml",
    "pyproject.toml",
}

CODE_SYSTEM_HOSTS = {
    "clinicaltrials.gov",
    "fhir-registry.smarthealthit.org",
    "hl7.org",
    "iscn.karger.com",
    "loinc.org",
    "ncicb.nci.nih.gov",
    "snomed.info",
    "terminology.hl7.org",
    "unitsofmeasure.org",
    "www.ama-assn.org",
    "www.cms.gov",
    "www.genenames.org",
    "www.nlm.nih.gov",
}
"""Hosts in the URIs of code systems and of FHIR: names, never called."""
STANDARDS = {"cds-hooks.org", "www.apache.org", "www.w3.org"}
"""The standard we speak, our licence, and the XML namespace of a picture."""
RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$")
URL = re.compile(r"https?://([A-Za-z0-9.-]+)")
HOME = re.compile(r"(?:^|[\s\"'=:(])/(?:home|Users)/\w|(?:^|[\s\"'=:(])/root/\w|[A-Z]:\\Users\\")


@cache
def tracked() -> tuple[Path, ...]:
    """The files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0 or not listed.stdout:
        pytest.skip("needs the git checkout: which files are committed cannot be told")
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name)


def texts() -> Iterator[tuple[str, str]]:
    """Every committed text with its path inside the repository; this file holds the patterns itself."""
    for path in tracked():
        if path.is_file() and path != Path(__file__).resolve():
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{name}: {match[0].strip()}" for name, text in texts() for match in pattern.finditer(text)]


@pytest.mark.parametrize("package", [*CODE, "bench", "tests"])
def test_no_module_is_longer_than_a_reader_can_hold(package: str) -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / package).rglob("*.py")}
    assert lengths
    assert {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > MAX_LINES} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_is_for(room: str) -> None:
    first = (ROOT / room / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"# \S", first)


@pytest.mark.parametrize("package", CODE)
def test_every_module_says_what_it_is_for(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert path.read_text(encoding="utf-8").startswith('"""'), path.relative_to(ROOT)


def test_no_text_names_a_place_on_somebodys_machine() -> None:
    assert found(HOME) == []
    here = [str(place) for place in {ROOT, Path(sys.prefix).resolve()} if len(place.parts) > 2]
    assert [name for name, text in texts() for place in here if place in text] == []


def test_the_product_names_no_host_but_code_systems_and_examples() -> None:
    strangers = set()
    for name, text in texts():
        if name.split("/")[0] not in PRODUCT and name not in PRODUCT_FILES:
            continue
        for match in URL.finditer(text):
            host = match[1].lower().rstrip(".")
            known = host in CODE_SYSTEM_HOSTS | STANDARDS or RESERVED.search(host)
            if not known and re.search(r"\w\.\w", host) and not host.startswith("127."):
                strangers.add(f"{name}: {host}")
    assert strangers == set()


def test_the_patterns_find_what_they_look_for() -> None:
    """A rule that can no longer fail is worse than none."""
    assert HOME.search("cd /home/somebody/x")
    assert HOME.search('"/root/x"')
    assert not HOME.search("https://ehr.example/home/page")
    assert RESERVED.search("cds.hospital.example")
    assert not RESERVED.search("hospital.example.evil")
