"""Settings of what is told to those who run the service: logs, metrics, traces."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class ObservingSettings(BaseModel):
    """How the service is seen from outside."""

    log_format: Literal["json", "text"] = Field(
        default="json", description="Log lines: `json`, one object a line, or `text`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged. Calls are logged at info."
    )
    metrics: bool = Field(default=True, description="Serve Prometheus metrics at /metrics.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that /metrics asks for; without it anyone may read them."
    )
    traces: bool = Field(
        default=False,
        description="Send OpenTelemetry traces, as the OTEL_... variables say; needs the extra `otel`.",
    )
