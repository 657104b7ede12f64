"""Settings: frozen, from the environment (RELAPSE_CDS_...), each with a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.fhir.ca_file import CaFileError, check_ca_file
from service.wire.request import split_http_url

CA_FILE_VARIABLE = "RELAPSE_CDS_FHIR_CA_FILE"


class ConfigError(ValueError):
    """The settings do not allow a start; the message says what to change."""


def _base_url(url: str) -> str:
    if split_http_url(url) is None:
        raise ValueError("expected an absolute http or https address")
    return url.rstrip("/")


def _origin(text: str) -> str:
    # flask-cors would read anything else as a pattern.
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?", text):
        raise ValueError("expected an exact origin such as https://ehr.example")
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected the name of a time zone such as Europe/Berlin") from None
    return name


Timezone = Annotated[str, AfterValidator(_timezone)]
Origin = Annotated[str, AfterValidator(_origin)]
Url = Annotated[str, AfterValidator(_base_url)]


class Settings(BaseSettings):
    """Everything that can be set. Environment variables are these names in capitals after RELAPSE_CDS_."""

    model_config = SettingsConfigDict(env_prefix="RELAPSE_CDS_", frozen=True, extra="forbid")

    public_base_url: Url = Field(
        default="http://127.0.0.1:8080",
        description="Address under which EHRs reach this service; card links are made from it.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(default=2, ge=1, le=64, description="gunicorn worker processes.")
    threads: int = Field(default=4, ge=1, le=64, description="Threads in each worker process.")
    insecure: bool = Field(
        default=False,
        description="Serve without checking who calls, and fetch from any FHIR server. For tests only.",
    )
    demo: bool = Field(
        default=False, description="Set by `relapse-cds demo`: synthetic patients, loopback only."
    )
    fhir_servers: Annotated[tuple[Url, ...], NoDecode] = Field(
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
    timezone: Timezone = Field(
        default="UTC",
        description="Time zone of the hospital (such as Europe/Berlin), which tells what day it is there.",
    )
    max_body_bytes: int = Field(
        default=32_000_000, ge=1000, description="Largest request body accepted, in bytes."
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        default=(),
        description="Exact origins of browser-based CDS clients, separated by commas.",
    )
    site_map: Path | None = Field(
        default=None, description="TOML file that maps this hospital's local codes."
    )

    @field_validator("fhir_servers", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part for part in (p.strip() for p in value.split(",")) if part)


def check(settings: Settings) -> None:
    """ConfigError if the service must not start like this."""
    if settings.fhir_ca_file is not None:
        try:
            check_ca_file(settings.fhir_ca_file)
        except CaFileError as error:
            raise ConfigError(f"{CA_FILE_VARIABLE}: {error}") from None
    if settings.demo and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("the demonstration listens on a loopback address only")
    if not (settings.demo or settings.insecure):
        raise ConfigError(
            "callers cannot be checked yet: this version starts only as a demonstration "
            "(relapse-cds demo) or with RELAPSE_CDS_INSECURE=true, which lets anyone call it"
        )


def setting_faults(error: ValidationError) -> str:
    """Which settings are wrong, and how; values are left out, they may be secrets."""
    faults = [
        f"RELAPSE_CDS_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
    ]
    return "; ".join(faults)
