"""What is shipped: the wheel, the image's recipe, the locks and the notices."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from service.paths import fixtures_dir
from tests.tools import require_tool

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
# Put together here, so that this file does not hold the names it forbids.
PACKAGE_HOSTS = re.compile(
    "|".join(
        (
            r"\bpypi\." + "org",
            "python" + r"hosted\.org",
            r"registry\.npm" + "js",
            r"--(extra-)?index" + "-url",
        )
    ),
    re.IGNORECASE,
)


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    """Name to version of every entry of a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {normal(name): version for name, version in PIN.findall(text)}


def instructions(word: str) -> list[str]:
    """The arguments of each Dockerfile instruction `word`, continuation lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{word}\s+(.*)$", joined, re.MULTILINE)


def tracked_files() -> list[Path]:
    """Files that are, or may be, committed; the test is skipped outside a git checkout."""
    git = require_tool("git", "lists the files of the repository")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# ---- the image's recipe


def test_the_dockerfile_linter_has_nothing_to_say() -> None:
    hadolint = require_tool("hadolint", "lints the Dockerfile")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", instructions("USER")[-1])


def test_the_image_knows_how_to_ask_whether_it_is_alive() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert "/health/live" in check
    assert "curl" not in check


def test_the_image_adds_nothing_from_an_address() -> None:
    assert instructions("ADD") == []
    assert not [run for run in instructions("RUN") if re.search(r"https?://|\b(curl|wget)\b", run)]


def test_everything_the_image_copies_is_let_into_the_build() -> None:
    allowed = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    copied = {
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert copied
    assert {source for source in copied if f"!{source}" not in allowed} == set()


def test_the_image_installs_only_what_is_locked_with_hashes() -> None:
    installs = [
        part for run in instructions("RUN") for part in run.split("&&") if re.search(r"pip.* install ", part)
    ]
    assert installs
    assert [part for part in installs if "--require-hashes" not in part and "--no-index" not in part] == []


# ---- the locks


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert [entry.split()[0] for entry in entries if not PIN.match(entry)] == []


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-build.txt": project["dependency-groups"]["build"],
        "requirements-dev.txt": project["dependency-groups"]["dev"] + project["project"]["dependencies"],
    }
    for lock, needs in declared.items():
        names = {normal(re.split(r"[<>=!~\[; ]", need)[0]) for need in needs if isinstance(need, str)}
        assert names - pins(lock).keys() == set(), f"{lock} is behind pyproject.toml: make lock"


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-build.txt"])
def test_tests_run_with_the_versions_that_are_shipped(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements-dev.txt").items()


def test_no_file_names_a_package_index() -> None:
    naming = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if PACKAGE_HOSTS.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert naming == []


# ---- licence and notices


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("owner", ["SNOMED", "LOINC", "RxNorm", "ICD-10", "HGNC", "CPT"])
def test_the_notice_names_each_terminology(owner: str) -> None:
    assert owner in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_cpt_codes_carry_no_descriptor() -> None:
    """The words are the American Medical Association's: a CPT row gives the number alone."""
    rows = [
        row
        for path in (ROOT / "cds_rules").rglob("*.csv")
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        if row.get("system", "").endswith("/cpt")
    ]
    assert rows
    assert [row["code"] for row in rows if row["display"] not in ("", row["code"])] == []


# ---- the wheel


def test_in_a_checkout_the_fixtures_are_its_own() -> None:
    assert fixtures_dir() == ROOT / "fixtures"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The names of the files in a wheel built from this tree."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = out.glob("*.whl")
    return frozenset(zipfile.ZipFile(built).namelist())


@pytest.mark.build
@pytest.mark.parametrize(
    ("folder", "packed", "suffixes"),
    [
        ("cds_rules", "cds_rules", {".py", ".csv", ".toml", ".txt", ".md"}),
        ("service", "service", {".py", ".html", ".css", ".js", ".toml", ".csv"}),
        ("fixtures", "service/_fixtures", {".json", ".md", ".toml"}),
    ],
)
def test_the_wheel_holds_every_file_it_needs(
    wheel: frozenset[str], folder: str, packed: str, suffixes: set[str]
) -> None:
    wanted = {
        f"{packed}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in tracked_files()
        if path.is_relative_to(ROOT / folder) and path.suffix in suffixes
    }
    assert wanted
    assert wanted - wheel == set()


@pytest.mark.build
def test_the_wheel_holds_nothing_else(wheel: frozenset[str]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    about = f"relapse_cds-{version}.dist-info"
    assert {name.split("/")[0] for name in wheel} == {"cds_rules", "service", about}
    assert {f"{about}/licenses/LICENSE", f"{about}/licenses/NOTICE"} <= wheel
