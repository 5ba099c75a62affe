"""What holds for every schedule, found out with random ones; the oracle walks minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from teams.worktime import (
    WorkSchedule,
    add_working_days,
    add_working_time,
    end_of_working_day,
    is_working_day,
    is_working_time,
    next_opening,
    working_days_between,
    working_time_between,
)

MINUTE, HOUR, ONE_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Clock changes by an hour in both hemispheres, at midnight (Havana, São Paulo), by half an hour, and a zone without.
ZONES = (
    *("America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Havana", "America/Sao_Paulo"),
    *("Australia/Lord_Howe", "Asia/Shanghai", "Asia/Kathmandu"),
)
# Each stretch of dates has a clock change in some of the zones, the new year included.
STRETCHES = (date(2018, 3, 8), date(2018, 3, 22), date(2018, 10, 27), date(2018, 12, 27), date(2018, 2, 14))
STRETCH = 9

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def clock_time(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


minutes_of_day = st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 90, 120, 150, 180, 540, 1020, 1380]))
segment = st.tuples(minutes_of_day, st.one_of(minutes_of_day, st.just(1440))).filter(lambda pair: pair[0] != pair[1])
segments = st.lists(segment.map(lambda pair: [clock_time(pair[0]), clock_time(pair[1])]), max_size=3)


@st.composite
def situations(draw):
    """A schedule's spec, the first date of a stretch with exceptions in it, and pauses."""
    first = draw(st.sampled_from(STRETCHES))
    dates = st.integers(0, STRETCH).map(lambda n: (first + timedelta(days=n)).isoformat())
    spec = {
        "timezone": draw(st.sampled_from(ZONES)),
        "hours": draw(st.dictionaries(st.sampled_from(WEEKDAYS), segments, max_size=7)),
        "holidays": draw(st.lists(dates, max_size=3)),
        "extra_workdays": draw(st.lists(dates, max_size=2)),
        "extra_workday_hours": draw(segments),
        "date_hours": draw(st.dictionaries(dates, segments, max_size=3)),
    }
    starts = draw(st.lists(instants(first), max_size=3))
    pauses = [(start, start + MINUTE * draw(st.integers(0, 3000))) for start in starts]
    return spec, first, pauses


def instants(first):
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return st.integers(0, STRETCH * 1440).map(lambda minute: begin + MINUTE * minute)


def hours_on(spec, day):
    if day.isoformat() in spec["holidays"]:
        return []
    if day.isoformat() in spec["date_hours"]:
        return spec["date_hours"][day.isoformat()]
    if day.isoformat() in spec["extra_workdays"]:
        return spec["extra_workday_hours"]
    return spec["hours"].get(WEEKDAYS[day.weekday()], [])


def local(day, text, zone):
    hour, minute = map(int, text.split(":"))
    day += ONE_DAY * (hour == 24)
    return datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone).astimezone(UTC)


def joined(segments):
    """Segments of a date that touch or overlap are one, before any clock change: minutes from its midnight."""
    spans: list[list[int]] = []
    for opening, closing in sorted((minute_of(opening), minute_of(closing)) for opening, closing in segments):
        end = closing + 1440 * (closing < opening)
        if spans and opening <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([opening, end])
    return spans


def minute_of(text):
    hour, minute = map(int, text.split(":"))
    return 60 * hour + minute


def open_minutes(spec, first, pauses=()):
    """The oracle: every open minute around the stretch, by its first instant, found by walking each segment."""
    zone = ZoneInfo(spec["timezone"])
    minutes = set()
    for n in range(-3, STRETCH + 4):
        day = first + timedelta(days=n)
        for opening, closing in joined(hours_on(spec, day)):
            minute, end = (
                local(day + ONE_DAY * (at // 1440), clock_time(at % 1440), zone) for at in (opening, closing)
            )
            while minute < end:
                is_off = spec["holidays"] and minute.astimezone(zone).date().isoformat() in spec["holidays"]
                if not is_off and not any(since <= minute < until for since, until in pauses):
                    minutes.add(minute)
                minute += MINUTE
    # What reaches in from outside is not known at the margins.
    begin = local(first - 2 * ONE_DAY, "00:00", UTC)
    return sorted(minute for minute in minutes if begin <= minute < begin + (STRETCH + 5) * ONE_DAY)


@relaxed
@given(situations(), st.data())
def test_measuring_is_counting_minutes(situation, data):
    spec, first, pauses = situation
    start, end = sorted([data.draw(instants(first)), data.draw(instants(first))])
    expected = [minute for minute in open_minutes(spec, first, pauses) if start <= minute < end]

    assert working_time_between(start, end, WorkSchedule.from_dict(spec), pauses) == MINUTE * len(expected)


@relaxed
@given(situations(), st.data())
def test_open_is_being_in_an_open_minute(situation, data):
    spec, first, pauses = situation
    minute = data.draw(instants(first))
    inside = minute + timedelta(seconds=data.draw(st.integers(0, 59)))

    assert is_working_time(inside, WorkSchedule.from_dict(spec), pauses) is (
        minute in open_minutes(spec, first, pauses)
    )


@relaxed
@given(situations(), st.data())
def test_adding_is_walking_over_open_minutes(situation, data):
    spec, first, pauses = situation
    start = data.draw(instants(first))
    ahead = [minute for minute in open_minutes(spec, first, pauses) if minute >= start]
    assume(ahead)
    count = data.draw(st.integers(0, len(ahead) - 1))
    expected = ahead[count - 1] + MINUTE if count else ahead[0]

    assert add_working_time(start, MINUTE * count, WorkSchedule.from_dict(spec), pauses) == expected


@relaxed
@given(situations(), st.data())
def test_subtracting_is_walking_back_over_open_minutes(situation, data):
    spec, first, pauses = situation
    start = data.draw(instants(first))
    behind = [minute for minute in open_minutes(spec, first, pauses) if minute < start]
    assume(behind)
    count = data.draw(st.integers(1, len(behind)))

    assert add_working_time(start, -MINUTE * count, WorkSchedule.from_dict(spec), pauses) == behind[-count]


# A minute a week may be all there is, and this much of it takes 140 years.
LONGEST = timedelta(days=5)
amounts = st.timedeltas(-LONGEST, LONGEST)
# Amounts may be longer than the stretch, so at least one weekday is worked.
weeks = situations().filter(lambda situation: any(situation[0]["hours"].values()))


@relaxed
@given(weeks, st.data(), amounts)
def test_what_was_added_can_be_measured(situation, data, amount):
    spec, first, pauses = situation
    schedule, start = WorkSchedule.from_dict(spec), data.draw(instants(first))

    end = add_working_time(start, amount, schedule, pauses)

    assert working_time_between(start, end, schedule, pauses) == amount
    if amount >= timedelta(0):
        assert end >= start
    else:
        assert end < start


@relaxed
@given(weeks, st.data())
def test_parts_of_an_interval_add_up(situation, data):
    spec, first, pauses = situation
    schedule = WorkSchedule.from_dict(spec)
    one, two, three = (data.draw(instants(first)) for _ in range(3))

    whole = working_time_between(one, three, schedule, pauses)

    assert whole == working_time_between(one, two, schedule, pauses) + working_time_between(
        two, three, schedule, pauses
    )
    assert whole == -working_time_between(three, one, schedule, pauses)


@relaxed
@given(weeks, st.data(), amounts)
def test_moving_the_start_inside_closed_time_changes_nothing(situation, data, amount):
    spec, first, pauses = situation
    schedule, start = WorkSchedule.from_dict(spec), data.draw(instants(first))
    opening = add_working_time(start, timedelta(0), schedule, pauses)
    moved = start + (opening - start) * data.draw(st.floats(0, 1))

    assert add_working_time(start, amount, schedule, pauses) == add_working_time(moved, amount, schedule, pauses)


@relaxed
@given(weeks, st.data(), st.timedeltas(timedelta(microseconds=1), LONGEST))
def test_walking_back_is_the_mirror(situation, data, amount):
    """From where an amount ends, walking back the same amount gives the next opening of the start."""
    spec, first, pauses = situation
    schedule, start = WorkSchedule.from_dict(spec), data.draw(instants(first))

    end = add_working_time(start, amount, schedule, pauses)

    opening = add_working_time(start, timedelta(0), schedule, pauses)
    assert add_working_time(end, -amount, schedule, pauses) == opening


@relaxed
@given(weeks, st.data(), amounts, amounts)
def test_amounts_of_the_same_sign_can_be_added_one_by_one(situation, data, one, two):
    assume(min(one, two) > timedelta(0) or max(one, two) < timedelta(0))
    spec, first, pauses = situation
    schedule, start = WorkSchedule.from_dict(spec), data.draw(instants(first))

    in_steps = add_working_time(add_working_time(start, one, schedule, pauses), two, schedule, pauses)

    assert in_steps == add_working_time(start, one + two, schedule, pauses)


@relaxed
@given(
    st.sampled_from((*ZONES, "Pacific/Apia", "America/St_Johns", "Africa/Casablanca")),
    st.datetimes(datetime(1850, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (bounds are naive)
    st.timedeltas(timedelta(days=-9000), timedelta(days=9000)),
)
def test_round_the_clock_is_wall_clock(zone, start, amount):
    always = WorkSchedule.from_dict(
        {"timezone": zone, "hours": {weekday: [["00:00", "24:00"]] for weekday in WEEKDAYS}}
    )

    assert add_working_time(start, amount, always) == start + amount
    assert working_time_between(start, start + amount, always) == amount
    assert is_working_time(start, always)
    assert next_opening(start, always) == start


@relaxed
@given(weeks, st.integers(-STRETCH, STRETCH), st.integers(-300, 300))
def test_working_days_are_counted_one_by_one(situation, shift, days):
    spec, first, _ = situation
    schedule, start = WorkSchedule.from_dict(spec), first + timedelta(days=shift)

    reached = add_working_days(start, days, schedule)

    step, day, left = ONE_DAY if days >= 0 else -ONE_DAY, start, abs(days)
    if days == 0:
        while not hours_on(spec, day):
            day += ONE_DAY
    while left:
        day += step
        left -= bool(hours_on(spec, day))
    assert reached == day
    assert is_working_day(reached, schedule)
    if days > 0:
        assert working_days_between(start, reached, schedule) == days


@relaxed
@given(situations(), st.integers(0, STRETCH))
def test_the_end_of_a_working_day_is_never_followed_by_its_work(situation, shift):
    spec, first, _ = situation
    schedule, day = WorkSchedule.from_dict(spec), first + timedelta(days=shift)
    assume(is_working_day(day, schedule))
    own_hours = {day.isoformat(): hours_on(spec, day)}

    minutes = open_minutes(spec | {"hours": {}, "extra_workdays": [], "date_hours": own_hours}, first)

    assert not minutes or end_of_working_day(day, schedule) == minutes[-1] + MINUTE


def test_the_oracle_is_not_blind():
    spec = {"timezone": "America/New_York", "hours": {"sun": [["01:00", "04:00"]]}}
    spec |= {"holidays": [], "extra_workdays": [], "date_hours": {}}

    assert len(open_minutes(spec, date(2018, 3, 8))) == (2 + 3) * 60


def test_hours_that_overlap_are_one_before_the_clocks_change():
    """On the day whose hour from 2 to 3 is skipped, 2:01 is 3:01; hours that begin at 3:00 are part of the first."""
    hours = [["02:01", "24:00"], ["03:00", "24:00"]]
    spec = {"timezone": "America/New_York", "hours": {}, "holidays": [], "date_hours": {"2018-03-11": hours}}
    begin = next_opening(datetime(2018, 3, 11, 5, tzinfo=UTC), WorkSchedule.from_dict(spec))
    assert begin == open_minutes({**spec, "extra_workdays": []}, date(2018, 3, 8))[0]
    assert begin == datetime(2018, 3, 11, 7, 1, tzinfo=UTC)
