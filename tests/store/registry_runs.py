"""Runs of the registry's sync against the stub, and what they leave in the store."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from service.config.trials import TrialSettings
from service.store.trials import TrialStore
from service.trials.registry.client import RegistryClient
from service.trials.registry.sync import Report, queries, sync
from tests.registry import Registry, study

Json = dict[str, Any]
ON = date(2025, 11, 20)
OF_CATALOGUE = "NCT02650414"


def run(registry: Registry, trials: TrialStore, told: list[str] | None = None, **options: Any) -> Report:
    settings = TrialSettings.model_validate(
        {
            "trials_registry_url": registry.url,
            "trials_registry_retries": options.pop("retries", 2),
            "trials_registry_per_minute": 6000,
        }
    )
    client = RegistryClient(settings)
    try:
        lines = told if told is not None else []
        asked = options.pop("asked", queries())
        return sync(client, trials, registry.url, asked, tell=lines.append, today=lambda: ON, **options)
    finally:
        client.close()


def held(trials: TrialStore) -> set[str]:
    info = trials.snapshot()
    return {r.nct_id for r in trials.records(info.run)} if info else set()


def many(count: int, first: int = 0) -> list[Json]:
    return [study(f"NCT9{number:07d}") for number in range(first, first + count)]


def write(folder: Path, name: str, *lines: Any) -> Path:
    path = folder / name
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    return path
