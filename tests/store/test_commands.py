"""The commands over the store: reports, the audit, forgetting."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from service.cli import main
from service.pseudonyms import Pseudonyms
from service.store.audit import AuditStore, Call, Shown
from service.store.feedback import FeedbackStore, Outcome
from service.store.store import Store

NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)
KEY = "made-up-key-of-the-tests-1"
ISSUER = "https://ehr.example"
RISK = Shown("5f1c3a52-9a4e-5a61-8d0f-0b6f3c1d2e4a", "first-relapse-risk", "info", ("COG-2", "BFM-1"))
ADVICE = Shown("6a2d4b63-0b5f-5b72-9e1a-1c7a4d2e3f5b", "treatment-at-relapse", "info", ("BFM-1", "M-3"))
NOTHING_ELSE = "0 ended sessions, 0 expired tokens, 0 old runs of the trial registry"
STRANGER = "7b3e5c74-1c6a-5c83-af2b-2d8b5e3f4a6c"


def call(*cards: Shown, at: datetime = NOW, patient: str = "one") -> Call:
    names = Pseudonyms(KEY)
    return Call(
        id=uuid.uuid4().hex,
        at=at,
        request_id="made-up-1",
        route="/cds-services/relapsed-all",
        issuer=ISSUER,
        tenant=None,
        service="relapsed-all",
        hook="patient-view",
        hook_instance=None,
        user=names.of("user", ISSUER, "Practitioner/one"),
        patient=names.of("patient", ISSUER, patient),
        status=200,
        refused=None,
        ms=3.2,
        fetched=0,
        cards=cards,
    )


def outcome(card: str, said: str, at: datetime = NOW, reason: str | None = None, **more: object) -> Outcome:
    made = {"issuer": ISSUER, "service": "relapsed-all", "card": card, "outcome": said, "outcome_at": at}
    return Outcome(**made, reason_code=reason, **more)  # type: ignore[arg-type]


def run(url: str, *arguments: str, **settings: str) -> tuple[int, str]:
    environment = {f"RELAPSE_CDS_{k.upper()}": v for k, v in {"database_url": url, **settings}.items()}
    result = CliRunner().invoke(main, arguments, env=environment)
    return result.exit_code, result.output


@pytest.fixture
def filled(store: Store, url: str) -> str:
    """The address of a store with a week's work."""
    quiet = Shown(RISK.uuid, RISK.topic, RISK.indicator, RISK.rules, quiet=True)
    calls = [
        call(RISK, ADVICE, at=NOW - timedelta(days=6)),
        call(RISK, ADVICE, patient="two"),
        call(quiet, at=NOW + timedelta(hours=1)),
    ]
    AuditStore(store).write(calls)
    AuditStore(store).write(calls)  # a batch whose commit was in doubt
    said = [
        outcome(RISK.uuid, "overridden", reason="already-known"),
        outcome(RISK.uuid, "overridden", NOW + timedelta(minutes=1), "already-known"),
        outcome(RISK.uuid, "overridden", NOW + timedelta(minutes=2), commented=True),
        outcome(ADVICE.uuid, "accepted", suggestions=(STRANGER,)),
        outcome(STRANGER, "overridden"),
    ]
    FeedbackStore(store).keep(said, NOW)
    return url


def test_the_report_counts_by_rule_and_by_kind_of_card(filled: str) -> None:
    code, said = run(filled, "feedback", "report", "--json")
    assert code == 0
    found = {part: {row.pop("name"): row for row in json.loads(said)[part]} for part in ("topics", "rules")}
    risk = {"shown": 2, "accepted": 0, "overridden": 3, "overrideRate": 1.0,
            "reasons": {"already-known": 2, "comment only": 1}}  # fmt: skip
    advice = {"shown": 2, "accepted": 1, "overridden": 0, "overrideRate": 0.0, "reasons": {}}
    stranger = {"shown": 0, "accepted": 0, "overridden": 1, "overrideRate": 1.0, "reasons": {"none given": 1}}
    both = {"shown": 4, "accepted": 1, "overridden": 3, "overrideRate": 0.75, "reasons": risk["reasons"]}
    assert found["topics"] == {
        "first-relapse-risk": risk, "treatment-at-relapse": advice, "unknown": stranger,
    }  # fmt: skip
    assert found["rules"] == {"COG-2": risk, "BFM-1": both, "M-3": advice, "unknown": stranger}


def test_the_report_can_be_read(filled: str) -> None:
    code, said = run(filled, "feedback", "report")
    assert code == 0
    assert (
        "first-relapse-risk          2         0           3   100%  already-known 2, comment only 1" in said
    )


def test_the_report_is_of_a_span(filled: str) -> None:
    said = json.loads(run(filled, "feedback", "report", "--json", "--since", "2026-07-05T12:00:01Z")[1])
    assert (said["topics"], said["rules"]) == ([], [])
    said = json.loads(run(filled, "feedback", "report", "--json", "--since", "2026-07-05")[1])
    assert {row["name"]: row["shown"] for row in said["topics"]} == {
        "first-relapse-risk": 1, "treatment-at-relapse": 1, "unknown": 0,
    }  # fmt: skip


def test_a_report_on_nothing_says_so(store: Store, url: str) -> None:
    store.prepare()
    code, said = run(url, "feedback", "report")
    assert (code, "nothing yet" in said) == (0, True)


def test_the_list_has_each_outcome_and_whether_its_card_is_known(filled: str) -> None:
    code, said = run(filled, "feedback", "list")
    assert code == 0
    rows = [json.loads(line) for line in said.splitlines()]
    assert len(rows) == 5
    assert {(row["card"], row["known"]) for row in rows} == {
        (RISK.uuid, True), (ADVICE.uuid, True), (STRANGER, False),
    }  # fmt: skip
    [accepted] = [row for row in rows if row["outcome"] == "accepted"]
    assert (accepted["suggestions"], accepted["rules"]) == ([STRANGER], ["BFM-1", "M-3"])


def test_the_audit_lists_calls_in_the_order_of_time(filled: str) -> None:
    code, said = run(filled, "audit", "--json")
    assert code == 0
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert [len(row["cards"]) for row in rows] == [2, 2, 1]
    assert rows[2]["cards"][0]["quiet"] is True
    code, said = run(filled, "audit", "--since", "2026-07-05", "--until", "2026-07-05T12:30:00Z")
    assert (code, len(said.splitlines())) == (0, 1)
    assert "2 cards  BFM-1 COG-2 M-3" in said


def test_the_audit_finds_a_patient_by_the_key(filled: str) -> None:
    asked = ("audit", "--json", "--issuer", ISSUER, "--patient", "Patient/two")
    assert len(run(filled, *asked, pseudonym_key=KEY)[1].splitlines()) == 1
    assert run(filled, *asked, pseudonym_key=KEY + "2") == (0, "")
    code, said = run(filled, *asked)
    assert (code, said.count("\n")) == (2, 1)
    assert "pseudonym_key" in said


def test_many_calls_are_read_page_by_page(store: Store, url: str) -> None:
    made = [call(RISK, at=NOW + timedelta(seconds=n // 3)) for n in range(1203)]
    AuditStore(store).write(made)
    rows = [json.loads(line) for line in run(url, "audit", "--json")[1].splitlines()]
    assert {row["id"] for row in rows} == {c.id for c in made}
    assert len(rows) == 1203


def test_what_is_old_is_forgotten_and_nothing_else(filled: str) -> None:
    code, said = run(filled, "store", "purge", "--older-than", "2026-07-05")
    assert (code, said) == (0, f"deleted: 1 calls, 0 outcomes, 0 cards, {NOTHING_ELSE}\n")
    code, said = run(filled, "store", "purge", "--older-than", "2026-07-06")
    assert (code, said) == (0, f"deleted: 2 calls, 5 outcomes, 2 cards, {NOTHING_ELSE}\n")
    assert run(filled, "audit") == (0, "")


def test_an_outcome_keeps_its_card_known(store: Store, url: str) -> None:
    AuditStore(store).write([call(RISK, ADVICE, at=NOW - timedelta(days=2))])
    FeedbackStore(store).keep([outcome(RISK.uuid, "overridden")], NOW)
    assert (
        run(url, "store", "purge", "--older-than", "2026-07-05")[1]
        == f"deleted: 1 calls, 0 outcomes, 1 cards, {NOTHING_ELSE}\n"
    )
    rows = [json.loads(line) for line in run(url, "feedback", "list")[1].splitlines()]
    assert [row["known"] for row in rows] == [True]


@pytest.mark.parametrize(
    "command", [("audit",), ("feedback", "report"), ("store", "purge", "--older-than", "1d")]
)
def test_a_store_that_cannot_be_used_is_one_line(command: tuple[str, ...], url: str) -> None:
    for address in (url, "postgresql://nobody@127.0.0.1:1/none", "mysql://x"):
        code, said = run(address, *command)
        assert (code, said.count("\n")) == (2, 1)
        assert said.startswith("relapse-cds: ")


@pytest.mark.parametrize("wrong", ["yesterday", "2026-07-05T12:00:00", "7w", "2026-13-01", "-1d"])
def test_a_moment_that_is_none_is_refused(wrong: str, url: str) -> None:
    code, said = run(url, "audit", f"--since={wrong}")
    assert code == 2
    assert "expected a day" in said
