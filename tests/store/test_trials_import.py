"""Downloaded study files: what can be used is taken, what cannot is named."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_rules.trials.study import REGISTRY
from service.store.trials import TrialStore
from service.trials.registry.importing import import_files, take
from tests.registry import running, study
from tests.store.registry_runs import ON, Json, held, run, write


@pytest.mark.parametrize(
    "shape",
    [
        lambda a, b: [[a, b]],
        lambda a, b: [{"studies": [a, b], "nextPageToken": "t"}],
        lambda a, b: [a, b],
        lambda a, b: [{"studies": [a]}, {"studies": [b]}],
        lambda a, b: [[{"studies": [a]}, {"studies": [b]}]],
    ],
    ids=["list", "page", "lines", "pages a line", "list of pages"],
)
def test_files_of_every_shape_are_taken(
    trials: TrialStore, tmp_path: Path, shape: Callable[[Json, Json], list[Any]]
) -> None:
    path = write(tmp_path, "x.json", *shape(study(), study("NCT90000002")))
    report = import_files(trials, take([path], ON), replace=False)
    assert (report.refused, report.flagged) == ((), ())
    assert held(trials) == {"NCT90000001", "NCT90000002"}


def test_a_study_of_its_own_is_taken_with_the_day_of_the_registrys_data(
    trials: TrialStore, tmp_path: Path
) -> None:
    import_files(trials, take([write(tmp_path, "NCT90000001.json", study())], ON), replace=False)
    info = trials.snapshot()
    assert info is not None
    (record,) = trials.records(info.run)
    assert (record.checked_on, record.source) == (date(2025, 11, 14), REGISTRY)


def test_the_day_of_a_file_is_the_one_given_else_the_least_that_is_known(tmp_path: Path) -> None:
    bare = study()
    del bare["derivedSection"]
    path = write(tmp_path, "x.json", bare)
    assert [r.checked_on for r in take([path], ON, date(2025, 11, 19)).records] == [date(2025, 11, 19)]
    assert [r.checked_on for r in take([path], ON).records] == [date(2025, 11, 12)]
    del bare["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]
    taken = take([write(tmp_path, "y.json", bare)], ON)
    assert taken.records == ()
    assert taken.refused[0][1] == "says no day on which it was true: give it with --as-of"
    early = take([write(tmp_path, "z.json", study())], date(2025, 11, 13))
    assert early.refused[0][1] == "is of a day that is still to come"


def test_bad_studies_are_named_and_the_rest_is_imported(trials: TrialStore, tmp_path: Path) -> None:
    reversed_ages = study("NCT90000004", eligibilityModule={"minimumAge": "30 Years", "maximumAge": "1 Year"})
    page = {
        "studies": [study(), study("NCT90000002", status="OPENISH"), {"Study": {}}, study(), reversed_ages]
    }
    cut = json.dumps({"totalCount": 2, "studies": [study("NCT90000005"), study("NCT90000006")]})[:-900]
    files = [write(tmp_path, "page.json", page), write(tmp_path, "cut.json", cut), tmp_path / "none.json"]
    report = import_files(trials, take(files, ON), replace=False)
    assert held(trials) == {"NCT90000001", "NCT90000004", "NCT90000005"}
    refused = dict(report.refused)
    at = tmp_path / "page.json"
    assert refused[f"NCT90000002 ({at}, study 2)"] == "has a status that is not one of the 14 of API v2"
    assert refused[f"{at}, study 3"] == "is in the form of the older API, not of v2"
    assert refused[f"NCT90000006 ({tmp_path / 'cut.json'}, study 2)"] == "was cut off"
    assert refused[str(tmp_path / "none.json")] == "cannot be read: no such file or directory"
    assert [why for _, why in report.flagged] == [
        "it is there twice: the same again",
        "its age range is reversed: the age is left to the trial team",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("{}", "is not in the form of API v2"),
        ("<html>", "is not JSON, or was cut off"),
        (
            '{"protocolSection": {"identificationModule": {"nctId": "NCT90000001"',
            "is not JSON, or was cut off",
        ),
        ("[]", "holds no study"),
        ('{"studies": []}', "holds no study"),
        ("\x00\x00", "is not JSON, or was cut off"),
    ],
)
def test_a_file_without_any_study_leaves_the_snapshot(
    trials: TrialStore, tmp_path: Path, content: str, why: str
) -> None:
    import_files(trials, take([write(tmp_path, "a.json", study())], ON), replace=False)
    report = import_files(trials, take([write(tmp_path, "x.json", content)], ON), replace=True)
    assert [reason for _, reason in report.refused] == [why]
    assert report.snapshot is None
    assert held(trials) == {"NCT90000001"}
    if "NCT9" in content:
        assert report.refused[0][0].startswith("NCT90000001 (")


def test_a_broken_line_is_named_and_the_other_lines_are_taken(tmp_path: Path) -> None:
    lines = [study(), json.dumps(study("NCT90000002"))[:200], study("NCT90000003")]
    taken = take([write(tmp_path, "x.ndjson", *lines)], ON)
    assert [r.nct_id for r in taken.records] == ["NCT90000001", "NCT90000003"]
    assert taken.refused == (
        (f"NCT90000002 ({tmp_path / 'x.ndjson'}, line 2)", "is not JSON, or was cut off"),
    )


def test_an_import_adds_to_the_snapshot_and_the_later_record_stays(
    trials: TrialStore, tmp_path: Path
) -> None:
    with running(study(), study("NCT90000002")) as registry:
        run(registry, trials)
    old = study(status="COMPLETED")
    report = import_files(
        trials, take([write(tmp_path, "x.json", [old, study("NCT90000003")])], ON), replace=False
    )
    assert report.flagged == (("NCT90000001", "a record checked later is held already, and kept"),)
    assert held(trials) == {"NCT90000001", "NCT90000002", "NCT90000003"}
    newer = take([write(tmp_path, "y.json", old)], ON, as_of=ON)
    import_files(trials, newer, replace=True)
    assert held(trials) == {"NCT90000001"}


def test_of_two_records_in_files_the_later_change_is_taken(tmp_path: Path) -> None:
    later = study(
        statusModule={"lastUpdatePostDateStruct": {"date": "2025-11-13"}, "overallStatus": "COMPLETED"}
    )
    for pair in ([study(), later], [later, study()]):
        taken = take([write(tmp_path, "x.json", pair)], ON)
        (record,) = taken.records
        assert "COMPLETED" in record.record
        assert taken.flagged[0][1] == "it is there twice: the later one is taken"
