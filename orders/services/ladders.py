"""Ladders of teams: what an edit would do, saving it, and bringing the team's open steps in line, batch by batch.

Only the instants of the ladder are written, and what follows from them for the next reminder; due instants and plans
stay. A step whose instants stay is not touched. What was told before is not told again: the outbox' keys see to that.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders.grammar import HOURS_PER_DAY, Ladder, parse_ladder, read_amount, write_span
from orders.models import ClockPause, LadderJob, Ladders, Milestone, Order, ProcessTemplate, TeamLadder, TemplateStep
from orders.models.ladders import EVERY, NOBODY, Place, is_first_plan_under_way
from orders.overlays.rows import ROWS
from orders.planning import Span
from orders.reminders import Rungs, Step, persons_for
from orders.schedule import next_reminder, nodes_of, write_ladder
from orders.services import flow
from orders.services.owners import escalation_of
from orders.services.plans.jobs import KEPT_FAULTS, LEASE, PLANNED_ORDER, work_through
from orders.workflow import RUNNING_ORDER
from teams.errors import DomainError, InvalidInput
from teams.models import Team, User, WorkCalendar
from teams.worktime import CalendarExhausted, ScheduleError

BATCH_SIZE = 100
PATIENCE = timedelta(seconds=10)  # until a job asks again whether first plans are under way
RUNGS = ("soon", "lead", "manager")
MOST = {"h": 480, "w": 60, "c": 90}  # a reminder later than that is a slip of the pen
_CODE = re.compile(r"[A-Z0-9_]{0,40}\Z")
_INSTANTS = ("soon_at", "lead_at", "manager_at")
_READ = (
    *("code", "shipment_id", "order_id", "status", "due_at", "calendar_id", "assignee_id", "next_reminder_at"),
    *_INSTANTS,
)
_WRITE = """
UPDATE orders_milestone SET
    soon_at = moved.soon_at, lead_at = moved.lead_at, manager_at = moved.manager_at,
    next_reminder_at = moved.next_reminder_at
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS moved (id, soon_at, lead_at, manager_at, next_reminder_at)
WHERE orders_milestone.id = moved.id
"""


class BadLadder(InvalidInput):
    """A ladder that makes no sense, or a process or step that is not there; `fields` names what."""

    code = "ladder_invalid"


class LadderMovedOn(DomainError):
    """Somebody changed the team's ladder since this one was read."""

    code = "ladder_moved_on"


class LadderUnchanged(DomainError):
    """What is to be saved holds already."""

    code = "ladder_unchanged"


@dataclass(frozen=True)
class LadderEdit:
    """What a team says of a place: `ladder` in the grammar, None to say nothing any more.

    `is_all`: nothing any more of the process and of all its steps.
    """

    template_code: str
    step_code: str = EVERY
    ladder: str | None = None
    is_all: bool = False

    @property
    def place(self) -> Place:
        return self.template_code, self.step_code

    def concerns(self, place: Place) -> bool:
        return place[0] == self.template_code if self.is_all else place == self.place

    def applied_to(self, own: Mapping[Place, Ladder | None]) -> dict[Place, Ladder | None]:
        """The team's ladders as they would be."""
        kept = {place: ladder for place, ladder in own.items() if not self.concerns(place)}
        return kept if self.ladder is None else {**kept, self.place: parse_ladder(self.ladder)}

    def standing(self, rows: Iterable[TeamLadder]) -> str:
        """What the team says now of what the edit concerns; the editor hands it back, to see whether it moved on."""
        said = sorted((row.place, row.ladder) for row in rows if self.concerns(row.place))
        return ";".join(f"{step}={ladder}" for (_process, step), ladder in said)


def read_rungs(rungs: Mapping[str, str]) -> str:
    """The ladder of three rungs, each an amount such as "2h", "1w", "3c", or "-" for nobody.

    Raises:
        BadLadder: naming the rungs at fault.
    """
    faults: dict[str, str] = {}
    spans: dict[str, Span | None] = {}
    for name in RUNGS:
        try:
            spans[name] = None if rungs[name] == NOBODY else _read_rung(rungs[name])
        except ValueError as wrong:
            faults[name] = str(wrong)
    soon, lead, manager = (spans.get(name) for name in RUNGS)
    if soon and not soon.amount:
        faults["soon"] = _("At least 1: at the due time the owner is told in any case.")
    if lead and manager and _hours(manager) < _hours(lead):
        faults["manager"] = _("The manager is told after the lead, or at the same time.")
    if faults:
        raise BadLadder(" ".join(faults.values()), fields=faults)
    if not any(spans.values()):
        return NOBODY
    return "/".join(write_span(span) if span else NOBODY for span in (soon, lead, manager))


def _read_rung(text: str) -> Span:
    """Raises ValueError with words for the person who typed it."""
    span = read_amount(text)
    if span.amount > MOST[span.unit]:
        longest = f"{MOST[span.unit]}{span.unit}"
        raise ValueError(_("%(span)s is too long: at most %(longest)s.") % {"span": span, "longest": longest})
    return span


def _hours(span: Span) -> int:
    """To compare spans of different units; a calendar day counts as a working day."""
    return span.amount if span.unit == "h" else span.amount * HOURS_PER_DAY


# What an edit would do


@dataclass
class Effect:
    """`steps` open steps get other instants; `reminders` messages to one person each would be due at once."""

    steps: int = 0
    reminders: int = 0


def effect_of(*, team_id: int, edit: LadderEdit, now: datetime) -> Effect:
    """What saving `edit` would do to the team's open steps. Writes nothing.

    Raises:
        BadLadder: the process or the step is not there.
    """
    check_place(edit)
    own = edit.applied_to({row.place: row.rungs for row in TeamLadder.objects.filter(team=team_id)})
    above = escalation_of([team_id])[team_id]
    effect, last = Effect(), 0
    while orders := list(_orders_of(team_id, edit.template_code).filter(pk__gt=last)[:BATCH_SIZE]):
        last = orders[-1].pk
        ladders = {order.pk: Ladders(order.template.code if order.template else EVERY, own) for order in orders}
        found = _lay_out(orders, ladders, edit.step_code, now)
        effect.steps += len(found.changed)
        active = _active_of([milestone.assignee_id for milestone in found.changed])
        for milestone in found.changed:
            for step in _newly_due(milestone, found.before[milestone.pk], now):
                is_active = milestone.assignee_id in active
                effect.reminders += len(persons_for(step, milestone.assignee_id, is_active, above))
    return effect


def _newly_due(milestone: Milestone, before: Rungs, now: datetime) -> list[Step]:
    """What the sweep will find due that it did not by the former instants."""
    if milestone.next_reminder_at is None or milestone.due_at is None:
        return []
    after = Rungs(milestone.soon_at, milestone.due_at, milestone.lead_at, milestone.manager_at)
    told = before.due_steps(now)
    return [step for step in after.due_steps(now) if step not in told]


def _active_of(user_ids: Iterable[int | None]) -> set[int]:
    ids = {pk for pk in user_ids if pk is not None}
    return set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True)) if ids else set()


# Saving


@transaction.atomic
def save_ladder(*, team_id: int, edit: LadderEdit, seen: str, by: User, now: datetime) -> LadderJob:
    """Save what a team says of a place; a worker brings its open steps in line. `seen` is what `standing` told.

    Raises:
        BadLadder: the process or the step is not there.
        LadderMovedOn: somebody said something else meanwhile.
        LadderUnchanged: it says that already.
    """
    check_place(edit)
    # Two editors of a team wait for each other.
    Team.objects.select_for_update(no_key=True).get(pk=team_id)
    rows = list(TeamLadder.objects.filter(team=team_id, template_code=edit.template_code).select_related("by"))
    concerned = [row for row in rows if edit.concerns(row.place)]
    if edit.applied_to({row.place: row.rungs for row in rows}) == {row.place: row.rungs for row in rows}:
        raise LadderUnchanged(_("Nothing is changed yet."))
    if edit.standing(rows) != seen:
        who = max(concerned, key=lambda row: row.at).by if concerned else _("Somebody")
        raise LadderMovedOn(_("%(who)s changed this meanwhile. Look again, then save to keep yours.") % {"who": who})
    if edit.ladder is None:
        TeamLadder.objects.filter(pk__in=[row.pk for row in concerned]).delete()
    else:
        TeamLadder.objects.update_or_create(
            team_id=team_id,
            template_code=edit.template_code,
            step_code=edit.step_code,
            defaults={"ladder": edit.ladder, "by": by, "at": now},
        )
    return LadderJob.objects.create(
        team_id=team_id,
        template_code=edit.template_code,
        step_code=EVERY if edit.is_all else edit.step_code,
        by=by,
        created_at=now,
        total=_orders_of(team_id, edit.template_code).count(),
    )


def check_place(edit: LadderEdit) -> None:
    """Refuse an edit of a process, or of a step, that is not there.

    Raises:
        BadLadder
    """
    faults = {}
    templates = ProcessTemplate.objects.filter(code=edit.template_code)
    if edit.template_code and (not _CODE.match(edit.template_code) or not templates.exists()):
        faults["template"] = _("There is no process %(code)s.") % {"code": edit.template_code[:40]}
    elif edit.step_code and (not _CODE.match(edit.step_code) or not _has_step(edit.place)):
        faults["step"] = _("There is no step %(code)s.") % {"code": edit.step_code[:40]}
    if faults:
        raise BadLadder(" ".join(faults.values()), fields=faults)


def _has_step(place: Place) -> bool:
    """A step of any version, or one that an order's terms add."""
    steps = TemplateStep.objects.filter(code=place[1])
    if place[0]:
        steps = steps.filter(template__code=place[0])
    return any(row.step.code == place[1] for rows in ROWS.values() for row in rows) or steps.exists()


# Bringing open steps in line


def work_on_jobs(*, clock: Callable[[], datetime], is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Work on every job that nobody works on, oldest first; returns how many orders were looked at."""
    return work_through(LadderJob.objects.unfinished(), run_batch, clock=clock, is_stopping=is_stopping)


@transaction.atomic
def run_batch(job_id: int, *, now: datetime) -> tuple[int, bool]:
    """One batch of a job with its progress, together or not at all; returns how many orders, and whether to leave it.

    An order that is getting its first plan just now, by ladders read before the edit, is not to be seen yet: the job
    begins once there is none.
    """
    job = LadderJob.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.is_finished:
        return 0, True
    if not job.last_order_id and is_first_plan_under_way(job.team_id):
        job.lease_until = now + PATIENCE
        job.save(update_fields=["lease_until"])
        return 0, True
    rows = _orders_of(job.team_id, job.template_code).filter(pk__gt=job.last_order_id)
    orders = list(rows.select_for_update(of=("self",), no_key=True)[:BATCH_SIZE])
    found = _lay_out(orders, TeamLadder.objects.of_orders(orders), job.step_code, now)
    _write(found.changed)
    job.done, job.changed, job.failed = (
        job.done + len(orders),
        job.changed + len(found.changed),
        job.failed + len(found.faults),
    )
    job.faults = [*job.faults, *found.faults][:KEPT_FAULTS]
    job.last_order_id = orders[-1].pk if orders else job.last_order_id
    if len(orders) < BATCH_SIZE:
        job.finished_at, job.lease_until = now, None
    else:
        job.lease_until = now + LEASE
    job.save()
    return len(orders), job.is_finished


def _orders_of(team_id: int, template_code: str) -> QuerySet[Order]:
    """The team's orders that may have open steps, by id."""
    orders = Order.objects.filter(team=team_id, status__in=PLANNED_ORDER, plan__isnull=False)
    if template_code:
        orders = orders.filter(template__code=template_code)
    return orders.select_related("plan", "template").order_by("pk")


@dataclass
class _Found:
    """Steps with other instants, what they had before by id, and the orders whose calendars do not reach so far."""

    changed: list[Milestone] = field(default_factory=list)
    before: dict[int, Rungs] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def _lay_out(orders: Sequence[Order], ladders: Mapping[int, Ladders], step_code: str, now: datetime) -> _Found:
    """Write the instants of the ladders on the open steps of `orders`, in memory; three queries."""
    calendars = {calendar.pk: calendar for calendar in WorkCalendar.objects.all()}
    stopped = set(
        ClockPause.objects.stopping_at(now).filter(milestone__order__in=orders).values_list("milestone_id", flat=True)
    )
    steps = Milestone.objects.open().filter(order__in=orders, due_at__isnull=False)
    steps = steps.filter(code=step_code) if step_code else steps
    by_order: dict[int, list[Milestone]] = {}
    for milestone in steps.only(*_READ).order_by("pk"):
        by_order.setdefault(milestone.order_id, []).append(milestone)
    found = _Found()
    for order in orders:
        own = by_order.get(order.pk, [])
        try:
            changed = list(_changed(order, own, ladders[order.pk], calendars))
        except (CalendarExhausted, ScheduleError):
            found.faults.append(order.number)
            continue
        for milestone, before in changed:
            is_stopped = order.status not in RUNNING_ORDER or milestone.pk in stopped
            milestone.next_reminder_at = next_reminder(milestone, is_stopped)
            found.before[milestone.pk] = before
            found.changed.append(milestone)
    return found


def _changed(
    order: Order, milestones: Iterable[Milestone], ladders: Ladders, calendars: Mapping[int, WorkCalendar]
) -> Iterator[tuple[Milestone, Rungs]]:
    """The steps that the plan knows and whose instants become others, by the calendars' versions of the plan."""
    basis = flow.basis_of(order)
    nodes = nodes_of(basis.shape) if basis else {}
    for milestone in milestones:
        if basis is None or milestone.key not in nodes or milestone.due_at is None:
            continue
        before = [getattr(milestone, name) for name in _INSTANTS]
        schedule = calendars[milestone.calendar_id].schedule(basis.calendars.get(milestone.calendar_id))
        write_ladder(milestone, nodes[milestone.key].spec, schedule, ladders)
        if before != [getattr(milestone, name) for name in _INSTANTS]:
            soon_at, lead_at, manager_at = before
            yield milestone, Rungs(soon_at, milestone.due_at, lead_at, manager_at)


def _write(milestones: Sequence[Milestone]) -> None:
    if milestones:
        columns = ("pk", *_INSTANTS, "next_reminder_at")
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [[getattr(m, name) for m in milestones] for name in columns])
