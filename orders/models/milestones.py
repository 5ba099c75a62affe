"""Milestones, the pauses of their clocks, and the reasons of delay."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order
from orders.models.templates import in_language
from orders.network import step_key
from orders.words import CLOCK_STOPPING_SIDES, DeskSection, Punctuality, Side, Stage
from orders.workflow import CLOSED_MILESTONE, OPEN_MILESTONE, RUNNING_ORDER, MilestoneStatus
from teams.permissions import RoleCode

if TYPE_CHECKING:
    from teams.models import User


def _is_open(at: datetime) -> Q:
    return Q(closed_at=None) | Q(closed_at__gt=at)


def _is_past_due(at: datetime) -> Q:
    return _is_open(at) & Q(due_at__lt=at)


def _is_stopped(at: datetime) -> Exists:
    return Exists(ClockPause.objects.stopping_at(at).filter(milestone=OuterRef("pk")))


# Steps by which an order is paid: a first part of it, and the rest or all.
FIRST_PAYMENT = ("DEPOSIT_RECEIVED", "PREPAY_RECEIVED")
LAST_PAYMENT = ("BALANCE_RECEIVED", "PAYMENT_RECEIVED", "LC_PAID", "DP_PAID", "DA_PAID")
PAYMENT_STEPS = (*FIRST_PAYMENT, *LAST_PAYMENT)
# In which an inquiry or a claim is first replied to.
REPLY_STEPS = ("INQ_FIRST_REPLY", "FIRST_RESPONSE")


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def visible_to(self, user: "User") -> Self:
        """Milestones of the orders that the person may see."""
        if user.access.sees_all:
            return self
        return self.filter(order__in=Order.objects.visible_to(user))

    def open(self) -> Self:
        """Said twice, which a constraint keeps the same: the indexes of what is open are found by the second."""
        return self.filter(status__in=OPEN_MILESTONE, closed_at=None)

    def active(self) -> Self:
        return self.filter(status=MilestoneStatus.ACTIVE)

    def of_suppliers(self) -> Self:
        """Steps that wait on a supplier or another third party by their process."""
        return self.filter(flags__contains="S")

    def next_of_orders(self) -> Self:
        """The most urgent active step of each order; those without a due instant come last, then by the process."""
        urgent = F("due_at").asc(nulls_last=True)
        return self.active().order_by("order_id", urgent, "position", "pk").distinct("order_id")

    def of_running_orders(self) -> Self:
        """Their clocks run: the order is confirmed, and neither held, closed nor cancelled."""
        return self.filter(order__status__in=RUNNING_ORDER)

    def open_at(self, at: datetime) -> Self:
        """Not yet closed at the instant `at`, be it now or in the past."""
        return self.filter(_is_open(at))

    def past_due(self, at: datetime) -> Self:
        """Due before `at` and still open at that instant, whoever is waited for."""
        return self.filter(_is_past_due(at))

    def stopped(self, at: datetime) -> Self:
        """Their internal clock stands still at `at`: a pause on the customer, an authority or force majeure."""
        return self.filter(_is_stopped(at))

    def overdue(self, at: datetime) -> Self:
        """Late at the instant `at` by our own clock: past due, open then, and the clock not stopped.

        The one definition of overdue: page, API, reminder and KPI all call it.
        """
        return self.past_due(at).filter(~_is_stopped(at))

    def with_lateness(self, at: datetime) -> Self:
        """Annotate `is_late` as `overdue` has it, and `is_stopped` as `stopped` has it.

        For rows that a page shows: by the row's own columns, where EXISTS over `overdue` would look at every late one.
        """
        stopped = _is_stopped(at)
        late = Case(When(_is_past_due(at) & ~Q(stopped), then=Value(True)), default=Value(False))
        return self.annotate(is_late=late, is_stopped=stopped)

    def late_waiting(self, at: datetime) -> Self:
        """Past due while the clock stands still: listed as "late, waiting on …" beside the overdue ones (K21)."""
        return self.past_due(at).stopped(at)

    def standing_at(self, at: datetime) -> Self:
        """Open at the instant `at`, of orders that were under way by then: confirmed, else ordered."""
        return (
            self.open_at(at)
            .alias(began_at=Coalesce("order__confirmed_at", "order__ordered_at"))
            .filter(began_at__lte=at)
        )

    def judged(self, at: datetime, *, deadline: str = "due_at") -> Self:
        """Annotate `punctuality`: the deadline as it stood at `at`; closed exactly at `due_at` is on time.

        `deadline` names another instant to judge by, such as the frozen baseline.
        Void: skipped or cancelled. Late and open is `overdue`, waiting is `late_waiting`. Null without a deadline.
        """
        closed = Q(closed_at__lte=at)
        dropped = closed & Q(status__in=[MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED])
        return self.annotate(
            punctuality=Case(
                When(**{deadline: None}, then=Value(None)),
                When(dropped, then=Value(Punctuality.VOID)),
                When(closed & Q(closed_at__lte=F(deadline)), then=Value(Punctuality.ON_TIME)),
                When(closed, then=Value(Punctuality.LATE)),
                When(**{f"{deadline}__gte": at}, then=Value(Punctuality.RUNNING)),
                When(_is_stopped(at), then=Value(Punctuality.WAITING)),
                default=Value(Punctuality.LATE),
                output_field=models.CharField(),
            )
        )

    def due_by(self, at: datetime) -> Self:
        """Due by the instant `at`, past due included; without a deadline never."""
        return self.filter(due_at__lte=at)

    def due_within(self, start_at: datetime, end_at: datetime) -> Self:
        """Due after `start_at` and by `end_at`: a deadline at 24:00 belongs to the day that it ends."""
        return self.filter(due_at__gt=start_at, due_at__lte=end_at)

    def in_sections(self, at: datetime, *, today_ends: datetime, soon_ends: datetime) -> Self:
        """The steps that belong on a desk at the instant `at`, annotated with `is_late` and their `section`.

        A step whose clock stands, or that waits on somebody outside and is not due soon, is waiting.
        """
        paused = Exists(ClockPause.objects.running().filter(milestone=OuterRef("pk")))
        outside = Q(status=MilestoneStatus.ACTIVE) & ~Q(waiting_on__in=["", Side.INTERNAL])
        section = Case(
            When(is_late=True, then=Value(DeskSection.LATE)),
            When(Q(paused), then=Value(DeskSection.WAITING)),
            When(due_at__lt=at, then=Value(DeskSection.WAITING)),  # past due while the clock stands (K21)
            When(due_at__lt=today_ends, then=Value(DeskSection.TODAY)),
            When(due_at__lt=soon_ends, then=Value(DeskSection.SOON)),
            When(outside, then=Value(DeskSection.WAITING)),
            default=None,
            output_field=models.CharField(),
        )
        on_desk = self.filter(Q(due_at__lt=soon_ends) | outside | Q(paused)).with_lateness(at)
        return on_desk.annotate(section=section).filter(section__isnull=False)

    def to_remind(self, at: datetime) -> Self:
        """A reminder instant has passed; served by an index that holds only milestones with one to come."""
        return self.filter(next_reminder_at__lte=at)


class Milestone(models.Model):
    """A step an order has to pass, such as fabric booked or cargo shipped.

    `status` changes only in orders.services, by the table in orders.workflow. `due_at` and the reminder instants are
    written by orders.schedule as a pure function of the order's instant, template, pauses and calendars.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="milestones", verbose_name=_("order"))
    shipment = models.ForeignKey(
        "orders.Shipment",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="milestones",
        verbose_name=_("shipment"),
    )
    step = models.ForeignKey(
        "orders.TemplateStep", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("template step")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("code"), max_length=40)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=200)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage)
    role = models.CharField(_("role"), max_length=20, choices=RoleCode)
    assignee = models.ForeignKey(
        "teams.User",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # milestone_assigned_order serves it
        related_name="milestones",
        verbose_name=_("assignee"),
    )
    calendar = models.ForeignKey(
        "teams.WorkCalendar", models.PROTECT, related_name="+", verbose_name=_("work calendar")
    )
    status = models.CharField(_("status"), max_length=10, choices=MilestoneStatus, default=MilestoneStatus.PENDING)
    flags = models.CharField(max_length=10, blank=True)  # letters of the template grammar
    required_documents = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    planned_start_at = models.DateTimeField(_("planned start"), null=True, blank=True)
    baseline_finish_at = models.DateTimeField(_("baseline"), null=True, blank=True)  # due_at at confirmation, frozen
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    # Latest less earliest finish of the plan in force, in working time of the calendar; negative: late.
    float_minutes = models.IntegerField(_("float, minutes"), null=True, blank=True)
    is_critical = models.BooleanField(_("critical"), default=False)
    # Its owner does not expect it to be finished before; taken up by the next re-planning.
    expected_at = models.DateTimeField(_("expected"), null=True, blank=True)
    actual_finish_at = models.DateTimeField(_("actual finish"), null=True, blank=True)  # business truth
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True)  # when it was typed
    # When it left the open ones: the actual finish of a done one, the record of a skip or cancellation.
    closed_at = models.DateTimeField(null=True, blank=True)
    # Indexed with `recorded_at`.
    closed_by = models.ForeignKey("teams.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    delay_reason = models.ForeignKey(
        "orders.DelayReason", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("delay reason")
    )
    waiting_on = models.CharField(_("waiting on"), max_length=14, choices=Side, blank=True)

    # The ladder of reminders in working time of the calendar; empty where the template has none.
    soon_at = models.DateTimeField(null=True, blank=True)
    lead_at = models.DateTimeField(null=True, blank=True)
    manager_at = models.DateTimeField(null=True, blank=True)
    # The first instant of the ladder not decided yet; empty when there is nothing left to decide.
    next_reminder_at = models.DateTimeField(_("next reminder"), null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "code", "shipment"], name="milestone_code_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="milestone_closed_at_follows_status",
                condition=Q(status__in=OPEN_MILESTONE, closed_at=None, closed_by=None, recorded_at=None)
                | Q(status__in=CLOSED_MILESTONE, closed_at__isnull=False, recorded_at__isnull=False),
            ),
            models.CheckConstraint(
                name="milestone_actual_only_when_done",
                condition=Q(status="done", actual_finish_at__isnull=False)
                | ~Q(status="done") & Q(actual_finish_at=None),
            ),
            models.CheckConstraint(
                name="milestone_no_reminder_when_closed",
                condition=Q(status__in=OPEN_MILESTONE) | Q(next_reminder_at=None),
            ),
        ]
        indexes = [
            # past_due: the open ones by due instant.
            models.Index(fields=["due_at"], name="milestone_open_due", condition=Q(closed_at=None)),
            # A person's desk.
            models.Index(fields=["assignee", "due_at"], name="milestone_desk", condition=Q(closed_at=None)),
            # OrderQuerySet.visible_to: the orders of which a person has a step.
            models.Index(fields=["assignee", "order"], name="milestone_assigned_order"),
            # The second half of open_at: closed after an instant of the past.
            models.Index(fields=["closed_at"], name="milestone_closed", condition=Q(closed_at__isnull=False)),
            # KPI attribution by due instant.
            # With what judges a step and leads to its order, so that a month is counted from the index alone.
            models.Index(
                fields=["due_at", "closed_at"],
                name="milestone_due_judged",
                include=["id", "status", "order", "calendar", "delay_reason"],
            ),
            # K33: the steps by which orders are paid.
            models.Index(fields=["due_at"], name="milestone_payment_due", condition=Q(code__in=PAYMENT_STEPS)),
            models.Index(fields=["order"], name="milestone_payment_order", condition=Q(code__in=PAYMENT_STEPS)),
            # K16: first replies to inquiries and claims.
            models.Index(fields=["closed_at"], name="milestone_reply", condition=Q(code__in=REPLY_STEPS)),
            # to_remind: cost follows the number due, not the number open.
            models.Index(
                fields=["next_reminder_at"], name="milestone_to_remind", condition=Q(next_reminder_at__isnull=False)
            ),
            models.Index(fields=["order", "position"], name="milestone_order_position"),
            # What is next of many orders: lists, board, export.
            models.Index(fields=["order"], name="milestone_active", condition=Q(status="active")),
            # What a person has closed today.
            models.Index(
                fields=["closed_by", "-recorded_at"], name="milestone_closed_by", condition=Q(closed_by__isnull=False)
            ),
            # K34: suppliers' steps by the frozen plan.
            models.Index(
                fields=["baseline_finish_at"], name="milestone_supplier_due", condition=Q(flags__contains="S")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} #{self.pk}"

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)

    @property
    def key(self) -> str:
        """Its name in the order's network (orders.network)."""
        return step_key(self.code, self.shipment_id)

    @property
    def subject(self) -> str:
        """The name under which the outbox knows this milestone."""
        return f"orders.milestone:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_MILESTONE

    def has_flag(self, letter: str) -> bool:
        """Whether the template gave it `letter`: A, G, C, S, V, H, O or T (processes grammar C0)."""
        return letter in self.flags

    def is_past_due(self, at: datetime) -> bool:
        """`MilestoneQuerySet.past_due` for a row in hand."""
        return self.due_at is not None and self.due_at < at and (self.closed_at is None or self.closed_at > at)

    def is_overdue(self, at: datetime) -> bool:
        """`MilestoneQuerySet.overdue` for a row in hand; reads the prefetched `pauses`."""
        return self.is_past_due(at) and not any(pause.stops_at(at) for pause in self.pauses.all())


class ClockPauseQuerySet(models.QuerySet["ClockPause"]):
    def running(self) -> Self:
        return self.filter(to_at=None)

    def end(self, at: datetime) -> int:
        """Let these pauses end at `at`; returns how many.

        Never before they began: clocks of two web servers differ, and one may end what the other has just begun.
        """
        return self.update(to_at=Greatest(F("from_at"), Value(at)))

    def stopping_at(self, at: datetime) -> Self:
        """Pauses that hold the internal clock at the instant `at`; half open, [from, to)."""
        return self.filter(Q(to_at=None) | Q(to_at__gt=at), side__in=CLOCK_STOPPING_SIDES, from_at__lte=at)


class ClockPause(models.Model):
    """The clock of a milestone is stopped, or somebody else is waited for, from `from_at` until `to_at`."""

    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="pauses", verbose_name=_("milestone"))
    side = models.CharField(_("waiting on"), max_length=14, choices=Side)
    reason = models.CharField(_("reason"), max_length=300)
    from_at = models.DateTimeField(_("from"))
    to_at = models.DateTimeField(_("to"), null=True, blank=True)
    # Laid by holding the whole order, lifted by resuming it.
    is_hold = models.BooleanField(default=False)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+", verbose_name=_("by"))

    objects = ClockPauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock pause")
        verbose_name_plural = _("clock pauses")
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "is_hold"], condition=Q(to_at=None), name="clockpause_one_running"
            ),
            models.CheckConstraint(
                name="clockpause_ends_after_it_begins", condition=Q(to_at=None) | Q(to_at__gte=F("from_at"))
            ),
            models.CheckConstraint(name="clockpause_side_known", condition=Q(side__in=Side.values)),
        ]
        # ClockPauseQuerySet.stopping_at, asked per milestone.
        indexes = [models.Index(fields=["milestone", "from_at"], name="clockpause_milestone_from")]

    def __str__(self) -> str:
        return f"{self.milestone_id} {self.side} {self.from_at}"

    def stops_at(self, at: datetime) -> bool:
        """`ClockPauseQuerySet.stopping_at` for a row in hand."""
        return self.side in CLOCK_STOPPING_SIDES and self.from_at <= at and (self.to_at is None or self.to_at > at)


class DelayReasonQuerySet(models.QuerySet["DelayReason"]):
    def offered(self) -> Self:
        """What a person may choose, by side."""
        return self.filter(is_active=True).order_by("side", "pk")


class DelayReason(models.Model):
    """Why something was late, and on whose side it lay."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    side = models.CharField(_("side"), max_length=14, choices=Side)
    is_active = models.BooleanField(_("offered"), default=True)

    objects = DelayReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("delay reason")
        verbose_name_plural = _("delay reasons")

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)
