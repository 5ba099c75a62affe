"""What the page of a calendar's edit shows: changed dates in words, working days before and after, orders that move."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.utils.translation import get_language, pgettext

from teams import calendar_effects
from teams.calendar_effects import Progress
from teams.calendar_words import change_words, days_words, hours_change_words
from teams.models import CalendarEdit, CalendarVersion
from teams.worktime import WorkSchedule, is_working_day, working_days_between

SHOWN_RUNS = 40
SHOWN_EXAMPLES = 20


@dataclass(frozen=True)
class ChangedRun:
    """Consecutive dates that change in the same way."""

    dates: str
    day_count: int
    what: str


@dataclass(frozen=True)
class YearChange:
    year: int
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


def edit_context(edit: CalendarEdit) -> dict[str, Any]:
    spec = CalendarVersion.objects.values_list("spec", flat=True).get(
        calendar=edit.calendar_id, version=edit.base_version
    )
    before, after = WorkSchedule.from_dict(spec), WorkSchedule.from_dict(edit.spec)
    days = [date.fromisoformat(text) for text in edit.changed_dates]
    has_moved_zone = before.timezone != after.timezone
    runs = [] if has_moved_zone else _runs(days, before, after)
    changes = edit.changes
    progress = progress_of(edit) if edit.status == CalendarEdit.Status.SAVED else None
    return {
        "edit": edit,
        "calendar": edit.calendar,
        "words": change_words(changes),
        "new_hours": hours_change_words(changes) if changes["kind"] == "hours" else [],
        "old_zone": before.timezone if has_moved_zone else "",
        "new_zone": after.timezone,
        "day_count": len(days),
        "runs": runs[:SHOWN_RUNS],
        "more_runs": max(0, len(runs) - SHOWN_RUNS),
        "years": [
            YearChange(year, _working_days(before, year), _working_days(after, year))
            for year in sorted({day.year for day in days})
        ],
        "examples": [_example(each) for each in edit.examples[:SHOWN_EXAMPLES]],
        "more_orders": max(0, edit.affected - min(len(edit.examples), SHOWN_EXAMPLES)),
        "is_stale": edit.is_open and edit.calendar.version != edit.base_version,
        "progress": progress,
        "is_busy": edit.status == CalendarEdit.Status.COUNTING or bool(progress and not progress.is_finished),
    }


def _runs(days: list[date], before: WorkSchedule, after: WorkSchedule) -> list[ChangedRun]:
    told = [(day, _what(day, before, after)) for day in days]
    # A date less its place in the list is the same all along a run.
    groups = groupby(enumerate(told), key=lambda pair: (pair[1][0].toordinal() - pair[0], pair[1][1]))
    runs = []
    for (_offset, what), members in groups:
        dates = [day for _index, (day, _what_) in members]
        runs.append(ChangedRun(days_words(dates[0], dates[-1]), len(dates), what))
    return runs


def _what(day: date, before: WorkSchedule, after: WorkSchedule) -> str:
    match is_working_day(day, before), is_working_day(day, after):
        case True, False:
            return pgettext("changed day", "no longer worked")
        case False, True:
            return pgettext("changed day", "worked")
    return pgettext("changed day", "other hours")


def _working_days(schedule: WorkSchedule, year: int) -> int:
    return working_days_between(date(year - 1, 12, 31), date(year, 12, 31), schedule)


def _example(each: dict[str, Any]) -> dict[str, Any]:
    instants = {name: datetime.fromisoformat(each[name]) if each.get(name) else None for name in ("old", "new")}
    is_chinese = (get_language() or "zh").startswith("zh")
    return {**each, **instants, "name": each.get("name_zh" if is_chinese else "name_en", "")}


def progress_of(edit: CalendarEdit) -> Progress | None:
    """How far all apps are with re-planning; None if none has anything to tell."""
    found = [progress for listener in calendar_effects.listeners() if (progress := listener.progress(edit)) is not None]
    if not found:
        return None
    return Progress(
        total=sum(each.total for each in found),
        done=sum(each.done for each in found),
        moved=sum(each.moved for each in found),
        is_finished=all(each.is_finished for each in found),
        failed=sum(each.failed for each in found),
    )
