from datetime import date

import pytest

from cds_rules.patient.dates import PartialDate, add_months, whole_months, whole_years


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2020", date(2020, 1, 1), date(2020, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021-02", date(2021, 2, 1), date(2021, 2, 28)),
        ("2020-02-29", date(2020, 2, 29), date(2020, 2, 29)),
        ("2020-02-29T23:59:59.999+14:00", date(2020, 2, 29), date(2020, 2, 29)),
        ("2020-12-31T00:00:00Z", date(2020, 12, 31), date(2020, 12, 31)),
    ],
)
def test_a_fhir_date_is_read_as_an_interval(text: str, earliest: date, latest: date) -> None:
    read = PartialDate.parse(text)
    assert (read.earliest, read.latest) == (earliest, latest)
    assert read.exact is (earliest == latest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "2020-1",
        "2020-13",
        "2021-02-29",
        "2020-02-30",
        "2020-00-01",
        "29.02.2020",
        "2020-02-29 10:00",
    ],
)
def test_what_is_no_fhir_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        PartialDate.parse(text)


def test_an_interval_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        PartialDate(date(2020, 1, 2), date(2020, 1, 1))


def test_an_interval_that_is_no_month_or_year_is_written_with_both_ends() -> None:
    assert str(PartialDate(date(2020, 1, 5), date(2020, 2, 4))) == "2020-01-05 to 2020-02-04"
    assert str(PartialDate(date(2020, 1, 1), date(2021, 12, 31))) == "2020-01-01 to 2021-12-31"
    assert str(PartialDate.on(date(2020, 1, 5))) == "2020-01-05"


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2020, 1, 15), 18, date(2021, 7, 15)),
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
        (date(2021, 1, 31), 1, date(2021, 2, 28)),
        (date(2021, 1, 29), 1, date(2021, 2, 28)),
        (date(2021, 1, 30), 1, date(2021, 2, 28)),
        (date(2020, 2, 29), 36, date(2023, 2, 28)),
        (date(2020, 2, 29), 48, date(2024, 2, 29)),
        (date(2020, 2, 28), 48, date(2024, 2, 28)),
        (date(2018, 8, 31), 18, date(2020, 2, 29)),
        (date(2019, 12, 31), 6, date(2020, 6, 30)),
        (date(2020, 12, 1), 1, date(2021, 1, 1)),
        (date(2020, 3, 31), -1, date(2020, 2, 29)),
        (date(2020, 1, 15), -1, date(2019, 12, 15)),
    ],
)
def test_calendar_months_later(start: date, months: int, expected: date) -> None:
    assert add_months(start, months) == expected


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2020, 1, 15), date(2020, 1, 15), 0),
        (date(2020, 1, 15), date(2021, 7, 14), 17),
        (date(2020, 1, 15), date(2021, 7, 15), 18),
        (date(2020, 1, 15), date(2023, 1, 14), 35),
        (date(2020, 1, 15), date(2023, 1, 15), 36),
        (date(2020, 8, 31), date(2022, 2, 27), 17),
        (date(2020, 8, 31), date(2022, 2, 28), 18),
        (date(2020, 2, 29), date(2023, 2, 27), 35),
        (date(2020, 2, 29), date(2023, 2, 28), 36),
        (date(2020, 1, 15), date(2020, 1, 14), -1),
    ],
)
def test_completed_months(start: date, end: date, months: int) -> None:
    assert whole_months(start, end) == months


def test_a_birthday_completes_a_year() -> None:
    birth = date(2000, 6, 15)
    assert whole_years(birth, date(2018, 6, 14)) == 17
    assert whole_years(birth, date(2018, 6, 15)) == 18


def test_born_on_29_february_a_year_is_completed_on_the_28th() -> None:
    birth = date(2004, 2, 29)
    assert whole_years(birth, date(2022, 2, 27)) == 17
    assert whole_years(birth, date(2022, 2, 28)) == 18


@pytest.mark.parametrize("year", [1850, 2200])
def test_the_first_and_the_last_year_of_a_patient(year: int) -> None:
    assert PartialDate.parse(str(year)) == PartialDate(date(year, 1, 1), date(year, 12, 31))
    assert PartialDate.parse(f"{year}-05-06") == PartialDate.on(date(year, 5, 6))


@pytest.mark.parametrize("text", ["0001", "1849", "1849-12-31", "2201", "2201-01-01", "9999-12-31"])
def test_a_year_outside_is_a_filler(text: str) -> None:
    with pytest.raises(ValueError, match="not a plausible year"):
        PartialDate.parse(text)


@pytest.mark.parametrize("text", ["2020", "2020-02", "2021-12", "2020-02-29"])
def test_a_date_is_written_as_it_was_given(text: str) -> None:
    assert str(PartialDate.parse(text)) == text
