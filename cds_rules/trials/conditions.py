"""Which leukemia a study is for, by the names of its conditions in the registry.

A name is read when all its words are known here. It then asks for ALL, for one lineage, or for
Ph-positive ALL; or it names another disease. A name that is not read leaves the matter to the trial team.
Whether a relapse is taken is not read from it: names of conditions are chosen too loosely.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from cds_rules.trials.criteria import ASK_TEAM
from cds_rules.trials.read_line import plain_words
from cds_rules.trials.trial import Ways

_BESIDE = re.compile(
    r"relapsed|refractory|relapse|recurrent|second|first|or|in|and|of|acute|leuka?emia|disease|minimal|residual|"
    r"mrd|positive|cd19|cd22|adults?|young|adolescent|child|children|childhood|pediatric"
)
"""Words that may stand in the name of a condition that is ALL."""
_OTHER = re.compile(
    r"\b(?:myeloid|myelogenous|aml|cml|cll|chronic|lymphoma|myeloma|hodgkin|myelodysplastic|mds|carcinoma|sarcoma|"
    r"melanoma|neuroblastoma|glioma|glioblastoma|lupus|sclerosis|arthritis|sickle cell|thalassemia|"
    r"aplastic anemia|myelofibrosis|waldenstrom|cancer)\b"
)
_NOT_READ = re.compile(
    r"\b(?:mixed phenotype|biphenotypic|bilineal|ambiguous|undifferentiated|leukemia or lymphoma)\b"
)
_MESH = {
    "precursor cell lymphoblastic leukemia-lymphoma": "all",
    "precursor b-cell lymphoblastic leukemia-lymphoma": "b-all",
    "precursor t-cell lymphoblastic leukemia-lymphoma": "t-all",
    "leukemia, lymphoblastic, acute": "all",
    "leukemia, lymphocytic, acute": "all",
    "leukemia, lymphoid, acute": "all",
    "acute lymphoblastic leukemia-lymphoma": "all",
}
"""Names in the form of a thesaurus, where "lymphoma" names no other disease."""


def ways_of(conditions: Sequence[str]) -> Ways:
    """The patient has one of these conditions."""
    ways = dict.fromkeys(way for name in conditions for way in _way(name))
    return Ways(tuple(ways) or ((ASK_TEAM,),))


@lru_cache(maxsize=4096)
def _way(name: str) -> tuple[tuple[str, ...], ...]:
    said = plain_words(_MESH.get(name.strip().lower(), name)).replace(",", " ")
    if _NOT_READ.search(said):
        return ((ASK_TEAM,),)
    words = said.split()
    named = {word for word in words if word in ("all", "b-all", "t-all")}
    rest = [word for word in words if word not in named and word != "ph"]
    if named and all(_BESIDE.fullmatch(word) for word in rest):
        asked = [lineage for word, lineage in _LINEAGES.items() if word in named]
        if "ph" in words:
            asked.append("ph-positive" if "ph positive" in said else ASK_TEAM)
        return (tuple(asked) or ("any-all",),)
    if not named and _OTHER.search(said):
        return (("other-disease",),)
    return ((ASK_TEAM,),)


_LINEAGES = {"b-all": "b-lineage", "t-all": "t-lineage"}
