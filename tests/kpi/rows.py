"""Orders and milestones as the figures read them, written straight into the tables, each fact given."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from kpi.periods import Period
from kpi.questions import Question
from orders.models import ClockPause, Milestone, Order
from orders.workflow import CLOSED_MILESTONE
from teams.models import Team, User
from tests.factories import make_company

SHANGHAI = ZoneInfo("Asia/Shanghai")
_number = count(1)
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1), "Asia/Shanghai")
# Everything of March is over.
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def local(*parts: int) -> datetime:
    """An instant on Shanghai's clocks."""
    return datetime(*parts, tzinfo=SHANGHAI)


def ask(period: Period = MARCH, *, viewer: User | None = None, now: datetime = MAY, **filters) -> Question:
    return Question(period, viewer, now, filters)


def put_order(team: Team, **facts) -> Order:
    """A confirmed order, promised for 2026-03-10 unless told otherwise; delivered means status delivered."""
    delivered = facts.get("delivered_at")
    defaults = {
        "number": f"K-{next(_number)}",
        "status": "delivered" if delivered else "confirmed",
        "team": team,
        "promised_date": date(2026, 3, 10),
        "ordered_at": local(2026, 2, 2, 9),
        "confirmed_at": local(2026, 2, 3, 9),
    }
    if delivered:
        defaults |= {
            "first_delivered_at": delivered,
            "shipped_at": delivered,
            "first_shipped_at": delivered,
            "is_in_full": True,
            "is_first_in_full": True,
        }
    customer = facts.pop("customer", None) or make_company(team=team)
    return Order.objects.create(**{**defaults, **facts, "customer": customer})


def put_step(order: Order, **facts) -> Milestone:
    """An active milestone due 2026-03-10 18:00 unless told otherwise; `closed_at` makes it done."""
    closed = facts.get("closed_at")
    status = facts.pop("status", "done" if closed else "active")
    number = next(_number)
    defaults = {
        "position": number % 30_000,
        "code": f"STEP{number}",
        "name_zh": "步骤",
        "name_en": "Step",
        "stage": "PROD",
        "role": "clerk",
        "calendar": order.team.calendar,
        "due_at": local(2026, 3, 10, 18),
        "recorded_at": closed if status in CLOSED_MILESTONE else None,
        "actual_finish_at": closed if status == "done" else None,
    }
    return Milestone.objects.create(order=order, status=status, **{**defaults, **facts})


def put_pause(step: Milestone, *, by: User, side: str = "customer", days: int | None = None, **facts) -> ClockPause:
    """A pause from a day before the deadline on; for ever without `days`."""
    start = facts.get("from_at", step.due_at - timedelta(days=1))
    end = start + timedelta(days=days) if days else None
    return ClockPause.objects.create(milestone=step, side=side, reason="-", from_at=start, to_at=end, by=by)
