"""What the demo looks like: one round of its deck, loaded once for all tests of this file."""

from datetime import date

import pytest
from django.db import models, transaction

from orders.demo.deck import cards
from orders.demo.load import load_demo
from orders.models import ClockPause, Milestone, Order, OrderDocument, OrderEvent, OrderLine, PromiseChange, Shipment
from orders.services import flow
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

    assert 0.7 <= judged.count("on_time") / (judged.count("on_time") + judged.count("late")) < 1


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
