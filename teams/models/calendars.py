"""Work calendars as people edit them; `schedule()` turns one into the value that the engine computes with."""

from functools import lru_cache

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from teams.models.people import validate_timezone
from teams.worktime import WorkSchedule

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_MINUTES = 24 * 60


class WorkCalendar(models.Model):
    """Working hours of an office, a factory, a bank or a carrier.

    Every edit raises `version`, so that a figure can name the calendar it was computed with. Days after
    `verified_until` are provisional: the statutory make-up days of that time are not announced yet.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    timezone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai", validators=[validate_timezone])
    country = models.CharField(_("statutory days of"), max_length=2, blank=True, default="CN")
    follows_makeup_days = models.BooleanField(_("works on make-up days (补班)"), default=True)
    verified_until = models.DateField(_("verified until"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("work calendar")
        verbose_name_plural = _("work calendars")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    def schedule(self) -> WorkSchedule:
        """The calendar as a value; two queries on first use of a version in a process, none after."""
        return _schedule(self.pk, self.version)

    def spec(self) -> dict:
        """The calendar in the form of `WorkSchedule.from_dict`."""
        hours: dict[str, list[list[str]]] = {day: [] for day in WEEKDAYS}
        makeup: list[list[str]] = []
        for interval in self.intervals.order_by("weekday", "start_minute"):
            span = [_clock(interval.start_minute), _clock(interval.end_minute)]
            (makeup if interval.weekday == WorkInterval.MAKEUP else hours[WEEKDAYS[interval.weekday - 1]]).append(span)
        spec: dict = {"timezone": self.timezone, "hours": hours, "holidays": [], "extra_workdays": []}
        if makeup:
            spec["extra_workday_hours"] = makeup
        for exception in self.exceptions.order_by("date"):
            key = "holidays" if exception.kind == CalendarException.Kind.OFF else "extra_workdays"
            spec[key].append(exception.date.isoformat())
        return spec


@lru_cache(maxsize=256)
def _schedule(calendar_id: int, version: int) -> WorkSchedule:
    return WorkSchedule.from_dict(WorkCalendar.objects.get(pk=calendar_id).spec())


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


class WorkInterval(models.Model):
    """One span of working time on a weekday, e.g. 08:30–12:00; lunch is the gap between two."""

    MAKEUP = 8  # the hours of a make-up workday, if they differ from a weekday's

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="intervals", verbose_name=_("calendar"))
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (1, _("Monday")),
            (2, _("Tuesday")),
            (3, _("Wednesday")),
            (4, _("Thursday")),
            (5, _("Friday")),
            (6, _("Saturday")),
            (7, _("Sunday")),
            (MAKEUP, _("Make-up workday")),
        ],
    )
    start_minute = models.PositiveSmallIntegerField(_("from, minutes after midnight"))
    end_minute = models.PositiveSmallIntegerField(_("to, minutes after midnight"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = [
            models.UniqueConstraint(fields=["calendar", "weekday", "start_minute"], name="workinterval_once"),
            models.CheckConstraint(
                name="workinterval_within_the_day",
                condition=Q(start_minute__lt=F("end_minute")) & Q(end_minute__lte=DAY_MINUTES),
            ),
            models.CheckConstraint(name="workinterval_weekday_known", condition=Q(weekday__range=(1, 8))),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {_clock(self.start_minute)}–{_clock(self.end_minute)}"


class CalendarException(models.Model):
    """A date that differs from its weekday: off (放假) or a make-up workday (补班)."""

    class Kind(models.TextChoices):
        OFF = "off", pgettext_lazy("calendar day", "Day off (放假)")
        WORKDAY = "workday", pgettext_lazy("calendar day", "Make-up workday (补班)")

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="exceptions", verbose_name=_("calendar"))
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    name = models.CharField(_("name"), max_length=80, blank=True)
    is_statutory = models.BooleanField(_("statutory"), default=False)

    class Meta:
        verbose_name = _("exception of a calendar")
        verbose_name_plural = _("exceptions of a calendar")
        constraints = [
            models.UniqueConstraint(fields=["calendar", "date"], name="calendarexception_one_per_date"),
            models.CheckConstraint(name="calendarexception_kind_known", condition=Q(kind__in=["off", "workday"])),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()} {self.name}"
