"""The settings as one may show them: secrets masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import SecretStr

from service.config import Settings

MASK = "********"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting. `value`: JSON-ready; `given`: whether it was set, to the default or to something else."""

    name: str
    value: Any
    given: bool
    description: str

    @property
    def text(self) -> str:
        """The value in a line."""
        return orjson.dumps(self.value).decode()


def rows(settings: Settings) -> tuple[Row, ...]:
    """Every setting in the order of the documentation."""
    shown = settings.model_dump(mode="json")
    return tuple(
        Row(
            name,
            MASK if isinstance(getattr(settings, name), SecretStr) else shown[name],
            name in settings.model_fields_set,
            field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    )
