"""OpenTelemetry traces of requests, if the settings want them and the extra `otel` is installed."""

from __future__ import annotations

from flask import Flask

from service.config.errors import ConfigError

_LEFT_OUT = "health,metrics,smart"
"""Machines ask for the first two all the time; addresses of a launch carry codes that nobody else may see."""


def instrument(app: Flask) -> None:
    """A span for each request, named by its route. ConfigError if the extra is not installed."""
    try:
        from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError("RELAPSE_CDS_TRACES needs the extra: pip install 'relapse-cds[otel]'") from None
    FlaskInstrumentor().instrument_app(app, excluded_urls=_LEFT_OUT)  # type: ignore[no-untyped-call]


def start() -> None:
    """Send spans from this process, as the OTEL_... variables say. After the fork: it starts a thread."""
    from opentelemetry import trace  # noqa: PLC0415 - an extra
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "relapse-cds"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
