"""Values: what a record is read into and what is said of it, made by the hundred in every call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, whose assignments the type checker refuses and the interpreter does not.

    The interpreter's own refusal makes an object three to five times as dear to build: it is for the
    rules, which are made once. Compared and hashed by its members, as every frozen dataclass.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
