"""OpenTelemetry: a worker sends a span for each request to the collector that the environment names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


class Collector(HTTPServer):
    """Keeps the spans it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sent: list[bytes] = []

    def spans(self) -> dict[str, dict[str, str]]:
        """Name -> attributes as text."""
        found: dict[str, dict[str, str]] = {}
        for body in self.sent:
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in group.scope_spans:
                    for span in scope.spans:
                        found[span.name] = {a.key: str(a.value) for a in span.attributes}
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_request_is_a_span_named_by_its_route_and_health_is_none(
    collector: Collector, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("RELAPSE_CDS_", "OTEL_"))},
        "PYTHONPATH": str(ROOT),
        "RELAPSE_CDS_INSECURE": "true",
        "RELAPSE_CDS_PORT": str(port),
        "RELAPSE_CDS_WORKERS": "1",
        "RELAPSE_CDS_TRACES": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "TMPDIR": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve"],
        cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _call(f"http://127.0.0.1:{port}", collector)
    finally:
        process.kill()
        process.wait(10)
    spans = collector.spans()
    assert [name for name in spans if "health" in name] == []
    assert [name for name in spans if "/rulebook/<name>" in name]


def _call(base: str, collector: Collector) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not collector.sent:
        try:
            requests.get(f"{base}/health/live", timeout=5)
            requests.get(f"{base}/rulebook/UK-R3", timeout=5)
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    assert collector.sent
