"""Puts the gate together from the settings."""

from __future__ import annotations

from collections.abc import Callable

from service.auth.checks import Rules
from service.auth.gate import create_gate
from service.auth.replay import ReplayGuard, UsedTokens
from service.auth.tenants import Defaults, Tenants, load_tenants
from service.config import Settings, reach_of
from service.outgoing.client import OutgoingClient


def tenants_of(settings: Settings) -> Tenants | None:
    """Who may call; None if anyone may. ConfigError if the file of tenants cannot be used."""
    if settings.tenants is None or settings.demo:
        return None
    reach = reach_of(settings)
    defaults = Defaults(settings.token_algorithms, settings.token_max_lifetime_s, reach.plain_http)
    return load_tenants(settings.tenants, defaults, OutgoingClient(reach, settings.keys_ca_file))


def gate_of(
    settings: Settings, used: UsedTokens, on_refused: Callable[[str], None], on_unchecked: Callable[[], None]
) -> Callable[[], None] | None:
    """The check of callers; None if anyone may call."""
    tenants = tenants_of(settings)
    if tenants is None:
        return None
    guard = ReplayGuard(used, settings.replay_without_store, on_unchecked)
    return create_gate(Rules(tenants, settings.token_leeway_s), settings.public_base_url, guard, on_refused)
