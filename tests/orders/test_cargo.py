"""Cargo given another shape: roll-over with its plans, split, merge, packing, photos, papers, the month."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from orders.models import OrderDocument, PlanChange, Shipment, ShipmentLine
from orders.services import cargo
from orders.services import shipments as services
from orders.services.acts import OPERATIONS, carry_out, preview, undo
from orders.workflow import TransitionNotAllowed
from tests.factories import MONDAY, first_line, make_company, make_confirmed_order, make_line_values, make_user

pytestmark = pytest.mark.django_db
ETD = date(2026, 6, 10)


@pytest.fixture
def logistics(team):
    return make_user("logistics", team=team, language="en")


@pytest.fixture
def site(client, logistics):
    client.force_login(logistics)
    return client


def make_shipment(order, by, *, number="S-1", quantity=100, **values):
    lines = {line.pk: Decimal(quantity) for line in order.lines.all()}
    values = {"number": number, "team": order.team, **values}
    return services.create_shipment(values=values, lines=lines, by=by, now=MONDAY)


@pytest.fixture
def export(team, clerk):
    """An order by sea whose plan hangs on its sailing."""
    return make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")


def quantities(shipment):
    return {line.order_line_id: line.quantity for line in ShipmentLine.objects.filter(shipment=shipment)}


# Roll-over


def test_roll_over_moves_voyage_cut_offs_and_plans_as_one_act(export, clerk, logistics):
    cy = datetime(2026, 6, 8, 14, tzinfo=MONDAY.tzinfo)
    shipment = make_shipment(export, clerk, etd=ETD, eta=ETD + timedelta(days=20), cy_cutoff_at=cy)
    values = {"etd": ETD + timedelta(days=7), "vessel": "NEXT ONE", "side": "carrier", "reason": "rolled"}
    dates = dict(export.milestones.values_list("code", "due_at"))

    effects = preview(OPERATIONS["ship-roll"], [shipment.pk], values, by=logistics, now=MONDAY)
    assert effects[0].changes[0].moved
    shipment.refresh_from_db()
    assert shipment.etd == ETD

    act = carry_out(OPERATIONS["ship-roll"], [shipment.pk], values, by=logistics, now=MONDAY).act
    shipment.refresh_from_db()
    export.refresh_from_db()
    assert (shipment.etd, shipment.eta, shipment.vessel) == (
        ETD + timedelta(days=7),
        ETD + timedelta(days=27),
        "NEXT ONE",
    )
    assert shipment.cy_cutoff_at == cy + timedelta(days=7)
    assert shipment.etd_original == ETD
    moved = dict(export.milestones.values_list("code", "due_at"))
    assert moved != dates
    assert PlanChange.objects.filter(order=export, reason="rolled").count() == 1

    result = undo(act, by=logistics, now=MONDAY + timedelta(minutes=1))
    shipment.refresh_from_db()
    assert [item.state for item in result.done] == ["undone"], [item.detail for item in result.refused]
    assert (shipment.etd, shipment.cy_cutoff_at, shipment.vessel) == (ETD, cy, "")
    assert dict(export.milestones.values_list("code", "due_at")) != moved


def test_what_is_named_does_not_keep_its_distance(export, clerk, logistics):
    shipment = make_shipment(export, clerk, etd=ETD, eta=ETD + timedelta(days=20))
    values = {"etd": ETD + timedelta(days=7), "eta": ETD + timedelta(days=30), "side": "carrier", "reason": "slow"}
    carry_out(OPERATIONS["ship-roll"], [shipment.pk], values, by=logistics, now=MONDAY)
    shipment.refresh_from_db()

    assert shipment.eta == ETD + timedelta(days=30)


def test_departed_cargo_is_not_rolled_over(export, clerk, logistics):
    shipment = make_shipment(export, clerk, etd=ETD)
    for move in ("booked", "loaded", "departed"):
        services.move_shipment(shipment_id=shipment.pk, to=move, by=clerk, now=MONDAY)
    values = {"etd": ETD + timedelta(days=7), "side": "carrier", "reason": "rolled"}
    result = carry_out(OPERATIONS["ship-roll"], [shipment.pk], values, by=logistics, now=MONDAY)

    assert (result.done, len(result.refused)) == ([], 1)
    shipment.refresh_from_db()
    assert shipment.etd == ETD


def test_an_arrival_before_the_departure_is_refused_at_its_field(site, export, clerk):
    shipment = make_shipment(export, clerk, etd=ETD)
    data = {"ids": shipment.pk, "etd": "2026-07-01", "eta": "2026-06-01", "side": "carrier", "reason": "x"}
    answer = site.post(reverse("act_do", args=["ship-roll"]), data)

    assert answer.status_code == 422
    assert "The arrival lies before the departure" in answer.content.decode()


# Split and merge


def test_split_leaves_the_rest_and_keeps_the_way(site, order, clerk):
    shipment = make_shipment(order, clerk, mode="FCL", destination="Hamburg", etd=ETD)
    line = first_line(order)
    answer = site.post(reverse("shipment_split", args=["S-1"]), {"number": "S-2", f"take-{line.pk}": "40"})
    made = Shipment.objects.get(number="S-2")

    assert answer.url == reverse("shipment", args=["S-2"])
    assert (quantities(shipment), quantities(made)) == ({line.pk: 60}, {line.pk: 40})
    assert (made.mode, made.destination, made.etd) == ("FCL", "Hamburg", None)


@pytest.mark.parametrize("take", ["0", "", "100", "101", "-1", "x"])
def test_a_split_needs_something_on_both_sides(site, order, clerk, take):
    shipment = make_shipment(order, clerk)
    line = first_line(order)
    answer = site.post(reverse("shipment_split", args=["S-1"]), {"number": "S-2", f"take-{line.pk}": take})

    assert answer.status_code == 422
    assert quantities(shipment) == {line.pk: 100}
    assert Shipment.objects.count() == 1


def test_a_taken_number_splits_nothing(site, order, clerk):
    shipment = make_shipment(order, clerk)
    line = first_line(order)
    answer = site.post(reverse("shipment_split", args=["S-1"]), {"number": "S-1", f"take-{line.pk}": "40"})

    assert answer.status_code == 422
    assert "number" in answer.context["form"].errors
    assert quantities(shipment) == {line.pk: 100}


def test_merge_brings_orders_together_and_cancels_the_other(site, team, clerk):
    first, second = (make_confirmed_order(team=team, by=clerk) for _ in range(2))
    into, other = make_shipment(first, clerk), make_shipment(second, clerk, number="S-2")
    answer = site.post(reverse("shipment_merge", args=["S-1"]), {"others": [other.pk]})
    other.refresh_from_db()

    assert answer.status_code == 302
    assert other.status == "cancelled"
    assert quantities(into) == {first_line(first).pk: 100, first_line(second).pk: 100}


def test_parts_of_one_line_are_added_up_again(order, clerk, logistics):
    shipment = make_shipment(order, clerk)
    line = first_line(order)
    part = cargo.split_shipment(shipment_id=shipment.pk, number="S-2", lines={line.pk: 40}, by=logistics, now=MONDAY)
    cargo.merge_shipments(into_id=shipment.pk, from_ids=[part.pk], by=logistics, now=MONDAY)

    assert quantities(shipment) == {line.pk: 100}


def test_loaded_cargo_keeps_its_shape(order, clerk, logistics):
    shipment = make_shipment(order, clerk, quantity=50)
    other = make_shipment(order, clerk, number="S-2", quantity=50)
    for move in ("booked", "loaded"):
        services.move_shipment(shipment_id=shipment.pk, to=move, by=clerk, now=MONDAY)

    line = first_line(order)
    with pytest.raises(TransitionNotAllowed):
        cargo.split_shipment(shipment_id=shipment.pk, number="S-3", lines={line.pk: 1}, by=logistics, now=MONDAY)
    with pytest.raises(TransitionNotAllowed):
        cargo.merge_shipments(into_id=other.pk, from_ids=[shipment.pk], by=logistics, now=MONDAY)
    assert quantities(other) == {line.pk: 50}


def test_nothing_chosen_is_said(site, order, clerk):
    make_shipment(order, clerk)
    answer = site.post(reverse("shipment_merge", args=["S-1"]), {})

    assert answer.status_code == 422
    assert "others" in answer.context["form"].errors


# Packing and papers


def test_packing_stands_in_the_packing_list(site, team, clerk):
    customer = make_company(name="汉堡五金有限公司", name_en="Hamburg Hardware GmbH", team=team)
    order = make_confirmed_order(
        team=team,
        by=clerk,
        customer=customer,
        customer_po_no="PO-77",
        lines=[make_line_values(position=1, description="门铰链 Türscharnier 304"), make_line_values(position=2)],
    )
    shipment = make_shipment(order, clerk, vessel="EVER GIVEN", container_no="MSCU6639871")
    first, second = shipment.lines.order_by("pk")
    data = {f"packages-{first.pk}": "12", f"net_weight_kg-{first.pk}": "100.5", f"gross_weight_kg-{first.pk}": "120"}
    assert site.post(reverse("shipment_packing", args=["S-1"]), data).status_code == 302
    first.refresh_from_db()
    assert (first.packages, first.net_weight_kg, first.volume_m3) == (12, Decimal("100.5"), None)

    answer = site.get(reverse("shipment_paper", args=["S-1", "packing-list"]))
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert answer["Content-Type"] == "application/pdf"
    for part in ("装箱单", "Hamburg Hardware GmbH", "PO-77", "门铰链", "Türscharnier", "EVER GIVEN", "120", "200"):
        assert part in text

    site.post(reverse("shipment_packing", args=["S-1"]), {**data, f"packages-{second.pk}": "8"})
    text = PdfReader(BytesIO(site.get(reverse("shipment_paper", args=["S-1", "packing-list"])).content))
    assert "20" in text.pages[0].extract_text()


def test_gross_below_net_is_refused_at_its_cell(site, order, clerk):
    shipment = make_shipment(order, clerk)
    line = shipment.lines.get()
    data = {f"net_weight_kg-{line.pk}": "10", f"gross_weight_kg-{line.pk}": "9"}
    answer = site.post(reverse("shipment_packing", args=["S-1"]), data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [f"gross_weight_kg-{line.pk}"]
    line.refresh_from_db()
    assert line.net_weight_kg is None


def test_the_shipping_advice_tells_the_voyage_and_no_price(site, order, clerk):
    order.lines.update(unit_price=Decimal("4321.77"), amount=Decimal("9876.55"))
    make_shipment(order, clerk, etd=ETD, bl_no="BL-1", vessel="EVER GIVEN")
    answer = site.get(reverse("shipment_paper", args=["S-1", "shipping-advice"]))
    text = PdfReader(BytesIO(answer.content)).pages[0].extract_text()

    assert all(part in text for part in ("装船通知", "BL-1", "2026-06-10", order.number))
    assert "4321" not in text
    assert "9876" not in text


def test_a_long_list_goes_over_pages(site, team, clerk):
    lines = [make_line_values(position=n, description=f"part {n} " + "long " * 30) for n in range(1, 81)]
    order = make_confirmed_order(team=team, by=clerk, lines=lines)
    make_shipment(order, clerk)
    pages = PdfReader(BytesIO(site.get(reverse("shipment_paper", args=["S-1", "packing-list"])).content)).pages

    assert len(pages) > 2
    assert all("Packages" in page.extract_text() for page in pages)


# Photos


def photo(color="red", size=(1200, 800), name="p.jpg"):
    stream = BytesIO()
    Image.new("RGB", size, color).save(stream, "JPEG")
    return SimpleUploadedFile(name, stream.getvalue(), "image/jpeg")


def test_photos_are_kept_with_each_order_aboard_and_shown_small(site, team, clerk):
    first, second = (make_confirmed_order(team=team, by=clerk) for _ in range(2))
    shipment = make_shipment(first, clerk)
    other = make_shipment(second, clerk, number="S-2")
    cargo.merge_shipments(into_id=shipment.pk, from_ids=[other.pk], by=clerk, now=MONDAY)
    answer = site.post(reverse("shipment_photos", args=["S-1"]), {"photos": [photo(), photo("blue", name="q.jpg")]})

    assert answer.status_code == 302
    assert OrderDocument.objects.filter(kind="LOAD_PHOTO").count() == 4
    page = site.get(reverse("shipment", args=["S-1"]))
    assert len(page.context["photos"]) == 2
    small = site.get(reverse("document_preview", args=[page.context["photos"][0].pk]))
    with Image.open(BytesIO(small.content)) as picture:
        assert picture.size == (480, 320)


def test_what_is_no_picture_is_no_photo(site, order, clerk):
    make_shipment(order, clerk)
    text = SimpleUploadedFile("x.txt", b"hello", "text/plain")
    answer = site.post(reverse("shipment_photos", args=["S-1"]), {"photos": [photo(), text]})

    assert answer.status_code == 422
    assert "is no picture" in answer.content.decode()
    assert not OrderDocument.objects.filter(kind="LOAD_PHOTO").exists()


def test_a_broken_picture_has_no_preview(site, order, clerk):
    make_shipment(order, clerk)
    broken = SimpleUploadedFile("x.jpg", photo().read()[:200], "image/jpeg")
    site.post(reverse("shipment_photos", args=["S-1"]), {"photos": [broken]})
    document = OrderDocument.objects.get(kind="LOAD_PHOTO")

    assert site.get(reverse("document_preview", args=[document.pk])).status_code == 404


# Moves and the month


def test_a_move_from_the_page_can_be_taken_back(site, order, clerk, logistics):
    shipment = make_shipment(order, clerk)
    site.post(reverse("shipment_move", args=["S-1"]), {"to": "booked", "at": ""})
    shipment.refresh_from_db()
    assert shipment.status == "booked"
    act = site.get(reverse("shipment", args=["S-1"])).context["last_act"]

    site.post(reverse("act_undo", args=[act.pk]))
    shipment.refresh_from_db()
    assert shipment.status == "planned"
    assert site.get(reverse("shipment", args=["S-1"])).context["last_act"] is None


def test_month_shows_sailings_arrivals_and_cut_offs_in_the_readers_zone(site, order, clerk, logistics):
    logistics.timezone = "Asia/Shanghai"
    logistics.save(update_fields=["timezone"])
    late_in_utc = datetime(2026, 6, 8, 17, tzinfo=timezone.get_fixed_timezone(0))  # the 9th, 01:00 in Shanghai
    shipment = make_shipment(order, clerk, etd=ETD, eta=ETD + timedelta(days=5), si_cutoff_at=late_in_utc)
    services.move_shipment(shipment_id=shipment.pk, to="booked", by=clerk, now=MONDAY)
    month = site.get(reverse("shipment_calendar") + "?month=2026-06").context["month"]
    days = {day.date: [entry.kind for entry in day.entries] for week in month.weeks for day in week if day.entries}

    assert not month.is_empty
    assert site.get(reverse("shipment_calendar") + "?month=2026-09").context["month"].is_empty
    assert days == {date(2026, 6, 9): ["si"], ETD: ["etd"], date(2026, 6, 15): ["eta"]}


@pytest.mark.parametrize("month", ["", "x", "2026-13", "0001-01", "9999-12", "2026-06-01", "1e9-01"])
def test_any_month_opens(site, month):
    assert site.get(reverse("shipment_calendar"), {"month": month}).status_code == 200


def test_the_list_leaves_as_it_is_filtered(site, order, clerk):
    make_shipment(order, clerk, quantity=50, etd=ETD, vessel="=EVER")
    make_shipment(order, clerk, number="S-2", quantity=50, mode="AIR")
    rows = list(
        csv.DictReader(
            StringIO(site.get(reverse("shipment_export") + "?format=csv&mode=").getvalue().decode("utf-8-sig"))
        )
    )
    only = site.get(reverse("shipment_export") + "?format=csv&mode=AIR").getvalue().decode("utf-8-sig")

    assert [(row["shipment number"], row["orders"], row["ETD"]) for row in rows] == [
        ("S-1", order.number, "2026-06-10"),
        ("S-2", order.number, ""),
    ]
    assert rows[0]["vessel or flight"] == "'=EVER"
    assert "S-1" not in only
    assert site.get(reverse("shipment_export")).content[:2] == b"PK"
    assert site.get(reverse("shipment_export") + "?format=pdf").status_code == 404
