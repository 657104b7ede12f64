"""What is true of every demonstration patient, written by hand from the story and key facts of each story.md.

What a story leaves out is UNTOLD; where the chart answers it all the same, its entry was read there by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Untold(StrEnum):
    """The story says nothing of it."""

    UNTOLD = "untold"


UNTOLD: Final = Untold.UNTOLD
ON_TREATMENT: Final = "on treatment"
Told = str | int | float | bool | tuple[str, ...] | tuple[float, float] | Untold
"""A pair of fractions: what lies between."""


@dataclass(frozen=True)
class Truth:
    """One story. A transplant, CAR-T or refractory disease that a whole life does not mention was not."""

    diagnosis: Told
    lineage: Told
    relapse_number: Told = 1
    relapse_date: Told = UNTOLD
    sites: Told = ("marrow",)
    end_of_treatment: Told = UNTOLD
    end_block_1_mrd: Told = UNTOLD
    hsct_before: Told = False
    car_t: Told = False
    refractory: Told = False
    genetics: dict[str, bool] = field(default_factory=dict)
    antigens: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """By the names of the table."""
        return {
            "diagnosis": self.diagnosis,
            "lineage": self.lineage,
            "relapse number": self.relapse_number,
            "relapse date": self.relapse_date,
            "sites": self.sites,
            "end of treatment": self.end_of_treatment,
            "end-block-1 MRD": self.end_block_1_mrd,
            "HSCT before": self.hsct_before,
            "CAR-T": self.car_t,
            "refractory": self.refractory,
            **{f"genetics: {name}": self.genetics.get(name, UNTOLD) for name in MARKERS},
            **{f"antigen: {name}": self.antigens.get(name, UNTOLD) for name in ("CD19", "CD22")},
        }


MARKERS: Final = (
    "BCR::ABL1",
    "KMT2A rearrangement",
    "BCR::ABL1 T315I",
    "Down syndrome",
    "ETV6::RUNX1",
    "IKZF1 deletion",
    "JAK2 fusion",
    "TCF3::HLF",
    "TP53 alteration",
)
BOTH: Final = {"CD19": "positive", "CD22": "positive"}
NOTHING_TO_TARGET: Final = {"BCR::ABL1": False, "KMT2A rearrangement": False}
PH_WITHOUT_T315I: Final = {"BCR::ABL1": True, "BCR::ABL1 T315I": False}
NO_BCR_ABL1: Final = {"BCR::ABL1": False}
BELOW_1_IN_10_000: Final = (0.0, 0.0001)


def _young_man(**more: Any) -> Truth:
    """The five stories of MYE2023: one life."""
    return Truth(
        "2022-09-20",
        "B",
        relapse_date="2026-01-20",
        end_of_treatment="2025-07-20",
        genetics=NOTHING_TO_TARGET,
        **more,
    )


def _girl_with_car_t(**more: Any) -> Truth:
    """The courses of one made-up life: two relapses, the second treated with CAR-T."""
    return Truth(
        "2021-10-05", "B", **{"relapse_number": 2, "relapse_date": "2024-06-20", "car_t": True, **more}
    )


TRUTHS: Final[dict[str, Truth]] = {
    "adult-bridged-to-car-t": Truth(
        "2023-01-23", "B", relapse_number=2, relapse_date="2025-10-20", genetics=NO_BCR_ABL1
    ),
    "adult-cr2-off-therapy": Truth(
        "2022-02-07", "B", relapse_date="2023-08-07", end_of_treatment=ON_TREATMENT, refractory=True
    ),
    "adult-first-relapse": Truth(
        "2024-07-08",
        "B",
        relapse_date="2026-03-08",
        end_of_treatment=ON_TREATMENT,
        genetics={"BCR::ABL1": False},
        antigens=BOTH,
    ),
    # "Nothing among them says when, or whether, primary treatment was completed."
    "busy-chart": Truth("2022-11-11", "B", relapse_date="2026-03-11", end_block_1_mrd=0.0005),
    # AML: nothing of ALL is true of him, and refractory ALL is no question.
    "child-aml": Truth(UNTOLD, UNTOLD, relapse_number=0, sites=UNTOLD, refractory=UNTOLD),
    "child-first-remission": Truth("2025-06-02", "B", relapse_number=0, sites=UNTOLD, refractory=UNTOLD),
    # Her story does not say so, but "the chart still holds" it: the plan is active, without an end.
    "deceased-child": Truth(
        "2023-05-02", "B", relapse_date="2025-06-02", end_of_treatment=ON_TREATMENT, refractory=True
    ),
    "hr2020-p1-24-months": Truth("2023-01-15", "B", relapse_date="2025-01-15", end_of_treatment=ON_TREATMENT),
    "hr2020-p1-40-months": Truth("2023-01-15", "B", relapse_date="2026-05-15", end_of_treatment="2025-03-15"),
    "hr2020-p1-40-months-after-block-1": Truth(
        "2023-01-15", "B", relapse_date="2026-05-15", end_of_treatment="2025-03-15", end_block_1_mrd=0.0005
    ),
    "hr2020-p1-after-car-t": Truth(
        "2021-01-15",
        "B",
        relapse_number=3,
        relapse_date="2025-11-28",
        hsct_before=True,
        car_t=True,
        antigens={"CD19": "negative", "CD22": "positive"},
    ),
    "hr2020-p1-after-hsct": Truth(
        "2023-01-15", "B", relapse_number=2, relapse_date="2026-07-10", hsct_before=True, antigens=BOTH
    ),
    "hr2020-p2-15-months": Truth(
        "2025-03-10", "B", relapse_date="2026-06-10", sites=("CNS",), end_of_treatment=ON_TREATMENT
    ),
    "hr2020-p2-30-months": Truth(
        "2023-12-10", "B", relapse_date="2026-06-10", sites=("CNS",), end_of_treatment=ON_TREATMENT
    ),
    "hr2020-p3-t-all": Truth("2024-12-05", "T", relapse_date="2026-05-05", end_of_treatment=ON_TREATMENT),
    "late-testicular": Truth(
        "2021-04-12", "B", relapse_date="2026-04-12", sites=("testis",), end_of_treatment="2023-10-12"
    ),
    "mye2023-1-first-relapse": _young_man(antigens=BOTH),
    "mye2023-2-refractory": _young_man(antigens=BOTH, refractory=True),
    "mye2023-3-before-infusion": _young_man(antigens=BOTH, refractory=True),
    # Antigens were last tested before the cells were given: of today nobody knows.
    "mye2023-4-day-28": _young_man(refractory=True, car_t=True),
    "mye2023-5-day-60": _young_man(refractory=True, car_t=True),
    # "Lineage, site, dates, treatment and results are all missing."
    "problem-list-only": Truth(
        UNTOLD,
        UNTOLD,
        relapse_number=UNTOLD,
        sites=UNTOLD,
        hsct_before=UNTOLD,
        car_t=UNTOLD,
        refractory=UNTOLD,
    ),
    "adult-ph-positive-cr2": Truth(
        "2023-09-12",
        "B",
        relapse_date="2025-03-12",
        end_of_treatment=ON_TREATMENT,
        genetics=PH_WITHOUT_T315I,
    ),
    "adult-ph-positive-late-relapse": Truth(
        "2021-05-14",
        "B",
        relapse_date="2026-02-14",
        end_of_treatment="2023-08-14",
        genetics=PH_WITHOUT_T315I,
        antigens=BOTH,
    ),
    "adult-second-salvage": Truth(
        "2023-06-12",
        "B",
        relapse_number=2,
        relapse_date="2025-05-20",
        antigens={"CD19": "positive", "CD22": "negative"},
        genetics=NO_BCR_ABL1,
    ),
    "adult-t-all-second-relapse": Truth("2022-08-15", "T", relapse_number=2, relapse_date="2025-09-29"),
    "apheresis-too-early": Truth(
        "2021-04-20", "B", relapse_number=2, relapse_date="2025-08-05", antigens=BOTH
    ),
    "car-t-after-hsct-negative": _girl_with_car_t(hsct_before=True),
    "car-t-after-hsct-ngs-positive": _girl_with_car_t(hsct_before=True),
    "car-t-month-13-b-cells-back": _girl_with_car_t(),
    "car-t-month-3-ngs-positive": _girl_with_car_t(),
    "car-t-month-7-aplasia": _girl_with_car_t(),
    "car-t-month-8-b-cells-back": _girl_with_car_t(),
    # Without a relapse nothing is asked of its site, and refractory means that reinduction failed.
    "car-t-primary-refractory": Truth(
        "2024-10-14", "B", relapse_number=0, sites=UNTOLD, car_t=True, refractory=UNTOLD, genetics=NO_BCR_ABL1
    ),
    "cd28-after-hsct": _girl_with_car_t(hsct_before=True),
    # Her story does not say so, but the plan of primary treatment is active, without an end.
    "cd28-construct": Truth(
        "2023-01-17",
        "B",
        relapse_date="2024-06-17",
        car_t=True,
        refractory=True,
        genetics=NO_BCR_ABL1,
        end_of_treatment=ON_TREATMENT,
    ),
    "cns-after-transplant": Truth(
        "2022-11-29",
        "B",
        relapse_number=2,
        relapse_date="2025-05-04",
        sites=("CNS",),
        hsct_before=True,
        antigens={"CD19": "positive"},
    ),
    "cns-relapse-after-cranial-radiation": Truth(
        "2024-06-24",
        "B",
        relapse_date="2025-04-24",
        sites=("CNS", "marrow"),
        end_of_treatment=ON_TREATMENT,
        genetics=NO_BCR_ABL1,
        antigens=BOTH,
    ),
    "cns-relapse-before-infusion": Truth(
        "2022-04-04",
        "B",
        relapse_number=2,
        relapse_date="2025-05-22",
        sites=("CNS",),
        hsct_before=True,
        antigens={"CD19": "positive"},
    ),
    "combined-cns-marrow": Truth(
        "2023-02-20",
        "B",
        relapse_date="2025-02-20",
        sites=("CNS", "marrow"),
        end_of_treatment=ON_TREATMENT,
        genetics=NO_BCR_ABL1,
        antigens=BOTH,
    ),
    "down-syndrome-relapse": Truth(
        "2021-09-10",
        "B",
        relapse_date="2025-01-10",
        end_of_treatment="2024-03-10",
        end_block_1_mrd=0.003,
        genetics={"Down syndrome": True, **NO_BCR_ABL1},
        antigens=BOTH,
    ),
    "early-marrow-cr2-mrd-negative": Truth(
        "2023-03-14", "B", relapse_date="2025-05-14", end_of_treatment=ON_TREATMENT, end_block_1_mrd=0.0008
    ),
    "early-marrow-mrd-positive": Truth(
        "2023-06-20",
        "B",
        relapse_date="2025-08-20",
        end_of_treatment=ON_TREATMENT,
        end_block_1_mrd=0.006,
        genetics={"JAK2 fusion": True},
        antigens={"CD19": "dim", "CD22": "positive"},
    ),
    "infant-kmt2a": Truth(
        "2024-07-03",
        "B",
        relapse_date="2025-06-03",
        end_of_treatment=ON_TREATMENT,
        refractory=True,
        genetics={"KMT2A rearrangement": True},
        antigens=BOTH,
    ),
    "infant-primary-refractory": Truth(
        "2025-05-12",
        "B",
        relapse_number=0,
        sites=UNTOLD,
        refractory=UNTOLD,
        genetics={"KMT2A rearrangement": True, **NO_BCR_ABL1},
        antigens={"CD19": "positive", "CD22": "negative"},
    ),
    "isolated-cns-late-mrd-positive": Truth(
        "2022-10-11",
        "B",
        relapse_date="2025-01-11",
        sites=("CNS",),
        end_of_treatment=ON_TREATMENT,
        end_block_1_mrd=0.0015,
        genetics={"ETV6::RUNX1": True, **NO_BCR_ABL1},
    ),
    "lost-aplasia-day-60": Truth(
        "2021-09-01",
        "B",
        relapse_date="2023-11-01",
        end_of_treatment=ON_TREATMENT,
        car_t=True,
        refractory=True,
    ),
    "ph-positive-child-cr2": Truth(
        "2023-07-03",
        "B",
        relapse_date="2025-11-03",
        end_of_treatment=ON_TREATMENT,
        end_block_1_mrd=0.002,
        genetics={"BCR::ABL1": True},
        antigens=BOTH,
    ),
    "ph-positive-child-relapse": Truth(
        "2023-07-03",
        "B",
        relapse_date="2025-11-03",
        end_of_treatment=ON_TREATMENT,
        genetics={"BCR::ABL1": True},
        antigens=BOTH,
    ),
    "ph-positive-t315i": Truth(
        "2023-05-16",
        "B",
        relapse_date="2025-11-16",
        end_of_treatment=ON_TREATMENT,
        genetics={"BCR::ABL1": True, "BCR::ABL1 T315I": True},
        antigens=BOTH,
    ),
    # A relapse in the marrow; whether in the spinal fluid too nobody looked.
    "post-car-t-cd19-positive-relapse": _girl_with_car_t(
        relapse_number=3, relapse_date="2025-03-24", antigens={"CD19": "positive"}, sites=UNTOLD
    ),
    "post-car-t-day-28-ngs-positive": Truth(
        "2021-06-15", "B", relapse_number=2, relapse_date="2024-11-20", car_t=True
    ),
    # She had the transplant after the relapse, not before it.
    "post-transplant-rising-chimerism": Truth(
        "2021-11-08",
        "B",
        relapse_date="2023-12-08",
        end_of_treatment=ON_TREATMENT,
        end_block_1_mrd=BELOW_1_IN_10_000,
    ),
    "relapse-soon-after-transplant": Truth(
        "2022-06-13", "B", relapse_number=2, relapse_date="2025-06-13", hsct_before=True, antigens=BOTH
    ),
    "t-all-second-relapse": Truth("2022-05-09", "T", relapse_number=2, relapse_date="2024-10-14"),
    "tcf3-hlf-late": Truth(
        "2022-02-14",
        "B",
        relapse_date="2025-06-14",
        end_of_treatment="2024-05-14",
        end_block_1_mrd=0.0002,
        genetics={"TCF3::HLF": True},
        antigens=BOTH,
    ),
    "testicular-after-transplant": Truth(
        "2022-01-10", "B", relapse_number=2, relapse_date="2025-10-03", sites=("testis",), hsct_before=True
    ),
    "tp53-late-relapse": Truth(
        "2021-03-08",
        "B",
        relapse_date="2024-12-08",
        end_of_treatment="2023-09-08",
        end_block_1_mrd=BELOW_1_IN_10_000,
        genetics={"TP53 alteration": True, **NO_BCR_ABL1},
        antigens=BOTH,
    ),
    # In the marrow, and nobody looked at the spinal fluid.
    "transplant-outside-remission": Truth(
        "2024-01-22",
        "B",
        relapse_date="2025-05-22",
        end_of_treatment=ON_TREATMENT,
        refractory=True,
        antigens={"CD19": "negative", "CD22": "positive"},
        genetics=NO_BCR_ABL1,
        sites=UNTOLD,
    ),
    "very-early-marrow": Truth(
        "2024-03-05",
        "B",
        relapse_date="2025-04-05",
        end_of_treatment=ON_TREATMENT,
        genetics={"IKZF1 deletion": True, **NO_BCR_ABL1},
        antigens=BOTH,
    ),
    "very-early-testicular": Truth(
        "2024-01-17",
        "B",
        relapse_date="2025-03-17",
        sites=("testis",),
        end_of_treatment=ON_TREATMENT,
        genetics={"ETV6::RUNX1": True, **NO_BCR_ABL1},
    ),
}
