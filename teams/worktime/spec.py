"""Reading a schedule's spec: every value is checked here, and a refusal names the field at fault."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Local seconds since midnight, half open, sorted, apart from each other. An end beyond DAY reaches into the next date.
Segments: TypeAlias = tuple[tuple[int, int], ...]

SPEC_FIELDS = frozenset(
    {"timezone", "hours", "holidays", "extra_workdays", "extra_workday_hours", "date_hours"},
)
# A whole case of the published examples may be passed as it stands: these fields are its question, not its schedule.
CASE_FIELDS = frozenset(
    {
        *("id", "source", "kind", "start", "end", "amount_minutes", "amount_seconds", "pauses"),
        *("expected", "expected_seconds", "note", "tags", "status"),
    }
)

_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?|(24):(00)(?::(00))?")


class WorktimeError(ValueError):
    """What every refusal of this package is."""


class ScheduleError(WorktimeError):
    """A spec that cannot be read. `field` is the path of the value at fault, such as `hours.mon[0]`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def check_fields(spec: Any) -> None:
    """Refuse what is not a mapping, and any field that neither a schedule nor a published case has."""
    if not isinstance(spec, Mapping):
        raise ScheduleError("schedule", f"expected a mapping, got {type(spec).__name__}")
    unknown = sorted(str(field) for field in spec if field not in SPEC_FIELDS | CASE_FIELDS)
    if unknown:
        raise ScheduleError(unknown[0], f"unknown field; a schedule has {', '.join(sorted(SPEC_FIELDS))}")


def read_zone(value: Any) -> ZoneInfo:
    if not isinstance(value, str) or not value:
        raise ScheduleError("timezone", f"expected the name of a time zone such as Asia/Shanghai, got {value!r}")
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        # ZoneInfo answers "America" with an OSError, a path with a ValueError and a wrong name with a KeyError.
        raise ScheduleError("timezone", f"no time zone is called {value!r}") from error


def read_week(value: Any) -> tuple[Segments, ...]:
    """The segments of Monday to Sunday; a weekday not named is not worked."""
    if not isinstance(value, Mapping):
        raise ScheduleError("hours", "expected a mapping of weekday to list of [from, to)")
    for weekday in value:
        if weekday not in WEEKDAYS:
            raise ScheduleError(f"hours.{weekday}", f"unknown weekday; expected one of {', '.join(WEEKDAYS)}")
    return tuple(read_segments(value.get(weekday), f"hours.{weekday}") for weekday in WEEKDAYS)


def read_segments(value: Any, field: str) -> Segments:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise ScheduleError(field, f"expected a list of [from, to), got {value!r}")
    return merge(_read_segment(segment, f"{field}[{position}]") for position, segment in enumerate(value))


def _read_segment(value: Any, field: str) -> tuple[int, int]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ScheduleError(field, f"expected [from, to), got {value!r}")
    opening, closing = (_read_clock_time(text, field) for text in value)
    if opening == DAY:
        raise ScheduleError(field, "24:00 can close a day, not open one")
    if opening == closing:
        raise ScheduleError(field, f"begins and ends at {value[0]}; a whole day is 00:00 to 24:00")
    return opening, closing if closing > opening else closing + DAY


def _read_clock_time(value: Any, field: str) -> int:
    match = _CLOCK_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ScheduleError(field, f"expected a time from 00:00 to 24:00, got {value!r}")
    hours, minutes, seconds = (int(part or 0) for part in (match.groups()[:3] if match[1] else match.groups()[3:]))
    return hours * 3600 + minutes * 60 + seconds


def read_dates(value: Any, field: str) -> frozenset[date]:
    if value is None:
        return frozenset()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ScheduleError(field, f"expected a list of dates, got {value!r}")
    return frozenset(read_date(item, f"{field}[{position}]") for position, item in enumerate(value))


def read_date(value: Any, field: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ScheduleError(field, f"expected a date such as 2026-02-14, got {value!r}") from error


def merge(segments: Iterable[tuple[int, int]]) -> Segments:
    """The union of `segments` in order; those that touch or overlap become one."""
    merged: list[tuple[int, int]] = []
    for opening, closing in sorted(segments):
        if merged and opening <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(closing, merged[-1][1])
        else:
            merged.append((opening, closing))
    return tuple(merged)
