"""Samples, inspections by ISO 2859-1, payments, people named in comments, and a page that has grown old."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from orders import aql, mentions
from orders.models import Inspection, OrderDocument, OrderEvent, Payment, SampleRound
from orders.services.documents import add_comment
from teams.models import Notification, Organization
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(team):
    return make_user("lead", team=team, language="en", name="Li Na")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


def today():
    return timezone.localdate(timezone.now(), Organization.current().zone)


# ISO 2859-1, tables 1 and 2-A


@pytest.mark.parametrize(
    ("lot", "level", "limit", "size", "accept"),
    [
        (1000, "II", "2.5", 80, 5),
        (1000, "II", "4.0", 80, 7),
        (5000, "II", "1.0", 200, 5),
        (3200, "II", "0.10", 125, 0),
        (100, "II", "1.5", 32, 1),  # an arrow down
        (30, "II", "1.0", 13, 0),  # numbers begin at a larger sample
        (500, "II", "0.65", 80, 1),
        (500, "II", "0.40", 32, 0),  # up
        (8, "II", "2.5", 5, 0),
        (3, "II", "2.5", 3, 0),  # every piece
        (1_000_000, "III", "10", 125, 21),
        (1200, "S-3", "2.5", 20, 1),
        (35_000, "I", "6.5", 125, 14),
    ],
)
def test_sampling_plans(lot, level, limit, size, accept):
    assert aql.plan_for(lot, level, limit) == aql.SamplingPlan(size, accept)


def test_every_lot_level_and_aql_has_a_plan():
    for lot in (2, 9, 16, 26, 51, 91, 151, 281, 501, 1201, 3201, 10_001, 35_001, 150_001, 500_001):
        for level in aql.LEVELS:
            plans = [aql.plan_for(lot, level, each) for each in aql.AQLS]
            assert all(0 < plan.size <= lot for plan in plans)
            assert [plan.accept for plan in plans] == sorted(plan.accept for plan in plans)


@pytest.mark.parametrize(("lot", "level", "limit"), [(1, "II", "2.5"), (10, "IV", "2.5"), (10, "II", "3")])
def test_what_has_no_plan(lot, level, limit):
    with pytest.raises(ValueError, match=level):
        aql.plan_for(lot, level, limit)


# Inspections


def inspect(site, order, **changes):
    values = {
        **{"kind": "FRI", "inspected_on": today().isoformat(), "lot_size": "1000", "level": "II"},
        **{"aql_major": "2.5", "aql_minor": "4.0", "critical": "0", "major": "5", "minor": "7"},
        **{"disposition": "release", "inspector": "SGS", "note": ""},
    }
    return site.post(reverse("inspection_add", args=[order.number]), {**values, **changes})


def test_a_lot_at_its_limits_passes(site, order):
    assert inspect(site, order).status_code == 302
    inspection = Inspection.objects.get()
    page = site.get(reverse("order", args=[order.number])).content.decode()

    assert (inspection.sample_size, inspection.accept_major, inspection.accept_minor) == (80, 5, 7)
    assert inspection.has_passed
    assert "80 of 1,000" in page
    assert "Final random (FRI): passed · Released" in page


@pytest.mark.parametrize("defects", [{"critical": "1"}, {"major": "6"}, {"minor": "8"}])
def test_a_lot_beyond_them_fails_and_is_not_simply_released(site, order, defects):
    refused = inspect(site, order, **defects)
    assert refused.status_code == 422
    assert "disposition" in refused.context["inspection_form"].errors

    assert inspect(site, order, **defects, disposition="rework").status_code == 302
    assert not Inspection.objects.get().has_passed


def test_a_concession_says_why(site, order):
    refused = inspect(site, order, major="9", disposition="concession")
    assert "note" in refused.context["inspection_form"].errors
    assert inspect(site, order, major="9", disposition="concession", note="customer agreed").status_code == 302


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lot_size", "1"),
        ("lot_size", "x"),
        ("level", "IV"),
        ("aql_major", "3"),
        ("major", "-1"),
        ("inspected_on", "2999-01-01"),
        ("inspected_on", ""),
        ("disposition", ""),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_the_rest_kept(site, order, name, value):
    refused = inspect(site, order, **{name: value})

    assert refused.status_code == 422
    assert name in refused.context["inspection_form"].errors
    assert 'value="SGS"' in refused.content.decode()
    assert not Inspection.objects.exists()


# Samples


def test_sample_rounds_are_counted_for_each_kind(site, order):
    for kind in ("pp", "pp", "fit"):
        site.post(
            reverse("sample_send", args=[order.number]),
            {"kind": kind, "sent_on": today().isoformat(), "courier_no": "SF1"},
        )

    assert sorted(SampleRound.objects.values_list("kind", "round")) == [("fit", 1), ("pp", 1), ("pp", 2)]


def test_a_verdict_is_given_once_and_a_refusal_says_why(site, order):
    site.post(reverse("sample_send", args=[order.number]), {"kind": "pp", "sent_on": today().isoformat()})
    sample = SampleRound.objects.get()
    url = reverse("sample_decide", args=[order.number, sample.pk])
    said = {"verdict": "refused", "decided_on": today().isoformat(), "comments": ""}

    assert site.post(url, said).status_code == 422
    assert site.post(url, {**said, "decided_on": (today() - timedelta(days=1)).isoformat()}).status_code == 422
    assert site.post(url, {**said, "comments": "too dark"}).status_code == 302
    sample.refresh_from_db()
    assert (sample.verdict, sample.comments) == ("refused", "too dark")
    assert site.post(url, {**said, "verdict": "approved"}).status_code == 422


# Payments


def test_payments_are_summed_against_the_amount(site, order):
    order.amount = Decimal(1000)
    order.save(update_fields=["amount"])
    for amount in ("300", "200.50"):
        answer = site.post(
            reverse("payment_add", args=[order.number]),
            {"amount": amount, "received_on": today().isoformat(), "reference": "TT"},
        )
        assert answer.status_code == 302
    money = site.get(reverse("order", args=[order.number])).context["money"]

    assert (money.received, money.open) == (Decimal("500.50"), Decimal("499.50"))


def test_payments_are_for_those_who_see_money(client, order, clerk, team):
    values = {"received_on": date(2026, 3, 2), "by": clerk, "created_at": MONDAY}
    Payment.objects.create(order=order, amount=Decimal("777.77"), **values)
    client.force_login(make_user("logistics", team=team, language="en"))
    page = client.get(reverse("order", args=[order.number]))
    answer = client.post(
        reverse("payment_add", args=[order.number]), {"amount": "1", "received_on": today().isoformat()}
    )

    assert "777.77" not in page.content.decode()
    assert page.context["money"].payments == []
    assert answer.status_code == 403


@pytest.mark.parametrize("amount", ["0", "-1", "x", "", "1e400", "99999999999999999"])
def test_an_amount_that_is_none(site, order, amount):
    answer = site.post(reverse("payment_add", args=[order.number]), {"amount": amount, "received_on": "2026-03-02"})

    assert answer.status_code == 422
    assert "amount" in answer.context["payment_form"].errors


# Comments


@pytest.fixture
def colleagues(team):
    names = ["Chen Wei", "Chen Wei Ming", "王芳"]
    return {name: make_user("lead", team=team, name=name, username=f"user{n}") for n, name in enumerate(names)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Chen Wei please", {"Chen Wei"}),
        ("@chen wei ming, and @王芳请看", {"Chen Wei Ming", "王芳"}),
        ("@user2", {"王芳"}),
        ("mail to a@b.com @nobody @", set()),
        ("no name", set()),
    ],
)
def test_who_is_named(order, clerk, colleagues, text, expected):
    assert {person.name for person in mentions.mentioned_in(text, order, clerk)} == expected


def test_who_is_named_is_told_once_and_only_if_they_see_the_order(site, order, team, colleagues):
    stranger = make_user("lead", team=make_team(), name="Far Away")
    site.post(
        reverse("comment_add", args=[order.number]),
        {"text": "@王芳 @user2 look, @Far Away too, and @Li Na", "contact": ""},
    )
    told = Notification.objects.filter(kind="mention")

    assert [row.recipient for row in told] == [colleagues["王芳"]]
    assert told.get().payload["text"].startswith("@王芳")
    assert mentions.still_true(list(told), timezone.now())
    assert not told.filter(recipient=stranger).exists()


def test_a_call_is_noted_with_its_side_and_files(site, order):
    upload = SimpleUploadedFile("talk.txt", b"what was said")
    site.post(
        reverse("comment_add", args=[order.number]),
        {"text": "they agree", "contact": "call", "side": "customer", "attachments": [upload]},
    )
    event = OrderEvent.objects.get(order=order, kind="comment")
    entry = next(e for e in site.get(reverse("order", args=[order.number])).context["entries"] if e.is_comment)

    assert (event.side, event.data["contact"]) == ("customer", "call")
    assert (entry.title, entry.icon) == ("Call", "phone")
    assert entry.files == [(OrderDocument.objects.get().pk, "talk.txt")]


def test_several_documents_at_once_or_none(site, order, settings):
    url = reverse("document_add", args=[order.number])
    good, empty = SimpleUploadedFile("a.pdf", b"%PDF-1.4 x"), SimpleUploadedFile("b.pdf", b"")
    assert site.post(url, {"kind": "CPO", "file": [good, empty]}).status_code == 422
    assert not OrderDocument.objects.exists()
    good.seek(0)
    assert (
        site.post(url, {"kind": "CPO", "file": [good, SimpleUploadedFile("c.pdf", b"%PDF-1.4 y")]}).status_code == 302
    )
    assert sorted(OrderDocument.objects.values_list("version", flat=True)) == [1, 2]


# A page that grew old


def test_a_page_is_told_of_the_work_of_others_and_not_of_ones_own(site, order, clerk, team):
    seen = site.get(reverse("order", args=[order.number])).context["newest_event"]
    url = f"{reverse('order_fresh', args=[order.number])}?seen={seen}"
    add_comment(order_id=order.pk, text="mine", by=clerk, now=timezone.now())
    assert "worked on this order" not in site.get(url).content.decode()

    colleague = make_user("lead", team=team, name="Chen Wei")
    add_comment(order_id=order.pk, text="theirs", by=colleague, now=timezone.now())
    assert "Chen Wei has worked on this order meanwhile (Comment" in site.get(url).content.decode()


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_a_strange_mark_is_no_error(site, order, seen):
    assert site.get(reverse("order_fresh", args=[order.number]), {"seen": seen}).status_code == 200
