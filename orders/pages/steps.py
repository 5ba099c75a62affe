"""A milestone as a page shows it: how late, what blocks it, what the reader may do with it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import ClockPause, DocumentKind, Milestone, OrderDocument
from orders.models.templates import in_language
from orders.network import step_key
from orders.services import flow
from orders.services.milestones import require_on
from orders.words import Side, word_of
from orders.workflow import RUNNING_ORDER, MilestoneStatus
from teams.errors import NotPermitted
from teams.models import User
from teams.permissions import Permission
from teams.worktime import CalendarExhausted, WorkSchedule, working_time_between

# What a page offers on a step, and the right it takes.
ACTIONS = {
    "complete": Permission.MILESTONE_COMPLETE,
    "pause": Permission.MILESTONE_PAUSE,
    "resume": Permission.MILESTONE_PAUSE,
    "skip": Permission.MILESTONE_SKIP,
    "reopen": Permission.MILESTONE_REOPEN,
    "assign": Permission.MILESTONE_ASSIGN,
}


class OpenStep(NamedTuple):
    """What a row tells about the open steps before it; a desk reads a thousand of them, so they are no models."""

    name_zh: str
    name_en: str
    is_gate: bool

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)


@dataclass
class StepRow:
    """One line of the desk or of an order; `tone` is the class suffix of its colour, the words stand beside it."""

    milestone: Milestone
    tone: str
    is_overdue: bool = False
    is_late_waiting: bool = False
    left: timedelta | None = None  # working time until due, negative when past
    day_length: timedelta = timedelta(hours=8)
    pause: ClockPause | None = None  # the one that runs now
    missing: list[tuple[str, str]] = field(default_factory=list)  # evidence: kind and its name
    gates: list[str] = field(default_factory=list)  # open gates directly before: it cannot be completed
    waits_for: list[str] = field(default_factory=list)  # open steps directly before
    actions: frozenset[str] = frozenset()

    @property
    def is_one_click(self) -> bool:
        """Its turn has come and nothing is asked for: completing takes one click. Why it is late is asked for."""
        is_active = self.milestone.status == MilestoneStatus.ACTIVE
        is_late = self.is_overdue or self.is_late_waiting
        return "complete" in self.actions and is_active and not (is_late or self.missing or self.gates)

    @property
    def is_waiting(self) -> bool:
        """Somebody outside holds the ball."""
        return self.milestone.is_open and self.milestone.waiting_on not in {"", Side.INTERNAL}


def quick_sides() -> list[tuple[str, str, str]]:
    """Whom one waits for most, each by one key or click: key, side, words."""
    return [
        ("1", Side.CUSTOMER, _("Waiting on the customer")),
        ("2", Side.SUPPLIER, _("Waiting on the supplier")),
        ("3", Side.CARRIER, _("Waiting on the carrier")),
    ]


def quick_instants(now: datetime) -> list[tuple[str, str]]:
    """When a step happened, mostly: an input's value in the reader's zone, and its words."""
    local = timezone.localtime(now)
    yesterday = (local - timedelta(days=1)).replace(hour=17, minute=0)
    moments = [(local, _("now")), (yesterday, _("yesterday 17:00"))]
    morning = local.replace(hour=9, minute=0)
    if morning < local:
        moments.insert(1, (morning, _("today 9:00")))
    return [(moment.strftime("%Y-%m-%dT%H:%M"), word) for moment, word in moments]


def with_row_data(milestones):
    """The queryset with what `rows_of` reads of each milestone."""
    # Few joins: Postgres takes ten times as long to plan a list of eight tables as one of five.
    joined = milestones.select_related("order", "order__customer", "assignee", "calendar")
    return joined.defer("order__search_text").prefetch_related(
        "closed_by", "delay_reason", Prefetch("pauses", ClockPause.objects.order_by("from_at", "pk"))
    )


def rows_of(milestones: Sequence[Milestone], *, user: User, now: datetime) -> list[StepRow]:
    """Rows for `milestones` (from `with_row_data`); two more queries, however many there are."""
    orders = {m.order_id for m in milestones if m.is_open}
    evidence: dict[int, set[str]] = defaultdict(set)
    kinds = OrderDocument.objects.evidence().filter(order__in=orders) if orders else OrderDocument.objects.none()
    for order_id, kind in kinds.values_list("order_id", "kind"):
        evidence[order_id].add(kind)
    open_steps: dict[int, dict[str, OpenStep]] = defaultdict(dict)
    names = Milestone.objects.open().filter(order__in=orders) if orders else Milestone.objects.none()
    columns = ("order_id", "code", "shipment_id", "name_zh", "name_en", "flags")
    for order_id, code, shipment_id, zh, en, flags in names.values_list(*columns):
        open_steps[order_id][step_key(code, shipment_id)] = OpenStep(zh, en, "G" in flags)
    return [_row(m, evidence[m.order_id], open_steps[m.order_id], user, now) for m in milestones]


def _row(
    milestone: Milestone, evidence: set[str], open_steps: dict[str, OpenStep], user: User, now: datetime
) -> StepRow:
    pauses = list(milestone.pauses.all())
    row = StepRow(milestone, tone="", is_overdue=milestone.is_overdue(now))
    row.is_late_waiting = milestone.is_open and milestone.is_past_due(now) and not row.is_overdue
    row.pause = next((pause for pause in pauses if pause.to_at is None), None)
    if milestone.is_open:
        missing = [kind for kind in milestone.required_documents if kind not in evidence]
        row.missing = [(kind, word_of(DocumentKind, kind)) for kind in missing]
        before = [open_steps[key] for key in _keys_before(milestone) if key in open_steps]
        row.waits_for = [step.name for step in before]
        row.gates = [step.name for step in before if step.is_gate]
        if milestone.due_at:
            schedule = milestone.calendar.schedule()
            row.day_length = day_length(schedule)
            row.left = working_time(now, milestone.due_at, schedule)
    row.tone = _tone(row, now)
    row.actions = frozenset(_actions(milestone, row, user))
    return row


def _keys_before(milestone: Milestone) -> Iterable[str]:
    node = flow.steps_before(milestone.order).get(milestone.key)
    return [key for key, _lag in node.dependencies] if node else []


def _tone(row: StepRow, now: datetime) -> str:
    milestone = row.milestone
    if not milestone.is_open:
        return "done" if milestone.status == MilestoneStatus.DONE else "skip"
    if row.is_overdue:
        return "late"
    if row.pause or row.is_late_waiting:
        return "wait"
    if milestone.due_at and timezone.localdate(milestone.due_at) == timezone.localdate(now):
        return "today"
    if row.is_waiting:
        return "wait"
    return "soon" if milestone.status == MilestoneStatus.ACTIVE else "quiet"


def _actions(milestone: Milestone, row: StepRow, user: User) -> Iterable[str]:
    """What may be done by status and by right; gates and evidence are told beside the button, not hidden."""
    if milestone.order.status not in RUNNING_ORDER:
        return
    if milestone.is_open:
        own_pause = row.pause is not None and not row.pause.is_hold
        offered = ["complete", "resume" if own_pause else "pause", "skip", "assign"]
    else:
        offered = ["reopen"] if milestone.status != MilestoneStatus.CANCELLED else []
    for action in offered:
        if may(user, action, milestone):
            yield action


def may(user: User, action: str, milestone: Milestone) -> bool:
    """Whether the reader's roles allow `action` on the milestone."""
    try:
        require_on(user, ACTIONS[action], milestone)
    except NotPermitted:
        return False
    return True


def day_length(schedule: WorkSchedule) -> timedelta:
    """Working time of the first worked weekday: what "one day" means beside hours."""
    for hours in schedule.week:
        if hours:
            return timedelta(seconds=sum(closing - opening for opening, closing in hours))
    return timedelta(hours=24)


def working_time(start: datetime, end: datetime, schedule: WorkSchedule) -> timedelta | None:
    """Working time from `start` to `end`, None where the calendar does not reach."""
    try:
        return working_time_between(start, end, schedule)
    except CalendarExhausted:
        return None
