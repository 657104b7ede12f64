"""A sync with the registry: page by page, taken up again, the earlier snapshot whole whatever breaks off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from cds_rules.trials.catalogue import TRIALS
from service.store.engine import Mode
from service.store.store import Store
from service.store.trials import TrialStore
from service.trials.registry.client import RegistryError
from tests.registry import running, study
from tests.store.registry_runs import OF_CATALOGUE, ON, held, many, run


def test_the_catalogue_and_a_search_make_the_snapshot(trials: TrialStore) -> None:
    ended = study("NCT90000009", status="COMPLETED")
    with running(study(OF_CATALOGUE, status="TERMINATED"), study(), ended) as registry:
        report = run(registry, trials)
    assert held(trials) == {OF_CATALOGUE, "NCT90000001"}
    assert report.snapshot is not None
    assert (report.snapshot.studies, report.snapshot.checked_on) == (2, ON)
    assert (report.refused, report.flagged) == ((), ())
    assert OF_CATALOGUE not in report.absent
    assert len(report.absent) == sum(name.startswith("NCT") for name in TRIALS) - 1


def test_every_page_is_fetched_and_told(trials: TrialStore) -> None:
    told: list[str] = []
    with running(*many(250)) as registry:
        run(registry, trials, told)
    assert len(held(trials)) == 250
    assert told[-3:] == [f"query 2 of 2: {n} studies of 250" for n in (100, 200, 250)]
    assert {int(q["pageSize"]) for q in registry.asked} == {100}


def test_a_busy_registry_is_asked_again_as_it_says(trials: TrialStore) -> None:
    with running(study()) as registry:
        registry.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
        run(registry, trials)
        assert len(registry.asked) == 4
    assert held(trials) == {"NCT90000001"}


def test_a_registry_that_stays_down_leaves_the_snapshot_whole(trials: TrialStore) -> None:
    with running(study()) as registry:
        run(registry, trials)
        before = trials.snapshot()
        registry.answers = [(404, {})]
        with pytest.raises(RegistryError, match="answered 404"):
            run(registry, trials)
    assert trials.snapshot() == before
    assert held(trials) == {"NCT90000001"}


def test_a_run_that_breaks_off_is_taken_up_again(trials: TrialStore) -> None:
    told: list[str] = []
    with running(study("NCT91000000")) as registry:
        run(registry, trials)
        registry.studies = many(250)
        page, asked_before = registry._page, len(registry.asked)

        def breaking(query: dict[str, str]) -> Any:
            if len(registry.asked) == asked_before + 4:
                raise RuntimeError("made to fail")
            return page(query)

        registry._page = breaking  # type: ignore[method-assign]
        with pytest.raises(RegistryError):
            run(registry, trials, retries=0)
        assert held(trials) == {"NCT91000000"}
        registry._page = page  # type: ignore[method-assign]
        registry.asked.clear()
        run(registry, trials, told)
    assert told[0] == "taking up a run that broke off"
    assert held(trials) == {s["protocolSection"]["identificationModule"]["nctId"] for s in many(250)}
    # What was fetched before is not fetched again.
    assert [("pageToken" in q) for q in registry.asked] == [True]


def test_a_run_begins_anew_when_asked_to_or_for_another_plan(trials: TrialStore) -> None:
    first = trials.begin("sync", {"a": 1}, resume=True)
    trials.add(first.id, [], {"query": 1})
    assert trials.begin("sync", {"a": 1}, resume=True).id == first.id
    assert trials.begin("sync", {"a": 1}, resume=False).id != first.id
    assert trials.begin("sync", {"a": 2}, resume=True).id != first.id


def test_a_run_of_yesterday_is_not_taken_up(trials: TrialStore, store: Store) -> None:
    first = trials.begin("sync", {}, resume=True)
    old = (datetime.now(UTC) - timedelta(hours=25)).replace(tzinfo=None)
    query = text("UPDATE trial_run SET started = :old")
    store.run("test", lambda c: c.execute(query, {"old": old}), Mode.WRITE)
    assert trials.begin("sync", {}, resume=True).id != first.id


def test_a_token_that_the_registry_forgot_begins_the_query_anew(trials: TrialStore) -> None:
    told: list[str] = []
    with running(*many(250)) as registry:
        page = registry._page

        def forgetting(query: dict[str, str]) -> Any:
            if "pageToken" in query and "forgot" not in told:
                registry.forget_tokens = True
                told.append("forgot")
            return page(query)

        registry._page = forgetting  # type: ignore[method-assign]
        run(registry, trials, told)
    assert "the registry no longer knows where it was: this query begins anew" in told
    assert len(held(trials)) == 250


def test_an_answer_that_was_cut_off_changes_nothing(trials: TrialStore) -> None:
    with running(study()) as registry:
        registry.cut = True
        with pytest.raises(RegistryError, match="cut off"):
            run(registry, trials)
    assert trials.snapshot() is None


def test_a_registry_that_gives_nothing_does_not_empty_the_snapshot(trials: TrialStore) -> None:
    with running(study()) as registry:
        run(registry, trials)
        registry.studies = []
        with pytest.raises(RegistryError, match="no study that can be used"):
            run(registry, trials)
    assert held(trials) == {"NCT90000001"}


def test_studies_that_cannot_be_used_are_named_and_the_rest_is_taken(trials: TrialStore) -> None:
    odd = study("NCT90000003")
    del odd["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"]
    odd["protocolSection"]["eligibilityModule"]["minimumAge"] = "ripe"
    with running(study(), odd) as registry:
        report = run(registry, trials)
    assert report.refused == (("NCT90000003", "has an age bound that cannot be read"),)
    assert held(trials) == {"NCT90000001"}
