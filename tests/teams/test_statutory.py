"""Statutory days against the notices of the State Council for 2023 to 2026."""

from datetime import date, timedelta

import pytest

from teams.statutory import MOVES_WORKDAYS, UnknownCountry, china_days, statutory_days

# First and last day of each break, weekends included.
BREAKS = {
    2023: ["01-01 01-02", "01-21 01-27", "04-05 04-05", "04-29 05-03", "06-22 06-24", "09-29 10-06", "12-30 12-31"],
    2024: ["01-01 01-01", "02-10 02-17", "04-04 04-06", "05-01 05-05", "06-08 06-10", "09-15 09-17", "10-01 10-07"],
    2025: ["01-01 01-01", "01-28 02-04", "04-04 04-06", "05-01 05-05", "05-31 06-02", "10-01 10-08"],
    2026: ["01-01 01-03", "02-15 02-23", "04-04 04-06", "05-01 05-05", "06-19 06-21", "09-25 09-27", "10-01 10-07"],
}
MAKEUP_WORKDAYS = {
    2023: ["01-28", "01-29", "04-23", "05-06", "06-25", "10-07", "10-08"],
    2024: ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}


def day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize("year", BREAKS)
def test_china_is_off_in_whole_breaks(year):
    expected = []
    for first, last in (pair.split() for pair in BREAKS[year]):
        expected += [one for one in days_of(year) if day(year, first) <= one <= day(year, last)]

    assert list(china_days([year]).off) == expected


@pytest.mark.parametrize("year", MAKEUP_WORKDAYS)
def test_china_works_on_the_announced_weekend_days(year):
    assert list(china_days([year]).workdays) == [day(year, text) for text in MAKEUP_WORKDAYS[year]]


def test_china_has_248_working_days_in_2026():
    china = china_days([2026])
    weekdays = [one for one in days_of(2026) if one.weekday() < 5]

    assert len([one for one in weekdays if one in china.off]) == 19
    assert len([one for one in weekdays if one not in china.off]) + len(china.workdays) == 248


def test_several_years_are_the_sum_of_the_years():
    together = china_days(range(2023, 2027))

    assert together.off == {one: name for year in BREAKS for one, name in china_days([year]).off.items()}
    assert together.workdays == {one: name for year in BREAKS for one, name in china_days([year]).workdays.items()}


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        (date(2026, 1, 1), "元旦", "New Year's Day"),
        (date(2026, 10, 6), "国庆节", "National Day"),  # moved from a weekend
        (date(2026, 2, 22), "春节", "Chinese New Year (Spring Festival)"),  # a Sunday inside the break
        (date(2026, 4, 6), "清明节（补假）", "Tomb-Sweeping Day (observed)"),
    ],
)
def test_days_off_are_named_in_both_languages(when, zh, en):
    assert china_days([2026], "zh_CN").off[when] == zh
    assert china_days([2026], "en_US").off[when] == en


def test_a_makeup_workday_names_the_holiday_it_pays_for():
    # The Sunday stands closer to the Mid-Autumn Festival of 09-25, and pays for 10-06.
    assert china_days([2026]).workdays[date(2026, 9, 20)] == "补班（国庆节）"
    assert china_days([2026], "en_US").workdays[date(2026, 9, 20)] == "Make-up workday (National Day)"


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([2025, 2026], date(2026, 12, 31)),
        ([2026, 2090], date(2026, 12, 31)),
        ([2090], date(2089, 12, 31)),
        ([2090, 2026], date(2026, 12, 31)),
    ],
)
def test_a_year_without_announced_makeup_days_is_not_verified(years, expected):
    assert china_days(years).verified_until == expected
    assert statutory_days("CN", years).verified_until == expected


def test_the_new_year_break_reaches_back_into_december():
    assert china_days([2023]).off[date(2023, 12, 31)] == "元旦"
    assert date(2023, 12, 31) not in china_days([2024]).off


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="fr_FR"):
        china_days([2026], "fr_FR")


def test_no_year_is_refused():
    with pytest.raises(ValueError, match="at least one year"):
        china_days([])


def test_another_country_has_its_own_days():
    us = statutory_days("us", [2026])

    assert us.off[date(2026, 11, 26)] == "Thanksgiving Day"
    assert us.workdays == {}
    assert us.verified_until == date(2026, 12, 31)


def test_a_subdivision_has_its_own_days():
    assert date(2026, 1, 6) in statutory_days("DE", [2026], subdivision="BY").off
    assert date(2026, 1, 6) not in statutory_days("DE", [2026]).off


def test_estimated_dates_are_not_verified():
    malaysia = statutory_days("MY", [2026, 2040])

    assert any("estimated" in name for name in malaysia.off.values())
    assert malaysia.verified_until == date(2026, 12, 31)


def test_a_language_the_country_lacks_falls_back_to_english():
    assert statutory_days("US", [2026], language="zh_CN").off[date(2026, 7, 4)] == "Independence Day"


@pytest.mark.parametrize(("country", "subdivision"), [("XX", None), ("CN", "Q")])
def test_an_unknown_country_is_refused(country, subdivision):
    with pytest.raises(UnknownCountry):
        statutory_days(country, [2026], subdivision=subdivision)


@pytest.mark.parametrize("country", sorted(MOVES_WORKDAYS))
def test_countries_that_move_workdays_did_so_lately(country):
    assert statutory_days(country, [2024, 2025, 2026]).workdays
