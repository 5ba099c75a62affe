"""Calendars in words: hours, rules, what an edit asks, runs of dates."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from teams.calendar_content import EVERY_WEEK, LAST, MAKEUP, OFF, WORKDAY, Recurrence, Spans, clock
from teams.countries import country_name
from teams.templatetags.gendan import separator, weekday

ONE_DAY = timedelta(days=1)
_MONDAY = date(2024, 1, 1)


def weekday_name(number: int) -> str:
    """周一: the short name of an ISO weekday."""
    return weekday(_MONDAY + (number - 1) * ONE_DAY)


def narrow_weekdays() -> list[tuple[str, str]]:
    """Monday to Sunday as the head of a month: short and narrow name, 周一 and 一."""
    narrow = (
        pgettext("narrow weekday", "Mo"),
        pgettext("narrow weekday", "Tu"),
        pgettext("narrow weekday", "We"),
        pgettext("narrow weekday", "Th"),
        pgettext("narrow weekday", "Fr"),
        pgettext("narrow weekday", "Sa"),
        pgettext("narrow weekday", "Su"),
    )
    return [(weekday_name(number), name) for number, name in enumerate(narrow, start=1)]


def spans_words(spans: Iterable[Iterable[int]]) -> str:
    """08:30–12:00, 13:30–18:00."""
    return separator().join(f"{clock(start)}–{clock(end)}" for start, end in spans)


def hours_words(hours: Mapping[int, Spans]) -> list[tuple[str, str]]:
    """Weekdays with the same hours as one: [("周一至周五", "08:30–12:00、13:30–18:00"), …]; rest days are left out."""
    groups = [
        (spans, [number for number, _spans in run])
        for spans, run in groupby(((n, hours.get(n, ())) for n in range(1, 8)), key=lambda pair: pair[1])
    ]
    return [(_weekdays(numbers), spans_words(spans)) for spans, numbers in groups if spans]


def _weekdays(numbers: list[int]) -> str:
    if len(numbers) == 7:
        return pgettext("weekdays", "every day")
    if len(numbers) == 1:
        return weekday_name(numbers[0])
    words = {"first": weekday_name(numbers[0]), "last": weekday_name(numbers[-1])}
    return pgettext("weekdays", "%(first)s to %(last)s") % words


def full_day(day: date) -> str:
    """2026-10-01 周四: with the year, since calendars are edited for years ahead."""
    return f"{date_format(day, 'Y-m-d')} {weekday(day)}"


def days_words(first: date, last: date) -> str:
    """One date, or both ends of several."""
    if first == last:
        return full_day(first)
    return pgettext("dates", "%(first)s to %(last)s") % {"first": full_day(first), "last": full_day(last)}


def kind_word(kind: str) -> str:
    """放假 or 补班, never another word for it."""
    match kind:
        case "off":
            return pgettext("calendar day", "Day off (放假)")
        case "workday":
            return pgettext("calendar day", "Make-up workday (补班)")
    return pgettext("calendar day", "Back to normal")


def nth_words(nth: int, number: int) -> str:
    """每月最后一个周六."""
    if nth == EVERY_WEEK:
        return _("every %(weekday)s") % {"weekday": weekday_name(number)}
    if nth == LAST:
        return _("the last %(weekday)s of each month") % {"weekday": weekday_name(number)}
    return _("%(weekday)s number %(nth)d of each month") % {"weekday": weekday_name(number), "nth": nth}


def rule_words(rule: Recurrence) -> str:
    """补班: 每月最后一个周六, 2026-01-01 周四 至 2026-12-31 周四."""
    words = {
        "kind": kind_word(rule.kind),
        "when": nth_words(rule.nth, rule.weekday),
        "dates": days_words(rule.from_date, rule.to_date),
    }
    return _("%(kind)s: %(when)s, %(dates)s") % words


def change_words(changes: Mapping[str, Any]) -> str:
    """What an edit asks, in one line."""
    match changes["kind"]:
        case "days":
            dates = days_words(date.fromisoformat(changes["from"]), date.fromisoformat(changes["to"]))
            said = _("%(kind)s: %(dates)s") % {"kind": kind_word(changes["day"]), "dates": dates}
            return f"{said} · {changes['name']}" if changes["name"] and changes["day"] in (OFF, WORKDAY) else said
        case "hours":
            return _("Name, time zone and hours")
        case "makeup":
            is_on, is_off = (
                _("Work on statutory make-up days (补班)"),
                _("Do not work on statutory make-up days (补班)"),
            )
            return is_on if changes["follows"] else is_off
        case "import":
            words = {"country": country_name(changes["country"]), "year": changes["year"]}
            return _("Statutory days of %(year)s: %(country)s") % words
        case "not_recurring":
            return _("No longer: %(rule)s") % {"rule": rule_words(Recurrence.from_json(changes))}
    return rule_words(Recurrence.from_json(changes))


def hours_change_words(changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The hours that an edit asks for, make-up days last."""
    hours = {int(number): tuple(map(tuple, spans)) for number, spans in changes["hours"].items()}
    found = hours_words(hours)
    if hours.get(MAKEUP):
        found.append((pgettext("weekdays", "make-up workday (补班)"), spans_words(hours[MAKEUP])))
    return found


def date_runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Consecutive dates as first and last."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and runs[-1][1] == day - ONE_DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
