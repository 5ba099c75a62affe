"""What a schedule's spec may say, and which field a refusal names."""

import pickle
from datetime import UTC, date, datetime

import pytest

from teams.worktime import ScheduleError, WorkSchedule

OFFICE = [["08:30", "12:00"], ["13:30", "18:00"]]


def spec(**changes):
    return {"timezone": "Asia/Shanghai", "hours": {"mon": OFFICE, "tue": OFFICE}} | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": None}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "America"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": 8}, "timezone"),
        ({"hours": None}, "hours"),
        ({"hours": [OFFICE]}, "hours"),
        ({"hours": {"monday": OFFICE}}, "hours.monday"),
        ({"hours": {"mon": "08:00-12:00"}}, "hours.mon"),
        ({"hours": {"mon": ["08:00", "12:00"]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["08:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [*OFFICE, ["25:00", "26:00"]]}}, "hours.mon[2]"),
        ({"hours": {"mon": [["08:60", "12:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["8:00", "12:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["08:00", "24:01"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["24:00", "08:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["08:00", "08:00"]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [[8, 12]]}}, "hours.mon[0]"),
        ({"hours": {"mon": [["０８:00", "12:00"]]}}, "hours.mon[0]"),
        ({"holidays": ["2026-02-30"]}, "holidays[0]"),
        ({"holidays": ["2026-01-01", 20260102]}, "holidays[1]"),
        ({"holidays": [datetime(2026, 1, 1, tzinfo=UTC)]}, "holidays[0]"),
        ({"holidays": "2026-01-01"}, "holidays"),
        ({"holidays": 2026}, "holidays"),
        ({"extra_workdays": ["soon"]}, "extra_workdays[0]"),
        ({"extra_workday_hours": [["09:00", "09:00"]]}, "extra_workday_hours[0]"),
        ({"hours": {}, "extra_workdays": ["2026-01-04"]}, "extra_workday_hours"),
        ({"date_hours": ["2026-01-04"]}, "date_hours"),
        ({"date_hours": {"2026-13-01": OFFICE}}, "date_hours"),
        ({"date_hours": {"2026-01-04": [["9", "10"]]}}, "date_hours.2026-01-04[0]"),
        ({"holiday": ["2026-01-01"]}, "holiday"),
    ],
)
def test_a_bad_value_is_refused_by_name(changes, field):
    with pytest.raises(ScheduleError) as refusal:
        WorkSchedule.from_dict(spec(**changes))

    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field}: ")


@pytest.mark.parametrize("value", [None, [], "Asia/Shanghai"])
def test_what_is_not_a_mapping_is_refused(value):
    with pytest.raises(ScheduleError, match=r"^schedule: "):
        WorkSchedule.from_dict(value)


@pytest.mark.parametrize(
    "same",
    [
        spec(hours={"mon": OFFICE[::-1], "tue": OFFICE}),
        spec(hours={"mon": [["08:30", "10:00"], ["09:00", "12:00"], ["13:30", "18:00"]], "tue": OFFICE}),
        spec(hours={"mon": [["08:30", "10:00"], ["10:00", "12:00"], ["13:30", "18:00"]], "tue": OFFICE}),
        spec(hours={"mon": (("08:30:00", "12:00"), ("13:30", "18:00")), "tue": OFFICE, "wed": [], "thu": None}),
        spec(holidays=None, extra_workdays=None, extra_workday_hours=None, date_hours=None),
        spec(extra_workday_hours=OFFICE),
    ],
)
def test_schedules_with_the_same_rules_are_equal(same):
    first, second = WorkSchedule.from_dict(spec()), WorkSchedule.from_dict(same)

    assert first == second
    assert hash(first) == hash(second)
    assert first.key == second.key


def test_what_a_holiday_hides_does_not_tell_schedules_apart():
    closed = spec(holidays=[date(2026, 1, 4)])
    hidden = closed | {"extra_workdays": ["2026-01-04"], "date_hours": {"2026-01-04": OFFICE}}

    assert WorkSchedule.from_dict(hidden) == WorkSchedule.from_dict(closed)


@pytest.mark.parametrize(
    "other",
    [
        spec(timezone="Asia/Tokyo"),
        spec(hours={"mon": OFFICE}),
        spec(holidays=["2026-01-01"]),
        spec(extra_workdays=["2026-01-04"]),
        spec(date_hours={"2026-01-05": []}),
    ],
)
def test_schedules_with_other_rules_differ(other):
    first, second = WorkSchedule.from_dict(spec()), WorkSchedule.from_dict(other)

    assert first != second
    assert first.key != second.key


def test_the_key_is_the_same_in_every_process():
    # Caches outlive processes: a change of this digest makes every cached result stale.
    assert WorkSchedule.from_dict(spec()).key == "ccd99b4bf496dad2b7d66743f42324368df5eb91d6086a2be7ed7eac6c65385d"


def test_a_schedule_survives_its_own_dict_and_pickle():
    rules = spec(
        hours={
            "mon": [["22:00", "06:00"], ["09:00:30", "24:00"]],
            "tue": [["06:00", "24:00"], ["22:00", "06:00"]],  # together 24 hours from 06:00
            "wed": [["00:00", "24:00"], ["22:00", "06:00"]],  # together 30 hours
            "sun": [["00:00", "24:00"]],
        },
        holidays=["2026-01-01"],
        extra_workdays=["2026-01-04"],
        date_hours={"2026-01-05": [["10:00", "00:00"]]},
    )
    schedule = WorkSchedule.from_dict(rules)
    assert schedule.years.year(2026).openings  # laid out before it is pickled

    assert WorkSchedule.from_dict(schedule.to_dict()) == schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule  # noqa: S301 (our own bytes)


def test_a_schedule_cannot_be_changed():
    with pytest.raises(AttributeError):
        WorkSchedule.from_dict(spec()).timezone = "UTC"
