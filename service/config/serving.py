"""Settings of the server itself: addresses, processes, limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from service.config.kinds import Origins, OrNone, Rate, Timezone, Url


class ServingSettings(BaseModel):
    """Where the service listens, what it is called from outside, and what it accepts."""

    public_base_url: Url = Field(
        default="http://127.0.0.1:8080",
        description="Address under which EHRs reach this service; card links are made from it.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(default=2, ge=1, le=64, description="gunicorn worker processes.")
    threads: int = Field(default=8, ge=1, le=64, description="Threads in each worker process.")
    insecure: bool = Field(
        default=False,
        description="Serve without checking who calls, and fetch from any FHIR server. For tests only.",
    )
    demo: bool = Field(
        default=False, description="Set by `relapse-cds demo`: synthetic patients, loopback only."
    )
    timezone: Timezone = Field(
        default="UTC",
        description="Time zone of the hospital (such as Europe/Berlin), which tells what day it is there.",
    )
    max_body_bytes: int = Field(
        default=32_000_000, ge=1000, description="Largest request body accepted, in bytes."
    )
    receive_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="Seconds from the first byte of a request to its last, and for taking the answer; a "
        "client that takes longer is cut off.",
    )
    rate_limit: Annotated[Rate | None, OrNone] = Field(
        default="6000/minute",
        description="Calls accepted from one issuer (else address) by each worker process, as `100/second`; "
        "`none` for no limit.",
    )
    cors_origins: Origins = Field(
        default=(),
        description="Exact origins of browser-based CDS clients, separated by commas.",
    )
