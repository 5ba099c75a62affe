"""The shipment pages: what is listed first, what a cut-off says, who sees and does what, and what is refused where."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.models import OrderLine, Shipment
from orders.models.shipments import Urgency
from orders.pages.shipments import orders_to_ship, rows_of, with_left, with_row_data
from orders.services import shipments as services
from orders.services.milestones import skip_milestone
from orders.services.shipments import quantity_left
from tests.factories import first_line, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def logistics(team):
    return make_user("logistics", team=team)


def ship(order, by, *, quantity=40, number=None, **values) -> Shipment:
    values = {"number": number or f"S{Shipment.objects.count()}", "team": order.team, **values}
    return services.create_shipment(
        values=values, lines={first_line(order).pk: Decimal(quantity)}, by=by, now=timezone.now()
    )


def row_of(shipment, user):
    shipments = with_row_data(Shipment.objects.filter(pk=shipment.pk), user)
    return rows_of(list(shipments), user=user, now=timezone.now())[0]


def test_list_begins_with_missed_cutoffs_then_late_departures_then_etd(client, order, logistics):
    now = timezone.now()
    today = timezone.localdate(now)
    coming = ship(order, logistics, quantity=10, etd=today + timedelta(days=3))
    late = ship(order, logistics, quantity=10, etd=today - timedelta(days=3))
    missed = ship(order, logistics, quantity=10, etd=today + timedelta(days=9), cy_cutoff_at=now - timedelta(hours=1))
    undated = ship(order, logistics, quantity=10)

    found = list(Shipment.objects.by_urgency(now, today))

    assert found == [missed, late, coming, undated]
    assert [each.urgency for each in found] == [Urgency.CUTOFF, Urgency.LATE, Urgency.COMING, Urgency.UNDATED]
    client.force_login(logistics)
    page = client.get(reverse("shipments")).content.decode()
    assert [page.index(f">{each.number}<") for each in found] == sorted(
        page.index(f">{each.number}<") for each in found
    )


def test_cutoff_is_met_by_its_step_only_where_the_whole_order_travels(team, clerk, logistics):
    now = timezone.now()
    whole = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    split = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    past = {"si_cutoff_at": now - timedelta(hours=1)}
    done = ship(whole, logistics, quantity=100, **past)
    first, second = ship(split, logistics, quantity=60, **past), ship(split, logistics, quantity=40, **past)
    for order in (whole, split):
        step = order.milestones.get(code="SI_SUBMITTED")
        skip_milestone(milestone_id=step.pk, reason="done by the forwarder", by=clerk, now=now)

    assert set(Shipment.objects.cutoff_missed(now)) == {first, second}
    assert row_of(done, logistics).cutoffs[0].is_met
    assert row_of(first, logistics).cutoffs[0].is_missed


def test_cutoff_is_met_once_the_cargo_has_departed(order, logistics):
    now = timezone.now()
    shipment = ship(order, logistics, cy_cutoff_at=now - timedelta(hours=1))
    assert list(Shipment.objects.cutoff_missed(now)) == [shipment]

    for move in ("booked", "loaded", "departed"):
        services.move_shipment(shipment_id=shipment.pk, to=move, by=logistics, now=now)

    assert list(Shipment.objects.cutoff_missed(now)) == []
    assert row_of(shipment, logistics).cutoffs[0].is_met


def test_the_cutoff_instant_itself_is_not_missed(order, logistics):
    now = timezone.now()
    shipment = ship(order, logistics, vgm_cutoff_at=now)

    assert not Shipment.objects.cutoff_missed(now).exists()
    assert list(Shipment.objects.cutoff_missed(now + timedelta(seconds=1))) == [shipment]


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_a_constant_number_of_queries(client, team, clerk, logistics, django_assert_max_num_queries, count):
    for _index in range(count):
        ship(make_confirmed_order(team=team, by=clerk), logistics, si_cutoff_at=timezone.now())
    client.force_login(logistics)

    with django_assert_max_num_queries(12):
        page = client.get(reverse("shipments"))

    assert page.content.decode().count("data-status=") == count


def test_left_of_a_line_in_sql_is_that_of_the_service(order, logistics):
    line = first_line(order)
    kept = ship(order, logistics, quantity=30)
    dropped = ship(order, logistics, quantity=20)
    services.cancel_shipment(shipment_id=dropped.pk, reason="mistake", by=logistics, now=timezone.now())

    assert with_left(OrderLine.objects.filter(pk=line.pk)).get().left == quantity_left(line) == 70
    assert with_left(OrderLine.objects.filter(pk=line.pk), without=kept).get().left == quantity_left(line, kept) == 100


def test_only_orders_with_something_left_are_to_be_shipped(team, clerk, order, logistics):
    other = make_confirmed_order(team=team, by=clerk)
    ship(order, logistics, quantity=100)

    assert list(orders_to_ship(logistics)) == [other]


def test_new_shipment_takes_all_that_is_left_of_the_order(client, order, logistics):
    ship(order, logistics, quantity=30)
    client.force_login(logistics)
    address = f"{reverse('shipment_new')}?order={order.number}"
    form = client.get(address).context["form"]
    line = first_line(order)

    answer = client.post(
        address, {"number": form["number"].value(), f"line-{line.pk}": form[f"line-{line.pk}"].value()}
    )

    made = Shipment.objects.get(number=f"{order.number}-S1")
    assert answer.url == reverse("shipment", args=[made.number])
    assert [row.quantity for row in made.lines.all()] == [70]
    assert quantity_left(line) == 0


def test_too_much_is_refused_at_the_line(client, order, logistics):
    client.force_login(logistics)
    line = first_line(order)

    answer = client.post(f"{reverse('shipment_new')}?order={order.number}", {"number": "S1", f"line-{line.pk}": "101"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [f"line-{line.pk}"]
    assert not Shipment.objects.exists()


def test_a_colleagues_change_of_the_same_field_is_told_and_saving_again_decides(client, order, logistics):
    shipment = ship(order, logistics, vessel="EVER GIVEN")
    client.force_login(logistics)
    address = reverse("shipment_edit", args=[shipment.number])
    seen = {"initial-vessel": "EVER GIVEN", "number": shipment.number, "initial-number": shipment.number}
    seen |= {"version": str(shipment.version), f"line-{first_line(order).pk}": "40"}
    services.edit_shipment(
        shipment_id=shipment.pk,
        values={"vessel": "MSC OSCAR"},
        lines=None,
        seen_version=None,
        by=logistics,
        now=timezone.now(),
    )

    refused = client.post(address, {**seen, "vessel": "COSCO GALAXY"})

    assert refused.status_code == 422
    assert "MSC OSCAR" in str(refused.context["form"].errors["vessel"])
    again = client.post(
        address, {**seen, "vessel": "COSCO GALAXY", "version": refused.context["form"]["version"].value()}
    )
    assert again.status_code == 302
    shipment.refresh_from_db()
    assert shipment.vessel == "COSCO GALAXY"


def test_what_a_colleague_changed_meanwhile_is_kept_where_the_person_did_not_touch_it(client, order, logistics):
    shipment = ship(order, logistics, vessel="EVER GIVEN")
    client.force_login(logistics)
    line = f"line-{first_line(order).pk}"
    services.edit_shipment(
        shipment_id=shipment.pk,
        values={"vessel": "MSC OSCAR"},
        lines=None,
        seen_version=None,
        by=logistics,
        now=timezone.now(),
    )

    client.post(
        reverse("shipment_edit", args=[shipment.number]),
        {
            "number": shipment.number,
            "initial-number": shipment.number,
            "version": str(shipment.version),
            line: "40",
            "vessel": "EVER GIVEN",
            "initial-vessel": "EVER GIVEN",
            "voyage": "026W",
            "initial-voyage": "",
        },
    )

    shipment.refresh_from_db()
    assert (shipment.vessel, shipment.voyage) == ("MSC OSCAR", "026W")


def test_freight_does_not_exist_for_roles_without_money(client, order, logistics, team):
    shipment = ship(order, logistics, freight_cost=Decimal("4321.00"), freight_currency="USD")
    lead = make_user("lead", team=team)
    for person, is_shown in ((logistics, False), (lead, True)):
        client.force_login(person)
        page = client.get(reverse("shipment", args=[shipment.number])).content.decode()
        form = client.get(reverse("shipment_edit", args=[shipment.number])).context["form"]
        assert ("4,321.00" in page, "freight_cost" in form.fields) == (is_shown, is_shown)


def test_another_teams_shipment_does_not_exist(client, order, logistics):
    other = make_team()
    clerk = make_user("clerk", team=other)
    foreign = ship(make_confirmed_order(team=other, by=clerk), clerk, number="FOREIGN")
    client.force_login(logistics)

    assert "FOREIGN" not in client.get(reverse("shipments"), {"status": "all"}).content.decode()
    for name in ("shipment", "shipment_edit", "shipment_move"):
        assert client.get(reverse(name, args=[foreign.number])).status_code == 404
    client.post(reverse("act_do", args=["ship-booked"]), {"ids": [foreign.pk]})
    foreign.refresh_from_db()
    assert foreign.status == "planned"


@pytest.mark.parametrize(
    "query", ["etd_from=2026-02-30", "status=lost", "page=0", "page=99999999999", "mode=x", "q=%F0%9F%9A%A2"]
)
def test_a_filter_that_cannot_be_read_is_no_error(client, order, logistics, query):
    client.force_login(logistics)

    assert client.get(f"{reverse('shipments')}?{query}").status_code == 200
