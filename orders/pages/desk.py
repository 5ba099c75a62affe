"""My desk: a person's open steps in four sections that share no row, with the true count of each."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import ClockPause, Milestone
from orders.models.milestones import MilestoneQuerySet
from orders.pages.steps import StepRow, rows_of, with_row_data
from orders.words import Side
from teams.models import Team, User
from teams.permissions import Permission
from teams.worktime import CalendarExhausted, add_working_days

LATE, TODAY, SOON, WAITING = "late", "today", "soon", "waiting"
TITLES: dict[str, Promise] = {
    LATE: _("Overdue"),
    TODAY: _("Today"),
    SOON: _("Next 5 working days"),
    WAITING: _("Waiting on others"),
}
SOON_DAYS = 5
SHOWN = 50  # rows of a section on the whole desk
SHOWN_ALONE = 300  # rows when one section is opened


@dataclass
class Section:
    """A part of the desk; `total` counts what `rows` may cut off."""

    key: str
    title: Promise
    rows: list[StepRow]
    total: int

    @property
    def hidden_count(self) -> int:
        return self.total - len(self.rows)


def sees_team_desk(user: User) -> bool:
    """Who distributes work looks at everybody's steps first."""
    return user.access.allows_somewhere(Permission.MILESTONE_ASSIGN)


def steps_for(user: User, who: User | None) -> MilestoneQuerySet:
    """Open steps of running orders that the reader sees: of the person `who`, or of everybody.

    A step nobody carries yet belongs to the desk of those who hold its role in the team.
    """
    steps = Milestone.objects.visible_to(user).of_running_orders().open()
    if who is None:
        return steps
    unassigned = Q()
    for team_id, roles in who.access.roles.items():
        unassigned |= Q(assignee=None, order__team=team_id, role__in=roles)
    return steps.filter(Q(assignee=who.pk) | unassigned if unassigned else Q(assignee=who.pk))


def in_sections(steps: MilestoneQuerySet, user: User, now: datetime) -> Any:
    """The steps that belong on a desk at `now`, each with its `section`.

    Overdue is the one rule of `MilestoneQuerySet.overdue`; a step whose clock stands, or that waits on somebody
    outside and is not due soon, is waiting.
    """
    today_ends, soon_ends = _horizon(user, now)
    paused = Exists(ClockPause.objects.running().filter(milestone=OuterRef("pk")))
    outside = Q(status="active") & ~Q(waiting_on__in=["", Side.INTERNAL])
    is_late = Exists(Milestone.objects.overdue(now).filter(pk=OuterRef("pk")))
    section = Case(
        When(Q(is_late), then=Value(LATE)),
        When(Q(paused), then=Value(WAITING)),
        When(due_at__lt=now, then=Value(WAITING)),  # past due while the clock stands (K21)
        When(due_at__lt=today_ends, then=Value(TODAY)),
        When(due_at__lt=soon_ends, then=Value(SOON)),
        When(outside, then=Value(WAITING)),
        default=None,
        output_field=CharField(),
    )
    on_desk = Q(due_at__lt=soon_ends) | outside | Q(paused)
    return steps.filter(on_desk).annotate(is_late=is_late, section=section).filter(section__isnull=False)


def _horizon(user: User, now: datetime) -> tuple[datetime, datetime]:
    """When today and the coming working days end, in the reader's zone and by their team's calendar."""
    today = timezone.localdate(now)
    team = Team.objects.select_related("calendar").filter(memberships__user=user).order_by("pk").first()
    last = today + timedelta(days=SOON_DAYS + 2)
    if team is not None:
        with contextlib.suppress(CalendarExhausted):
            last = add_working_days(today, SOON_DAYS, team.calendar.schedule())
    zone = timezone.get_current_timezone()
    midnights = [datetime.combine(day + timedelta(days=1), time(), zone) for day in (today, last)]
    return midnights[0], midnights[1]


def read_desk(user: User, who: User | None, now: datetime, only: str = "") -> list[Section]:
    """The desk's sections with their rows; `only` opens one section further. One query for rows and counts."""
    steps = in_sections(steps_for(user, who), user, now)
    if only:
        steps = steps.filter(section=only)
    in_section: dict[str, Any] = {"partition_by": [F("section")]}
    # What can be worked on stands first ("active" before "pending"), then by due instant.
    by_urgency = [F("status").asc(), F("due_at").asc(nulls_last=True), F("pk").asc()]
    ranked = steps.annotate(
        rank=Window(RowNumber(), order_by=by_urgency, **in_section),
        section_total=Window(Count("pk"), **in_section),
    ).filter(rank__lte=SHOWN_ALONE if only else SHOWN)
    milestones = list(with_row_data(ranked).order_by("rank", "pk"))
    rows = rows_of(milestones, user=user, now=now)
    sections = {key: Section(key, title, [], 0) for key, title in TITLES.items() if only in ("", key)}
    for row in rows:
        milestone: Any = row.milestone  # with the annotations above
        section = sections[milestone.section]
        section.rows.append(row)
        section.total = milestone.section_total
    return list(sections.values())


def count_sections(user: User, who: User | None, now: datetime) -> dict[str, int]:
    """How many steps each section holds."""
    counted = in_sections(steps_for(user, who), user, now).values("section").annotate(total=Count("pk"))
    totals = {row["section"]: row["total"] for row in counted.order_by()}
    return {key: totals.get(key, 0) for key in TITLES}
