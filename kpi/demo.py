"""Goals of the demo's company, set with the numbers that its own orders give, and a review of them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kpi.figures import figure
from kpi.goals import OFFERED, set_goal
from kpi.models import Goal, Review
from kpi.periods import Period, months_before
from kpi.questions import Question
from kpi.reviews import add_action, offered_periods, start_review
from orders.demo.people import TEAMS
from teams.models import Organization, Team, User
from teams.permissions import RoleCode

STEER = "manager"
# Levels: figure, and how far from the baseline to the target in its unit.
LEVELS: tuple[tuple[str, int], ...] = (("K01", 8), ("K20", 4), ("K14", -4))


def set_goals(now: datetime) -> int:
    """Set the goals of this year where there are none yet; returns how many."""
    manager = User.objects.filter(username=STEER).first()
    if manager is None or Goal.objects.exists():
        return 0
    # One by one: those of teams serve the company's.
    return sum(set_goal(values=values, by=manager, now=now).pk > 0 for values in _goals(now))


def _goals(now: datetime) -> Iterator[dict[str, Any]]:
    organization = Organization.current()
    today = now.astimezone(organization.zone).date()
    words = {code: {"title": str(title), "reason": str(reason)} for code, title, reason in OFFERED}
    year = {"first": date(today.year, 1, 1), "end": date(today.year + 1, 1, 1)}
    month = today.replace(day=1)
    # What the last twelve whole months came to, as a start for what the year is to come to.
    asked = Question(Period(months_before(month, 12), month, organization.timezone), None, now)
    sold = Decimal(figure("K32", asked).numerator)
    if sold > 0:
        yield {
            **year,
            "code": "K32",
            **words["K32"],
            "baseline": round(sold),
            "target": round(sold * Decimal("1.1"), -5),
        }
    for code, way in LEVELS:
        value = figure(code, asked).value
        if value is None:
            continue
        baseline = Decimal(round(value))
        target = min(baseline + way, Decimal(99)) if way > 0 else baseline + way
        if baseline < target or way < 0 < target:
            yield {**year, "code": code, **words[code], "baseline": baseline, "target": target}
    for team in Team.objects.filter(code__in=list(TEAMS)[:2]).order_by("code"):
        value = figure("K01", asked.narrowed("team", team.pk)).value
        if value is not None and value < 94:
            yield {
                **year,
                "code": "K01",
                **words["K01"],
                "baseline": Decimal(round(value)),
                "target": Decimal(95),
                "team": team,
                "parent": Goal.objects.filter(code="K01", team=None).first(),
            }


def start_reviews(now: datetime) -> int:
    """Look back on the last whole month with the first team, where no review is yet; returns how many were started."""
    manager = User.objects.filter(username=STEER).first()
    team = Team.objects.filter(code__in=list(TEAMS)).order_by("code").first()
    if manager is None or team is None or Review.objects.exists():
        return 0
    organization = Organization.current()
    today = now.astimezone(organization.zone).date()
    last_month = offered_periods(today, organization.timezone)[1]
    review = start_review(team=team, period=last_month, by=manager, now=now)
    page = review.pages.filter(person__memberships__role=RoleCode.CLERK).order_by("pk").first()
    if page is not None:
        text = _("Ask the supplier for dates a week before they are due")
        add_action(page=page, text=text, due_date=today + timedelta(days=14), by=manager, now=now)
    return 1
