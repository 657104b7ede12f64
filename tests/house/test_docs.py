"""The documentation: written pages are current, links lead somewhere, no setting is left out."""

from __future__ import annotations

import re

import pytest

from service.config import Settings
from tests.docs.blocks import PAGES, ROOT
from tests.docs.generated import pages

GENERATED = pages()
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
ANNOUNCED = {"docs/register-an-ehr.md"}
"""Written together with the check of callers."""


def anchors(text: str) -> set[str]:
    """The anchors that a forge gives to headings."""
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()).strip() for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_written_page_is_current(name: str) -> None:
    on_disk = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert on_disk == GENERATED[name], f"docs/{name} is not current: run `make docs`"


def test_every_setting_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", GENERATED["settings.md"], re.MULTILINE)
    assert {name for name, _ in rows} == set(Settings.model_fields)
    assert len(rows) == len(Settings.model_fields)
    assert all(len(about) > 10 for _, about in rows)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = ROOT / page
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if target.is_relative_to(ROOT) and target.relative_to(ROOT).as_posix() in ANNOUNCED:
            continue
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_index_lists_every_page_and_the_readme_leads_to_it() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = {link.partition("#")[0] for link in _LINK.findall(index)}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"} <= listed
    assert "](docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
