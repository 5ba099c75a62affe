"""The calendars that come with the product, and the statutory days of a country."""

from collections.abc import Iterable

from django.db import transaction

from teams.models import CalendarException, WorkCalendar, WorkInterval
from teams.statutory import china_days

STATUTORY_YEARS = range(2023, 2027)

# code: Chinese name, English name, weekdays worked, spans of a day, statutory days of, works on make-up days
SHIPPED: dict[str, tuple[str, str, range, list[tuple[int, int]], str, bool]] = {
    "CN_OFFICE": ("中国办公室", "China office", range(1, 6), [(510, 720), (810, 1080)], "CN", True),
    "CN_FACTORY": ("中国工厂", "China factory", range(1, 7), [(480, 720), (780, 1020)], "CN", True),
    "BANK_CN": ("中国银行", "Banks in China", range(1, 6), [(540, 1020)], "CN", True),
    "CARRIER": ("承运人（自然日）", "Carrier (calendar days)", range(1, 8), [(0, 1440)], "", False),
}


@transaction.atomic
def load_default_calendars() -> int:
    """Create the shipped calendars that do not exist yet; returns how many."""
    missing = SHIPPED.keys() - set(WorkCalendar.objects.values_list("code", flat=True))
    for code in sorted(missing):
        name_zh, name_en, weekdays, spans, country, follows = SHIPPED[code]
        calendar = WorkCalendar.objects.create(
            code=code, name_zh=name_zh, name_en=name_en, country=country, follows_makeup_days=follows
        )
        worked = [*weekdays, WorkInterval.MAKEUP]
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=weekday, start_minute=start, end_minute=end)
            for weekday in worked
            for start, end in spans
        )
        if country == "CN":
            load_statutory_days(calendar, STATUTORY_YEARS)
    return len(missing)


@transaction.atomic
def load_statutory_days(calendar: WorkCalendar, years: Iterable[int]) -> None:
    """Write China's days off (放假) and make-up workdays (补班) of `years` into the calendar; own exceptions stay.

    Make-up days are left out where the calendar does not follow them. `verified_until` and `version` follow.
    """
    days = china_days(years)
    rows = [(date, CalendarException.Kind.OFF, name) for date, name in days.off.items()]
    if calendar.follows_makeup_days:
        rows += [(date, CalendarException.Kind.WORKDAY, name) for date, name in days.workdays.items()]
    CalendarException.objects.bulk_create(
        (
            CalendarException(calendar=calendar, date=date, kind=kind, name=name[:80], is_statutory=True)
            for date, kind, name in rows
        ),
        ignore_conflicts=True,
    )
    calendar.verified_until = days.verified_until
    calendar.version += 1
    calendar.save(update_fields=["verified_until", "version"])
