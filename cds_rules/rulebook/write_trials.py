"""The rule book page of the trials: how they are matched, each with its criteria, the questions asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_rules.citation import library
from cds_rules.rulebook.advice_cases import advice_cases, shown_advice
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.trials.catalogue import FOR_RELAPSE, TRIALS
from cds_rules.trials.criteria import AGE_IN_RANGE, QUESTIONS, text_of
from cds_rules.trials.trial import Criterion, Role, Trial

PAGE = "trials"
TITLE = "Trials that the sources name"


def trials_page() -> str:
    """The page in Markdown."""
    others = [trial for trial in TRIALS.values() if not trial.for_relapse]
    lines = [
        f"# {TITLE}",
        "",
        "The trials that the five sources name by registry identifier or by the name of a group's protocol. "
        "The lists are not exhaustive; the sources say so too.",
        "",
        "**Every status here is old.** It is what a source said in its year. Whether a trial takes patients "
        "today only a fresh registry record or the trial team can tell.",
        "",
        *_how(),
        "## Trials for relapse",
        "",
        *(line for trial in FOR_RELAPSE for line in _trial(trial)),
        "## Listed, never matched",
        "",
        "First-line trials, and studies that the sources draw figures from.",
        "",
        *(line for trial in others for line in _trial(trial)),
        "## Questions that criteria ask",
        "",
        *_questions(),
        "",
        "## Worked cases",
        "",
        "What a row does not name is unknown. These rows are also the tests.",
        "",
        *shown_advice(advice_cases(PAGE)),
        "",
        "## Sources",
        "",
        *_sources(),
        "",
        "[All rules](./)",
        "",
    ]
    return "\n".join(lines)


def anchor(trial_id: str) -> str:
    """Where on the page a trial stands."""
    return re.sub(r"[^A-Za-z0-9]+", "-", trial_id).strip("-")


def _how() -> Iterator[str]:
    yield "## How a trial is matched"
    yield ""
    yield (
        "- A criterion is met, not met or unknown. One that is not met excludes; all met is eligible; "
        "anything unknown, or left to the trial team, is possible."
    )
    yield (
        "- Eligible means no more than that the patient meets what the sources say of the population. A "
        "trial has criteria that they do not print: the trial team decides."
    )
    yield (
        "- Of possible trials the one with the fewest unknown criteria stands first, then the one with more "
        "criteria met, the later phase, the later status, the identifier. A trial that has ended is matched "
        "too, for what it may tell."
    )
    yield (
        '- "Relapsed" is read as in relapse now. Where CAR-T cells are tested, a remission before '
        "transplant or CAR-T counts too. Pediatric means up to 30 years (D-9). These readings are ours."
    )
    yield (
        "- Where the service holds a snapshot of the registry, the record of a trial stands beside what the "
        "sources say of it, and its age bounds in place of theirs; trials found only in the registry are "
        "matched too. Only a registry's word of the last days makes a trial open."
    )
    yield ""


def _trial(trial: Trial) -> Iterator[str]:
    yield f'### <a id="{anchor(trial.id)}"></a>{_escaped(trial.id)}: {_escaped(trial.title)}'
    yield ""
    yield _escaped(trial.says)
    yield ""
    if trial.names:
        yield f"- Also called: {'; '.join(trial.names)}"
    yield f"- Phase: {trial.phase or 'not given'}; agents: {', '.join(trial.agents)}"
    if trial.targets:
        yield f"- Targets: {', '.join(trial.targets)}"
    yield f"- Population: {_escaped(trial.population)}"
    yield f"- Last known status: {trial.status or 'not given'}"
    yield from (f"- {_criterion(c)}" for c in trial.criteria)
    yield f"- Source: {'; '.join(f'{c.key}, {c.where}' for c in trial.cites)}"
    yield ""


def _criterion(criterion: Criterion) -> str:
    kind = "Excludes" if criterion.role is Role.EXCLUSION else "Asks for"
    how = f"question [{criterion.question}](#{criterion.question})" if criterion.question else "ask the team"
    return f"{kind}: {_escaped(criterion.text)} ({how})"


def _questions() -> list[str]:
    lines = ["| Question | In words | Facts |", "|---|---|---|"]
    for name in (AGE_IN_RANGE, *QUESTIONS):
        reads = sorted(QUESTIONS[name].reads) if name in QUESTIONS else ["age"]
        facts = "; ".join(f"{ASPECTS[read].title} (`{read}`)" for read in reads)
        lines.append(f'| <a id="{name}"></a>{name} | {_escaped(text_of(name))} | {_escaped(facts)} |')
    return lines


def _sources() -> list[str]:
    keys = dict.fromkeys(c.key for trial in TRIALS.values() for c in trial.cites)
    return [f"- **{key}**: {library()[key].full}" for key in keys]


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
