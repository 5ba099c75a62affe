"""The calendars that come with the product, new ones, and the statutory days of a country."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from teams import calendar_changes
from teams.calendar_content import MAKEUP, Content
from teams.errors import DomainError
from teams.models import CalendarException, CalendarVersion, RecurringException, User, WorkCalendar, WorkInterval

STATUTORY_YEARS = range(2023, 2027)
RESERVED_CODES = frozenset({"new"})  # a page stands at this address

# code: Chinese name, English name, weekdays worked, spans of a day, statutory days of, works on make-up days
SHIPPED: dict[str, tuple[str, str, range, tuple[tuple[int, int], ...], str, bool]] = {
    "CN_OFFICE": ("中国办公室", "China office", range(1, 6), ((510, 720), (810, 1080)), "CN", True),
    "CN_FACTORY": ("中国工厂", "China factory", range(1, 7), ((480, 720), (780, 1020)), "CN", True),
    "BANK_CN": ("中国银行", "Banks in China", range(1, 6), ((540, 1020),), "CN", True),
    "CARRIER": ("承运人（自然日）", "Carrier (calendar days)", range(1, 8), ((0, 1440),), "", False),
}


class CodeTaken(DomainError):
    """A calendar with this code exists."""

    code = "code_taken"


@transaction.atomic
def load_default_calendars() -> int:
    """Create the shipped calendars that do not exist yet; returns how many."""
    missing = SHIPPED.keys() - set(WorkCalendar.objects.values_list("code", flat=True))
    for code in sorted(missing):
        name_zh, name_en, weekdays, spans, country, follows = SHIPPED[code]
        content = Content(
            name_zh=name_zh,
            name_en=name_en,
            timezone="Asia/Shanghai",
            country=country,
            follows_makeup_days=follows,
            hours=dict.fromkeys([*weekdays, MAKEUP], spans),
        )
        if country:
            content = calendar_changes.load_years(content, STATUTORY_YEARS)
        _create(code, content, by=None, at=None)
    return len(missing)


@transaction.atomic
def create_calendar(*, code: str, name_zh: str, name_en: str, copy_of: int, by: User, now: datetime) -> WorkCalendar:
    """Create a calendar as a copy of another one. Nothing is planned with it yet, so nothing moves.

    Raises:
        CodeTaken, InvalidInput.
    """
    if code.lower() in RESERVED_CODES:
        raise calendar_changes.refuse("code", _("This code is reserved."))
    source = WorkCalendar.objects.filter(pk=copy_of).first()
    if source is None:
        raise calendar_changes.refuse("copy_of", _("Choose the calendar that it begins as."))
    content = source.content()
    hours = {str(weekday): spans for weekday, spans in content.hours.items()}
    changes = {"kind": "hours", "name_zh": name_zh, "name_en": name_en, "timezone": content.timezone, "hours": hours}
    try:
        with transaction.atomic():
            return _create(code, calendar_changes.set_hours(content, changes), by=by, at=now)
    except ValidationError as error:
        raise calendar_changes.refuse("code", error.messages[0]) from error
    except IntegrityError as error:
        if "teams_workcalendar_code" not in str(error):
            raise
        message = _("This calendar code exists already.")
        raise CodeTaken(message, fields={"code": message}) from error


def _create(code: str, content: Content, *, by: User | None, at: datetime | None) -> WorkCalendar:
    calendar = WorkCalendar(code=code)
    WorkCalendar._meta.get_field("code").run_validators(code)
    _set_facts(calendar, content)
    calendar.save()
    write_rows(calendar, Content(content.name_zh, content.name_en, content.timezone), content)
    record_version(calendar, content, by=by, at=at)
    return calendar


@transaction.atomic
def load_statutory_days(calendar: WorkCalendar, years: Iterable[int]) -> None:
    """Write the statutory days of `years` into the calendar, for orders that are not planned yet; own exceptions stay.

    Make-up days are left out where the calendar does not follow them. `verified_until` and `version` follow.

    Raises:
        InvalidInput: nothing is known of the country or a year.
    """
    locked = WorkCalendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
    before = locked.content()
    write_content(locked, before, calendar_changes.load_years(before, years), by=None, at=None)
    calendar.refresh_from_db()


def write_content(
    calendar: WorkCalendar, before: Content, after: Content, *, by: User | None, at: datetime | None
) -> None:
    """Make the locked calendar say `after`, as its next version."""
    _set_facts(calendar, after)
    calendar.version += 1
    calendar.save()
    write_rows(calendar, before, after)
    record_version(calendar, after, by=by, at=at)


def _set_facts(calendar: WorkCalendar, content: Content) -> None:
    for name in ("name_zh", "name_en", "timezone", "country", "follows_makeup_days", "verified_until"):
        setattr(calendar, name, getattr(content, name))


def write_rows(calendar: WorkCalendar, before: Content, after: Content) -> None:
    """Bring hours, exceptions and rules of the calendar from `before` to `after`; what stays is not touched."""
    if before.hours != after.hours:
        calendar.intervals.all().delete()
        WorkInterval.objects.bulk_create(
            WorkInterval(calendar=calendar, weekday=weekday, start_minute=start, end_minute=end)
            for weekday, spans in after.hours.items()
            for start, end in spans
        )
    for is_statutory, old, new in ((True, before.statutory, after.statutory), (False, before.own, after.own)):
        gone = [day for day, special in old.items() if new.get(day) != special]
        calendar.exceptions.filter(is_statutory=is_statutory, date__in=gone).delete()
        CalendarException.objects.bulk_create(
            CalendarException(
                calendar=calendar,
                date=day,
                kind=special.kind,
                name=special.name,
                name_en=special.name_en,
                is_statutory=is_statutory,
            )
            for day, special in new.items()
            if old.get(day) != special
        )
    for row in calendar.recurring.all():
        if row.recurrence() not in after.recurring:
            row.delete()
    RecurringException.objects.bulk_create(
        RecurringException(
            calendar=calendar,
            kind=rule.kind,
            weekday=rule.weekday,
            nth=rule.nth,
            from_date=rule.from_date,
            to_date=rule.to_date,
            name=rule.name,
        )
        for rule in after.recurring
        if rule not in before.recurring
    )


def record_version(calendar: WorkCalendar, content: Content, *, by: User | None, at: datetime | None) -> None:
    """Keep what the calendar says from now on under its version; without `at`, as of the database's clock."""
    version = CalendarVersion(
        calendar=calendar, version=calendar.version, spec=content.spec(), days=content.days_to_json(), by=by
    )
    if at is not None:
        version.at = at
    version.save(force_insert=True)
