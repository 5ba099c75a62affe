"""A pasted chat message or mail: what is found in it, what is proposed, and that nothing happens without a yes."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.instants import instant_on
from orders.messages import read_message
from orders.messages.days import find_days
from orders.messages.reading import candidate_words
from orders.models import BulkAct, Milestone, OrderEvent, PromiseChange, Shipment
from orders.services import shipments as shipment_services
from tests.factories import MONDAY, first_line, make_confirmed_order, make_team, make_user

TODAY = date(2026, 9, 17)  # a Thursday
SHANGHAI = ZoneInfo("Asia/Shanghai")


def today():
    """In the zone of those who paste."""
    return timezone.localdate(timezone.now(), SHANGHAI)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-9-20", "2026-09-20"),
        ("2026年9月20日", "2026-09-20"),
        ("2026/09/20.", "2026-09-20"),
        ("9月20日到货", "2026-09-20"),
        ("9月20号", "2026-09-20"),
        ("1月5日", "2027-01-05"),
        ("Sep 20", "2026-09-20"),
        ("20 September", "2026-09-20"),
        ("Sept. 20th, 2027", "2027-09-20"),
        ("the 3rd of Oct", "2026-10-03"),
        ("明天", "2026-09-18"),
        ("后天", "2026-09-19"),
        ("昨天开船", "2026-09-16"),
        ("yesterday", "2026-09-16"),
        ("day after tomorrow", "2026-09-19"),
        ("周五", "2026-09-18"),
        ("周四", "2026-09-17"),
        ("下周三", "2026-09-23"),
        ("上周五", "2026-09-11"),
        ("本周日", "2026-09-20"),
        ("next Monday", "2026-09-21"),
        ("Friday", "2026-09-18"),
        ("9/20", "2026-09-20"),
        ("20/9", "2026-09-20"),
        ("9/8", "2026-09-08|2026-08-09"),
        ("3/4/27", "2027-03-04|2027-04-03"),
        ("8/8", "2026-08-08"),
    ],
)
def test_days_as_people_write_them(text, expected):
    (found,) = find_days(text, TODAY)

    assert "|".join(day.isoformat() for day in found.days) == expected


@pytest.mark.parametrize(
    "text", ["2026-13-01", "9月31日", "45/67", "monitor", "marching 200", "1.5/3", "10/11/12/13", "3/4/5/6"]
)
def test_what_is_no_day(text):
    assert [day for found in find_days(text, TODAY) for day in found.days] == []


def read(text, *, steps=()):
    orders = {"GD-1": "GD-1", "GD-2": "GD-2", "PO 7": "GD-1", "PO-77": "GD-2"}
    return read_message(text, orders=orders, steps={"GD-1": steps, "GD-2": steps}, today=TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GD-1 已开船", [("GD-1", "departed")]),
        ("gd-1, 昨天已开船了。", [("GD-1", "departed")]),
        ("GD-1 and GD-2 have sailed", [("GD-1", "departed"), ("GD-2", "departed")]),
        ("已装柜，GD-2", [("GD-2", "loaded")]),
        ("GD-1还没开船", []),
        ("GD-1 has not departed yet", []),
        ("GD-1 交期改到9月30日；GD-2 已到港", [("GD-1", "promise"), ("GD-2", "arrived")]),
        ("PO-77: please move the delivery to 20 September", [("GD-2", "promise")]),
        ("GD-1 ETD 9月28日", [("GD-1", "etd")]),
        ("GD-1 预计到港 10月15日", [("GD-1", "eta")]),
        ("GD-1 等客户确认", [("GD-1", "waits_customer")]),
        ("GD-2: waiting for the factory", [("GD-2", "waits_supplier")]),
        ("GD-3 已开船", []),
        ("你好，谢谢", []),
        ("", []),
    ],
)
def test_events(text, expected):
    _marks, statements = read(text)

    assert [(statement.order, statement.event) for statement in statements] == expected


def test_a_named_step_is_done():
    _marks, statements = read("GD-1 产前样已确认通过 9月15日", steps=["产前样", "产前样已确认"])

    assert [(s.event, s.step, s.days) for s in statements] == [("step", "产前样已确认", (date(2026, 9, 15),))]


def test_numbers_are_taken_with_their_check_digit():
    text = "GD-1 柜号 CSQU3054383, 封号 AB123456, 提单号 COSU6182334470。GD-2 container CSQU3054384"
    _marks, statements = read(text)
    fields = {}
    for statement in statements:
        fields.setdefault(statement.order, {}).update(statement.fields)

    assert fields == {"GD-1": {"container_no": "CSQU3054383", "seal_no": "AB123456", "bl_no": "COSU6182334470"}}


def test_marks_do_not_overlap_and_stand_where_the_words_are():
    text = "GD-1 两批共 1,200 件，9月20日 已开船"
    marks, _statements = read(text)

    assert [(text[mark.start : mark.end], mark.kind) for mark in marks] == [
        ("GD-1", "order"),
        ("1,200 件", "quantity"),
        ("9月20日", "date"),
        ("已开船", "event"),
    ]


def test_words_that_may_be_numbers():
    assert candidate_words("GD-1, see PO/4500.77. hello 已 abc") == {"GD-1", "PO/4500.77"}


@pytest.mark.parametrize(
    "text", ["9" * 20_000, "GD-1 " * 4000, "(" * 5000, "/".join("1" * 5000), "周" * 9000, "\n" * 20_000]
)
def test_a_strange_message_is_read_all_the_same(text):
    marks, _statements = read(text)
    assert all(mark.start < mark.end <= len(text) for mark in marks)


# The page


@pytest.fixture
def clerk(db, team):
    return make_user("lead", team=team, language="en")


@pytest.fixture
def team(db):
    return make_team()


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


@pytest.fixture
def order(team, clerk):
    return make_confirmed_order(team=team, by=clerk, number="GD-1", customer_po_no="PO-77")


def paste(site, text):
    return site.post(reverse("message_paste"), {"text": text})


def take(site, page, *places, **data):
    context = page.context
    values = {"text": context["text"], "proposals": context["proposals"], **data}
    return site.post(reverse("message_take"), {**values, **{f"take-{place}": "on" for place in places}})


def shipped(order, by, *moves):
    shipment = shipment_services.create_shipment(
        values={"number": "S-1", "team": order.team}, lines={first_line(order).pk: 100}, by=by, now=MONDAY
    )
    for move in moves:
        shipment_services.move_shipment(shipment_id=shipment.pk, to=move, by=by, now=MONDAY)
    return shipment


def test_nothing_happens_before_the_yes(site, order, clerk):
    shipped(order, clerk, "booked", "loaded")
    events = OrderEvent.objects.count()
    page = paste(site, "PO-77 sailed today, B/L COSU6182334470. Delivery of GD-1 postponed to 2027-01-20")

    assert [row["words"] for row in page.context["rows"]] == [
        f"Shipment S-1: Departed, {today().isoformat()} {today():%a}",
        "Shipment S-1: B/L number COSU6182334470",
        "Move the promise to 2027-01-20 Wed",
    ]
    assert "<mark" in page.content.decode()
    assert OrderEvent.objects.count() == events
    assert Shipment.objects.get().status == "loaded"


def test_what_is_checked_is_done_as_one_and_undone_as_one(site, order, clerk):
    shipment = shipped(order, clerk, "booked", "loaded")
    was = first_line(order).promised_date_current
    page = paste(site, "PO-77 sailed today, B/L COSU6182334470. Delivery of GD-1 postponed to 2027-01-20")
    answer = take(site, page, 1, 2, side="customer")
    act = BulkAct.objects.get()
    shipment.refresh_from_db()

    assert answer.url == reverse("act", args=[act.pk])
    assert "Changes from a message" in site.get(answer.url).content.decode()
    assert (shipment.status, shipment.bl_no) == ("loaded", "COSU6182334470")
    change = PromiseChange.objects.get()
    assert (change.new_date, change.side) == (date(2027, 1, 20), "customer")
    assert "postponed" in change.reason

    site.post(reverse("act_undo", args=[act.pk]))
    shipment.refresh_from_db()
    assert (shipment.bl_no, first_line(order).promised_date_current) == ("", was)


def test_a_moved_shipment(site, order, clerk):
    shipment = shipped(order, clerk, "booked", "loaded")
    yesterday = today() - timedelta(days=1)
    answer = take(site, paste(site, "GD-1 昨天已开船"), 0)
    shipment.refresh_from_db()

    assert answer.status_code == 302
    assert shipment.status == "departed"
    assert timezone.localdate(shipment.atd, SHANGHAI) == yesterday


def test_what_cannot_be_done_says_why(site, order, clerk):
    shipped(order, clerk)
    page = paste(site, "GD-1 已开船, CSQU3054384")
    (row,) = page.context["rows"]

    assert "This is not the next move of" in row["proposal"].problem
    refused = take(site, page, 0)
    assert refused.status_code == 422
    assert "Choose what shall be done" in refused.content.decode()


def test_a_day_that_may_be_two_is_asked(site, order):
    year = today().year + 1
    page = paste(site, f"GD-1 交期改到 3/4/{year}")
    (row,) = page.context["rows"]

    assert row["proposal"].days == (f"{year}-03-04", f"{year}-04-03")
    assert not row["is_checked"]
    assert take(site, page, 0, side="customer").status_code == 422
    assert not PromiseChange.objects.exists()
    take(site, page, 0, side="customer", **{"day-0": f"{year}-04-03"})
    assert PromiseChange.objects.get().new_date == date(year, 4, 3)


def test_a_promise_asks_at_whose_wish(site, order):
    refused = take(site, paste(site, "GD-1 交期改到 2027-05-06"), 0)

    assert refused.status_code == 422
    assert "Say at whose wish" in refused.content.decode()


def test_a_step_is_completed_and_one_waits(site, order):
    order.milestones.update(required_documents=[])
    step = order.milestones.active().first()
    take(site, paste(site, f"GD-1 {step.name_en} done"), 0)
    step.refresh_from_db()
    assert step.status == "done"

    take(site, paste(site, "GD-1 waiting for the customer"), 0)
    assert Milestone.objects.filter(order=order, waiting_on="customer").count() == 1


def test_a_refusing_order_changes_nothing(site, order, team, clerk):
    other = make_confirmed_order(team=team, by=clerk, number="GD-2")
    step = other.milestones.active().first()
    page = paste(site, f"GD-1 waiting for the customer. GD-2 {step.name_en} done")
    answer = take(site, page, 0, 1)

    assert answer.status_code == 422
    assert "Missing evidence" in answer.content.decode()
    assert not Milestone.objects.filter(waiting_on="customer").exists()
    assert not BulkAct.objects.exists()


def test_orders_of_others_are_not_found(client, order):
    client.force_login(make_user("lead", team=make_team(), language="en"))
    page = paste(client, "GD-1 已开船 PO-77")

    assert page.context["rows"] == []
    assert 'mark class="is-order">GD-1' not in page.content.decode()


def test_proposals_cannot_be_forged_or_lent(client, site, order, team):
    page = paste(site, "GD-1 waiting for the customer")
    kept = page.context["proposals"]
    forged = site.post(reverse("message_take"), {"text": "x", "proposals": kept[:-2] + "xx", "take-0": "on"})
    assert forged.status_code == 422

    client.force_login(make_user("lead", team=team))
    client.post(reverse("message_take"), {"text": "x", "proposals": kept, "take-0": "on"})
    assert not BulkAct.objects.exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
def test_nothing_or_too_much_is_refused(site, text):
    assert paste(site, text).status_code == 422


def test_a_reader_may_propose_and_not_do(client, order, team):
    client.force_login(make_user("logistics", team=team, language="en"))
    page = paste(client, "GD-1 交期改到 2027-05-06")
    answer = take(client, page, 0, side="customer")

    assert answer.status_code == 422
    assert "may not" in answer.content.decode()
    assert not PromiseChange.objects.exists()


def test_what_happened_today_follows_what_happened_today_before():
    """Loaded at four in the afternoon, “departed today” is no earlier, though a day without a time counts from noon."""
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 6, 17, 17, tzinfo=zone)
    loaded, day = datetime(2026, 6, 17, 16, tzinfo=zone), date(2026, 6, 17)

    assert instant_on(day, zone=zone, now=now, after=loaded) == loaded
    assert instant_on(day, zone=zone, now=now, after=loaded.replace(hour=9)).hour == 12
    assert instant_on(day, zone=zone, now=now, after=loaded - timedelta(days=1)).hour == 12
    assert instant_on(day - timedelta(days=1), zone=zone, now=now, after=loaded).day == 16  # for the service to refuse
