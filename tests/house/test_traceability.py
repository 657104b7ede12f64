"""Every rule of the clinical model is traced: to code, passage, worked cases and patients, or to a reason."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from cds_rules.rulebook.trace import Traced, model, model_id, reasons, traced
from service.exercise import exercised

MODEL = Path(__file__).resolve().parents[3] / "shared" / "clinical-model.md"
IDS = frozenset(rule for section in model() for rule in section.ids)
RULES = list(traced())
EXERCISED = exercised()
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
_LINES = r"\d+(?:-\d+)?"
_ID = re.compile(r"(?<![A-Za-z0-9-])(?:PF|SC|EV|[BNTLHAMXCPO])-\d+[a-g]?(?!\d)")


@pytest.mark.parametrize("wanted", sorted(IDS))
def test_a_rule_of_the_model_is_implemented_or_says_why_not(wanted: str) -> None:
    implemented = any(model_id(rule.id, IDS) == wanted for rule in RULES)
    assert implemented is not (wanted in reasons())


def test_only_rules_of_the_model_are_excused() -> None:
    assert set(reasons()) <= IDS
    assert all(len(why) > 20 for why in reasons().values())


@EACH_RULE
def test_a_rule_belongs_to_the_model(rule: Traced) -> None:
    assert model_id(rule.id, IDS) is not None


@EACH_RULE
def test_a_rule_names_its_passage_by_file_and_line(rule: Traced) -> None:
    for cite in rule.cites:
        file, lines = f"{cite.source.file}:", r"\d+(-\d+)?"
        assert re.fullmatch(rf"{file}{lines}(, ({file})?{lines})*", cite.lines), cite


@EACH_RULE
def test_a_rule_is_written_in_one_place_and_has_worked_cases(rule: Traced) -> None:
    folder = files("cds_rules") / "treatment"
    assert f'"{rule.id}",' in (folder / rule.code).read_text(encoding="utf-8")
    assert rule.rows > 0
    assert rule.id in (folder / rule.cases).read_text(encoding="utf-8")


def test_the_matrix_names_passage_code_cases_and_patients_of_every_rule() -> None:
    page = (files("cds_rules") / "rulebook" / "traceability.md").read_text(encoding="utf-8")
    rows = {found[1]: line for line in page.splitlines() if (found := re.match(r"\| \[([^]]+)\]", line))}
    for rule in RULES:
        for told in (rule.cites[0].lines, f"`{rule.code}`", f"{rule.rows} in `{rule.cases}`"):
            assert told in rows[rule.id]


@pytest.mark.parametrize(
    "limit",
    [
        "never autonomous",
        "No card proposes a dose or creates an order",
        "drafts of proposals (ServiceRequest)",
        "what a source reports",
        "deceased patient",
        "patient without ALL",
        "entered in error",
        "contradict themselves",
    ],
)
def test_the_rule_book_states_the_safety_limits(limit: str) -> None:
    """Section 11 of the clinical model."""
    assert limit in (files("cds_rules") / "rulebook" / "index.md").read_text(encoding="utf-8")


UNCODED = {"O-13e": "pembrolizumab", "O-14c": "parenchymal CNS lesions"}
"""Order checks of what only a hospital's own code tells: unit tests exercise them."""


@EACH_RULE
def test_a_rule_is_exercised_by_a_patient(rule: Traced) -> None:
    assert bool(EXERCISED.get(rule.id)) is (rule.id not in UNCODED)


def test_the_list_is_that_of_the_clinical_model() -> None:
    if not MODEL.is_file():
        pytest.skip("the clinical model is not beside this checkout")
    text = MODEL.read_text(encoding="utf-8")
    rules = text[text.index("\n## 3.") : text.index("\n## 9.")]
    assert set(_ID.findall(rules)) == IDS
