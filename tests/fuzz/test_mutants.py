"""Some hundreds of spoiled calls; `make fuzz` puts ten thousand."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.conftest import CheckedClient, LogLines
from tests.fuzz.calls import good_calls, put_all, unreadable

CALLS = 1200
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoiled_call_is_answered_or_refused_never_an_error_of_ours(
    app_client: FlaskClient, part: int
) -> None:
    size = CALLS // PARTS
    counted = put_all(app_client, range(part * size, (part + 1) * size))
    # Both kinds occur: else the mutants are too tame, or too wild to be read at all.
    assert counted[200] > size / 10
    assert counted[400] + counted[412] > size / 50


def test_a_relapse_stays_on_the_card_when_another_part_cannot_be_read(client: CheckedClient) -> None:
    tried = 0
    for path, request in good_calls():
        if path.endswith("relapsed-all") and request["context"]["patientId"] == "hr2020-p1-24-months":
            for spoilt in unreadable(request):
                assert client.call(spoilt).cards
                tried += 1
    assert tried >= 2


@pytest.fixture
def app_client(client: CheckedClient, log: LogLines) -> FlaskClient:
    return client.app.test_client()
