from datetime import date, timedelta
from decimal import Decimal

import pytest

from orders.models import ClockPause, Order, OrderEvent
from orders.services import orders as services
from orders.services import shipments
from orders.services.flow import ReasonMissing
from orders.services.milestones import EvidenceMissing, assign_milestone, pause_milestone
from orders.services.owners import CannotCarry
from orders.workflow import ORDER_MOVES, OrderStatus, TransitionNotAllowed, check_transition
from teams.errors import StaleVersion
from tests.factories import (
    MONDAY,
    first_line,
    make_company,
    make_confirmed_order,
    make_line_values,
    make_order,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def ship(order, by, quantity, to="delivered", number="S-1", now=MONDAY):
    line = first_line(order)
    shipment = shipments.create_shipment(
        values={"number": number, "team": order.team}, lines={line.pk: Decimal(quantity)}, by=by, now=now
    )
    for move in ("booked", "loaded", "departed", "arrived", "delivered"):
        shipments.move_shipment(shipment_id=shipment.pk, to=move, by=by, now=now)
        if move == to:
            break
    order.refresh_from_db()
    return shipment


def test_the_same_number_twice_is_refused(team, clerk):
    make_order(team=team, by=clerk, number="GD-1")

    with pytest.raises(services.NumberTaken) as refusal:
        make_order(team=team, by=clerk, number="GD-1")

    assert list(refusal.value.fields) == ["number"]
    assert Order.objects.count() == 1


def test_amount_and_promise_follow_from_the_lines(team, clerk):
    lines = [
        make_line_values(promised_date_original=date(2026, 5, 1)),
        make_line_values(quantity=Decimal(3), unit_price=Decimal("1.111"), promised_date_original=date(2026, 4, 1)),
    ]

    order = make_order(team=team, by=clerk, lines=lines)

    assert (order.amount, order.promised_date) == (Decimal("253.33"), date(2026, 5, 1))


def test_a_draft_that_lacks_something_cannot_be_confirmed(team, clerk):
    order = services.create_order(values={"number": "GD-1", "team": team}, lines=[], by=clerk, now=MONDAY)

    with pytest.raises(services.NotReady) as refusal:
        services.confirm_order(order_id=order.pk, by=clerk, now=MONDAY)

    assert set(refusal.value.fields) == {"customer", "template", "clerk", "lines"}


def test_confirming_freezes_the_promise(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)

    services.move_promise(
        order_id=order.pk, new_date=date(2026, 8, 1), side="customer", reason="wants later", by=clerk, now=MONDAY
    )

    line = first_line(order)
    order.refresh_from_db()
    assert (line.promised_date_original, line.promised_date_current) == (date(2026, 6, 30), date(2026, 8, 1))
    assert (order.promised_date, order.current_promised_date) == (date(2026, 6, 30), date(2026, 8, 1))
    change = line.promise_changes.get()
    assert (change.old_date, change.new_date, change.side, change.by) == (
        date(2026, 6, 30),
        date(2026, 8, 1),
        "customer",
        clerk,
    )


def test_moving_a_promise_needs_a_reason(order, clerk):
    with pytest.raises(ReasonMissing):
        services.move_promise(
            order_id=order.pk, new_date=date(2026, 8, 1), side="customer", reason="", by=clerk, now=MONDAY
        )


def test_different_fields_of_two_writers_merge(order, clerk):
    services.edit_order(order_id=order.pk, values={"destination": "Hamburg"}, seen_version=1, by=clerk, now=MONDAY)

    merged = services.edit_order(order_id=order.pk, values={"priority": "high"}, seen_version=1, by=clerk, now=MONDAY)

    assert (merged.destination, merged.priority, merged.version) == ("Hamburg", "high", 3)


def test_the_same_field_conflicts_and_names_both_values(order, team, clerk):
    colleague = make_user("lead", team=team, name="王芳")
    services.edit_order(order_id=order.pk, values={"priority": "low"}, seen_version=1, by=colleague, now=MONDAY)

    with pytest.raises(StaleVersion) as refusal:
        services.edit_order(order_id=order.pk, values={"priority": "high"}, seen_version=1, by=clerk, now=MONDAY)

    conflict = refusal.value.conflicts["priority"]
    assert (conflict["theirs"], conflict["yours"], conflict["by"]) == ("low", "high", "王芳")


def test_writing_the_same_value_is_no_conflict(order, clerk):
    services.edit_order(order_id=order.pk, values={"priority": "high"}, seen_version=1, by=clerk, now=MONDAY)

    again = services.edit_order(order_id=order.pk, values={"priority": "high"}, seen_version=1, by=clerk, now=MONDAY)

    assert again.version == 2


def test_a_new_clerk_takes_over_the_open_steps_of_the_former_one(order, team, clerk):
    other, colleague = make_user("clerk", team=team), make_user("lead", team=team, name="王芳")
    given = order.milestones.get(code="PICKED")
    assign_milestone(milestone_id=given.pk, assignee=colleague, by=clerk, now=MONDAY)

    services.edit_order(order_id=order.pk, values={"clerk": other}, seen_version=1, by=clerk, now=MONDAY)

    carried = dict(order.milestones.values_list("code", "assignee"))
    assert carried.pop("PICKED") == colleague.pk
    assert set(carried.values()) == {other.pk}
    assert OrderEvent.objects.filter(order=order, kind="assigned", new=str(other)).count() == len(carried)


def test_an_order_names_only_people_who_may_see_it(order, team, clerk):
    stranger = make_user("clerk", team=make_team())

    with pytest.raises(CannotCarry) as refusal:
        services.edit_order(order_id=order.pk, values={"clerk": stranger}, seen_version=1, by=clerk, now=MONDAY)

    assert list(refusal.value.fields) == ["clerk"]
    with pytest.raises(CannotCarry):
        make_order(team=team, by=clerk, sales_rep=stranger)


def test_hold_stops_every_clock_and_resume_moves_due_instants(order, clerk):
    before = dict(order.milestones.values_list("code", "due_at"))
    services.hold_order(order_id=order.pk, side="customer", reason="credit", by=clerk, now=MONDAY)
    assert order.milestones.filter(next_reminder_at__isnull=False).count() == 0

    services.resume_order(order_id=order.pk, by=clerk, now=MONDAY + 7 * DAY)

    after = dict(order.milestones.values_list("code", "due_at"))
    # The first step has no duration; what runs during the hold moves by at least the five working days.
    assert all(after[code] >= before[code] + 7 * DAY for code in ("STOCK_CHECKED", "PICKED", "DISPATCHED"))
    assert not ClockPause.objects.running().exists()


def test_hold_on_our_own_side_moves_nothing(order, clerk):
    before = dict(order.milestones.values_list("code", "due_at"))
    services.hold_order(order_id=order.pk, side="internal", reason="busy", by=clerk, now=MONDAY)
    services.resume_order(order_id=order.pk, by=clerk, now=MONDAY + 7 * DAY)

    assert dict(order.milestones.values_list("code", "due_at")) == before


def test_cancelling_ends_the_open_steps(order, clerk):
    services.cancel_order(order_id=order.pk, side="customer", reason="market", by=clerk, now=MONDAY)

    order.refresh_from_db()
    assert (order.status, order.cancelled_side) == ("cancelled", "customer")
    assert set(order.milestones.values_list("status", flat=True)) == {"cancelled"}


def test_cancelling_frees_planned_goods_but_not_travelling_ones(team, clerk):
    planned = make_confirmed_order(team=team, by=clerk)
    shipment = ship(planned, clerk, 40, to="booked", number="S-1")
    services.cancel_order(order_id=planned.pk, side="customer", reason="market", by=clerk, now=MONDAY)
    shipment.refresh_from_db()
    assert shipment.status == "cancelled"

    moving = make_confirmed_order(team=team, by=clerk)
    ship(moving, clerk, 40, to="loaded", number="S-2")
    with pytest.raises(TransitionNotAllowed):
        services.cancel_order(order_id=moving.pk, side="customer", reason="market", by=clerk, now=MONDAY)


def test_partial_shipment_leaves_the_order_open(order, clerk):
    ship(order, clerk, 60)
    assert (order.status, order.first_delivered_at, order.delivered_at) == ("confirmed", MONDAY, None)

    ship(order, clerk, 40, number="S-2", now=MONDAY + DAY)

    assert (order.status, order.delivered_at, order.is_in_full) == ("delivered", MONDAY + DAY, True)


def test_more_than_is_left_cannot_be_shipped(order, clerk):
    ship(order, clerk, 60)

    with pytest.raises(shipments.QuantityRefused):
        ship(order, clerk, 41, number="S-2")


def test_cancelled_quantity_makes_a_partial_delivery_complete(order, clerk):
    ship(order, clerk, 60)

    services.change_line(
        line_id=first_line(order).pk, cancelled_quantity=Decimal(40), reason="not needed", by=clerk, now=MONDAY
    )

    order.refresh_from_db()
    assert order.status == "delivered"
    with pytest.raises(services.NotReady):
        services.change_line(
            line_id=first_line(order).pk, cancelled_quantity=Decimal(41), reason="more", by=clerk, now=MONDAY
        )


def test_a_moved_promise_leaves_out_cancelled_lines(team, clerk):
    late, early = date(2026, 7, 30), date(2026, 6, 30)
    lines = [make_line_values(promised_date_original=early), make_line_values(promised_date_original=late)]
    order = make_confirmed_order(team=team, by=clerk, lines=lines)
    dropped = order.lines.get(promised_date_original=late)
    services.change_line(line_id=dropped.pk, cancelled_quantity=dropped.quantity, reason="out", by=clerk, now=MONDAY)

    moved = services.move_promise(
        order_id=order.pk, new_date=date(2026, 7, 10), side="internal", reason="capacity", by=clerk, now=MONDAY
    )

    assert (moved.promised_date, moved.current_promised_date) == (early, date(2026, 7, 10))


@pytest.mark.parametrize("to", ["loaded", "departed", "arrived", "delivered", "planned"])
def test_cargo_moves_one_step_at_a_time(order, clerk, to):
    shipment = shipments.create_shipment(
        values={"number": "S-1", "team": order.team}, lines={first_line(order).pk: Decimal(1)}, by=clerk, now=MONDAY
    )

    with pytest.raises(TransitionNotAllowed):
        shipments.move_shipment(shipment_id=shipment.pk, to=to, by=clerk, now=MONDAY)


@pytest.mark.parametrize("at", [MONDAY + DAY, MONDAY - DAY])
def test_a_move_lies_neither_ahead_nor_before_the_move_before_it(order, clerk, at):
    shipment = ship(order, clerk, 10, to="booked")

    with pytest.raises(shipments.MoveRefused) as refusal:
        shipments.move_shipment(shipment_id=shipment.pk, to="loaded", by=clerk, now=MONDAY, at=at)

    assert list(refusal.value.fields) == ["at"]


def test_moves_complete_the_steps_that_they_prove(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")

    ship(order, clerk, 100, to="booked")

    booking = order.milestones.get(code="BOOKING")
    assert (booking.status, booking.actual_finish_at) == ("done", MONDAY)


def test_a_move_does_not_complete_a_step_that_lacks_its_evidence(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")

    ship(order, clerk, 100, to="loaded")

    assert order.milestones.get(code="LOADED").status == "pending"  # loading photos are required


def test_an_order_closes_only_with_its_steps(order, clerk):
    ship(order, clerk, 100)
    with pytest.raises(services.NotReady):
        services.close_order(order_id=order.pk, by=clerk, now=MONDAY)

    order.milestones.open().exclude(code="CLOSED").update(
        status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=None
    )
    services.close_order(order_id=order.pk, by=clerk, now=MONDAY)

    order.refresh_from_db()
    assert order.status == "closed"
    assert not order.milestones.open().exists()


def test_an_order_that_is_not_delivered_does_not_close(order, clerk):
    order.milestones.update(status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=None)

    with pytest.raises(TransitionNotAllowed):
        services.close_order(order_id=order.pk, by=clerk, now=MONDAY)


def test_closing_ends_the_pause_of_the_last_step(order, clerk):
    ship(order, clerk, 100)
    last = order.milestones.get(code="CLOSED")
    pause_milestone(milestone_id=last.pk, side="customer", reason="papers", by=clerk, now=MONDAY)
    order.milestones.open().exclude(pk=last.pk).update(
        status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=None
    )

    services.close_order(order_id=order.pk, by=clerk, now=MONDAY + DAY)

    assert ClockPause.objects.get(milestone=last).to_at == MONDAY + DAY


@pytest.mark.parametrize("old", OrderStatus.values)
@pytest.mark.parametrize("new", OrderStatus.values)
def test_the_table_alone_decides_what_may_follow(old, new):
    if new in ORDER_MOVES[old]:
        check_transition(ORDER_MOVES, old, new, labels=OrderStatus)
    else:
        with pytest.raises(TransitionNotAllowed):
            check_transition(ORDER_MOVES, old, new, labels=OrderStatus)


def test_visible_orders_by_scope(team, clerk):
    own = make_confirmed_order(team=team, by=clerk)
    colleague = make_user("clerk", team=team)
    of_colleague = make_confirmed_order(team=team, by=colleague)
    other_team = make_team()
    elsewhere = make_confirmed_order(team=other_team, by=make_user("clerk", team=other_team))

    def seen(role):
        person = clerk if role == "own" else make_user(role, team=team)
        return set(Order.objects.visible_to(person))

    assert seen("own") == {own}
    assert seen("logistics") == {own, of_colleague}
    assert seen("lead") == {own, of_colleague}
    assert seen("manager") == {own, of_colleague, elsewhere}
    assert seen("sales_rep") == set()


def test_an_assigned_step_makes_the_order_visible(order, team):
    rep = make_user("sales_rep", team=team)
    assert not Order.objects.visible_to(rep).exists()

    assign_milestone(milestone_id=order.milestones.first().pk, assignee=rep, by=order.clerk, now=MONDAY)

    assert Order.objects.visible_to(rep).get() == order


def test_search_finds_fragments_of_number_po_customer_and_product(team, clerk):
    customer = make_company(team=team, name="宁波海天进出口", code="NBHT")
    order = make_order(team=team, by=clerk, customer=customer, number="GD-2026-77", customer_po_no="PO/4711")

    for text in ("2026-77", "4711", "海天", "nbht", "Pump", "海天 pump"):
        assert Order.objects.search(text).get() == order
    for text in ("%", "_", "海天 bolt"):
        assert not Order.objects.search(text).exists()


def test_at_risk_is_a_broken_promise_or_an_overdue_step(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    zone = "Asia/Shanghai"

    assert not Order.objects.at_risk(MONDAY, zone).exists()
    assert Order.objects.at_risk(MONDAY + 3 * DAY, zone).get() == order
    order.milestones.open().update(due_at=MONDAY + 400 * DAY)
    assert not Order.objects.at_risk(MONDAY + 3 * DAY, zone).exists()
    assert Order.objects.at_risk(MONDAY + 130 * DAY, zone).get() == order
    assert OrderEvent.objects.filter(order=order).exists()


def test_closing_needs_the_evidence_of_the_last_step(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    ship(order, clerk, 100)
    order.milestones.open().exclude(code="CLOSED").update(
        status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=None
    )

    with pytest.raises(EvidenceMissing):
        services.close_order(order_id=order.pk, by=clerk, now=MONDAY)


def test_an_inquiry_closes_without_cargo(team, clerk):
    inquiry = make_confirmed_order(team=team, by=clerk, template="CLAIM_8D")
    inquiry.milestones.exclude(code="CLOSED").update(
        status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=None
    )

    closed = services.close_order(order_id=inquiry.pk, by=clerk, now=MONDAY)

    assert closed.status == "closed"
    assert OrderEvent.objects.filter(order=inquiry, kind="completed", milestone__code="CLOSED").count() == 1


def test_goods_of_a_held_order_are_not_put_on_a_shipment(order, clerk):
    services.hold_order(order_id=order.pk, side="customer", reason="credit", by=clerk, now=MONDAY)

    with pytest.raises(TransitionNotAllowed):
        ship(order, clerk, 10)


def test_cancelling_the_rest_completes_the_steps_that_the_cargo_proves(team, clerk):
    order = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    ship(order, clerk, 60, to="booked")
    assert order.milestones.get(code="BOOKING").status == "pending"

    services.change_line(
        line_id=first_line(order).pk, cancelled_quantity=Decimal(40), reason="not needed", by=clerk, now=MONDAY
    )

    assert order.milestones.get(code="BOOKING").status == "done"
