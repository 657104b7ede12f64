"""Settings of the store: where feedback, audit and the replay cache are kept."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

_SQLITE = re.compile(r"sqlite:///(?!:memory:)(?!file:)[^?#]+")
_POSTGRESQL = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://\S+")


def _database_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if _POSTGRESQL.fullmatch(text):
        return SecretStr(re.sub(r"^[^:]+", "postgresql+psycopg", text))
    # Each process would have a memory database of its own.
    if not _SQLITE.fullmatch(text):
        raise ValueError("expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
    return url


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]


class StoreSettings(BaseModel):
    """Where state is kept, and how long anyone waits for it."""

    database_url: DatabaseUrl = Field(
        default=SecretStr("sqlite:///relapse-cds.db"),
        validate_default=True,
        description="The store: `sqlite:///FILE` (relative to the working folder; four slashes for an "
        "absolute path) or `postgresql://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`.",
    )
    store_timeout_s: float = Field(
        default=2.0, gt=0, le=30, description="Longest wait for the store in one use of it, in seconds."
    )
    store_connections: int = Field(
        default=4, ge=1, le=64, description="Connections to the store that each worker process may hold."
    )
    feedback_comments: Literal["drop", "keep"] = Field(
        default="drop",
        description="Comments that users write when they override a card: `drop` notes only that there was "
        "one, `keep` keeps up to 1000 characters. They are free text and may name a patient.",
    )
    quiet_hours: float = Field(
        default=24.0,
        ge=0,
        le=24 * 31,
        description="How long a card on a chart stays quiet for the user who overrode it, while the facts "
        "stay the same; 0: not at all. Critical cards never do.",
    )
    quiet_order_hours: float = Field(
        default=1.0,
        ge=0,
        le=24 * 31,
        description="The same for the checks of orders: each order is an act of its own.",
    )
    pseudonym_key: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        default=None,
        description="Secret (16 characters or more) from which the audit's pseudonyms of users and patients "
        "are made. Without it the audit does not say who called for whom. A new one makes new pseudonyms.",
    )
    store_migrate: bool = Field(
        default=True,
        description="Bring the tables up to date at start. If false, someone runs `relapse-cds store "
        "migrate`, and until then the store counts as down.",
    )
