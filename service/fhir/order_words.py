"""The words of draft orders: what tells an act, its kind, and that an order only speaks of one.

Only drafts are read by these, where a clinician can answer; a record is not.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CAR_T = r"\bcar[ -]?t\b|\bchimeric antigen receptor\b|\bcart[ -]?(?:19|22)\b|\bctl019\b"
CAR_T = _any(_CAR_T)
FOR_CAR_T = _any(_CAR_T, r"\b(?:\w+leucel|kymriah|tecartus|aucatzyl|(?:tisa|brexu|obe)-?cel)\b")
"""What a reason or a detail may say that cells are collected for."""
APHERESIS = _any(r"\b(?:leu[kc]o?(?:cyt)?)?a?pheresis\b")
OTHER_APHERESIS = _any(
    r"\b(?:platelets?|plasma|red (?:blood )?cells?|rbcs?|granulocytes?|stem cells?|pbsc|cd34|transfus\w*"
    r"|exchange|photo\w*|ldl)\b"
)
"""A blood product that was made by apheresis, or apheresis of something else: not of leukocytes."""
COLLECT = _any(r"\bcollection\b|\bharvest")
LEUKOREDUCTION = _any(r"\bleuko(?:reduction|depletion)\b|\bhyperleukocytosis\b")
_GRAFTED = r"(?:stem cell|bone marrow|hematopoietic cell) transplant\w*"
TRANSPLANT = _any(rf"\b(?:hsct|bmt|(?:allo\w*|auto\w*|haplo\w*|donor|second)[- ]?hct|{_GRAFTED})\b")
"""HCT alone is the hematocrit more often than not."""
AUTOLOGOUS = _any(r"\bauto(?:logous)?\b")
ALLOGENEIC = _any(r"\ballo(?:gene?ic)?\b|\bhaplo\w*|\bunrelated donor\b|\bsibling\b")
REDUCED = _any(r"\breduced[- ]intensity\b|\bRIC\b|\bnon-?myeloablative\b")
BODY_IRRADIATION = _any(r"\btotal[- ]body (?:ir)?radiation\b", r"\bTBI\b[^;]*\bc?Gy\b", r"\bGy\b[^;]*\bTBI\b")
"""TBI alone may be an injury of the brain."""
HIGH_DOSE = _any(r"\bhigh[- ]dose\b|\bHD[- ]?(?:MTX|methotrexate)\b|\b(?:MTX|methotrexate),?[- ]HD\b")
DLI = _any(r"\b(?:donor|allogeneic) (?:lymphocyte|leu[kc]ocyte)(?:s)?(?: infusions?)?\b|\bDLI\b")
REFERRAL = _any(
    r"\breferral\b|\bconsult\w*|\bevaluation\b|\btyping\b|\bdonor search\b|\bwork-?up\b"
    r"|^\s*(?:discontinue|stop|hold)\b"
)
ABOUT_IT = _any(
    r"\b(?:levels?|assays?|mutations?|pcr|sequencing|persistence|chimerism|biopsy|aspirat\w*|visit|follow-?up"
    r"|educat\w*|authori[sz]ation|approval|insurance|consent|monitoring"
    r"|resistance|panel|test(?:s|ing)?|genotyp\w*"
    r"|(?:bmt|hsct|transplant|car[ -]?t) (?:unit|ward|service|clinic|team|program|nurse))\b"
)
"""A test, a visit or paper work: it names the treatment and does not give it."""
GIVES = _any(
    r"\b(?:infus\w*|administ\w*|inject\w*|intrathecal\w*|with|plus|followed by|cycle|course|block"
    r"|conditioning|(?-i:IT))\b"
)
"""Words that keep such an order under the checks all the same."""
_WHICH = r"(?:(?:the|a|allo\w*|auto\w*|cd19|cd22|first|second)[- ])*"
_NEXT = rf"(?:car[- ]?t\b|hsct\b|hct\b|bmt\b|dli\b|{_GRAFTED})"
AFTER = _any(rf"\b(?:post|after|following|since|s/p)[- ]+{_WHICH}{_NEXT}")
"""What the order comes after; it is not what is ordered."""
BEFORE = _any(
    rf"\b(?:pre|before|prior to|ahead of|(?:as )?(?:a )?bridg(?:e|ing) to|(?:in )?preparation (?:for|of)"
    rf"|lymphodepletion for|candidate for)[- ]+{_WHICH}{_NEXT}",
)
"""What the order comes before; it is not what is ordered, and is planned."""
T_CELLS = _any(r"\bT[- ]?(?:cells?|lymphocytes?)\b")
TARGETS = _any(
    r"((?:\bCD[- ]?\d+[-/ ]*)+)(?:(?:re)?(?:directed|targeted|targeting|specific)[- ]+)?(?:CAR\b|chimeric)"
)
IT = re.compile(
    r"\bIT (?:[Cc]hemo\w*|MTX|[Mm]ethotrexate|[Cc]ytarabine|[Aa]ra-?C)\b"
    r"|\b(?:[Tt]riple|TRIPLE|MTX|[Mm]ethotrexate|METHOTREXATE|[Cc]ytarabine|CYTARABINE"
    r"|[Aa]ra-?[Cc]|ARA-?C)\b[^,;]{0,30} IT\b"
    r"|\bTIT\b"
    r"|\b(?:[Dd]epo[Cc]yte?|DEPOCYTE?)\b"
    r"|\b[Cc]hemotherapy\b[^;]{0,40}\binto (?:the )?CNS\b"
)
"""Intrathecal chemotherapy by its abbreviation, in capitals, by a brand that is given no other way, or as
procedure codes call it."""
SPINAL_CHEMOTHERAPY = _any(r"\b(?:chemo\w*|triple|prophylaxis|methotrexate|mtx|cytarabine|ara-?c|therapy)\b")
SPINAL_OTHER = _any(
    r"\b(?:baclofen|\w*morph(?:in|on)e|fentanyl|sufentanil|\w+caine|ziconotide|clonidine|nusinersen"
    r"|contrast|gado\w+|iohexol|myelogra\w*|vancomycin|gentamicin|colistin|pump|catheter|an[a]?esthe\w*"
    r"|analges\w*|pain)\b"
)
"""Other things that go into the spinal fluid, which are no chemotherapy."""
SPINAL_ROUTE = _any(
    r"\bintra-?\s?thecal(?:ly)?\b|\bintra-?(?:cerebro)?ventricular(?:ly)?\b|\bintra-?lumbar\b|\bomm?aya\b"
    r"|\b(?:by|via) (?:lumbar puncture|LP)\b"
)
"""Routes, sites and methods that lead into the spinal fluid."""
SPINAL_CODES = frozenset({"IT", "ITINJ", "20042000"})
"""Of routes that are sent without words: HL7 table 0162, v3 RouteOfAdministration, EDQM standard terms."""
IT_AMOUNT = re.compile(r"\b(?:mg|mL|ml)\s+IT\b")
"""IT in capitals after an amount: instructions in capitals have the word "it" as well."""
BETWEEN = _any(r"\s*[/+,;&|]\s*|\s+(?:and|with|plus|then|followed by)\s+")
OTHER_NAMES = {
    "ara-c": "cytarabine",
    "arac": "cytarabine",
    "blina": "blinatumomab",
    "brexu-cel": "brexucabtagene",
    "depocyte": "liposomal-cytarabine",
    "hdmtx": "methotrexate",
    "mtx": "methotrexate",
    "obe-cel": "obecabtagene",
    "tisa-cel": "tisagenlecleucel",
    "vsli": "liposomal-vincristine",
}
"""Short names and spellings. Project's list."""
OTHER_NAME = _any(rf"(?<![\w-])({'|'.join(OTHER_NAMES)})(?![\w-])")
NECTAR = re.compile(r"\bNECTAR\b(?![- ](?:thick|THICK))")
"""Nelarabine, etoposide and cyclophosphamide (HR2020, 000:248); in capitals, for diets are called so too."""
