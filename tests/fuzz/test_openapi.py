"""schemathesis calls every address as the OpenAPI document says one can, and as it says one cannot."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings

from service.app import create_app
from service.config import Settings
from tests.conftest import BASE, DAY, FIXTURES
from tests.fuzz.checks import CHECKS

APP = create_app(
    Settings(insecure=True, public_base_url=BASE, site_map=FIXTURES / "site.toml", rate_limit=None),
    today=lambda _: DAY,
)
schema = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_address_keeps_to_its_description(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)
