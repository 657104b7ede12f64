"""Every rule of the clinical model is traced: to code, passage, worked cases and patients, or to a reason."""

import re
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
