from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orders.models import Milestone
from orders.services import milestones as services
from orders.services import shipments
from orders.workflow import TransitionNotAllowed
from tests.factories import MONDAY, first_line, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team)


def test_confirming_lays_down_milestones_with_owner_and_due_instant(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)

    laid = list(order.milestones.order_by("position"))

    assert len(laid) == 10
    assert [m.code for m in laid if m.status == "active"] == ["ORDER_RECEIVED"]
    assert all(m.assignee_id == clerk.pk for m in laid)
    assert all(m.due_at == m.baseline_finish_at for m in laid)
    # 2 + 2 + 2 + 3 + 2 = 11 working hours: 7.5 h of Monday from 09:00, 3.5 h of Tuesday from 08:30.
    dispatched = next(m for m in laid if m.code == "DISPATCHED")
    assert dispatched.due_at.astimezone(SHANGHAI).isoformat() == "2026-03-03T12:00:00+08:00"


def test_the_first_event_of_an_order_may_be_entered_until_its_day_closes(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)

    due = order.milestones.get(code="ORDER_RECEIVED").due_at

    assert due.astimezone(SHANGHAI).isoformat() == "2026-03-02T18:00:00+08:00"


def test_export_order_reaches_its_anchor_after_43_working_days(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")

    released = Milestone.objects.get(order=order, code="CUSTOMS_RELEASED")

    assert released.due_at > MONDAY + timedelta(days=50)


def test_delivered_follows_from_the_shipment_and_the_incoterm(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, incoterm="FOB", mode="FCL")
    line = first_line(order)
    shipment = shipments.create_shipment(
        values={"number": "S-1", "team": team}, lines={line.pk: line.quantity}, by=clerk, now=MONDAY
    )
    for to in ("booked", "loaded"):
        shipments.move_shipment(shipment_id=shipment.pk, to=to, by=clerk, now=MONDAY)
    order.refresh_from_db()
    assert order.status == "confirmed"

    shipments.move_shipment(shipment_id=shipment.pk, to="departed", by=clerk, now=MONDAY + timedelta(days=1))

    order.refresh_from_db()
    assert order.status == "delivered"
    assert order.delivered_at == MONDAY + timedelta(days=1)


def test_completing_twice_is_refused(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    milestone = order.milestones.get(code="STOCK_CHECKED")
    services.complete_milestone(milestone_id=milestone.pk, by=clerk, now=MONDAY)

    with pytest.raises(TransitionNotAllowed):
        services.complete_milestone(milestone_id=milestone.pk, by=clerk, now=MONDAY)
