"""Each person's load: what lies on whose desk, who is away, and who carries more than the others."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Count, Q
from django.utils import timezone

from orders.filters import people_of
from orders.models import Milestone
from orders.pages.desk import horizon
from orders.words import DeskSection
from teams.models import Leave, Membership, User

# More than this many times the median of people in the same role is too much (CAP39).
TOO_MUCH = 1.5


@dataclass
class Load:
    """The open steps of running orders that a person carries, as their desk counts them."""

    person: User | None  # None: nobody yet
    open: int = 0
    late: int = 0
    today: int = 0
    soon: int = 0
    waiting: int = 0
    orders: int = 0
    leave: Leave | None = None
    is_too_much: bool = False


def read_loads(user: User, now: datetime) -> list[Load]:
    """A row for each colleague and one for steps that nobody carries; heaviest first. Five queries.

    Only what `user` sees counts.
    """
    today_ends, soon_ends = horizon(user, now)
    steps = Milestone.objects.visible_to(user).of_running_orders().open()
    loads = {person.pk: Load(person) for person in people_of(user).filter(is_active=True)}
    nobody = Load(None)
    totals = steps.values("assignee").annotate(open=Count("pk"), orders=Count("order", distinct=True)).order_by()
    for row in totals:
        load = loads.get(row["assignee"]) if row["assignee"] else nobody
        if load:
            load.open, load.orders = row["open"], row["orders"]
    in_sections = steps.in_sections(now, today_ends=today_ends, soon_ends=soon_ends)
    counts = {key: Count("pk", filter=Q(section=key)) for key in DeskSection.values}
    for row in in_sections.values("assignee").annotate(**counts).order_by():
        load = loads.get(row["assignee"]) if row["assignee"] else nobody
        for key in DeskSection.values if load else ():
            setattr(load, key, row[key])
    today = timezone.localdate(now)
    away = Leave.objects.filter(user__in=loads, from_date__lte=today, to_date__gte=today).select_related("deputy")
    for leave in away:
        loads[leave.user_id].leave = leave
    _mark(loads)
    found = sorted(loads.values(), key=lambda load: (-load.open, str(load.person)))
    return [*([nobody] if nobody.open else []), *found]


def _mark(loads: dict[int, Load]) -> None:
    """Who carries much more than most of those with a role in common; two are too few to compare."""
    roles: dict[str, set[int]] = defaultdict(set)
    for person, role in Membership.objects.filter(user__in=loads).values_list("user_id", "role"):
        roles[role].add(person)
    for person, load in loads.items():
        peers = set().union(*(own for own in roles.values() if person in own))
        carried = [loads[peer].open for peer in peers if loads[peer].open]
        load.is_too_much = len(carried) > 2 and load.open > TOO_MUCH * median(carried)
