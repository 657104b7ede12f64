"""Which drugs belong together: the classes that rules ask for, by our ingredient names (`drug.*`).

A source that puts a drug in its class is named as key and line; where none is, the class is general
pharmacology and grouped so by the project.
"""

from __future__ import annotations

from typing import Final

Drugs = frozenset[str]

SECOND_GENERATION_TKI: Final[Drugs] = frozenset({"dasatinib", "nilotinib", "bosutinib"})
"""UTD2022 (003:180)."""
TKI: Final[Drugs] = frozenset({"imatinib", "ponatinib", "asciminib"}) | SECOND_GENERATION_TKI
"""Inhibitors of BCR::ABL1: UTD2022 (003:180). Asciminib is in no source: project's."""
JAK_INHIBITOR: Final[Drugs] = frozenset({"ruxolitinib"})
"""HR2020 (000:114)."""
BCL2_INHIBITOR: Final[Drugs] = frozenset({"venetoclax", "navitoclax"})
"""HR2020 (000:184, 185)."""
CDK_INHIBITOR: Final[Drugs] = frozenset({"palbociclib", "ribociclib"})
"""HR2020 (000:181-183)."""
MTOR_INHIBITOR: Final[Drugs] = frozenset({"everolimus", "temsirolimus"})
"""HR2020 (000:186, 187). Sirolimus stands with the immunosuppressants, as it is used after transplant."""
PROTEASOME_INHIBITOR: Final[Drugs] = frozenset({"bortezomib", "carfilzomib"})
"""HR2020 (000:157, 178)."""

ANTI_CD19: Final[Drugs] = frozenset({"blinatumomab"})
"""Antibodies; cells are in CAR_T. HR2020 (000:138)."""
ANTI_CD20: Final[Drugs] = frozenset({"rituximab"})
ANTI_CD22: Final[Drugs] = frozenset({"inotuzumab"})
"""HR2020 (000:138)."""
ANTI_CD33: Final[Drugs] = frozenset({"gemtuzumab"})
ANTI_CD38: Final[Drugs] = frozenset({"daratumumab"})
"""HR2020 (000:190)."""
CHECKPOINT_INHIBITOR: Final[Drugs] = frozenset({"pembrolizumab", "nivolumab"})
"""MYE2023 (004:145) names pembrolizumab; nivolumab beside it is the project's."""

CD19_CAR_T: Final[Drugs] = frozenset({"tisagenlecleucel", "brexucabtagene", "obecabtagene"})
CAR_T: Final[Drugs] = CD19_CAR_T | {"axicabtagene", "lisocabtagene"}
"""The last two are products for lymphoma."""

ANTHRACYCLINE: Final[Drugs] = frozenset({"doxorubicin", "daunorubicin", "idarubicin"})
ASPARAGINASE: Final[Drugs] = frozenset(
    {"asparaginase", "pegaspargase", "asparaginase-erwinia", "calaspargase"}
)
VINCA: Final[Drugs] = frozenset({"vincristine", "liposomal-vincristine"})
CONDITIONING: Final[Drugs] = frozenset({"thiotepa", "melphalan", "busulfan"})
"""Given before a transplant, and elsewhere too."""
CYTOTOXIC: Final[Drugs] = (
    frozenset(
        {
            "mitoxantrone",
            "methotrexate",
            "cytarabine",
            "liposomal-cytarabine",
            "etoposide",
            "cyclophosphamide",
            "fludarabine",
            "mercaptopurine",
            "thioguanine",
            "nelarabine",
            "clofarabine",
            "topotecan",
            "bendamustine",
        }
    )
    | ANTHRACYCLINE
    | ASPARAGINASE
    | VINCA
    | CONDITIONING
)

ANTILEUKEMIC_STEROID: Final[Drugs] = frozenset({"dexamethasone", "prednisone", "prednisolone"})
"""Steroids that reinduction is made of."""
STEROID: Final[Drugs] = ANTILEUKEMIC_STEROID | {"methylprednisolone", "hydrocortisone"}
"""Systemic corticosteroids, whatever they are given for."""

IMMUNOSUPPRESSANT: Final[Drugs] = frozenset({"tacrolimus", "cyclosporine", "mycophenolate", "sirolimus"})
"""Against graft-versus-host disease. Steroids, which serve for it too, are in STEROID."""
ANTIEPILEPTIC: Final[Drugs] = frozenset({"levetiracetam"})
CYTOKINE_BLOCKER: Final[Drugs] = frozenset({"tocilizumab"})

SUPPORTIVE: Final[Drugs] = (
    IMMUNOSUPPRESSANT | ANTIEPILEPTIC | CYTOKINE_BLOCKER | (STEROID - ANTILEUKEMIC_STEROID)
)
"""Drugs on our list that are no antileukemic treatment: their use starts, continues and ends none.
Methylprednisolone and hydrocortisone are here because they are mostly premedication or treatment of a
complication. Project's choice."""

TARGETED: Final[Drugs] = (
    TKI | JAK_INHIBITOR | BCL2_INHIBITOR | CDK_INHIBITOR | MTOR_INHIBITOR | PROTEASOME_INHIBITOR
)
"""Small molecules directed at a lesion or a pathway."""
ANTIBODY: Final[Drugs] = ANTI_CD19 | ANTI_CD20 | ANTI_CD22 | ANTI_CD33 | ANTI_CD38 | CHECKPOINT_INHIBITOR

ANTILEUKEMIC: Final[Drugs] = TARGETED | ANTIBODY | CAR_T | CYTOTOXIC | ANTILEUKEMIC_STEROID
ALL_DRUGS: Final[Drugs] = ANTILEUKEMIC | SUPPORTIVE
"""Every drug that is read."""

LIPOSOMAL: Final = {"vincristine": "liposomal-vincristine", "cytarabine": "liposomal-cytarabine"}
"""The liposomal form is a drug of its own: UTD2022 (003:170), LOC2012 (001:161)."""

SPELLINGS: Final = {
    "ciclosporin": "cyclosporine",
    "cyclosporin": "cyclosporine",
    "mycophenolic acid": "mycophenolate",
    "tioguanine": "thioguanine",
    "6-thioguanine": "thioguanine",
    "6-mercaptopurine": "mercaptopurine",
    "l-asparaginase": "asparaginase",
    "asparaginase erwinia": "asparaginase-erwinia",
    "erwinia asparaginase": "asparaginase-erwinia",
    "erwinia l-asparaginase": "asparaginase-erwinia",
    "crisantaspase": "asparaginase-erwinia",
    "liposomal vincristine": "liposomal-vincristine",
    "liposomal cytarabine": "liposomal-cytarabine",
}
"""Other spellings of an ingredient, in lower case. Brands: `cds_rules/terminology/brands.toml`."""
