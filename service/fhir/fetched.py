"""What came back for one FHIR query: the resources, and why they are not all, if they are not."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Any, Self

from cds_rules.value import value


class Problem(StrEnum):
    """Why a query is unanswered or only partly answered; `text` is constant and safe to show."""

    text: str

    def __new__(cls, value: str, text: str) -> Self:  # noqa: D102
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    NOT_SENT = "not-sent", "The EHR did not send these records."
    NULL = "null", "The EHR sent an empty value in place of these records."
    NOT_FHIR = "not-fhir", "The answer was not readable as FHIR JSON."
    OPERATION_OUTCOME = (
        "operation-outcome",
        "The FHIR server reported an error in place of some or all records.",
    )
    WITHHELD = (
        "withheld",
        "The FHIR server answered that access to some or all of these records is not permitted.",
    )
    UNAUTHORIZED = "unauthorized", "The FHIR server did not accept the access token (401)."
    FORBIDDEN = "forbidden", "The FHIR server does not permit access to these records (403)."
    NOT_FOUND = "not-found", "The FHIR server has no such record or record type (404)."
    BUSY = "busy", "The FHIR server was too busy to answer (429)."
    SERVER_ERROR = "server-error", "The FHIR server failed while answering (5xx)."
    HTTP_ERROR = "http-error", "The FHIR server could not be asked, or gave an unexpected HTTP answer."
    UNREACHABLE = (
        "unreachable",
        "No connection to the FHIR server could be made or kept: the network, or its certificate.",
    )
    REFUSED_ADDRESS = (
        "refused-address",
        "The FHIR server lies in a network that this service is not set up to call.",
    )
    UNAVAILABLE = (
        "unavailable",
        "The FHIR server gave no answer several times just now, and is not asked for some seconds.",
    )
    TOO_SLOW = "too-slow", "The records did not all arrive in the time allowed."
    OFF_ORIGIN = (
        "off-origin",
        "The records continue at an address outside the FHIR server, which was not followed.",
    )
    TOO_LARGE = "too-large", "The answer is larger than this service accepts."
    TOO_MANY_PAGES = (
        "too-many-pages",
        "The answer has more pages than this service accepts, or repeats a page.",
    )
    TRUNCATED = "truncated", "Only a part of the matching records was sent."


@value
class Fetched:
    """The answer to one query. With a problem, `resources` holds what arrived before or beside it."""

    key: str
    resources: tuple[dict[str, Any], ...] = field(default=(), repr=False)  # patient data: not for a log
    problem: Problem | None = None
    """None = the answer is complete."""
    seconds: float = field(default=0.0, compare=False)
    """How long it took, all pages together; 0 for what was not fetched."""


@value
class Page:
    """One parsed answer: a page of a search, or a single resource."""

    resources: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    matches: int = 0
    """How many of them the search looked for, as against those it included beside."""
    total: int | None = None
    """How many matches the server says there are, over all pages."""
    next_link: str | None = field(default=None, repr=False)
    problem: Problem | None = None


def read_one(body: object, wanted: str) -> Page:
    """The answer to a read of a resource of type `wanted`."""
    if isinstance(body, dict):
        if body.get("resourceType") == wanted:
            return Page((body,), matches=1)
        if body.get("resourceType") == "OperationOutcome":
            return Page(problem=failure_of(body))
    return Page(problem=Problem.NOT_FHIR)


def failure_of(outcome: dict[str, Any]) -> Problem:
    """What an OperationOutcome in the place of an answer means: it is a failure, whatever it says."""
    return Problem.WITHHELD if _codes(outcome) & _NOT_PERMITTED else Problem.OPERATION_OUTCOME


def read_page(body: object) -> Page:
    """A searchset Bundle, without its outcomes; an error among these becomes the page's problem."""
    found = read_one(body, "Bundle")
    if found.problem is not None:
        return found
    bundle = found.resources[0]
    entries, total = bundle.get("entry", []), bundle.get("total")
    if not isinstance(entries, list):
        return Page(problem=Problem.NOT_FHIR)
    resources, matches, problem = _entries(entries)
    next_link, cut = _next_link(bundle)
    return Page(
        resources=tuple(resources),
        matches=matches,
        total=total if isinstance(total, int) else None,
        next_link=next_link,
        problem=problem or cut,
    )


def _entries(entries: list[Any]) -> tuple[list[dict[str, Any]], int, Problem | None]:
    """The resources, how many of them are matches, the first problem: a malformed entry is one."""
    plain = _plain(entries)
    if plain is not None:
        return plain, len(plain), None
    kept: list[dict[str, Any]] = []
    matches = 0
    problem: Problem | None = None
    for entry in entries:
        if not isinstance(entry, dict):
            problem = problem or Problem.NOT_FHIR
            continue
        resource, search = entry.get("resource"), entry.get("search")
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(kind, str):
            problem = problem or Problem.NOT_FHIR
        elif kind == "OperationOutcome":
            problem = problem or (failure_of(resource) if _is_error(resource) else None)
        else:
            mode = search.get("mode") if isinstance(search, dict) else None
            if mode != "outcome":
                kept.append(resource)
                matches += mode != "include"
    return kept, matches, problem


def _plain(entries: list[Any]) -> list[dict[str, Any]] | None:
    """The resources, if every entry is a match with a resource and nothing needs a second look."""
    try:
        resources = [entry["resource"] for entry in entries]
        kinds = {resource["resourceType"] for resource in resources}
        if "OperationOutcome" in kinds or any("search" in e and e["search"] != _MATCH for e in entries):
            return None
    except (KeyError, TypeError):
        return None
    return resources if all(type(kind) is str for kind in kinds) and _all_dicts(resources) else None


_MATCH = {"mode": "match"}


def _all_dicts(values: list[Any]) -> bool:
    return all(type(value) is dict for value in values)


_FAILED = ("error", "fatal")
_WITHHELD = ("suppressed", "incomplete", "security", "forbidden", "throttled", "timeout", "too-costly")
"""Issue codes that mean records are missing from the answer, at whatever severity."""

_NOT_PERMITTED = frozenset({"security", "login", "forbidden", "suppressed"})
"""Those that mean access: IssueType of FHIR R4."""


def _codes(outcome: dict[str, Any]) -> set[str]:
    """The codes of its issues."""
    issues = outcome.get("issue")
    found = issues if isinstance(issues, list) else ()
    codes = [issue.get("code") for issue in found if isinstance(issue, dict)]
    return {code for code in codes if isinstance(code, str)}


def _is_error(outcome: dict[str, Any]) -> bool:
    """Does it say that the search failed, or that it kept something back?"""
    issues = outcome.get("issue")
    return isinstance(issues, list) and any(
        isinstance(issue, dict) and (issue.get("severity") in _FAILED or issue.get("code") in _WITHHELD)
        for issue in issues
    )


def _next_link(bundle: dict[str, Any]) -> tuple[str | None, Problem | None]:
    """The address of the next page; TRUNCATED if there is one but not where."""
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return (url, None) if isinstance(url, str) and url else (None, Problem.TRUNCATED)
    return None, None
