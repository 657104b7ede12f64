"""Settings of the network: where calls of this service may go."""

from __future__ import annotations

from pydantic import BaseModel, Field

from service.config.kinds import Networks


class OutgoingSettings(BaseModel):
    """Bounds of calls to FHIR servers and to servers of keys."""

    private_networks: Networks = Field(
        default=(),
        description="Private networks, such as 10.20.0.0/16, in which FHIR servers and servers of keys may "
        "lie; of all others only public addresses are called.",
    )
    allow_http: bool = Field(
        default=False,
        description="Let FHIR servers and servers of keys be called without TLS, and be called without it "
        "from outside. For tests only.",
    )
