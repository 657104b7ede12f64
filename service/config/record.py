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
    fhir_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities whose certificates FHIR servers may present, in place of "
        "the public ones.",
    )
    site_map: Path | None = Field(
        default=None, description="TOML file that maps this hospital's local codes."
    )
