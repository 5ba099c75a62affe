"""Goals: the tree from company to person, who is ahead and who needs help, and setting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kpi import pages
from kpi.asking import check_reader
from kpi.dimensions import of_person
from kpi.figures import trend
from kpi.goal_forms import GoalForm
from kpi.goals import (
    AHEAD,
    BEHIND,
    MISSED,
    NOT_BEGUN,
    OFFERED,
    ON_TRACK,
    REACHED,
    UNKNOWN,
    Attainment,
    attain_now,
    before_goal,
    check_setter,
    company_schedule,
    drop_goal,
    level_of,
    may_set,
    period_of,
    scope_of,
    set_goal,
    start_of,
    steers,
    visible_goals,
)
from kpi.models import Goal
from kpi.questions import Question
from kpi.registry import METRICS, offered_to
from kpi.tables import table_file
from kpi.targets import expected_value, quarters
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

MOST_GOALS = 200
MOST_MONTHS = 40
STATES: Mapping[str, tuple[Promise, str]] = {
    BEHIND: (pgettext_lazy("goal", "needs help"), "late"),
    MISSED: (pgettext_lazy("goal", "missed"), "late"),
    UNKNOWN: (pgettext_lazy("goal", "nothing counted yet"), "quiet"),
    ON_TRACK: (pgettext_lazy("goal", "on track"), "soon"),
    AHEAD: (pgettext_lazy("goal", "ahead"), "done"),
    REACHED: (pgettext_lazy("goal", "reached"), "done"),
    NOT_BEGUN: (pgettext_lazy("goal", "not begun"), "quiet"),
}


@dataclass(frozen=True)
class GoalRow:
    """One goal in a list: `depth` in the tree, bar and mark as shares of the way in percent, cut at 0 and 100."""

    goal: Goal
    attainment: Attainment
    depth: int
    value: str
    baseline: str
    target: str
    expected: str
    state: Promise
    tone: str
    bar: Decimal
    mark: Decimal
    is_orphan: bool
    members_url: str
    last: date

    @property
    def whose(self) -> str:
        return str(self.goal.owner or self.goal.team or _("Company"))


@login_required
@require_safe
def goals(request: PersonRequest) -> HttpResponse:
    """All goals that still count: as a tree, or for the review by who needs help."""
    check_reader(request.user)
    now = timezone.now()
    found = visible_goals(request.user).select_related("team", "owner").order_by("end", "title", "pk")
    with_past = request.GET.get("past") == "1"
    shown = list((found if with_past else found.filter(dropped_at=None, end__gt=timezone.localdate(now)))[:MOST_GOALS])
    rows = rows_of(shown, now)
    is_review = request.GET.get("view") == "review"
    offered = offered_to(request.user)
    if is_review:
        order = list(STATES)
        rows.sort(key=lambda row: (order.index(row.attainment.state), row.attainment.way or 0, row.goal.pk))
    context = {
        "rows": rows,
        "is_review": is_review,
        "with_past": with_past,
        "may_set": request.user.access.allows_somewhere(Permission.KPI_STEER),
        "offered": [each for each in OFFERED if each[0] in offered] if not rows else (),
        "counts": [
            (words, tone, count)
            for state, (words, tone) in STATES.items()
            if (count := sum(row.attainment.state == state for row in rows))
        ],
    }
    return render(request, "kpi/goals.html", context)


def rows_of(found: Sequence[Goal], now: datetime) -> list[GoalRow]:
    """The goals as a tree: each below the one it serves, if that is shown as well."""
    attained = attain_now(found, now)
    if not attained:
        return []
    by_parent: dict[int | None, list[Goal]] = {}
    known = {goal.pk for goal in found}
    for goal in found:
        by_parent.setdefault(goal.parent_id if goal.parent_id in known else None, []).append(goal)
    rows: list[GoalRow] = []

    def add(parent: int | None, depth: int) -> None:
        for goal in by_parent.get(parent, ()):
            rows.append(_row(goal, attained[goal.pk], depth))
            add(goal.pk, depth + 1)

    add(None, 0)
    return rows


def _row(goal: Goal, attained: Attainment, depth: int) -> GoalRow:
    metric = METRICS.get(goal.code)
    words, tone = STATES[attained.state]
    text = partial(pages.level_text, metric)
    return GoalRow(
        goal,
        attained,
        depth,
        value=text(attained.value),
        baseline=text(goal.baseline),
        target=text(goal.target),
        expected=text(attained.expected_value),
        state=words,
        tone=tone,
        bar=_percent(attained.way or Decimal(0)),
        mark=_percent(attained.expected),
        is_orphan=goal.parent_id is None and goal.team_id is not None,
        members_url=_members_url(goal) if metric else "",
        last=period_of(goal).last,
    )


def _percent(share: Decimal) -> Decimal:
    return round(min(max(share, Decimal(0)), Decimal(1)) * 100, 1)


def _members_url(goal: Goal) -> str:
    period = period_of(goal)
    query = {"since": period.first.isoformat(), "until": period.last.isoformat()}
    if goal.owner is not None:
        query[of_person(METRICS[goal.code].subject)] = goal.owner.username
    elif goal.team is not None:
        query["team"] = goal.team.code
    return f"{reverse('kpi_members', args=[goal.code])}?{urlencode(query)}"


@login_required
@require_safe
def goal_page(request: PersonRequest, pk: int) -> HttpResponseBase:
    """One goal: how far it is, its ladder, whether it is within reach, and the goals that serve it.

    `format` asks for the months of its chart as a file.
    """
    goal = _visible(request, pk)
    check_reader(request.user)
    now = timezone.now()
    metric = METRICS.get(goal.code)
    chart = _chart(goal, now) if metric else None
    if "format" in request.GET:
        if metric is None or chart is None:
            raise Http404
        heads = {"label": _("Month"), "value": metric.name, "target": chart["targetName"]}
        months = zip(chart["labels"], chart["values"], chart["target"], strict=True)
        rows = [{"label": label, "value": value, "target": target} for label, value, target in months]
        return table_file(request, f"goal-{goal.pk}", goal.title, heads, rows)
    children = visible_goals(request.user).filter(parent=goal).select_related("team", "owner")
    row = rows_of([goal], now)[0]
    before = before_goal(goal, now=now) if metric else []
    context = {
        "row": row,
        "goal": goal,
        "metric": metric,
        "last": period_of(goal).last,
        "steps": [
            (part.last, pages.level_text(metric, step))
            for part, step in zip(quarters(period_of(goal)), goal.ladder, strict=False)
        ],
        "before": [(pages.period_text(each.period), pages.level_text(each.metric, level_of(each))) for each in before],
        "chart": chart,
        "months": list(zip(chart["labels"], chart["texts"], strict=True)) if chart else [],
        "children": rows_of(list(children.order_by("title", "pk")), now),
        "may_set": steers(request.user, goal.team),
    }
    return render(request, "kpi/goal.html", context)


def _chart(goal: Goal, now: datetime) -> dict[str, Any] | None:
    """The figure month by month on its way to the target; a sum is drawn as it grows."""
    metric, period = METRICS[goal.code], period_of(goal)
    schedule = company_schedule()
    if period.start_at > now or schedule is None or period.bucket_count("month") > MOST_MONTHS:
        return None
    months = trend(goal.code, Question(period, None, now, scope_of(goal)))
    target = [expected_value(goal, month.figure.period.last, schedule, start=start_of(goal)) for month in months]
    chart = pages.chart_of(metric, months, target=target)
    if metric.is_total:
        sums = list(accumulate(Decimal(month.figure.numerator) for month in months))
        begun = [month.figure.period.start_at <= now for month in months]
        chart |= {
            "values": [float(round(sum_, 2)) if is_begun else None for sum_, is_begun in zip(sums, begun, strict=True)],
            "texts": [pages.level_text(metric, sum_) for sum_ in sums],
            "small": [False] * len(months),
        }
    return chart


def _visible(request: PersonRequest, pk: int) -> Goal:
    found = visible_goals(request.user).select_related("team", "owner", "parent")
    return get_object_or_404(found, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def goal_new(request: PersonRequest) -> HttpResponse:
    """Set a goal; one offered comes filled in."""
    check_setter(request.user)
    if request.method == "POST":
        return _save(request, None)
    form = GoalForm(user=request.user)
    code = request.GET.get("code", "")
    for offered, title, reason in OFFERED:
        if offered == code:
            form.initial = {"code": offered, "title": str(title), "reason": str(reason)}
    return render(request, "kpi/goal_edit.html", {"form": form})


@login_required
@require_http_methods(["GET", "POST"])
def goal_edit(request: PersonRequest, pk: int) -> HttpResponse:
    goal = _visible(request, pk)
    may_set(request.user, goal.team)
    if request.method == "POST":
        return _save(request, goal)
    return render(request, "kpi/goal_edit.html", {"form": GoalForm(user=request.user, goal=goal), "goal": goal})


def _save(request: PersonRequest, goal: Goal | None) -> HttpResponse:
    form = GoalForm(request.POST, user=request.user, goal=goal)
    if form.is_valid():
        try:
            saved = set_goal(values=form.values(), by=request.user, now=timezone.now(), goal=goal)
        except NotPermitted as refusal:
            form.add_error("team", str(refusal))
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The goal is set."))
            return redirect("goal", pk=saved.pk)
    return render(request, "kpi/goal_edit.html", {"form": form, "goal": goal}, status=422)


@login_required
@require_POST
def goal_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Give a goal up."""
    goal = _visible(request, pk)
    drop_goal(goal=goal, by=request.user, now=timezone.now())
    messages.success(request, _("The goal is given up; it can still be read."))
    return redirect("goals")
