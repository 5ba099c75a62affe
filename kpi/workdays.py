"""Counting working days and hours inside SQL, so that a figure over many rows stays one statement.

A calendar's days become one string of bits, a 1 for each day worked; the working days between two dates are the bits
set between them. Its hours become two arrays: when work begins, and how much was worked before. Which days and hours
are worked is asked of teams.worktime alone.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Case, DecimalField, Func, IntegerField, When
from django.db.models.expressions import Combinable

from teams.models import WorkCalendar
from teams.worktime import WorkSchedule, is_working_day

# No business is older (orders.services refuses it); a date before counts from here.
BASE = date(2000, 1, 1)


@lru_cache(maxsize=64)
def worked_bits(schedule: WorkSchedule, last_year: int) -> str:
    """The days from BASE to the end of `last_year` as Postgres reads a bit string in hexadecimal."""
    days = range(BASE.toordinal(), date(last_year, 12, 31).toordinal() + 1)
    bits = "".join("1" if is_working_day(date.fromordinal(day), schedule) else "0" for day in days)
    padded = bits + "0" * (-len(bits) % 4)
    return f"x{int(padded, 2):0{len(padded) // 4}x}"


class _DaysWorked(Func):
    """Working days d with start < d <= end of one calendar, as dates of its zone; 0 if `end` is before `start`."""

    output_field = IntegerField()
    arity = 2

    def __init__(self, start: Any, end: Any, *, bits: str, zone: str) -> None:
        super().__init__(start, end)
        self.bits = bits
        self.zone = zone

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> Any:
        (start, start_params), (end, end_params) = (compiler.compile(part) for part in self.source_expressions)
        day = f"GREATEST((({start}) AT TIME ZONE %s)::date - DATE '{BASE}', 0)"
        last = f"((({end}) AT TIME ZONE %s)::date - DATE '{BASE}')"
        day_params, last_params = (*start_params, self.zone), (*end_params, self.zone)
        # Bits are numbered from 1, and the first day counted is the one after the start.
        sql = f"bit_count(substring(%s::varbit FROM {day} + 2 FOR GREATEST({last} - {day}, 0)))"
        return sql, (self.bits, *day_params, *last_params, *day_params)


def working_days(
    start: str | Combinable, end: str | Combinable, *, calendar: str, calendars: Iterable[WorkCalendar], now: datetime
) -> Case:
    """Working days between two instants of a row, `wd(a, b)`, on the calendar that the path `calendar` leads to."""
    branches = [
        When(
            **{calendar: each.pk},
            then=_DaysWorked(start, end, bits=worked_bits(each.schedule(), now.year + 1), zone=each.timezone),
        )
        for each in calendars
    ]
    return Case(*branches, output_field=IntegerField())


@lru_cache(maxsize=64)
def _openings(schedule: WorkSchedule, first_year: int, last_year: int) -> tuple[str, str]:
    """The instants at which work begins in these years, and the open time before each and at last, in microseconds."""
    openings: list[int] = []
    before: list[int] = []
    total = 0
    for number in range(first_year, last_year + 1):
        year = schedule.years.year(number)
        openings += year.openings
        before += [total + each for each in year.sums[:-1]]
        total += year.sums[-1]
    return _array(openings), _array([*before, total])


def _array(numbers: list[int]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


class _HoursWorked(Func):
    """Working hours from one instant to a later one on one calendar."""

    output_field = DecimalField()
    arity = 2
    # Null where a side is; 0 where the end comes first. OFFSET keeps what is found from being computed twice.
    template = """(
        SELECT CASE WHEN since IS NULL OR until IS NULL THEN NULL ELSE GREATEST(
            CASE last WHEN 0 THEN 0
            ELSE before[last] + LEAST(until - openings[last], before[last + 1] - before[last]) END
            - CASE first WHEN 0 THEN 0
            ELSE before[first] + LEAST(since - openings[first], before[first + 1] - before[first]) END,
            0
        ) / 3600000000.0 END
        FROM (
            SELECT *, width_bucket(since, openings) AS first, width_bucket(until, openings) AS last
            FROM (
                SELECT %s::bigint[] AS openings, %s::bigint[] AS before,
                    (EXTRACT(EPOCH FROM ({start})) * 1000000)::bigint AS since,
                    (EXTRACT(EPOCH FROM ({end})) * 1000000)::bigint AS until
                OFFSET 0
            ) AS asked
            OFFSET 0
        ) AS found
    )"""

    def __init__(self, start: Any, end: Any, *, openings: str, before: str) -> None:
        super().__init__(start, end)
        self.openings = openings
        self.before = before

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> Any:
        (start, start_params), (end, end_params) = (compiler.compile(part) for part in self.source_expressions)
        sql = self.template.format(start=start, end=end)
        return sql, (self.openings, self.before, *start_params, *end_params)


def working_hours(
    start: str | Combinable,
    end: str | Combinable,
    *,
    calendar: str,
    calendars: Iterable[WorkCalendar],
    since: datetime | None,
    now: datetime,
) -> Case:
    """Working hours between two instants of a row, `wh(a, b)`, on the calendar that the path `calendar` leads to.

    No `start` may lie before the year of `since`, which keeps the statement short.
    """
    first_year = max(BASE.year, (since or now).year - 1)
    branches = []
    for each in calendars:
        openings, before = _openings(each.schedule(), first_year, now.year + 1)
        branches.append(When(**{calendar: each.pk}, then=_HoursWorked(start, end, openings=openings, before=before)))
    return Case(*branches, output_field=DecimalField())
