"""What words tell of the disease: that it is ALL, which lineage, relapse and site, and cells given for it.

Names of problems and procedures are short and free: whatever is read here is text, at most possible. Words
that deny, ask or tell of someone else are looked for first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cds_rules.patient.timeline import Lineage, Site

_KIND = r"lymph(?:oblastic|oid|ocytic|atic)"
LEUKEMIA = re.compile(
    rf"\bacute {_KIND} leuka?emia\b|\blymphoblastic leuka?emia\b"
    rf"|\bleuka?emia,? (?:acute,? {_KIND}|{_KIND},? acute|lymphoblastic)\b"
    r"|\b(?:pre-?)?[bt]-?(?:cell )?(?:precursor )?all\b|\b(?:bcp|etp|ph\+|ph-?like)[- ]all\b",
    re.IGNORECASE,
)
LEUKEMIA_IN_CAPITALS = re.compile(r"\b(?:pre-?)?[BT] ALL\b")
""""b all" may be anything."""
_CELLS_GIVEN = (
    r"(?:stem[- ]cell|bone marrow|cord blood|ha?ematopoietic(?: progenitor)? cell)s?"
    r"(?:\W+(?:or|and|stem|cell|marrow|progenitor|blood|allogeneic|autologous|graft))*\W+(?:transplant|infusion\b)"
    r"|transplant(?:ation)?,? (?:of )?(?:bone marrow|stem cells?)\b"
    r"|(?:allo|auto|haplo)(?:geneic|logous|identical)?[- ](?:hct|sct|bmt|transplant)"
    r"|hsct\b|bmt\b|pbsct\b|sct\b|donor (?:lymphocyte|leukocyte) infusion|dli\b"
)
HSCT = re.compile(rf"\b(?:{_CELLS_GIVEN})", re.IGNORECASE)
_NOT_ITSELF = re.compile(r"\binfusion\b|\bdli\b|\bdonor l", re.IGNORECASE)
"""Stem cells may be infused as a boost, and lymphocytes of the donor follow a transplant."""
_PRODUCTS = (
    r"tisagenlecleucel|kymriah|brexucabtagene|tecartus|obecabtagene|aucatzyl|axicabtagene|yescarta"
    r"|lisocabtagene|breyanzi"
)
_CAR_T = rf"car[- ]?t\b|chimeric antigen receptor\b|(?:{_PRODUCTS})\b"
CAR_T = re.compile(rf"\b(?:{_CAR_T})", re.IGNORECASE)

_SOMEONE = r"(?:mother|father|brother|sister|sibling|parent|son|daughter|cousin|twin)"
_ELSEWHERE = (
    rf"\bfamily (?:history|hx)\b|\bfhx?\b|\b{_SOMEONE}(?:'s)? (?:with|has|had|diagnosed)\b"
    rf"|\b(?:in|of) (?:his |her |the |a )?{_SOMEONE}\b|\bdonor for\b"
)
_ASKED = r"rule[sd]? out|r/o\b|\?|\bsuspect|\bpossible|\bprobable|\bscreen|\bunlikely\b"
_ITSELF = r"(?:acute\b|[bt]-|all\b|lymph|leuka?emi)"
_AFTER_IT = (
    r"\W+(?:(?:is|was|has been)\W+)*(?:ruled out|excluded(?! from)|unlikely|not (?:confirmed|found))\b"
)
DENIED = re.compile(
    rf"{_ELSEWHERE}|^\W*{_SOMEONE}\b|\b[mp]aternal\b|(?:{_ASKED}|\brisk (?:of|for)\b|\bnot?\b)\w*"
    rf"(?:\W+(?:evidence|signs?|history|of|for|new)){{0,3}}\W+{_ITSELF}"
    rf"|(?:\ball|leuka?emia)(?:\)?\s*\?|{_AFTER_IT}|\W+suspected\b(?!\W+\w))",
    re.IGNORECASE,
)
"""The leukemia itself is denied, doubted or someone else's. The displays of codes have a "not" of their own
("not having achieved remission"), and what is possible or ruled out may be an infection or a site."""
_PLANNED = (
    r"\bevaluat|\bconsult|\bwork-?up\b|\breferr|\bplann|\bcandida|\bcollection\b|\bharvest|apheresis\b"
    r"|\bteaching\b|\beducation\b|\bawaiting\b|\bpre-?(?:transplant|hsct|bmt|sct|car)\b"
)
PLANNED = re.compile(_PLANNED, re.IGNORECASE)
"""What goes before cells are given, whether they are or not."""
_AFTERWARDS = re.compile(
    r"\bpost\b|\bafter\b|\bfollow|\bs/p\b|\bstatus\b|\bday \+?\d|\bdonor l\w+cyte\b|\bdli\b",
    re.IGNORECASE,
)
_COLLECTED = re.compile(r"\bcollection\b|\bharvest|apheresis\b", re.IGNORECASE)
_INFUSED = re.compile(r"\binfus|\badminist|\btransplant", re.IGNORECASE)
ABOUT = re.compile(
    rf"{_PLANNED}|\bconcern|\blikely\b|\bversus\b|\bvs\b|\bhistory\b|\bhx\b|\bdue to\b|\bsecondary to\b"
    r"|\bcomplicat|\bsurvivor\b|\bencounter\b",
    re.IGNORECASE,
)
"""It is spoken about, which need not mean that it is there or was done: never certain."""
_ANOTHER_DISEASE = re.compile(r"\bburkitt|\bmature b\b", re.IGNORECASE)
_NOT_LYMPHOBLASTIC = re.compile(
    r"\bacute (?:myelo|mono|promyelo|megakaryo|erythro)\w+ leuka?emia|\bchronic \w+ leuka?emia"
    r"|\b(?:aml|cll|cml)\b",
    re.IGNORECASE,
)
_LATER_RELAPSE = re.compile(
    r"\b(?:second|2nd|third|3rd|multiple|subsequent) relapses?\b|\b(?:multiply|twice)[- ]relapsed\b"
    r"|\brelapsed? ?x ?[2-9]\b|\bcr ?[3-9]\b|\b(?:third|3rd) (?:complete )?remission\b",
    re.IGNORECASE,
)

_RELAPSE = re.compile(
    r"\brelaps(?:e[sd]?|ing)\b|\br/r\b|\bcr ?[2-9]\b|\b(?:second|2nd|third|3rd) (?:complete )?remission\b"
    r"|\brecurren(?:t|ce)(?: (?:of|in|the))* (?:acute|[bt]-|all\b|leuka?emi|lymphob|disease|marrow|cns|testi)"
    r"|(?:\ball|leuka?emia)\)?,? recurren(?:t|ce)(?=\s*(?:$|[,;.()]|in\b))",
    re.IGNORECASE,
)
_RELAPSE_WORD = r"(?:relaps(?:e[sd]?|ing)|recurren(?:t|ce))\b"
_NO_RELAPSE = re.compile(
    r"\b(?:no|not|never|without|rule[sd]? out|r/o|negative for|free of|risk (?:of|for)|high[- ]risk for"
    r"|monitor(?:ed|ing)? for|surveillance for|screen(?:ed|ing)? for|prevent(?:ion of|ing)?)\b"
    r"(?: (?:any|evidence|signs?|history|hx|h/o|known|prior|previous|of|for|a|yet|current|having|had|been"
    rf"|marrow|cns|testicular|early|late|second|further|other|new|or|disease|leuka?emi[ac]))* {_RELAPSE_WORD}"
    rf"|\bnon-?relapsed\b|\b{_RELAPSE_WORD}{_AFTER_IT}"
    r"|\bno (?:evidence|signs?) of (?:residual |active |recurrent )*disease\b"
    r"|\brelapse[- ](?:free|risk|prevention|prophylaxis|surveillance)\b|\brelapse ?\?|\? ?relapse",
    re.IGNORECASE,
)
"""Relapse denied, asked or feared. It says nothing against the leukemia itself."""

_OF_CELLS = re.compile(
    r"\bcar[- ]?t(?:[- ]?cells?)?\b|\bt[- ]cell (?:therap\w+|infusion|engag\w+|deplet\w+)"
    r"|\bb[- ]cell (?:aplasia|deplet\w+)",
    re.IGNORECASE,
)
"""Cells that are given, or gone; no lineage of the leukemia."""
_B = re.compile(r"\bb[- ](?:cell|all|lineage|precursor|lymphoblastic)\b|\bpre-?b\b|\bbcp\b", re.IGNORECASE)
_T = re.compile(r"\bt[- ](?:cell|all|lineage|precursor|lymphoblastic)\b|\betp\b", re.IGNORECASE)
_MIXED = re.compile(r"\bmixed[- ]phenotype|\bbi-?phenotypic|\bmpal\b", re.IGNORECASE)
_SITES = (
    (Site.MARROW, re.compile(r"\bmarrow (?:and \w+ )?(?:relapse|recurrence|involvement)\b", re.IGNORECASE)),
    (Site.CNS, re.compile(r"\bcns\b(?![- ]?(?:1|negative))|\bcentral nervous|\bmening", re.IGNORECASE)),
    (Site.TESTIS, re.compile(r"\btesticular\b|\btest[ei]s\b", re.IGNORECASE)),
    (
        Site.OTHER,
        re.compile(
            r"\bskin\b|\bcutis\b|\borbit(?:al)?\b|\bchoroid|\bretinal?\b|\bovar(?:y|ian)\b|\bbreast\b"
            r"|\bmediastin\w+|\bextramedullary\b|\bchloroma\b",
            re.IGNORECASE,
        ),
    ),
)
_SITE_WORD = r"(?:cns|testicular|test[ei]s|skin|extramedullary|orbital)\b"
_NO_SITE = re.compile(
    rf"\b(?:no|without|negative for)\b(?:\W+\w+){{0,2}}?\W+{_SITE_WORD}(?:\W+(?:or|and|nor)\W+{_SITE_WORD})*",
    re.IGNORECASE,
)

_SMALL_WORDS = (
    r"a|an|any|known|prior|previous|past|personal|history|hx|of|for|had|been|received|candidate|eligible"
    r"|allo|allogeneic|auto|autologous|ha?ematopoietic|peripheral|blood|planned|yet|status|post|undergone|infusion"
)
_NOT_DONE = r"\bnot (?:done|performed|given)\b|\bcancell?ed\b|\bdeclined\b"
_NO_CELLS = re.compile(
    rf"\b(?:no|not|never|without|denies|family)\b(?:\W+(?:{_SMALL_WORDS})){{0,6}}\W+(?:{_CELLS_GIVEN}|{_CAR_T})"
    rf"|{_ELSEWHERE}|{_NOT_DONE}",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\bpre[- ]?(?:transplant|hsct|bmt|sct|car[- ]?t)\w*|\bsickle cell\b.{0,20}?\bsct\b", re.IGNORECASE
)
"""What goes before a transplant, and another meaning of SCT."""
_CALLED_OFF = re.compile(_NOT_DONE, re.IGNORECASE)
"""The cells themselves are denied; "transplant, no complications" and "sibling donor" deny nothing."""
_NOT_PLAINLY = re.compile(rf"\bdonor\b|\bno\b|\bnot\b|\bwithout\b|\brisk\b|{_ASKED}", re.IGNORECASE)
_FROM_A_DONOR = re.compile(
    r"\b(?:(?:un)?related|sibling|haplo\w*|(?:mis)?matched|family|parental|alternative)[ -]+donor\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A text that names ALL as the patient's."""

    lineage: Lineage | None
    relapse: bool
    about: bool


def diagnosed(text: str) -> Diagnosed | None:
    """What a text without a code tells, if it names ALL and does not deny it."""
    plain = _NO_RELAPSE.sub(" ", text)
    named = LEUKEMIA.search(plain) or LEUKEMIA_IN_CAPITALS.search(plain)
    if not named or DENIED.search(plain) or _ANOTHER_DISEASE.search(plain):
        return None
    return Diagnosed(lineage_of(plain), tells_relapse(text), ABOUT.search(plain) is not None)


_OF_SOMEONE_ELSE = re.compile(_ELSEWHERE, re.IGNORECASE)


def is_of_someone_else(text: str) -> bool:
    """Does a text tell of the family, or of whom the patient gave cells to?"""
    return _OF_SOMEONE_ELSE.search(text) is not None


def is_doubted(text: str) -> bool:
    """Do the words beside a code of the disease ask for it, deny it or tell of someone else?"""
    return DENIED.search(_NO_RELAPSE.sub(" ", text)) is not None


def tells_relapse(text: str) -> bool:
    """Does it speak of a relapse, other than to deny, ask or fear it?"""
    return _RELAPSE.search(_NO_RELAPSE.sub(" ", text)) is not None


def lineage_of(text: str) -> Lineage | None:
    """B or T if the text names one of them as the leukemia's."""
    plain = _OF_CELLS.sub(" ", text)
    b, t = _B.search(plain) is not None, _T.search(plain) is not None
    if b == t or _MIXED.search(plain):
        return None
    return Lineage.B if b else Lineage.T


def is_mixed(text: str) -> bool:
    """Does it name a leukemia of mixed phenotype?"""
    return _MIXED.search(text) is not None


def names_another_disease(text: str) -> bool:
    """Does a text name another leukemia, and not lymphoblastic leukemia beside it?"""
    if _ANOTHER_DISEASE.search(text):
        return True
    return _NOT_LYMPHOBLASTIC.search(text) is not None and not LEUKEMIA.search(text)


def tells_later_relapse(text: str) -> bool:
    """Does it speak of a second or later relapse?"""
    return _LATER_RELAPSE.search(_NO_RELAPSE.sub(" ", text)) is not None


def is_called_off(text: str) -> bool:
    """Does the name of a procedure say that it was not done?"""
    return _CALLED_OFF.search(text) is not None


def sites_of(text: str) -> frozenset[Site]:
    """The sites that a text names and does not deny."""
    plain = _NO_SITE.sub(" ", text)
    return frozenset(site for site, words in _SITES if words.search(plain))


@dataclass(frozen=True, slots=True)
class Cells:
    """A text that names a transplant or CAR-T cells."""

    transplant: bool
    car_t: bool
    certain: bool
    """False where it may be a plan, a question, or someone else's."""
    planned: bool
    """What goes before them is named, and nothing after."""
    afterwards: bool
    """What comes after them is named: its day is not theirs."""
    collected: bool
    """Their collection is named, and not their infusion."""
    infused: bool
    """Their infusion is named, and not their collection."""


def cells_of(text: str) -> Cells | None:
    """The cells that a text says were given; None if it names none or denies them."""
    text = _OTHERWISE.sub(" ", text)
    transplant, car_t = HSCT.search(text) is not None, CAR_T.search(text) is not None
    if not (transplant or car_t) or _NO_CELLS.search(text):
        return None
    plain = _FROM_A_DONOR.sub(" ", text)
    afterwards = _AFTERWARDS.search(plain) is not None
    planned = PLANNED.search(plain) is not None
    sure = not (planned or _NOT_PLAINLY.search(plain) or ABOUT.search(plain))
    return Cells(
        transplant,
        car_t,
        certain=sure and not (transplant and _NOT_ITSELF.search(plain)),
        planned=planned and not afterwards,
        afterwards=afterwards,
        collected=_COLLECTED.search(plain) is not None and not _INFUSED.search(plain),
        infused=_INFUSED.search(plain) is not None and not _COLLECTED.search(plain),
    )
