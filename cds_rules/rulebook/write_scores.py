"""The rule book page of the scores: points or figures of each input, meaning of a sum, worked cases."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from cds_rules.citation import library
from cds_rules.rulebook.score_cases import APPLIES, ScoreCase, score_cases
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.score import Input, Score, reads
from cds_rules.treatment.scores import SCORES

PAGE = "scores"
TITLE = "Scores and figures by group"
_ABOUT = (
    "Two scores and one list of figures, all from the adult source. They say what groups of patients in the "
    "studies had; none of it is the outlook of one person.",
    "A score is shown when its question holds for every case that the record leaves possible, and as open "
    "when it holds for some. An input that is not known keeps all its values: the sum is then a span, the "
    "figure of every sum still possible is shown, and the inputs that would narrow it are named as missing.",
)


def scores_page() -> str:
    """The page in Markdown."""
    lines = [
        f"# {TITLE}",
        "",
        *(line for paragraph in _ABOUT for line in (paragraph, "")),
        *(line for score in SCORES for line in _score(score)),
        "## Facts that the scores ask about",
        "",
        *_facts(),
        "",
        "## Worked cases",
        "",
        "What a row does not name is unknown. These rows are also the tests.",
        "",
        *_cases(),
        "",
        "## Sources",
        "",
        *_sources(),
        "",
        "[All rules](./)",
        "",
    ]
    return "\n".join(lines)


def _score(score: Score) -> Iterator[str]:
    yield f'## <a id="{score.id}"></a>{score.id}: {_escaped(score.title)}'
    yield ""
    yield _escaped(score.note)
    yield ""
    yield f"- Audience: {score.audience.value}"
    yield f"- When: {_escaped(score.when.text)}"
    yield f"- Source: {'; '.join(f'{c.key}, {c.where}' for c in score.cites)}"
    yield ""
    yield from _points(score) if score.maximum is not None else _groups(score)
    yield ""


def _points(score: Score) -> Iterator[str]:
    """The points of every value, then the figure of every sum."""
    yield "| Input | Value | Points |"
    yield "|---|---|---|"
    for given in score.inputs:
        for value in given.aspect.values:
            yield f"| {_escaped(given.aspect.title)} | {_escaped(str(value))} | {given.points[value]} |"
    yield ""
    yield f"| Sum (maximum {score.maximum}) | What the source reports |"
    yield "|---|---|"
    for _, figure in score.by_score:
        yield f"| {figure.of} | {_escaped(figure.says)} |"


def _groups(score: Score) -> Iterator[str]:
    """The figures of every input; they are not added up."""
    yield "| Input | Values | Group | What the source reports |"
    yield "|---|---|---|---|"
    for given in score.inputs:
        for values, figure in given.figures:
            title = _escaped(given.aspect.title)
            yield f"| {title} | {_listed(given, values)} | {figure.of} | {figure.says} |"


def _listed(given: Input, values: frozenset[StrEnum]) -> str:
    return _escaped(" or ".join(str(v) for v in given.aspect.values if v in values))


def _facts() -> Iterator[str]:
    yield "| Fact | Values | What settles it |"
    yield "|---|---|---|"
    for name in sorted(frozenset().union(*(reads(score) for score in SCORES))):
        aspect = ASPECTS[name]
        values = _escaped("; ".join(str(value) for value in aspect.values))
        yield f"| {_escaped(aspect.title)} (`{name}`) | {values} | {_escaped(aspect.settled_by)} |"


def _cases() -> Iterator[str]:
    yield "| score | facts | says | sum | figures | missing | because |"
    yield "|---|---|---|---|---|---|---|"
    words = {answer: word for word, answer in APPLIES.items()}
    for row in score_cases():
        cells = (
            row.score,
            _given(row),
            words[row.applies],
            _sum(row),
            "; ".join(sorted(row.figures)),
            ", ".join(sorted(row.missing)),
            row.because,
        )
        yield "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _given(row: ScoreCase) -> str:
    parts = []
    for name, values in row.given.items():
        listed = [str(v) for v in ASPECTS[name].values if v in values]
        parts.append(f"{ASPECTS[name].title}: {' or '.join(listed)}")
    return "; ".join(parts) or "nothing known"


def _sum(row: ScoreCase) -> str:
    """One number, or the lowest and the highest; empty where nothing is summed."""
    if row.low is None or row.low == row.high:
        return "" if row.low is None else str(row.low)
    return f"{row.low} to {row.high}"


def _sources() -> list[str]:
    keys = dict.fromkeys(c.key for score in SCORES for c in score.cites)
    return [f"- **{key}**: {library()[key].full}" for key in keys]


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
