"""Testicular relapse: rules T-1 to T-5 (clinical model section 4). Doses are what the source reports."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.risk.case import Pattern
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.course import (
    PATTERN,
    TESTIS,
    TRANSPLANT_BEFORE,
    any_relapse,
    b_lineage,
    before_18_months,
    first_relapse,
    isolated_testis,
)
from cds_rules.treatment.aspects.reinduction import REMISSION_AFTER
from cds_rules.treatment.aspects.testis import (
    ORCHIECTOMY_DONE,
    OTHER_TESTIS,
    TESTIS_PROOF,
    TESTIS_RADIATED,
    TESTIS_SIDE,
    OtherTestis,
    Proof,
    Side,
)
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_INVOLVED = any_relapse & TESTIS.yes
_AHEAD = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
_LOCAL_AHEAD = ORCHIECTOMY_DONE.no & TESTIS_RADIATED.no
"""No local treatment on record since the relapse."""
_FIRST = first_relapse & TRANSPLANT_BEFORE.no & isolated_testis & _AHEAD
_ONE = TESTIS_SIDE.is_(Side.ONE)
_EARLY = first_relapse & TRANSPLANT_BEFORE.no & before_18_months & _AHEAD
_D = Decision.TESTIS
_LOCATELLI = Cite("LOC2012", "testicular relapse", "001:102")
_PDQ = Cite("PDQ2014", "testicular relapse", "002:218-230")

ADVICE: tuple[Advice, ...] = (
    Advice(
        "T-1",
        _D,
        "One testis involved: orchiectomy, and biopsy of the other testis",
        "Locatelli et al. (2012). Leukemia is proven by biopsy first (T-1d). They know of no data that favor "
        "orchiectomy over radiation or the reverse.",
        _INVOLVED & _ONE & _LOCAL_AHEAD,
        (_LOCATELLI,),
        tests=(Test.TESTIS_EXAM,),
        versus=("T-2",),
        rank=10,
    ),
    Advice(
        "T-1a",
        _D,
        "One testis involved, biopsy of the other negative: prophylactic radiation, 15 Gy in the source",
        "Locatelli et al. (2012), to the testis that is left, beside orchiectomy of the involved one.",
        _INVOLVED & _ONE & OTHER_TESTIS.is_(OtherTestis.NEGATIVE) & TESTIS_RADIATED.no,
        (_LOCATELLI,),
        versus=("T-2",),
        rank=11,
    ),
    Advice(
        "T-1b",
        _D,
        "One testis suspected, biopsy of the other positive: as bilateral disease",
        "Locatelli et al. do not say this in words. Leukemia in both testes is what they treat by "
        "orchiectomy or radiation (24 Gy), so the rule is inferred.",
        _INVOLVED & _ONE & OTHER_TESTIS.is_(OtherTestis.POSITIVE) & TESTIS_RADIATED.no,
        (_LOCATELLI,),
        versus=("T-2",),
        rank=11,
    ),
    Advice(
        "T-1c",
        _D,
        "Both testes involved: orchiectomy or radiation, 24 Gy in the source",
        "Locatelli et al. (2012) choose as appropriate; both are expected to end fertility (T-5).",
        _INVOLVED & TESTIS_SIDE.is_(Side.BOTH) & _LOCAL_AHEAD,
        (_LOCATELLI,),
        versus=("T-2",),
        rank=12,
    ),
    Advice(
        "T-1d",
        _D,
        "Testicular relapse by clinical finding only: biopsy proves it",
        "Locatelli et al. define isolated testicular relapse by enlarged testes with leukemia in the biopsy "
        "and less than 5 % marrow blasts. By PCR the marrow is involved in up to 91 %.",
        _INVOLVED & TESTIS_PROOF.is_(Proof.SUSPECTED),
        (Cite("LOC2012", "definition of testicular relapse", "001:41"),),
        tests=(Test.TESTIS_EXAM,),
        rank=5,
    ),
    Advice(
        "T-2",
        _D,
        "Isolated testicular relapse, North American approach: chemotherapy with high-dose methotrexate",
        "NCI PDQ 2014: intensive chemotherapy first, local radiation only for those without complete "
        "remission after induction. Some European groups remove the involved testis and biopsy the other "
        "one.",
        _FIRST,
        (_PDQ,),
        versus=("T-1", "T-1a", "T-1b", "T-1c"),
        rank=9,
    ),
    Advice(
        "T-2a",
        _D,
        "Isolated testicular relapse without complete remission after induction: local radiation as well",
        "NCI PDQ 2014, as the standard approach in North America.",
        _FIRST & REMISSION_AFTER.no & TESTIS_RADIATED.no,
        (_PDQ,),
        rank=21,
    ),
    Advice(
        "T-3",
        _D,
        "Isolated testicular relapse after transplant: 5 of 7 had extended EFS without a second transplant",
        "Boys transplanted for an earlier systemic relapse. Whether a second transplant is needed is unknown "
        "(NCI PDQ 2014).",
        any_relapse & TRANSPLANT_BEFORE.yes & isolated_testis & _AHEAD,
        (Cite("PDQ2014", "testicular relapse; relapse after HSCT", "002:189, 236"),),
        weight=Weight.NOTE,
        rank=30,
    ),
    Advice(
        "T-4",
        _D,
        "Very early extramedullary relapse (<18 months): 10-year survival 52 % with transplant in a series",
        "Italian children; 20 to 30 % before, with chemotherapy and radiation (Hunger & Raetz 2020). "
        "They recommend transplant for the CNS only; to discuss it at other sites is the project's.",
        _EARLY & PATTERN.is_(Pattern.TESTIS, Pattern.OTHER),
        (Cite("HR2020", "patient 2, very early extramedullary relapse", "000:236"),),
        weight=Weight.NOTE,
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=40,
    ),
    Advice(
        "T-4a",
        _D,
        "Early isolated testicular relapse: high risk in the COG table of 2020",
        "Hunger & Raetz list isolated extramedullary relapse before 18 months as high risk (COG). The COG "
        "table in NCI PDQ 2014 calls it intermediate.",
        _EARLY & b_lineage & isolated_testis,
        (Cite("HR2020", "table 1, COG", "000:10-17, 62"),),
        weight=Weight.NOTE,
        versus=("T-4b",),
        rank=45,
    ),
    Advice(
        "T-4b",
        _D,
        "Early isolated testicular relapse: intermediate risk in the COG table of 2014",
        "NCI PDQ 2014 lists isolated testicular relapse of B-precursor ALL before 18 months as intermediate "
        "risk (COG). Hunger & Raetz 2020 call it high.",
        _EARLY & b_lineage & isolated_testis,
        (Cite("PDQ2014", "table 4, COG relapse risk", "002:246-250"),),
        weight=Weight.NOTE,
        versus=("T-4a",),
        rank=45,
    ),
    Advice(
        "T-5",
        _D,
        "Testicular relapse: counsel on fertility and hormones",
        "Locatelli et al.: orchiectomy ends fertility and sex hormone production; radiation at the dose for "
        "both testes is expected to cause infertility and much hormone loss. The referral is the project's.",
        _INVOLVED,
        (_LOCATELLI,),
        tests=(Test.FERTILITY_REFERRAL,),
        rank=50,
    ),
)
