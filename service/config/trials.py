"""Settings of the trials: the registry that is asked, and how old its answer may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from service.config.kinds import Url
from service.wire.request import split_http_url

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _kept_from_change(url: str) -> str:
    """Whoever could change the answer on its way could call a closed trial open."""
    parts = split_http_url(url)
    if parts is None or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        raise ValueError("expected an https address")
    return url


class TrialSettings(BaseModel):
    """The trial registry and its snapshot."""

    trials_registry_url: Annotated[Url, AfterValidator(_kept_from_change)] = Field(
        default="https://clinicaltrials.gov/api/v2",
        description="Base address of the ClinicalTrials.gov API v2, or of a mirror that speaks it; asked by "
        "`relapse-cds trials sync` only, never by a running service.",
    )
    trials_registry_timeout_s: float = Field(
        default=60.0, gt=0, le=600, description="Longest wait for one answer of the registry, in seconds."
    )
    trials_registry_retries: int = Field(
        default=5, ge=0, le=20, description="Repeats of a request that the registry could not answer."
    )
    trials_registry_per_minute: int = Field(
        default=45, ge=1, le=6000, description="Most requests to the registry in a minute."
    )
    trials_max_status_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days for which a status counts after it was checked with the registry; a trial whose "
        "status is older is never shown as open.",
    )
    trials_refresh_s: float = Field(
        default=60.0,
        ge=1,
        le=86400,
        description="How often a worker process looks, beside the calls, whether the registry's snapshot "
        "is a newer one.",
    )
