"""Plans of orders: the first one, re-planning by preview, undo."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orders.models import EventKind, Milestone, PlanChange
from orders.services import milestones as milestone_services
from orders.services import plans
from orders.services import shipments as shipment_services
from orders.services.plans import Changes
from tests.factories import MONDAY, first_line, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user(team=team)


def make_export(team, clerk, **fields):
    return make_confirmed_order(
        team=team, by=clerk, template="EXPORT_FCL", **{"incoterm": "FOB", "mode": "FCL", "country": "DE", **fields}
    )


def dues(order):
    return dict(order.milestones.open().values_list("code", "due_at"))


def test_an_export_order_hangs_from_its_promise_with_two_days_to_spare(team, clerk):
    order = make_export(team, clerk)

    etd = order.milestones.get(code="ETD")
    assert etd.due_at.astimezone(ZONE) == datetime(2026, 6, 30, 18, tzinfo=ZONE)
    assert order.milestones.get(code="LOADED").due_at.astimezone(ZONE).date() == date(2026, 6, 23)
    assert order.plan.cause == "confirmed"


def test_a_moved_promise_moves_what_hangs_from_it_and_undo_brings_it_back(team, clerk):
    order = make_export(team, clerk)
    before = dues(order)
    later = MONDAY + 3 * DAY
    changes = Changes(promised_date=date(2026, 7, 10))

    proposal = plans.propose(order, changes, now=later)
    assert dues(order) == before
    change = plans.apply_changes(
        order_id=order.pk,
        changes=changes,
        by=clerk,
        now=later,
        reason="客户推迟",
        side="customer",
        seen_plan=order.plan_id,
    )

    after = dues(order)
    assert {m.milestone.code for m in proposal.moves} == {code for code in after if after[code] != before[code]}
    assert after["ETD"].astimezone(ZONE) == datetime(2026, 7, 10, 18, tzinfo=ZONE)
    assert order.events.filter(kind=EventKind.PLANNED).count() == 1

    plans.undo_change(order_id=order.pk, change_id=change.pk, by=clerk, now=later + DAY)

    assert dues(order) == before
    order.refresh_from_db()
    assert order.current_promised_date == date(2026, 6, 30)


def test_terms_add_and_remove_steps_and_undo_takes_them_back(team, clerk):
    order = make_export(team, clerk, payment_terms="TT_COPY_BL")
    before = dues(order)
    changes = Changes(
        terms={"payment_terms": "LC", "lc_latest_shipment": date(2026, 7, 1), "lc_expiry": date(2026, 7, 15)}
    )

    proposal = plans.propose(order, changes, now=MONDAY + DAY)
    kinds = {m.milestone.code: m.kind for m in proposal.moves}
    assert kinds["LC_RECEIVED"] == "added"
    assert kinds["BALANCE_RECEIVED"] == "removed"
    change = plans.apply_changes(order_id=order.pk, changes=changes, by=clerk, now=MONDAY + DAY)

    assert Milestone.objects.get(order=order, code="DOCS_PRESENTED").due_at <= datetime(2026, 7, 15, 17, tzinfo=ZONE)
    plans.undo_change(order_id=order.pk, change_id=change.pk, by=clerk, now=MONDAY + 2 * DAY)
    assert dues(order) == before


def test_recomputing_changes_nothing(team, clerk):
    order = make_export(team, clerk)
    before = list(order.milestones.order_by("pk").values())

    from orders.services import flow

    flow.refresh(flow.lock_order(order.pk), now=MONDAY + 40 * DAY)

    assert list(order.milestones.order_by("pk").values()) == before


def test_completing_a_step_late_moves_no_date_until_somebody_re_plans(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    before = dues(order)
    now = MONDAY + 2 * DAY
    first = order.milestones.get(code="ORDER_RECEIVED")
    first.order.documents.create(
        kind="CPO", uploaded_by=clerk, uploaded_at=now, filename="po.pdf", file="po.pdf", size=1, sha256="0"
    )
    milestone_services.complete_milestone(milestone_id=first.pk, by=clerk, now=now)
    del before["ORDER_RECEIVED"]
    assert dues(order) == before

    order.refresh_from_db()
    moved = {m.milestone.code for m in plans.propose(order, Changes(), now=now).moves}
    assert "DISPATCHED" in moved
    assert PlanChange.objects.filter(order=order).count() == 1


def test_steps_of_a_second_shipment_that_has_sailed_are_done_at_once(team, clerk):
    order = make_export(team, clerk)
    line = first_line(order)
    now = MONDAY + 2 * DAY
    shipments = [
        shipment_services.create_shipment(
            values={"number": f"S-{part}", "team": team, "etd": date(2026, 6, 20 + part)},
            lines={line.pk: Decimal(50)},
            by=clerk,
            now=MONDAY + DAY,
        )
        for part in (1, 2)
    ]
    shipment_services.move_shipment(shipment_id=shipments[1].pk, to="booked", by=clerk, now=now)

    plans.apply_changes(order_id=order.pk, changes=Changes(), by=clerk, now=now)

    booked = {m.shipment_id: m.status for m in order.milestones.filter(code="BOOKING")}
    assert booked == {shipments[0].pk: "pending", shipments[1].pk: "done"}
    assert order.milestones.filter(code="ETD").count() == 2
    assert order.milestones.filter(code="PROD_DONE").count() == 1
    etds = dict(order.milestones.filter(code="ETD").values_list("shipment_id", "due_at"))
    assert [etds[s.pk].astimezone(ZONE).date() for s in shipments] == [date(2026, 6, 21), date(2026, 6, 22)]
