"""My desk: a person's open steps in four sections that share no row, with the true count of each."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from orders.models import ActItem, Milestone
from orders.models.milestones import MilestoneQuerySet
from orders.pages.steps import StepRow, rows_of, with_row_data
from orders.words import DeskSection
from orders.workflow import MilestoneStatus
from teams.models import Team, User
from teams.permissions import Permission
from teams.worktime import CalendarExhausted, add_working_days

SOON_DAYS = 5
SHOWN = 25  # rows of a section on the whole desk; a row costs a millisecond
SHOWN_DONE = 50
SHOWN_ALONE = 300  # rows when one section is opened


@dataclass
class Section:
    """A part of the desk; `total` counts what `rows` may cut off."""

    key: str
    title: str
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

    A step nobody carries yet belongs to the desk of those who hold its role in the team; those of somebody on leave
    stand on their deputy's desk as well.
    """
    steps = Milestone.objects.visible_to(user).of_running_orders().open()
    if who is None:
        return steps
    unassigned = Q()
    for team_id, roles in who.access.roles.items():
        unassigned |= Q(assignee=None, order__team=team_id, role__in=roles)
    own = Q(assignee__in=[who.pk, *who.access.principal_ids]) if who.access.principal_ids else Q(assignee=who.pk)
    return steps.filter(own | unassigned if unassigned else own)


def desk_steps(user: User, who: User | None, now: datetime) -> Any:
    """The steps on a desk, annotated with their `section`; days are those of the time zone in force."""
    today_ends, soon_ends = horizon(user, now)
    return steps_for(user, who).in_sections(now, today_ends=today_ends, soon_ends=soon_ends)


def horizon(user: User, now: datetime) -> tuple[datetime, datetime]:
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


def _by_urgency() -> list[Any]:
    """What can be worked on stands first ("active" before "pending"), then by due instant."""
    return [F("status").asc(), F("due_at").asc(nulls_last=True), F("pk").asc()]


def read_desk(user: User, who: User | None, now: datetime, only: str = "") -> list[Section]:
    """The desk's sections with their rows; `only` opens one section further.

    One query ranks and counts by the few columns that takes, a second reads the rows that are shown.
    """
    steps = desk_steps(user, who, now)
    if only:
        steps = steps.filter(section=only)
    most = SHOWN_ALONE if only else SHOWN
    shown = _ranked(steps, most) if who is None else _ranked_here(steps, most)
    sections = {key: Section(key, str(title), [], 0) for key, title in DeskSection.choices if only in ("", key)}
    milestones = with_row_data(Milestone.objects.all()).in_bulk([pk for pk, *_rest in shown])
    there = [(milestones[pk], sections[key], total) for pk, key, total in shown if pk in milestones]
    rows = rows_of([milestone for milestone, *_rest in there], user=user, now=now)
    for row, (_milestone, section, total) in zip(rows, there, strict=True):
        section.rows.append(row)
        section.total = total
    return list(sections.values())


def _ranked(steps: Any, most: int) -> list[tuple[int, str, int]]:
    """The most urgent of each section: key, section and how many it holds. Of a team's steps there are thousands."""
    in_section: dict[str, Any] = {"partition_by": [F("section")]}
    ranked = steps.annotate(
        rank=Window(RowNumber(), order_by=_by_urgency(), **in_section),
        section_total=Window(Count("pk"), **in_section),
    ).filter(rank__lte=most)
    return list(ranked.order_by("rank", "pk").values_list("pk", "section", "section_total"))


def _ranked_here(steps: Any, most: int) -> list[tuple[int, str, int]]:
    """The same of one person's few hundred, in half the time: the database need not be told of windows."""
    return [(pk, section, len(keys)) for section, keys in _keys_of(steps).items() for pk in keys[:most]]


def _keys_of(steps: Any) -> dict[str, list[int]]:
    """The keys of all steps by section, the most urgent first."""
    keys: dict[str, list[int]] = {key: [] for key in DeskSection.values}
    for section, pk in steps.order_by(*_by_urgency()).values_list("section", "pk"):
        keys[section].append(pk)
    return keys


def listed_ids(user: User, who: User | None, now: datetime, only: str = "") -> list[int]:
    """All steps of the desk as it shows them: section by section, what can be worked on first, then by due instant."""
    return [pk for key, ids in _keys_of(desk_steps(user, who, now)).items() if only in ("", key) for pk in ids]


def count_sections(user: User, who: User | None, now: datetime) -> dict[str, int]:
    """How many steps each section holds."""
    counted = desk_steps(user, who, now).values("section").annotate(total=Count("pk"))
    totals = {row["section"]: row["total"] for row in counted.order_by()}
    return {key: totals.get(key, 0) for key in DeskSection.values}


def done_today(user: User, now: datetime) -> list[Any]:
    """Steps that `user` completed since midnight in their zone, newest first; `act_id` is the act that undoes it."""
    midnight = datetime.combine(timezone.localdate(now), time(), timezone.get_current_timezone())
    act = ActItem.objects.filter(
        target_id=OuterRef("pk"),
        state=ActItem.State.DONE,
        act__by=user.pk,
        act__operation="complete",
        act__undone_at=None,
    )
    done = Milestone.objects.visible_to(user).filter(
        closed_by=user.pk, recorded_at__gte=midnight, status=MilestoneStatus.DONE
    )
    done = done.select_related("order").annotate(act_id=Subquery(act.order_by("-pk").values("act")[:1]))
    return list(done.order_by("-recorded_at", "-pk")[:SHOWN_DONE])
