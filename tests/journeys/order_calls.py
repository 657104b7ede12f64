"""The calls of fixtures/hooks/orders with full prefetch. `python -m tests.journeys.order_calls` writes anew
what is expected of them; then read the difference."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from flask import Flask

from service.app import create_app
from service.config import Settings
from service.exercise import OrderCall, order_calls
from service.fhir.prefetch import NEEDS
from tests.journeys.regenerate import FIXTURES

Json = dict[str, Any]
FOLDER = FIXTURES / "hooks" / "orders"
SERVICES = {"order-select": "relapsed-all-order-select", "order-sign": "relapsed-all-order-sign"}
CALLS = tuple(order_calls())
_DAYS = {call.patient: call.day for call in CALLS}


@cache
def app() -> Flask:
    """The service on the day of each patient's story."""
    settings = Settings(insecure=True, public_base_url="https://cds.example", site_map=FIXTURES / "site.toml")
    return create_app(settings, today=_DAYS.__getitem__)


def prefetch(chart: Json) -> Json:
    """The whole chart under the keys of the service, as searchsets."""
    resources = [entry["resource"] for entry in chart["entry"]]
    found: Json = {}
    for need in NEEDS:
        mine = [r for r in resources if r["resourceType"] == need.type]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(mine)}
        if mine:
            bundle["entry"] = [{"resource": r, "search": {"mode": "match"}} for r in mine]
        found[need.key] = mine[0] if need.type == "Patient" else bundle
    return found


def answer(call: OrderCall, **changes: Any) -> tuple[int, Json]:
    """Status and body of the call with full prefetch."""
    body = {**call.request, "prefetch": prefetch(call.chart), **changes}
    path = f"/cds-services/{SERVICES[call.request['hook']]}"
    response = app().test_client().post(path, json=body)
    return response.status_code, json.loads(response.get_data())


def told(cards: list[Json]) -> list[Json]:
    """What is compared of the cards: check, level, summary, detail line by line, reasons to go on."""
    return [
        {
            "check": card["source"]["topic"]["code"],
            "indicator": card["indicator"],
            "summary": card["summary"],
            "detail": card["detail"].splitlines(),
            "overrides": [reason["code"] for reason in card.get("overrideReasons", [])],
        }
        for card in cards
    ]


def main() -> None:
    """Write the files; say which changed."""
    for call in CALLS:
        file = FOLDER / f"{call.name}.cards.json"
        text = json.dumps(told(answer(call)[1]["cards"]), indent=2, ensure_ascii=False) + "\n"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{file.relative_to(FIXTURES.parent)}\n")


if __name__ == "__main__":
    main()
