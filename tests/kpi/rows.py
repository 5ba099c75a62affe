"""Orders and milestones as the figures read them, written straight into the tables, each fact given."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from kpi.periods import Period
from kpi.questions import Question
from orders.models import ClockPause, Inspection, Milestone, Order, OrderLine, SampleRound, Shipment, ShipmentLine
from orders.models.orders import PromiseChange
from orders.workflow import CLOSED_MILESTONE
from teams.models import Notification, Team, User
from tests.factories import make_company

SHANGHAI = ZoneInfo("Asia/Shanghai")
_number = count(1)
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1), "Asia/Shanghai")
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1), "Asia/Shanghai")
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1), "Asia/Shanghai")
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


def put_line(order: Order, **facts) -> OrderLine:
    """A line of ten pieces, the next of its order."""
    return OrderLine.objects.create(
        order=order, position=order.lines.count() + 1, **{"quantity": Decimal(10), "product_code": "P", **facts}
    )


def put_promise_change(line: OrderLine, *, by: User, side: str = "supplier", days: int = 3, **facts) -> PromiseChange:
    """The promise of a line moved by `days`, ten days after the order was confirmed."""
    old = line.promised_date_original
    at = facts.pop("at", (line.order.confirmed_at or local(2026, 2, 3)) + timedelta(days=10))
    return PromiseChange.objects.create(
        **{
            "line": line,
            "old_date": old,
            "new_date": old + timedelta(days=days),
            "reason": "-",
            "side": side,
            "by": by,
        },
        **{"at": at, **facts},
    )


def put_shipment(line: OrderLine, *, status: str = "", atd: datetime | None = None, **facts) -> Shipment:
    """A shipment with all of a line; departed where `atd` is given."""
    shipment = Shipment.objects.create(
        number=f"S-{next(_number)}",
        team=line.order.team,
        mode=line.order.mode,
        status=status or ("departed" if atd else "planned"),
        atd=atd,
        **facts,
    )
    ShipmentLine.objects.create(shipment=shipment, order_line=line, quantity=line.quantity)
    return shipment


def put_sample(order: Order, *, by: User, verdicts: Sequence[str], on: date, kind: str = "pp") -> list[SampleRound]:
    """A round for each verdict, all decided on one day; `waiting` is not decided."""
    return [
        SampleRound.objects.create(
            **{"order": order, "kind": kind, "round": number, "sent_on": on, "verdict": verdict, "by": by},
            decided_on=None if verdict == "waiting" else on,
            created_at=MAY,
        )
        for number, verdict in enumerate(verdicts, start=1)
    ]


def put_inspection(order: Order, *, by: User, on: date, disposition: str = "release", **facts) -> Inspection:
    """A lot of 500 inspected; passed if it is released as it is."""
    defaults = {
        **{"kind": "FRI", "lot_size": 500, "level": "II", "aql_major": "2.5", "aql_minor": "4.0"},
        **{"sample_size": 50, "accept_major": 3, "accept_minor": 5, "has_passed": disposition == "release"},
    }
    return Inspection.objects.create(
        order=order, inspected_on=on, disposition=disposition, by=by, created_at=MAY, **{**defaults, **facts}
    )


def put_reminder(recipient: User, *, at: datetime, acknowledged_at: datetime | None = None, **facts) -> Notification:
    """A reminder of a step that became due, in the person's inbox from `at` on."""
    number = next(_number)
    defaults = {"kind": "milestone_due", "status": "shown", "shown_at": at}
    return Notification.objects.create(
        **{**defaults, **facts},
        **{"recipient": recipient, "subject": f"orders.milestone:{number}", "dedupe_key": str(number)},
        **{"created_at": at, "not_before": at, "acknowledged_at": acknowledged_at},
    )
