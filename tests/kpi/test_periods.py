"""Periods and their parts, in plain dates."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi.periods import SIZES, Period, month_of

ZONE = "Asia/Shanghai"


def test_period_begins_and_ends_with_the_days_of_its_zone():
    period = Period(date(2026, 3, 1), date(2026, 4, 1), ZONE)

    assert period.start_at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert period.end_at == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert period.last == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("first", "end", "before"),
    [
        (date(2026, 3, 1), date(2026, 4, 1), date(2026, 2, 1)),
        (date(2026, 1, 1), date(2026, 2, 1), date(2025, 12, 1)),
        (date(2026, 1, 1), date(2026, 4, 1), date(2025, 10, 1)),
        (date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 3)),
    ],
)
def test_previous_period_is_as_long_in_months_or_days(first, end, before):
    assert Period(first, end, ZONE).previous() == Period(before, first, ZONE)


@pytest.mark.parametrize("size", SIZES)
def test_parts_cover_the_period_without_gaps(size):
    period = Period(date(2023, 11, 8), date(2026, 2, 20), ZONE)

    parts = period.buckets(size)

    assert [part.period.first for part in parts] == [period.first, *(part.period.end for part in parts[:-1])]
    assert parts[-1].period.end == period.end
    assert len({part.key for part in parts}) == len(parts) <= period.bucket_count(size)
    for part in parts[1:]:
        assert part.start == part.period.first


def test_keys_of_parts():
    period = Period(date(2024, 12, 30), date(2025, 1, 2), ZONE)

    keys = {size: [part.key for part in period.buckets(size)] for size in SIZES}

    assert keys == {
        "day": ["2024-12-30", "2024-12-31", "2025-01-01"],
        "week": ["2025-W01"],  # ISO 8601
        "month": ["2024-12", "2025-01"],
        "quarter": ["2024-Q4", "2025-Q1"],
        "year": ["2024", "2025"],
    }


def test_month_of_a_day():
    assert month_of(date(2026, 12, 31), ZONE) == Period(date(2026, 12, 1), date(2027, 1, 1), ZONE)


def test_spring_forward_is_a_shorter_day():
    day = Period(date(2026, 3, 29), date(2026, 3, 30), "Europe/Berlin")

    # Subtracting instants of one zone compares wall clocks; in UTC the hour is missing.
    assert day.end_at.astimezone(UTC) - day.start_at.astimezone(UTC) == timedelta(hours=23)
