"""Settings of who may call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_settings import NoDecode

from service.auth.algorithms import RECOMMENDED, Algorithm
from service.config.kinds import Parts


class CallerSettings(BaseModel):
    """How the tokens of CDS clients are checked."""

    tenants: Path | None = Field(
        default=None,
        description="TOML file of the CDS clients that may call: issuers, keys, FHIR servers "
        "(docs/register-an-ehr.md). Needed outside the demonstration and insecure mode.",
    )
    token_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, Parts] = Field(
        default=RECOMMENDED,
        min_length=1,
        description="Signature algorithms accepted from tenants that name none: of ES256, ES384, ES512, "
        "RS256, RS384, RS512, PS256, PS384, PS512.",
    )
    token_max_lifetime_s: int = Field(
        default=3600,
        ge=10,
        le=86_400,
        description="Longest time from iat to exp of a token, in seconds, for tenants that name none.",
    )
    token_leeway_s: int = Field(
        default=30, ge=0, le=300, description="How far clocks may differ, in seconds: for exp, iat and nbf."
    )
    replay_without_store: Literal["memory", "refuse"] = Field(
        default="memory",
        description="Tokens while the store is down: `memory` refuses those that the same process has seen, "
        "`refuse` accepts none (503).",
    )
    keys_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities whose certificates servers of keys (jku) may present, in "
        "place of the public ones.",
    )
