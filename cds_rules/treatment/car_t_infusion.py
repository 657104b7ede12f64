"""From collection to the CAR-T infusion: rules C-5, C-7, C-8, C-11, C-13 and C-15 (section 6)."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.car_t import BURDEN, Burden, considered
from cds_rules.treatment.aspects.collection import COLLECTED
from cds_rules.treatment.aspects.course import CNS, OTHER_SITE, TESTIS, isolated_cns
from cds_rules.treatment.aspects.infusion import (
    LESION,
    NEUROTOXICITY,
    RADIATION,
    AfterRadiation,
    Neurotoxicity,
)
from cds_rules.treatment.aspects.state import IN_REMISSION

_D = Decision.CAR_T
_TABLE_2 = "table 2, immunotherapy"
CNS_CITE = Cite("MYE2023", "CNS disease burden", "004:183")
EXTRAMEDULLARY = Cite("MYE2023", "non-CNS extramedullary disease", "004:187")
_HUNGER = Cite("HR2020", "patient 1, T-cell collection", "000:124")

_BRIDGING: tuple[Advice, ...] = (
    Advice(
        "C-5",
        _D,
        "No blinatumomab as the immediate bridge to CD19 CAR-T",
        "Myers et al. 2023 recommend against it: CD19 may be reduced or lost, which can worsen the result of "
        "CAR-T or rule it out.",
        considered,
        (Cite("MYE2023", _TABLE_2, "004:151"),),
        versus=("A-1",),
        rank=36,
    ),
    Advice(
        "C-5a",
        _D,
        "Inotuzumab immediately before CD19 CAR-T: with caution",
        "Myers et al. 2023: it can empty the B cells that help CAR-T cells persist, and if HSCT is to follow "
        "it raises the risk of sinusoidal obstruction.",
        considered,
        (Cite("MYE2023", _TABLE_2, "004:152"),),
        versus=("C-5b", "A-1a"),
        rank=37,
    ),
    Advice(
        "C-5b",
        _D,
        "Inotuzumab before CAR-T: avoid it if possible; it is not contraindicated",
        "Hunger & Raetz 2020 avoid it if they can, as lasting B-cell aplasia may hinder expansion, but have "
        "used it in many patients.",
        considered,
        (_HUNGER,),
        versus=("C-5a", "A-1a"),
        rank=37,
    ),
    Advice(
        "C-5c",
        _D,
        "In remission, or CNS disease only: little or no systemic bridging; intrathecal therapy continues",
        "Myers et al. 2023 find it reasonable, so that normal B cells can grow and carry the antigen; "
        "intrathecal chemotherapy stays crucial for the CNS.",
        considered & COLLECTED.yes & (IN_REMISSION.yes | isolated_cns),
        (
            Cite("MYE2023", "bridging therapy", "004:173"),
            Cite("MYE2023", "table 2, chemotherapy", "004:149-150"),
        ),
        rank=36,
    ),
    Advice(
        "C-13",
        _D,
        "Complete remission is not essential before CAR-T",
        "Hunger & Raetz 2020: CAR-T can work without it, while severe infection or organ damage from more "
        "chemotherapy can complicate CAR-T.",
        considered & IN_REMISSION.no,
        (_HUNGER,),
        weight=Weight.NOTE,
        rank=65,
    ),
    Advice(
        "C-13a",
        _D,
        "Stop bridging chemotherapy 2 weeks before the planned infusion",
        "Hunger & Raetz 2020 continue low-intensity chemotherapy during manufacture, which takes about 4 "
        "weeks, until then.",
        considered & COLLECTED.yes,
        (Cite("HR2020", "patient 1, bridging", "000:126"),),
        rank=38,
    ),
    Advice(
        "C-13b",
        _D,
        "Allow counts to recover between bridging chemotherapy and the infusion, where possible",
        "Myers et al. 2023: bridging should control disease without infection or toxicity that delays CAR-T "
        "or rules it out.",
        considered & COLLECTED.yes,
        (Cite("MYE2023", "table 2, chemotherapy; bridging therapy", "004:150, 173"),),
        rank=38,
    ),
    Advice(
        "C-15",
        _D,
        "Marrow blasts of 5 % or more: if so at infusion, a transplant after CAR-T could be considered",
        "Myers et al. 2023: CAR-T alone may not bring lasting remission then; more intensive bridging may do "
        "harm. After an earlier HSCT they keep a second one for relapse that is clearly imminent.",
        considered & BURDEN.is_(Burden.TO_40, Burden.OVER_40),
        (
            Cite("MYE2023", "marrow disease burden", "004:179"),
            Cite("MYE2023", "CAR-T for relapse after HSCT", "004:225"),
        ),
        rank=42,
    ),
)

_CNS_RULES: tuple[Advice, ...] = (
    Advice(
        "C-7",
        _D,
        "CNS disease: bring it to be stable or responding by the time of infusion",
        "Myers et al. 2023, by intrathecal and sometimes CNS-directed systemic therapy. They report results "
        "like those without CNS disease and no more severe neurotoxicity; on relapse the data are mixed.",
        considered & CNS.yes,
        (CNS_CITE,),
        tests=(Test.CSF,),
        rank=39,
    ),
    Advice(
        "C-7a",
        _D,
        "Less than 4 weeks since cranial radiation: wait with the CAR-T infusion",
        "Myers et al. 2023 leave 4 to 8 weeks from cranial radiation to infusion, as its side effects may "
        "look like neurotoxicity of CAR-T.",
        considered & RADIATION.is_(AfterRadiation.BEFORE_4),
        (CNS_CITE,),
        rank=39,
    ),
    Advice(
        "C-7b",
        _D,
        "4 to 8 weeks since cranial radiation: it may still be too soon for the CAR-T infusion",
        "Myers et al. 2023 leave 4 to 8 weeks from cranial radiation to infusion, as its side effects may "
        "look like neurotoxicity of CAR-T.",
        considered & RADIATION.is_(AfterRadiation.TO_8),
        (CNS_CITE,),
        rank=43,
    ),
    Advice(
        "C-11",
        _D,
        "Parenchymal CNS lesion: proceed to CAR-T with caution, after the best possible treatment of it",
        "Myers et al. 2023: persistent lesions may raise the risk of neurotoxicity (ICANS), by first data "
        "from CNS tumors; more data in B-ALL are awaited.",
        considered & LESION.yes,
        (CNS_CITE,),
        tests=(Test.BRAIN_IMAGING,),
        rank=39,
    ),
    Advice(
        "C-11a",
        _D,
        "Neurologic toxicity now: no CAR-T infusion while it is acute or worsening",
        "Myers et al. 2023 ask that there be none at the time of infusion.",
        considered & NEUROTOXICITY.is_(Neurotoxicity.NOW),
        (CNS_CITE,),
        rank=39,
    ),
    Advice(
        "C-11b",
        _D,
        "CNS disease or earlier neurotoxicity: consider antiepileptic prophylaxis for CAR-T",
        "Myers et al. 2023, to lower the risk of seizures.",
        considered & (CNS.yes | NEUROTOXICITY.is_(Neurotoxicity.EARLIER, Neurotoxicity.NOW)),
        (CNS_CITE,),
        rank=40,
    ),
)

_ELSEWHERE: tuple[Advice, ...] = (
    Advice(
        "C-8",
        _D,
        "Testicular disease: consider definitive treatment before the CAR-T infusion",
        "Myers et al. 2023, as little is known of how CAR-T cells reach the testis and work there.",
        considered & TESTIS.yes,
        (EXTRAMEDULLARY,),
        tests=(Test.TESTIS_EXAM,),
        rank=40,
    ),
    Advice(
        "C-8a",
        _D,
        "Extramedullary mass: shrinking bulky disease before CAR-T may help; what remains does not exclude",
        "Myers et al. 2023, of disease outside the CNS: by chemotherapy, or if that does not work by "
        "radiation, for which there are few data.",
        considered & OTHER_SITE.yes,
        (EXTRAMEDULLARY, Cite("MYE2023", "table 2, radiotherapy", "004:153")),
        rank=41,
    ),
    Advice(
        "C-8b",
        _D,
        "Extramedullary disease outside the CNS: follow it by PET",
        "Myers et al. 2023: in a report of the NCI it could persist while the marrow responded, which shows "
        "the role of PET.",
        considered & (OTHER_SITE.yes | TESTIS.yes),
        (EXTRAMEDULLARY,),
        tests=(Test.PET,),
        rank=41,
    ),
)

ADVICE: tuple[Advice, ...] = (*_BRIDGING, *_CNS_RULES, *_ELSEWHERE)
