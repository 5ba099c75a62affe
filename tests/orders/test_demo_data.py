"""What the demo looks like: one round of its deck, loaded once for all tests of this file."""

from datetime import date

import pytest
from django.db import connection, models, transaction

from orders.basis import Basis, Shape
from orders.calendars import all_calendars, calendars_of
from orders.demo.deck import cards
from orders.demo.load import load_demo
from orders.models import (
    ClockPause,
    Milestone,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    PlanCause,
    PromiseChange,
    Shipment,
)
from orders.planning import Plan
from orders.schedule import inputs_of, nodes_of
from orders.services import flow, plans
from orders.services.plans.facts import terms_of
from orders.workflow import OrderStatus, ShipmentStatus
from teams.models import Membership, User
from teams.permissions import RoleCode
from tests.orders.demo_rows import NOW, TABLES, snapshot

ROUND = 75


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """One round of the deck: every fate in its share. Taken back at the end of the file."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        load_demo(orders=ROUND, seed=1, now=NOW)
        connection.check_constraints()  # now, else after each test
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _demo(loaded, db):
    """Each test sees the round and leaves it as it was."""


def test_demo_shows_every_state_and_template():
    templates = {card.template for card in cards(ROUND)}

    assert set(Order.objects.values_list("status", flat=True)) == set(OrderStatus.values)
    assert len(templates) == 6
    assert set(Order.objects.values_list("template__code", flat=True)) == templates
    assert set(Membership.objects.values_list("role", flat=True)) == set(RoleCode.values)
    assert set(OrderDocument.objects.values_list("status", flat=True)) == {"submitted", "accepted", "refused"}
    assert PromiseChange.objects.exists()


def test_demo_has_cargo_on_every_leg_and_in_parts():
    moves = set(Shipment.objects.values_list("status", flat=True))
    in_parts = OrderLine.objects.annotate(parts=models.Count("shipment_lines")).filter(parts__gt=1)

    assert moves >= {ShipmentStatus.BOOKED, ShipmentStatus.DELIVERED}
    assert moves & {ShipmentStatus.DEPARTED, ShipmentStatus.ARRIVED}
    assert in_parts.exists()
    assert Shipment.objects.filter(customs_cutoff_at__gt=NOW).exists()


def test_demo_shipments_never_carry_more_than_was_ordered():
    lines = OrderLine.objects.annotate(shipped=models.Sum("shipment_lines__quantity")).exclude(shipped=None)

    assert lines.exists()
    assert [line.pk for line in lines if line.shipped > line.quantity] == []


def test_demo_clerk_finds_late_steps_coming_ones_and_waiting_ones():
    clerk = User.objects.get(username="clerk")
    own = Milestone.objects.active().of_running_orders().filter(order__clerk=clerk)

    assert Order.objects.open().filter(clerk=clerk).count() >= 10
    assert own.overdue(NOW).exists()
    assert own.filter(due_at__gte=NOW).exists()
    assert ClockPause.objects.running().filter(milestone__in=own).exists()


def test_demo_looks_back_a_year_and_never_ahead():
    events = OrderEvent.objects.aggregate(first=models.Min("recorded_at"), last=models.Max("recorded_at"))

    assert (NOW - events["first"]).days >= 365
    assert events["last"] <= NOW
    assert not OrderEvent.objects.filter(at__gt=models.F("recorded_at")).exists()
    assert not Milestone.objects.filter(actual_finish_at__gt=NOW).exists()


def test_demo_delivers_about_as_often_on_time_as_a_good_office():
    due = Order.objects.eligible().filter(template__kind="order", promised_date__lt=date(2026, 6, 17))
    judged = list(due.judged(NOW, "Asia/Shanghai").values_list("punctuality", flat=True))

    assert 0.7 <= judged.count("on_time") / (judged.count("on_time") + judged.count("late")) <= 0.92


def test_demo_is_late_with_some_steps_of_open_orders():
    under_way = Milestone.objects.of_running_orders().filter(due_at__lt=NOW)
    late = under_way.filter(models.Q(closed_at=None) | models.Q(closed_at__gt=models.F("due_at")))

    assert 0.05 <= late.count() / under_way.count() <= 0.15


def test_demo_orders_have_the_steps_of_their_template_under_their_terms():
    calendars = all_calendars()
    for order in Order.objects.exclude(confirmed_at=None).select_related("team", "supplier", "customer", "template"):
        shape = Shape(order.template_id, terms_of(order), Shape.from_dict(order.plan_shape).shipments)
        nodes, own = nodes_of(shape), calendars_of(order, calendars)
        milestones = {m.key: m for m in order.milestones.exclude(status="cancelled", order__cancelled_at=None)}

        assert Shape.from_dict(order.plan_shape) == shape, order.number
        assert set(milestones) == set(nodes), order.number
        assert all(m.calendar_id == own.of(nodes[m.key].spec).pk for m in milestones.values()), order.number


def test_demo_completes_the_steps_that_terms_bring():
    done = set(Milestone.objects.filter(status="done", step=None).values_list("code", flat=True))

    assert done >= {"LC_RECEIVED", "LC_CHECKED", "DOCS_PRESENTED", "LC_PAID", "INSURANCE_ISSUED", "IMPORT_CLEARED"}
    assert done >= {"CFS_IN", "INSPECTION_BOOKED", "FUMIGATED", "CIQ_CLEARED"}


def test_demo_completes_no_step_without_its_documents():
    for milestone in Milestone.objects.filter(status="done").select_related("order"):
        there = set(milestone.order.documents.evidence().values_list("kind", flat=True))

        assert there.issuperset(milestone.required_documents), (milestone.order.number, milestone.code)


def test_demo_letters_of_credit_have_dates_and_one_that_the_plan_misses():
    on_credit = Order.objects.filter(payment_terms="LC", template__code__in=["EXPORT_FCL", "GARMENT_TNA"])
    missed = {
        shortfall.name
        for order in on_credit.exclude(confirmed_at=None)
        for shortfall in plan_of(order).shortfalls
        if shortfall.name.startswith("lc_")
    }

    assert on_credit.exists()
    assert not on_credit.filter(models.Q(lc_latest_shipment=None) | models.Q(lc_expiry=None)).exists()
    assert missed


@pytest.mark.parametrize("template", ["EXPORT_FCL", "GARMENT_TNA", "DOMESTIC_MTO", "SPARE_PARTS"])
def test_demo_has_few_orders_that_cannot_be_in_time(template):
    floats = {}
    for order in Order.objects.exclude(confirmed_at=None).filter(template__code=template):
        floats[order.number] = min(m.float_minutes for m in order.milestones.all() if m.float_minutes is not None)
    infeasible = Order.objects.open().filter(number__in=[number for number, least in floats.items() if least < 0])

    assert infeasible.exists()
    assert 0 < sum(least < 0 for least in floats.values()) / len(floats) < 0.34


def test_demo_orders_have_from_no_time_to_spare_to_weeks():
    anchors = Milestone.objects.filter(flags__contains="A", code__in=["ETD", "EX_FACTORY", "DELIVERED"])
    spare = [plan_of(m.order)[m.key].float_days for m in anchors.select_related("order__plan")]

    assert min(spare) < 0
    assert max(spare) >= 14


def test_demo_shows_plans_that_were_changed_and_can_be_changed_back():
    changed = Order.objects.filter(plan__cause=PlanCause.REPLAN).order_by("pk")
    parts = [order for order in changed if Shape.from_dict(order.plan_shape).shipments]

    assert 2 <= changed.count() <= 4
    assert len(parts) == 1
    for order in changed:
        assert order.plan.moves
        before = {m.pk: m.due_at for m in order.milestones.all() if m.due_at == m.baseline_finish_at}
        undo = plans.undo_change(order_id=order.pk, change_id=order.plan_id, by=order.clerk, now=NOW)

        assert undo.before_id == order.plan_id
        assert order.milestones.filter(pk__in=before, due_at=models.F("baseline_finish_at")).count() >= len(before)


def plan_of(order: Order) -> Plan:
    """The plan in force of an order."""
    milestones = list(order.milestones.select_related("calendar"))
    pauses = ClockPause.objects.filter(milestone__order=order)
    return inputs_of(milestones, Basis.from_dict(order.plan.basis), pauses).plan()


def test_demo_facts_equal_what_the_product_derives_again():
    before = {table: snapshot(table) for table in TABLES}

    for order in Order.objects.exclude(confirmed_at=None).order_by("pk")[::3]:
        locked = flow.lock_order(order.pk)
        at = order.events.latest("recorded_at", "id").recorded_at
        flow.refresh_fulfilment(locked, by=None, now=at)
        flow.refresh(locked, now=at)

    for table in TABLES:
        assert snapshot(table) == before[table]


def test_demo_documents_are_files_of_the_type_they_are_kept_as():
    document = OrderDocument.objects.filter(kind="PI").earliest("pk")

    with document.file.open("rb") as file:
        body = file.read()

    assert body.startswith(b"%PDF-")
    assert (document.content_type, document.size) == ("application/pdf", len(body))
    assert document.filename not in document.file.name
