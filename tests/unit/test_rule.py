import pytest

from cds_rules.answer import question
from cds_rules.citation import CitationError, Cite, library
from cds_rules.rule import Finding, Rule, RuleError, Scheme

SOURCE = (Cite("HR2020", "table 1", "000:10-17"),)


@question("even")
def even(number: int) -> bool:
    return number % 2 == 0


def _scheme(*rules: Rule[int], groups: tuple[str, ...] = ("low", "high")) -> Scheme[int]:
    return Scheme("TEST", "a scheme", "test", "numbers", (0, 9), groups, ("number",), rules)


def _finding(*possible: str | None, rules: tuple[str, ...] = ("X-1",)) -> Finding:
    return Finding("TEST", rules, possible, ())


@pytest.mark.parametrize("rule_id", ["", "X", "x-1", "X-", "1-X", "X-1 ", "X_1", "X-1ab"])
def test_a_rule_id_has_letters_a_dash_and_a_number(rule_id: str) -> None:
    with pytest.raises(RuleError, match="is not a rule id"):
        Rule(rule_id, even, "low", SOURCE)


@pytest.mark.parametrize("rule_id", ["X-1", "BFM-TEXT-12", "C-9a"])
def test_rule_ids_as_they_are_used(rule_id: str) -> None:
    assert Rule(rule_id, even, "low", SOURCE).id == rule_id


def test_a_rule_names_a_source() -> None:
    with pytest.raises(RuleError, match="names no source"):
        Rule("X-1", even, "low", ())


def test_a_scheme_has_one_rule_of_an_id() -> None:
    with pytest.raises(RuleError, match="two rules of one id"):
        _scheme(Rule("X-1", even, "low", SOURCE), Rule("X-1", ~even, "high", SOURCE))


def test_a_rule_answers_a_group_of_its_scheme() -> None:
    with pytest.raises(RuleError, match="does not have"):
        _scheme(Rule("X-1", even, "middle", SOURCE))


def test_the_first_rule_that_holds_decides() -> None:
    scheme = _scheme(Rule("X-1", even, "low", SOURCE), Rule("X-2", even | ~even, "high", SOURCE))
    assert scheme.decide(2).id == "X-1"
    assert scheme.decide(3).id == "X-2"


def test_a_gap_in_the_table_is_an_error_not_an_answer() -> None:
    with pytest.raises(RuleError, match="no row for a case"):
        _scheme(Rule("X-1", even, "low", SOURCE)).decide(3)


@pytest.mark.parametrize(
    ("finding", "group", "applies"),
    [
        (_finding("low"), "low", True),
        (_finding("low", "high"), None, True),
        (_finding(None), None, False),
        (_finding("low", None), None, None),
    ],
)
def test_a_group_is_named_only_when_one_is_left(
    finding: Finding, group: str | None, applies: bool | None
) -> None:
    assert finding.group == group
    assert finding.applies is applies


def test_a_rule_is_named_only_when_one_is_left() -> None:
    assert _finding("low").rule == "X-1"
    assert _finding("low", rules=("X-1", "X-2")).rule is None


@pytest.mark.parametrize(("where", "lines"), [("", "000:1"), ("table 1", "")])
def test_a_citation_names_a_place(where: str, lines: str) -> None:
    with pytest.raises(CitationError, match="names no place"):
        Cite("HR2020", where, lines)


def test_a_citation_names_a_source_of_the_library() -> None:
    with pytest.raises(CitationError, match="has no source"):
        Cite("HR1999", "table 1", "000:1")


def test_a_citation_is_printed_with_its_source_and_place() -> None:
    assert str(SOURCE[0]) == "Hunger & Raetz 2020, table 1"


def test_the_library_holds_the_five_sources_with_their_years() -> None:
    years = {key: source.year for key, source in library().items()}
    assert years == {"HR2020": 2020, "LOC2012": 2012, "PDQ2014": 2014, "UTD2022": 2022, "MYE2023": 2023}
    for source in library().values():
        assert str(source.year) in source.short
        assert source.full
        assert source.population
    assert len({source.file for source in library().values()}) == 5
