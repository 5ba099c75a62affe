"""What a calendar says: rules that recur, and which of several sources speaks for a date."""

from datetime import date, timedelta

import pytest

from teams.calendar_changes import apply
from teams.calendar_content import Content, Recurrence, SpecialDay
from teams.errors import InvalidInput
from teams.worktime import WorkSchedule, is_working_day

WEEK = dict.fromkeys(range(1, 6), ((510, 720), (810, 1080)))
SATURDAY, SUNDAY = 6, 7
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def content(**fields) -> Content:
    return Content(**{"name_zh": "办", "name_en": "Office", "timezone": "Asia/Shanghai", "hours": WEEK, **fields})


def is_worked(day: date, **fields) -> bool:
    return is_working_day(day, WorkSchedule.from_dict(content(**fields).spec()))


@pytest.mark.parametrize("weekday", range(1, 8))
@pytest.mark.parametrize("nth", [-1, 1, 2, 3, 4, 5])
def test_the_nth_weekday_is_what_the_days_of_a_month_say(weekday, nth):
    found = list(Recurrence("off", weekday, nth, *YEAR).dates())

    expected = []
    for month in range(1, 13):
        days = [date(2026, month, 1) + timedelta(days=step) for step in range(31)]
        same = [day for day in days if day.month == month and day.isoweekday() == weekday]
        if nth < 0 or nth <= len(same):
            expected.append(same[nth if nth < 0 else nth - 1])
    assert found == expected


@pytest.mark.parametrize("weekday", range(1, 8))
def test_every_week_is_every_such_weekday_between_both_ends(weekday):
    first, last = date(2026, 2, 27), date(2026, 4, 4)

    found = list(Recurrence("workday", weekday, 0, first, last).dates())

    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    assert found == [day for day in days if day.isoweekday() == weekday]


def test_the_ends_of_a_rule_belong_to_it():
    last_saturday = date(2026, 3, 28)

    assert list(Recurrence("off", SATURDAY, -1, last_saturday, last_saturday).dates()) == [last_saturday]
    assert list(Recurrence("off", SATURDAY, -1, date(2026, 3, 29), date(2026, 4, 24)).dates()) == []


LAST_SATURDAY = date(2026, 3, 28)
RULE = Recurrence("workday", SATURDAY, -1, *YEAR)


@pytest.mark.parametrize(
    ("statutory", "own", "expected"),
    [
        ("", "", True),  # the rule alone
        ("off", "", False),  # statutory days win over the rule
        ("off", "workday", True),  # one's own day wins over both
        ("workday", "off", False),
        ("", "off", False),
    ],
)
def test_own_days_win_over_statutory_and_those_over_rules(statutory, own, expected):
    layers = {
        "statutory": {LAST_SATURDAY: SpecialDay(statutory)} if statutory else {},
        "own": {LAST_SATURDAY: SpecialDay(own)} if own else {},
        "recurring": (RULE,),
    }

    assert is_worked(LAST_SATURDAY, **layers) is expected


def test_a_rule_of_work_leaves_weekdays_alone_that_are_worked_anyway():
    hours = {**WEEK, 8: ((600, 660),)}
    rule = Recurrence("workday", 1, 0, *YEAR)

    assert content(hours=hours, recurring=(rule,)).spec()["extra_workdays"] == []


def days(day, first, last=None, name=""):
    return {"kind": "days", "day": day, "from": first, "to": last or first, "name": name}


def test_makeup_work_over_several_dates_touches_rest_days_only():
    changed = apply(content(), days("workday", "2026-03-02", "2026-03-08", "赶货"))

    assert list(changed.own) == [date(2026, 3, 7), date(2026, 3, 8)]


def test_back_to_normal_takes_the_own_day_back_and_the_statutory_one_holds_again():
    day = date(2026, 10, 1)
    before = content(statutory={day: SpecialDay("off", "国庆节", source="statutory")})

    worked = apply(before, days("workday", "2026-10-01"))
    again = apply(worked, days("normal", "2026-10-01"))

    assert worked.special_days()[day].kind == "workday"
    assert again == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (days("off", "2026-03-05", "2026-03-04"), "to"),
        (days("off", "2026-01-01", "2027-01-06"), "to"),  # 371 days
        (days("off", "1999-12-31", "2000-01-01"), "from"),
        (days("off", "2100-12-31", "2101-01-01"), "to"),
        (days("off", "2026-03-05", name="长" * 81), "name"),
        (days("holiday", "2026-03-05"), "day"),
        ({"kind": "import", "country": "XX", "year": 2026}, "country"),
        ({"kind": "import", "country": "中国", "year": 2026}, "country"),
        ({"kind": "import", "country": "CN", "year": 1999}, "year"),
        ({"kind": "import", "country": "CN", "year": 2101}, "year"),
        ({"kind": "recurring", **RULE.to_json(), "to": ""}, "to"),
        ({"kind": "recurring", **RULE.to_json(), "to": "2036-01-02"}, "to"),
        ({"kind": "recurring", **RULE.to_json(), "weekday": 8}, "weekday"),
        ({"kind": "recurring", **RULE.to_json(), "nth": 6}, "nth"),
        ({"kind": "recurring", **RULE.to_json(), "name": "x" * 81}, "name"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_its_field(changes, field):
    with pytest.raises(InvalidInput) as refusal:
        apply(content(), changes)

    assert list(refusal.value.fields) == [field]


def hours_change(hours=None, **fields):
    week = {str(weekday): [list(span) for span in spans] for weekday, spans in WEEK.items()}
    names = {"name_zh": "办", "name_en": "Office", "timezone": "Asia/Shanghai"}
    return {"kind": "hours", **names, "hours": {**week, **(hours or {})}, **fields}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (hours_change(timezone="Asia/Beijing"), "timezone"),
        (hours_change(name_zh=" "), "name_zh"),
        (hours_change(name_en="x" * 81), "name_en"),
        (hours_change({"3": [[600, 720], [719, 900]]}), "wed"),
        (hours_change({"6": [[720, 600]]}), "sat"),
        (hours_change({"7": [[600, 600]]}), "sun"),
        (hours_change({"8": [[600, 1441]]}), "makeup"),
        (hours_change({str(day): [] for day in range(1, 8)} | {"8": [[600, 700]]}), "hours"),
    ],
)
def test_hours_that_cannot_be_are_refused_by_their_field(changes, field):
    with pytest.raises(InvalidInput) as refusal:
        apply(content(), changes)

    assert list(refusal.value.fields) == [field]


def test_spans_that_touch_are_no_overlap():
    changed = apply(content(), hours_change({"1": [[720, 900], [600, 720]]}))

    assert changed.hours[1] == ((600, 720), (720, 900))


def test_a_change_that_changes_nothing_is_refused():
    with pytest.raises(InvalidInput):
        apply(content(), hours_change())


def imported(year, before=None, **fields):
    return apply(before or content(**fields), {"kind": "import", "country": "CN", "year": year})


def test_the_switch_takes_the_statutory_makeup_days_of_all_years_and_gives_them_back():
    before = imported(2026, imported(2025))
    own = {date(2026, 3, 7): SpecialDay("workday", "赶货")}
    with_own = Content(**{**before.__dict__, "own": own})

    without = apply(with_own, {"kind": "makeup", "follows": False})
    again = apply(without, {"kind": "makeup", "follows": True})

    assert {special.kind for special in without.statutory.values()} == {"off"}
    assert without.own == own
    assert again == with_own
    assert sum(special.kind == "workday" for special in again.statutory.values()) == 11  # 5 in 2025, 6 in 2026


def test_a_year_whose_makeup_days_are_not_announced_stays_provisional():
    changed = imported(2027, imported(2026))

    assert changed.loaded_years == [2026, 2027]
    assert changed.verified_until == date(2026, 12, 31)


def test_an_older_year_does_not_shorten_what_is_verified():
    assert imported(2025, imported(2026)).verified_until == date(2026, 12, 31)


def test_years_are_loaded_without_a_gap():
    with pytest.raises(InvalidInput) as refusal:
        imported(2028, imported(2026))

    assert list(refusal.value.fields) == ["year"]
    assert "2027" in str(refusal.value)


def test_loading_a_year_again_replaces_its_statutory_days_and_keeps_own_ones():
    before = imported(2026)
    wrong = {**before.statutory, date(2026, 7, 1): SpecialDay("off", "误", source="statutory")}
    own = {date(2026, 10, 1): SpecialDay("workday", "赶货")}

    changed = imported(2026, Content(**{**before.__dict__, "statutory": wrong, "own": own}))

    assert (changed.statutory, changed.own) == (before.statutory, own)


def test_another_country_replaces_the_days_of_the_first():
    changed = apply(imported(2026), {"kind": "import", "country": "DE", "year": 2026})

    assert changed.country == "DE"
    assert changed.statutory[date(2026, 10, 3)].name_en == "German Unity Day"
    assert date(2026, 10, 1) not in changed.statutory
