"""What studies found to go with worse results after CD19 CAR-T: rule C-6 (section 6), known before infusion.

Each statement names its study, what was measured and the figure. They are results of studies, never the
chance of one patient. All but C-6c are told by Myers et al. 2023 (MYE2023).
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspect import When
from cds_rules.treatment.aspects.car_t import (
    ANTIGEN_LOAD,
    BLINATUMOMAB,
    BURDEN,
    INFANT,
    PRIOR_REMISSIONS,
    AntigenLoad,
    Blinatumomab,
    Burden,
    Remissions,
    in_question,
)
from cds_rules.treatment.aspects.course import CNS, OTHER_SITE, TESTIS
from cds_rules.treatment.aspects.findings import HYPODIPLOIDY, KMT2A, TP53

_from_5 = BURDEN.is_(Burden.TO_40, Burden.OVER_40)
_given = BLINATUMOMAB.is_(Blinatumomab.RESPONDED, Blinatumomab.FAILED)
_outside_cns = OTHER_SITE.yes | TESTIS.yes
_BURDEN = "table 1, marrow disease burden"
_BLINATUMOMAB = "table 1, blinatumomab"
_EXPOSURE = ("C-6a", "C-6b", "C-6c")


def _note(
    rule: str, title: str, detail: str, when: When, cite: tuple[str, str], versus: tuple[str, ...] = ()
) -> Advice:
    """A result of a study: `cite` is the place in MYE2023 and its lines; `versus` as in Advice."""
    return Advice(
        rule,
        Decision.CAR_T,
        title,
        detail,
        in_question & when,
        (Cite("MYE2023", *cite),),
        Audience.PEDIATRIC,
        Weight.NOTE,
        versus=tuple(other for other in versus if other != rule),
        rank=70,
    )


_BEFORE: tuple[Advice, ...] = (
    _note(
        "C-6",
        "CAR-MA: no remission from blinatumomab went with less remission and earlier relapse after CAR-T",
        "CAR-MA (420 patients; Myers et al. 2023): complete remission 65 % after no response to "
        "blinatumomab, 93 % after a response; 6-month EFS 27 and 67 %. It is no contraindication: most still "
        "reach remission.",
        BLINATUMOMAB.is_(Blinatumomab.FAILED),
        (_BLINATUMOMAB, "004:21, 41"),
    ),
    _note(
        "C-6a",
        "CAR-MA: blinatumomab before CAR-T was by itself no risk factor",
        "CAR-MA (420 patients; Myers et al. 2023): complete remission 93 % after a response to blinatumomab "
        "and 94 % without blinatumomab; 6-month EFS 67 and 73 %.",
        _given,
        (_BLINATUMOMAB, "004:21, 41"),
        _EXPOSURE,
    ),
    _note(
        "C-6b",
        "Robert Debre and Saint Louis: blinatumomab before CAR-T went with worse results",
        "Robert Debre and Saint Louis study (51 patients; Myers et al. 2023): relapse HR 2.6, EFS HR 3.0, OS "
        "HR 5.5 after earlier blinatumomab.",
        _given,
        (_BLINATUMOMAB, "004:40"),
        _EXPOSURE,
    ),
    Advice(
        "C-6c",
        Decision.CAR_T,
        "Blinatumomab before CAR-T may raise the risk of no MRD response or CD19-negative relapse",
        "Hunger & Raetz 2020 call the data not conclusive.",
        in_question & _given,
        (Cite("HR2020", "patient 1, relapse after CAR-T", "000:130"),),
        weight=Weight.NOTE,
        versus=("C-6a", "C-6b"),
        rank=70,
    ),
    _note(
        "C-6d",
        "CAR-MA: two or more earlier remissions went with more CD19-positive relapse",
        "CAR-MA (420 patients; Myers et al. 2023): cumulative incidence of CD19-positive relapse HR 1.3.",
        PRIOR_REMISSIONS.is_(Remissions.FROM_2),
        ("table 1, quantity of previous therapy", "004:43"),
    ),
    Advice(
        "C-6e",
        Decision.CAR_T,
        "PRWCC: more lines of earlier therapy went with worse survival after CAR-T",
        "PRWCC (185 patients; Myers et al. 2023): OS HR 1.4 with the number of lines as a continuous "
        "variable.",
        in_question,
        (Cite("MYE2023", "table 1, quantity of previous therapy", "004:42, 122"),),
        weight=Weight.NOTE,
        rank=71,
    ),
)

_NOW: tuple[Advice, ...] = (
    _note(
        "C-6f",
        "CAR-MA: marrow blasts of 5 % or more at infusion: worse EFS and more CD19-negative relapse",
        "CAR-MA (420 patients; Myers et al. 2023): EFS HR 2.5, CD19-negative relapse HR 5.2. The blasts of "
        "today stand here for those at infusion.",
        _from_5,
        (_BURDEN, "004:46, 179"),
    ),
    _note(
        "C-6g",
        "PRWCC: marrow blasts of 5 % or more at infusion went with worse survival",
        "PRWCC (185 patients; Myers et al. 2023): OS HR 5.1; 12-month EFS 31 and 70 %, OS 58 and 85 % with "
        "and without it. The blasts of today stand here for those at infusion.",
        _from_5,
        (_BURDEN, "004:47, 179"),
    ),
    _note(
        "C-6h",
        "St Jude and Johns Hopkins: marrow blasts of 5 % or more at infusion went with worse EFS and OS",
        "St Jude and JHU (30 patients; Myers et al. 2023): EFS HR 6.0, OS HR 4.2. The blasts of today stand "
        "here for those at infusion.",
        _from_5,
        (_BURDEN, "004:48"),
    ),
    _note(
        "C-6i",
        "CHOP: marrow blasts above 40 % before tisagenlecleucel went with worse EFS and OS",
        "CHOP trial of tisagenlecleucel (70 patients; Myers et al. 2023): 24-month EFS 34 and 78 %, OS 60 "
        "and 92 % with and without it. The blasts of today stand here for those at infusion.",
        BURDEN.is_(Burden.OVER_40),
        (_BURDEN, "004:45"),
    ),
    _note(
        "C-6j",
        "Marrow blasts above 40 %: the threshold found for severe cytokine release syndrome",
        "First analyses of tisagenlecleucel (Myers et al. 2023). High burden at infusion is called the most "
        "important risk factor of toxicity; the blasts of today stand here for those at infusion.",
        BURDEN.is_(Burden.OVER_40),
        ("marrow disease burden", "004:179"),
    ),
    _note(
        "C-6k",
        "Robert Debre and Saint Louis: marrow blasts of 1 % or more, more CD19-negative relapse",
        "Robert Debre and Saint Louis study (51 patients; Myers et al. 2023): subdistribution HR 10.4 with 1 "
        "% or more at infusion. The blasts of today stand here for those at infusion.",
        BURDEN.is_(Burden.BELOW_5, Burden.TO_40, Burden.OVER_40),
        (_BURDEN, "004:49"),
    ),
    _note(
        "C-6l",
        "CAR-MA: extramedullary disease outside the CNS, active at infusion, went with worse EFS",
        "CAR-MA (420 patients; Myers et al. 2023): EFS HR 1.9; earlier disease that is no longer active did "
        "not. The sites of the relapse stand here for those active at infusion.",
        _outside_cns,
        ("table 1, extramedullary disease", "004:50, 187"),
        ("C-6m",),
    ),
    _note(
        "C-6m",
        "PRWCC: CNS and other extramedullary disease made no difference to RFS or OS",
        "PRWCC (184 patients; Myers et al. 2023). Of 15 with disease outside the CNS, 10 reached CR and 4 "
        "stayed event-free. The sites of the relapse stand here for those at infusion.",
        _outside_cns | CNS.yes,
        ("table 1, extramedullary disease; non-CNS extramedullary disease", "004:51, 187"),
        ("C-6l",),
    ),
    _note(
        "C-6n",
        "PLAT-02: less than 15 % CD19+ cells in marrow went with early loss of B-cell aplasia",
        "Seattle PLAT-02 (45 patients; Myers et al. 2023): HR 3.0 with less than 15 % CD19+ cells, normal "
        "and leukemic, before lymphodepletion. The marrow of today stands here for that time.",
        ANTIGEN_LOAD.is_(AntigenLoad.BELOW_15),
        ("table 1, CD19+ antigen load", "004:52, 173"),
    ),
    Advice(
        "C-6o",
        Decision.CAR_T,
        "Low fludarabine exposure went with more relapse; not enough to change standard lymphodepletion",
        "PRWCC (152 patients; Myers et al. 2023): relapse HR 2.5 with an estimated AUC below 13.8 mg h/L; in "
        "the Princess Maxima study (26 patients) CD19-positive relapse 100 and 27 % within 1 year below and "
        "above 14 mg h/L.",
        in_question,
        (Cite("MYE2023", "table 1, lymphodepletion; lymphodepletion", "004:53-54, 191"),),
        weight=Weight.NOTE,
        rank=71,
    ),
)

_GENETICS: tuple[Advice, ...] = (
    _note(
        "C-6p",
        "KMT2A rearrangement: more lineage switch and shorter survival after CAR-T, relapse as in others",
        "CAR-MA (420 patients, 38 with KMT2A; Myers et al. 2023): lineage switch HR 32.35, median OS 25.3 "
        "and 51.9 months. Relapse-free survival was like that of other groups.",
        KMT2A.yes,
        ("table 1, leukemia cytogenetics", "004:35, 120"),
    ),
    _note(
        "C-6q",
        "Infants with KMT2A rearrangement, CHOP: worse survival after CAR-T, relapse as in others",
        "CHOP (231 patients, 13 infants with KMT2A; Myers et al. 2023): OS HR 3.6, with similar RFS.",
        KMT2A.yes & INFANT.yes,
        ("table 1, leukemia cytogenetics", "004:33, 274"),
    ),
    _note(
        "C-6r",
        "TP53 mutation: worse leukemia-free and overall survival after CAR-T in a small study",
        "Lu Daopei Hospital (110 patients; Myers et al. 2023): 6-month LFS 42 and 83 %, OS 52 and 89 % with "
        "and without a TP53 mutation. Such groups were too small to conclude firmly.",
        TP53.yes,
        ("table 1, leukemia cytogenetics", "004:36, 120"),
    ),
    _note(
        "C-6s",
        "Hypodiploidy: poor results after CAR-T in small groups",
        "Myers et al. 2023: EFS about 25 % by 12 months (CAR-MA, 14 patients); 5 of 8 relapsed (CHOP). Such "
        "groups were too small to conclude firmly.",
        HYPODIPLOIDY.yes,
        ("table 1, leukemia cytogenetics", "004:33, 35, 120"),
    ),
)

ADVICE: tuple[Advice, ...] = (*_BEFORE, *_NOW, *_GENETICS)
