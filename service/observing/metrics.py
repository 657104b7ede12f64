"""Prometheus metrics: counts and durations, no label that could name a patient or a user."""

from __future__ import annotations

import hmac
import os

from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from service.config.observing import ObservingSettings
from service.errors import ServiceError
from service.observing.notes import Notes, notes

_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the worker processes keep their counts, so that any of them can give the sum."""


class Metrics:
    """The instruments of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._children: dict[tuple[Counter, tuple[str, ...]], Counter] = {}
        self.calls = self._counter("calls", "Answers of CDS services.", "service", "status", "issuer")
        self.seconds = Histogram(
            "relapse_cds_call_seconds",
            "From the arrival of a call to its answer.",
            ["service"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.fetch_seconds = Histogram(
            "relapse_cds_fetch_seconds",
            "One query to a FHIR server with all its pages.",
            ["resource", "outcome"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.cards = self._counter("cards", "Cards sent.", "topic", "indicator")
        self.quiet = self._counter(
            "quiet_cards", "Cards held back: their reader had dismissed them.", "topic"
        )
        self.rules = self._counter("rules", "Rules stated on cards sent.", "rule")
        self.open_facts = self._counter("open_facts", "Facts that left a scheme or a statement open.", "fact")
        self.refusals = self._counter("refusals", "Requests refused, by the code of the reason.", "code")
        self.feedback = self._counter("feedback", "Outcomes of cards reported by EHRs.", "service", "outcome")
        self.tokens_refused = self._counter("tokens_refused", "Callers refused, by the reason.", "reason")
        self.replay_unchecked = self._counter(
            "replay_unchecked",
            "Calls whose token could not be looked up among those used.",
        )
        self.store_failures = self._counter("store_failures", "Uses of the store that failed.", "use")

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"relapse_cds_{name}", help_text, labels, registry=self.registry)

    def count(self, noted: Notes, status: int) -> None:
        """Count an answer."""
        for fetch in noted.fetches:
            self.fetch_seconds.labels(fetch.resource, fetch.outcome).observe(fetch.seconds)
        if noted.refused is not None:
            self.refusals.labels(noted.refused).inc()
        if noted.service is None:
            return
        self._add(self.calls, noted.service, str(status), noted.issuer or "")
        self.seconds.labels(noted.service).observe(noted.seconds)
        for card in noted.cards:
            self._add(self.cards, card.topic, card.indicator)
            for rule in card.rules:
                self._add(self.rules, rule)
        for card in noted.quiet:
            self._add(self.quiet, card.topic)
        for fact in noted.open_facts:
            self._add(self.open_facts, fact)

    def _add(self, counter: Counter, *labels: str) -> None:
        """One more. Finding a child by its labels costs more than counting it: some forty a call."""
        key = (counter, labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = counter.labels(*labels)
        child.inc()

    def text(self) -> bytes:
        """All figures in Prometheus' text format, summed over the worker processes if there are several."""
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self.registry)
        summed = CollectorRegistry()
        MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
        return generate_latest(summed)


def register(app: Flask, settings: ObservingSettings) -> Metrics:
    """Count every answer; serve the counts at /metrics if the settings say so."""
    metrics = Metrics()

    def count(response: Response) -> Response:
        metrics.count(notes(), response.status_code)
        return response

    app.after_request(count)
    if settings.metrics:
        token = settings.metrics_token
        app.register_blueprint(_page(metrics, token.get_secret_value() if token else None))
    return metrics


def _page(metrics: Metrics, token: str | None) -> Blueprint:
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def show() -> Response:
        given = request.headers.get("Authorization", "")
        if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise ServiceError(401, "login", "The metrics need the bearer token of the settings.")
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return blueprint
