"""Statements beside the course itself: genetics, antigens on blasts, radiation, cell collection."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.route import Route


class Marker(StrEnum):
    """Genetic lesions and conditions that the sources name (clinical-model section 1)."""

    BCR_ABL1 = "BCR::ABL1"
    KMT2A = "KMT2A rearrangement"
    TP53 = "TP53 alteration"
    IKZF1 = "IKZF1 deletion"
    TCF3_HLF = "TCF3::HLF"
    HYPODIPLOIDY = "hypodiploidy (<44 chromosomes)"
    ETV6_RUNX1 = "ETV6::RUNX1"
    ABL_CLASS = "ABL-class fusion"
    JAK2 = "JAK2 fusion"
    T315I = "BCR::ABL1 T315I"
    DOWN = "Down syndrome"


class Antigen(StrEnum):
    """Antigens that decide on antigen-directed treatment."""

    CD19 = "CD19"
    CD22 = "CD22"


class Expression(StrEnum):
    """Expression of an antigen on blasts; dim is neither positive nor negative."""

    POSITIVE = "positive"
    DIM = "dim"
    NEGATIVE = "negative"


class Laterality(StrEnum):
    """The side of a paired organ."""

    LEFT = "left"
    RIGHT = "right"


class Field(StrEnum):
    """What was irradiated."""

    CRANIAL = "cranial"
    SPINAL = "spinal"
    TESTIS = "testis"
    WHOLE_BODY = "whole body"


@dataclass(frozen=True, slots=True)
class Genetic:
    """A marker found or not found. Not found in one test is an answer of that test only."""

    source: str
    when: PartialDate | None
    marker: Marker
    present: bool
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class AntigenResult:
    """Expression of an antigen on the blasts of one sample; None if there is a result that cannot be read."""

    source: str
    when: PartialDate | None
    antigen: Antigen
    expression: Expression | None
    route: Route = Route.SITE


@dataclass(frozen=True, slots=True)
class Irradiation:
    """Radiation of one field; `gray` is the total dose in Gy when it is recorded."""

    source: str
    when: PartialDate | None
    field: Field
    gray: float | None = None
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class CellCollection:
    """Leukapheresis; `for_car_t` None when the code does not say what the cells are for."""

    source: str
    when: PartialDate | None
    for_car_t: bool | None
    route: Route = Route.CODE
