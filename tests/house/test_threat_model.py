"""The threat model and the tests agree: every threat names tests, and every test named there exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "service" / "SECURITY.md").read_text("utf-8")
LETTERS = (
    "Spoofing",
    "Tampering",
    "Repudiation",
    "Information disclosure",
    "Denial of service",
    "Elevation of privilege",
)


def rows(section: str) -> list[str]:
    """The rows of the table of one part of STRIDE."""
    part = TEXT.split(f"\n### {section}\n")[1].split("\n#")[0]
    return [line for line in part.splitlines() if line.startswith("| ")][1:]


@cache
def existing() -> frozenset[str]:
    """Names of all tests that run: those marked as open faults show nothing."""
    return frozenset(
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any("xfail" in ast.unparse(decorator) for decorator in node.decorator_list)
    )


@pytest.mark.parametrize("section", LETTERS)
def test_every_threat_names_a_test_that_exists(section: str) -> None:
    found = rows(section)
    assert found
    for row in found:
        assert row.count("|") == 4, row
        named = re.findall(r"`(test_\w+)`", row.split("|")[3])
        assert named, row
        assert [name for name in named if name not in existing()] == []


def test_there_is_no_other_part() -> None:
    assert tuple(re.findall(r"^### (.+)$", TEXT, re.MULTILINE)) == LETTERS


def test_what_is_not_defended_is_said() -> None:
    part = TEXT.split("\n## What is not defended against\n")[1].split("\n## ")[0]
    assert part.count("\n- **") >= 5
