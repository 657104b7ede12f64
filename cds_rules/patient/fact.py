"""A fact: a value with the resources behind it, or unknown with the reason."""

from __future__ import annotations

from typing import Generic, TypeVar

from cds_rules.value import value

T_co = TypeVar("T_co", covariant=True)


@value
class Fact(Generic[T_co]):
    """A value with the resources it came from; None is unknown, and `because` says why.

    For a known value `because` may say how it was reached (a note shown with it).
    """

    value: T_co | None = None
    evidence: tuple[str, ...] = ()
    because: str | None = None

    @property
    def known(self) -> bool:
        """Is there a value?"""
        return self.value is not None
