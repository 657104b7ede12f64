"""The service's own SMART app, as the demonstration's record system knows it: key, registration, issuer."""

from __future__ import annotations

from pathlib import Path

from joserfc.jwk import ECKey

from service.config import Settings
from service.config.smart import SmartIssuer
from service.demo.auth.endpoints import Choice
from service.demo.auth.models import Client
from service.demo.auth.server import Registration
from service.demo.auth.setup import DemoAuth, create_demo_auth
from service.demo.patients import DemoPatient
from service.demo.store import FhirStore
from service.smart.keys import load_keys
from service.store.store import Store

_CLIENT = "relapse-cds"
_ID = "demo"


def issuer_at(base: str) -> SmartIssuer:
    """The demonstration's record system as the app's settings name it."""
    return SmartIssuer(id=_ID, name="Demo EHR", iss=f"{base}/fhir", client_id=_CLIENT, auth="private_key_jwt")


def key_in(folder: Path) -> Path:
    """A key made for this demonstration, which goes with it."""
    path = folder / "smart-key.pem"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    return path


def auth_for(
    settings: Settings, kept: Store, charts: FhirStore, patients: tuple[DemoPatient, ...]
) -> DemoAuth:
    """The authorization server that knows the app of these settings."""
    base = settings.public_base_url
    callback = f"{base}/smart/callback/{_ID}"
    client = Client(_CLIENT, (callback,), load_keys(settings.smart_keys).public())
    choices = [Choice(p.id, p.name.removesuffix(" (synthetic)"), p.title) for p in patients]
    return create_demo_auth(Registration(f"{base}/fhir", (client,)), kept, charts, lambda: choices)
