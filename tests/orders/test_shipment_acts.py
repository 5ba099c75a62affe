"""Marking many shipments: the effects first, then the move, then one undo; container numbers checked on the way in."""

from datetime import timedelta

import pytest
from django.urls import reverse

from orders.containers import ContainerRefused
from orders.models import Milestone, OrderEvent, Shipment
from orders.services import shipments as services
from orders.services.acts import OPERATIONS, carry_out, preview, undo
from tests.factories import MONDAY, first_line, make_confirmed_order, make_user

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=3)


@pytest.fixture
def logistics(team):
    return make_user("logistics", team=team, language="en")


@pytest.fixture
def shipments(team, clerk):
    """Two shipments that carry a whole FOB order each, booked and loaded."""
    made = []
    for number in (1, 2):
        order = make_confirmed_order(team=team, by=clerk, incoterm="FOB")
        lines = {first_line(order).pk: 100}
        shipment = services.create_shipment(
            values={"number": f"S-{number}", "team": team}, lines=lines, by=clerk, now=MONDAY
        )
        for move in ("booked", "loaded"):
            services.move_shipment(shipment_id=shipment.pk, to=move, by=clerk, now=MONDAY)
        made.append(shipment)
    return made


def state_of(shipment):
    shipment.refresh_from_db()
    order = shipment.lines.get().order_line.order
    steps = list(Milestone.objects.filter(order=order).order_by("pk").values_list("pk", "status", "due_at"))
    return (
        shipment.status,
        shipment.atd,
        shipment.etd_original,
        order.status,
        order.shipped_at,
        order.delivered_at,
        steps,
    )


def test_departing_shows_that_orders_are_delivered_and_writes_nothing(shipments, logistics):
    before, events = [state_of(s) for s in shipments], OrderEvent.objects.count()

    effects = preview(OPERATIONS["ship-departed"], [s.pk for s in shipments], {"at": None}, by=logistics, now=LATER)

    assert [bool(effect.changes[0].status) for effect in effects] == [True, True]
    assert ([state_of(s) for s in shipments], OrderEvent.objects.count()) == (before, events)


def test_undo_brings_back_shipment_order_and_steps(shipments, logistics):
    before = [state_of(s) for s in shipments]
    act = carry_out(OPERATIONS["ship-departed"], [s.pk for s in shipments], {"at": None}, by=logistics, now=LATER).act
    assert Shipment.objects.filter(status="departed").count() == 2
    assert all(state_of(s)[3] == "delivered" for s in shipments)

    result = undo(act, by=logistics, now=LATER + timedelta(minutes=1))

    assert len(result.done) == 2
    assert [state_of(s) for s in shipments] == before


def test_a_shipment_that_moved_on_is_left(shipments, logistics):
    act = carry_out(OPERATIONS["ship-departed"], [s.pk for s in shipments], {"at": None}, by=logistics, now=LATER).act
    services.move_shipment(shipment_id=shipments[0].pk, to="arrived", by=logistics, now=LATER)

    result = undo(act, by=logistics, now=LATER)

    assert [item.target_id for item in result.refused] == [shipments[0].pk]
    assert [state_of(s)[0] for s in shipments] == ["arrived", "loaded"]


def test_one_that_cannot_make_the_move_is_refused_and_the_other_moves(shipments, logistics):
    services.move_shipment(shipment_id=shipments[0].pk, to="departed", by=logistics, now=LATER)

    result = carry_out(OPERATIONS["ship-departed"], [s.pk for s in shipments], {"at": None}, by=logistics, now=LATER)

    assert [item.target_id for item in result.done] == [shipments[1].pk]
    assert len(result.refused) == 1


def test_the_list_offers_the_moves_to_whom_may_make_them(client, shipments, logistics, team):
    client.force_login(logistics)
    page = client.get(reverse("shipments"))
    assert reverse("act_preview", args=["ship-departed"]) in page.content.decode()
    client.force_login(make_user("qc", team=team))
    assert reverse("act_preview", args=["ship-departed"]) not in client.get(reverse("shipments")).content.decode()


@pytest.mark.parametrize(
    ("mode", "is_checked"), [("FCL", True), ("SEA", True), ("RAIL", True), ("AIR", False), ("", False)]
)
def test_container_numbers_are_checked_where_containers_travel(team, clerk, mode, is_checked):
    order = make_confirmed_order(team=team, by=clerk)
    values = {"number": "S-9", "team": team, "mode": mode, "container_no": "csqu 3054384", "bl_no": " cosu 123 "}
    lines = {first_line(order).pk: 1}

    if is_checked:
        with pytest.raises(ContainerRefused):
            services.create_shipment(values=values, lines=lines, by=clerk, now=MONDAY)
        values["container_no"] = "csqu 3054383"
    shipment = services.create_shipment(values=values, lines=lines, by=clerk, now=MONDAY)

    assert shipment.container_no == ("CSQU3054383" if is_checked else "csqu 3054384")
    assert shipment.bl_no == "COSU 123"


def test_a_wrong_digit_stands_at_its_field_of_the_form(client, team, clerk, shipments):
    client.force_login(make_user("lead", team=team, language="en"))
    data = {
        "number": "S-1",
        "mode": "FCL",
        "initial-mode": "",
        "container_no": "CSQU3054384",
        "initial-container_no": "",
    }

    answer = client.post(reverse("shipment_edit", args=["S-1"]), data)

    assert answer.status_code == 422
    assert "it would be 3" in str(answer.context["form"].errors["container_no"])
