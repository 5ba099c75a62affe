"""Counting working days inside SQL, so that a figure over many rows stays one statement.

A calendar's days become one string of bits, a 1 for each day worked; the working days between two dates are the bits
set between them. Which days are worked is asked of teams.worktime alone.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Case, Func, IntegerField, When
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
