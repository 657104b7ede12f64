"""What all statements of a record share: the resource and the day."""

from __future__ import annotations

from typing import Protocol

from cds_rules.patient.dates import PartialDate


class Dated(Protocol):
    """A statement with its resource and its date."""

    @property
    def source(self) -> str:
        """The resource, as Type/id."""

    @property
    def when(self) -> PartialDate | None:
        """When it was true, if that is known."""
