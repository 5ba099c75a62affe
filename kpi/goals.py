"""Goals: set with everything that makes them SMART, and measured by the figures themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi.dimensions import is_filtered_by, of_person
from kpi.figures import Figure, breakdown, figure
from kpi.models import Goal, Review
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS, metric_of, offered_to
from kpi.targets import expected_value, quarters
from teams.errors import InvalidInput, NotPermitted
from teams.models import Organization, Team, User, WorkCalendar
from teams.permissions import Permission
from teams.worktime import WorkSchedule

AHEAD, ON_TRACK, BEHIND, UNKNOWN, NOT_BEGUN, REACHED, MISSED = (
    *("ahead", "on_track", "behind", "unknown", "not_begun"),
    *("reached", "missed"),
)
STATES = (AHEAD, ON_TRACK, BEHIND, UNKNOWN, NOT_BEGUN, REACHED, MISSED)
SLACK = Decimal("0.1")  # of the whole way: so far off the expected way a goal is still on track
MOST_STEPS = 12
# The goals that a new workplace is offered: title, figure, and why.
OFFERED = (
    ("K32", gettext_lazy("Sell more"), gettext_lazy("What is sold this year is made and shipped this year.")),
    ("K01", gettext_lazy("Deliver on time"), gettext_lazy("A promise kept is the next order.")),
    ("K14", gettext_lazy("Ship sooner after the order"), gettext_lazy("Time from order to ship binds money.")),
    ("K20", gettext_lazy("Finish steps when they are due"), gettext_lazy("A late step makes the order late.")),
)


class GoalIncomplete(InvalidInput):
    """What a goal lacks to be specific, measurable, attainable, relevant and timed; `fields` says what."""

    code = "goal_incomplete"


@dataclass(frozen=True)
class Attainment:
    """How far a goal is at an instant.

    `way` is the share of the way from baseline to target that has been gone, `expected` the share by the working days
    that have passed, or by the ladder; both in 0…1 and beyond. None where nothing is counted yet.
    """

    figure: Figure | None
    way: Decimal | None
    expected: Decimal
    expected_value: Decimal
    state: str

    @property
    def value(self) -> Decimal | None:
        return level_of(self.figure) if self.figure else None


def visible_goals(user: User) -> QuerySet[Goal]:
    """The goals that a person may read; those on money only where they see amounts."""
    found = Goal.objects.visible_to(user)
    if user.access.all_money:
        return found
    money = [code for code, metric in METRICS.items() if metric.is_money]
    return found.filter(~Q(code__in=money) | Q(team__in=user.access.money_team_ids))


@transaction.atomic
def set_goal(*, values: Mapping[str, Any], by: User, now: datetime, goal: Goal | None = None) -> Goal:
    """Set a goal, or set an existing one anew.

    Args:
        values: title, code, baseline, target, first, end (no longer counted), ladder, team, owner, parent, reason.

    Raises:
        NotPermitted: the person does not steer that team, or for the company's goals not every team.
        GoalIncomplete: naming what is missing or cannot be, by field.
    """
    may_set(by, values.get("team"))
    if goal is not None:
        may_set(by, goal.team)
    _check(values, goal, by)
    found = goal or Goal(by=by, created_at=now)
    for name, value in values.items():
        setattr(found, name, value)
    found.save()
    return found


def may_set(by: User, team: Team | None) -> None:
    """Refuse who does not steer the team; the company's goals are for those who see every team."""
    allowed = by.access.teams_allowing(Permission.KPI_STEER)
    if allowed is not None and (team is None or team.pk not in allowed):
        raise NotPermitted(_("Your role may not set goals here."))


def check_setter(user: User) -> None:
    """Refuse who steers no team."""
    if not user.access.allows_somewhere(Permission.KPI_STEER):
        raise NotPermitted(_("Your role may not set goals here."))


def steers(user: User, team: Team | None) -> bool:
    """Whether `may_set` lets the person."""
    try:
        may_set(user, team)
    except NotPermitted:
        return False
    return True


def steered_teams(user: User) -> QuerySet[Team]:
    """The teams that the person steers, by name."""
    allowed = user.access.teams_allowing(Permission.KPI_STEER)
    found = Team.objects.order_by("name", "pk")
    return found if allowed is None else found.filter(pk__in=allowed)


def possible_parents(user: User) -> QuerySet[Goal]:
    """The goals that another one may serve: still pursued, and nobody's own."""
    return visible_goals(user).filter(owner=None, dropped_at=None).order_by("title", "pk")


def drop_goal(*, goal: Goal, by: User, now: datetime) -> None:
    """Give a goal up; it stays to be read."""
    may_set(by, goal.team)
    goal.dropped_at = goal.dropped_at or now
    goal.save(update_fields=["dropped_at"])


def _check(values: Mapping[str, Any], goal: Goal | None, by: User) -> None:
    faults: dict[str, str] = {}
    missing = _("is missing: without it the goal is not %(letter)s")
    letters = {
        "title": _("specific (S)"),
        "code": _("measurable (M)"),
        "baseline": _("measurable (M)"),
        "target": _("measurable (M)"),
        "reason": _("relevant (R)"),
        "first": _("timed (T)"),
        "end": _("timed (T)"),
    }
    for name, letter in letters.items():
        if values.get(name) in (None, ""):
            faults[name] = missing % {"letter": letter}
    metric = offered_to(by).get(values.get("code") or "")
    if values.get("code") and metric is None:
        faults["code"] = _("there is no such figure")
    baseline, target = values.get("baseline"), values.get("target")
    if metric and baseline is not None and target is not None:
        # A sum may well be meant to stay below that of the time before.
        if metric.is_total:
            if target <= 0:
                faults["target"] = _("has to be more than 0: there would be nothing to attain")
        elif target == baseline:
            faults["target"] = _("is the baseline: nothing would change")
        elif (target > baseline) != metric.is_higher_better:
            faults["target"] = _("would be worse than the baseline")
        if metric.is_share and not 0 <= target <= 100:
            faults["target"] = _("lies outside 0 to 100%: it cannot be attained (A)")
        if metric.is_share and not 0 <= baseline <= 100:
            faults["baseline"] = _("lies outside 0 to 100%")
    first, end = values.get("first"), values.get("end")
    if first and end and end <= first:
        faults["end"] = _("lies before the first day")
    owner, team = values.get("owner"), values.get("team")
    if owner is not None and team is None:
        faults["team"] = _("is missing: whose goal it is has to be clear (S)")
    elif owner is not None and not owner.memberships.filter(team=team).exists():
        faults["owner"] = _("does not belong to this team")
    if metric and team is not None and owner is None and not is_filtered_by(metric.subject, ["team"]):
        faults["code"] = _("counts people's rows, which belong to no team: name a person, or the company")
    faults |= _ladder_faults(values) if not faults else {}
    if parent := values.get("parent"):
        faults |= _parent_faults(parent, values, goal)
    if faults:
        raise GoalIncomplete(" ".join(f"{name}: {text}" for name, text in faults.items()), fields=faults)


def _ladder_faults(values: Mapping[str, Any]) -> dict[str, str]:
    ladder = list(values.get("ladder") or ())
    if not ladder:
        return {}
    count = len(quarters(Period(values["first"], values["end"], "UTC")))
    start = Decimal(0) if METRICS[values["code"]].is_total else values["baseline"]
    steps = [start, *ladder]
    is_rising = values["target"] > start
    if len(ladder) != count:
        return {"ladder": _("needs one number for each quarter: %(count)s") % {"count": count}}
    if any((after > before) != is_rising and after != before for before, after in zip(steps, ladder, strict=False)):
        return {"ladder": _("does not go step by step from the baseline to the target")}
    if ladder[-1] != values["target"]:
        return {"ladder": _("has to end with the target")}
    return {}


def _parent_faults(parent: Goal, values: Mapping[str, Any], goal: Goal | None) -> dict[str, str]:
    above: Goal | None = parent
    while above is not None:
        if goal is not None and above.pk == goal.pk:
            return {"parent": _("would serve itself")}
        above = above.parent
    if parent.owner_id is not None or (parent.team_id is not None and values.get("team") != parent.team):
        return {"parent": _("has to be a goal of the company or of the same team")}
    return {}


def period_of(goal: Goal | Review) -> Period:
    return Period(goal.first, goal.end, Organization.current().timezone)


def attain(goals: Sequence[Goal], *, now: datetime, schedule: WorkSchedule) -> dict[int, Attainment]:
    """How far each goal is, over the rows of the company, team or person it is for.

    Figures of a goal are those of its scope, whoever looks (R14: it is marked as such). One statement serves all goals
    of teams or of people with the same figure and time.
    """
    found: dict[int, Figure | None] = {}
    alike: dict[tuple[str, date, date, str], list[Goal]] = {}
    for goal in goals:
        alike.setdefault((goal.code, goal.first, goal.end, _level(goal)), []).append(goal)
    organization = Organization.current()
    for (code, first, end, level), group in alike.items():
        period = Period(first, end, organization.timezone)
        found |= _figures(code, level, group, period, now) if code in METRICS else {goal.pk: None for goal in group}
    today = now.astimezone(organization.zone).date()
    return {goal.pk: _attainment(goal, found[goal.pk], today, schedule) for goal in goals}


def attain_now(goals: Sequence[Goal], now: datetime) -> dict[int, Attainment]:
    """`attain` by the company's working days; nothing where there is no calendar yet."""
    schedule = company_schedule() if goals else None
    return {} if schedule is None else attain(goals, now=now, schedule=schedule)


def company_schedule() -> WorkSchedule | None:
    """The working days by which a goal's way is expected: those of the first calendar, if there is one yet."""
    calendar = WorkCalendar.objects.order_by("pk").first()
    return None if calendar is None else calendar.schedule()


def _level(goal: Goal) -> str:
    return "" if goal.team_id is None else "team" if goal.owner_id is None else "person"


def _figures(code: str, level: str, group: list[Goal], period: Period, now: datetime) -> dict[int, Figure | None]:
    if period.start_at > now:
        return {goal.pk: None for goal in group}
    asked = Question(period, None, now)
    if not level:
        whole = figure(code, asked)
        return {goal.pk: whole for goal in group}
    metric = metric_of(code)
    by = "team" if level == "team" else of_person(metric.subject)
    parts = {part.key: part.figure for part in breakdown(code, asked, by)}
    return {goal.pk: parts.get(goal.team.code if level == "team" else goal.owner.username) for goal in group}  # type: ignore[union-attr]


def _attainment(goal: Goal, found: Figure | None, today: date, schedule: WorkSchedule) -> Attainment:
    start = start_of(goal)
    to_reach = expected_value(goal, today, schedule, start=start)
    expected = (to_reach - start) / (goal.target - start)
    value = level_of(found) if found else None
    if today < goal.first:
        return Attainment(None, None, Decimal(0), start, NOT_BEGUN)
    if value is None:
        return Attainment(found, None, expected, to_reach, UNKNOWN)
    way = (value - start) / (goal.target - start)
    if today >= goal.end:
        state = REACHED if way >= 1 else MISSED
    elif way >= expected + SLACK or way >= 1:
        state = AHEAD
    else:
        state = ON_TRACK if way >= expected - SLACK else BEHIND
    return Attainment(found, way, expected, to_reach, state)


def start_of(goal: Goal) -> Decimal:
    """Where the way begins: a level at the baseline, a sum at nothing."""
    return Decimal(0) if goal.code in METRICS and METRICS[goal.code].is_total else goal.baseline


def level_of(found: Figure) -> Decimal | None:
    """What of a figure is compared with a goal's target: its value, or of a total the sum itself."""
    return Decimal(found.numerator) if found.metric.is_total else found.value


def scope_of(goal: Goal) -> dict[str, Any]:
    """Whose rows the goal is about, as filters of a question."""
    if goal.owner_id is not None:
        return {of_person(metric_of(goal.code).subject): goal.owner_id}
    return {"team": goal.team_id} if goal.team_id is not None else {}


def before_goal(goal: Goal, *, now: datetime, count: int = 4) -> list[Figure]:
    """The figures of as many periods of the same length before: whether the target is within reach (A)."""
    period, found, filters = period_of(goal), [], scope_of(goal)
    for _number in range(count):
        period = period.previous()
        found.append(figure(goal.code, Question(period, None, now, filters)))
    return found[::-1]
