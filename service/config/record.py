"""Settings of reading the record: which FHIR servers, how long, which local codes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from service.config.kinds import Urls


class RecordSettings(BaseModel):
    """What the service may ask of whom, and how this hospital codes."""

    fhir_servers: Urls = Field(
        default=(),
        description="FHIR base addresses that may be called, separated by commas.",
    )
    fetch_deadline_s: float = Field(
        default=4.0, gt=0, le=60, description="Seconds for all FHIR fetches of one call together."
    )
    fetch_per_server: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Queries that each worker process has under way at once to one FHIR server (scheme, host "
        "and port), for all calls together. One call asks up to 11; those without a place wait.",
    )
    fetch_overall: int = Field(
        default=32,
        ge=1,
        le=512,
        description="The same over all FHIR servers together; not less than fetch_per_server. A server that "
        "hangs can hold no more than fetch_per_server of them.",
    )
    fhir_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities whose certificates FHIR servers may present, in place of "
        "the public ones.",
    )
    site_map: Path | None = Field(
        default=None, description="TOML file that maps this hospital's local codes."
    )
