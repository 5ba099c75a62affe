"""Work calendars as people edit them; `schedule()` turns one into the value that the engine computes with."""

from collections.abc import Iterable
from functools import lru_cache

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from teams.calendar_content import OWN, STATUTORY, Content, Recurrence, Spans, SpecialDay, clock
from teams.models.people import validate_timezone
from teams.worktime import WorkSchedule

DAY_MINUTES = 24 * 60


class UnknownVersion(LookupError):
    """The calendar never had this version."""


class WorkCalendar(models.Model):
    """Working hours of an office, a factory, a bank or a carrier.

    Every edit raises `version` and keeps what it said as a `CalendarVersion`, so that a figure can name the calendar
    it was computed with. Days after `verified_until` are provisional: the statutory make-up days of that time are not
    announced yet. Edited only by `teams.services.calendar_edits`.
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

    def schedule(self, version: int | None = None) -> WorkSchedule:
        """The calendar as a value, in force now or as `version` had it; one query on first use in a process.

        Raises:
            UnknownVersion
        """
        return _schedule(self.pk, self.version if version is None else version)

    def spec(self) -> dict:
        """The calendar in the form of `WorkSchedule.from_dict`."""
        return self.content().spec()

    def content(self) -> Content:
        """All that the calendar's rows say; three queries."""
        exceptions = list(self.exceptions.order_by("date"))
        return Content(
            name_zh=self.name_zh,
            name_en=self.name_en,
            timezone=self.timezone,
            country=self.country,
            follows_makeup_days=self.follows_makeup_days,
            verified_until=self.verified_until,
            hours=hours_of(self.intervals.all()),
            statutory={row.date: row.special_day() for row in exceptions if row.is_statutory},
            own={row.date: row.special_day() for row in exceptions if not row.is_statutory},
            recurring=tuple(row.recurrence() for row in self.recurring.order_by("pk")),
        )


@lru_cache(maxsize=256)
def _schedule(calendar_id: int, version: int) -> WorkSchedule:
    spec = CalendarVersion.objects.filter(calendar=calendar_id, version=version).values_list("spec", flat=True).first()
    return WorkSchedule.from_dict(spec or current_content(calendar_id, version).spec())


def current_content(calendar_id: int, version: int) -> Content:
    """What the calendar's rows say, for the version in force.

    Raises:
        UnknownVersion: that version is not, or no longer, the one in force.
    """
    calendar = WorkCalendar.objects.filter(pk=calendar_id, version=version).first()
    if calendar is None:
        raise UnknownVersion(f"calendar {calendar_id} has no version {version}")
    return calendar.content()


class CalendarVersion(models.Model):
    """What a calendar said from one edit to the next. Written once, never changed."""

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="versions", verbose_name=_("calendar"))
    version = models.PositiveIntegerField(_("version"))
    spec = models.JSONField()
    # Date to [kind, name, English name, source]: what explains a plan made with this version.
    days = models.JSONField(default=dict)
    at = models.DateTimeField(_("when"), db_default=Now())
    by = models.ForeignKey("teams.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("version of a calendar")
        verbose_name_plural = _("versions of calendars")
        constraints = [models.UniqueConstraint(fields=["calendar", "version"], name="calendarversion_once")]

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.version}"


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
        return f"{self.get_weekday_display()} {clock(self.start_minute)}–{clock(self.end_minute)}"


def hours_of(intervals: Iterable[WorkInterval]) -> dict[int, Spans]:
    """The hours by weekday in order, 8 for make-up workdays."""
    hours: dict[int, Spans] = {}
    for interval in sorted(intervals, key=lambda each: (each.weekday, each.start_minute)):
        span = (interval.start_minute, interval.end_minute)
        hours[interval.weekday] = (*hours.get(interval.weekday, ()), span)
    return hours


class DayKind(models.TextChoices):
    OFF = "off", pgettext_lazy("calendar day", "Day off (放假)")
    WORKDAY = "workday", pgettext_lazy("calendar day", "Make-up workday (补班)")


class CalendarException(models.Model):
    """A date that differs from its weekday: off (放假) or a make-up workday (补班).

    A date may have a statutory row and an own one; the own one wins, and without it the statutory one holds again.
    """

    Kind = DayKind

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="exceptions", verbose_name=_("calendar"))
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=8, choices=DayKind)
    name = models.CharField(_("name"), max_length=80, blank=True)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)  # of statutory days
    is_statutory = models.BooleanField(_("statutory"), default=False)

    class Meta:
        verbose_name = _("exception of a calendar")
        verbose_name_plural = _("exceptions of a calendar")
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "date", "is_statutory"], name="calendarexception_one_per_date_and_source"
            ),
            models.CheckConstraint(name="calendarexception_kind_known", condition=Q(kind__in=["off", "workday"])),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()} {self.name}"

    def special_day(self) -> SpecialDay:
        return SpecialDay(self.kind, self.name, self.name_en, STATUTORY if self.is_statutory else OWN)


class RecurringException(models.Model):
    """A company's own rule, such as the last Saturday of each month worked. Statutory days win over it."""

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="recurring", verbose_name=_("calendar"))
    kind = models.CharField(_("kind"), max_length=8, choices=DayKind)
    weekday = models.PositiveSmallIntegerField(_("weekday"))  # ISO: 1 is Monday
    nth = models.SmallIntegerField(_("which of the month"))  # 1 to 5, -1 the last one, 0 every week
    from_date = models.DateField(_("from"))
    to_date = models.DateField(_("until"))
    name = models.CharField(_("name"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("recurring exception of a calendar")
        verbose_name_plural = _("recurring exceptions of a calendar")
        constraints = [
            models.CheckConstraint(name="recurringexception_kind_known", condition=Q(kind__in=["off", "workday"])),
            models.CheckConstraint(name="recurringexception_weekday_known", condition=Q(weekday__range=(1, 7))),
            models.CheckConstraint(name="recurringexception_nth_known", condition=Q(nth__range=(-1, 5))),
            models.CheckConstraint(
                name="recurringexception_ends_after_it_begins", condition=Q(from_date__lte=F("to_date"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}/{self.nth} {self.get_kind_display()} {self.name}"

    def recurrence(self) -> Recurrence:
        return Recurrence(self.kind, self.weekday, self.nth, self.from_date, self.to_date, self.name)


class CalendarEditQuerySet(models.QuerySet["CalendarEdit"]):
    def open(self) -> "CalendarEditQuerySet":
        """Edits that are neither saved nor dropped."""
        return self.filter(status__in=CalendarEdit.OPEN)


class CalendarEdit(models.Model):
    """An edit that somebody wants: shown with what it would move before it is saved.

    `changes` is what was asked, `spec` what the calendar would say, `changed_dates` the dates whose hours would differ.
    """

    class Status(models.TextChoices):
        COUNTING = "counting", pgettext_lazy("calendar edit", "counting")
        READY = "ready", pgettext_lazy("calendar edit", "not saved yet")
        SAVED = "saved", pgettext_lazy("calendar edit", "saved")
        DROPPED = "dropped", pgettext_lazy("calendar edit", "dropped")

    OPEN = (Status.COUNTING, Status.READY)

    calendar = models.ForeignKey(WorkCalendar, models.CASCADE, related_name="edits", verbose_name=_("calendar"))
    base_version = models.PositiveIntegerField()
    changes = models.JSONField()
    spec = models.JSONField()
    changed_dates = models.JSONField(default=list)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.COUNTING)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    # Written by the listener of teams.calendar_effects that counts.
    counted_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    affected = models.PositiveIntegerField(default=0)
    milestones_affected = models.PositiveIntegerField(default=0)
    examples = models.JSONField(default=list)
    saved_at = models.DateTimeField(null=True, blank=True)
    new_version = models.PositiveIntegerField(null=True, blank=True)

    objects = CalendarEditQuerySet.as_manager()

    class Meta:
        verbose_name = _("edit of a calendar")
        verbose_name_plural = _("edits of calendars")
        constraints = [
            models.CheckConstraint(
                name="calendaredit_status_known", condition=Q(status__in=["counting", "ready", "saved", "dropped"])
            ),
            models.CheckConstraint(
                name="calendaredit_saved_fields_follow_status",
                condition=Q(status="saved", saved_at__isnull=False, new_version__isnull=False)
                | (~Q(status="saved") & Q(saved_at=None, new_version=None)),
            ),
        ]
        # Serves the list of edits on a calendar's page.
        indexes = [models.Index(fields=["calendar", "status", "-at"], name="calendaredit_calendar_status")]

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.status} {self.at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN
