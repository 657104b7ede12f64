"""Puts the authorization server together, for one FHIR server and the apps registered with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.demo.auth.bearer import BearerCheck
from service.demo.auth.endpoints import AuthEndpoints, Choice
from service.demo.auth.memory import Memory
from service.demo.auth.server import Registration, SmartServer
from service.demo.store import FhirStore
from service.store.replay import ReplayCache
from service.store.sealed import SealedRows
from service.store.store import Store

ACCESS_S = 3600


@dataclass(frozen=True, slots=True)
class DemoAuth:
    """Its addresses, and its word on requests that bring a token."""

    endpoints: AuthEndpoints
    bearer: BearerCheck


def create_demo_auth(
    registration: Registration,
    kept: Store,
    charts: FhirStore,
    patients: Callable[[], Sequence[Choice]],
    access_s: int = ACCESS_S,
) -> DemoAuth:
    """The server. `kept`: where codes and tokens are kept; `access_s`: life of an access token in seconds."""
    # Authlib writes tokens into its lines at debug.
    logging.getLogger("authlib").setLevel(logging.INFO)
    memory = Memory(SealedRows(kept), ReplayCache(kept), access_s)
    return DemoAuth(AuthEndpoints(SmartServer(registration, memory), patients), BearerCheck(memory, charts))
