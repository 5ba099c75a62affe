"""What a conflicting cell held at its export is found by its check value, whatever kind of cell it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from orders.services.milestones import assign_milestone
from orders.services.orders import edit_order, move_promise
from tests.factories import make_confirmed_order, make_user
from tests.orders.test_merges import clerk, edited, exported, lead, look, send, site  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


def was_of(site, sheet):  # noqa: F811
    (change,) = look(send(site, sheet)).undecided
    return change.was


@pytest.fixture
def order(team, clerk):  # noqa: F811
    return make_confirmed_order(team=team, by=clerk, number="GD-1")


@pytest.mark.parametrize(
    ("header", "mine", "theirs", "was"),
    [
        ("priority", "Urgent", {"priority": "high"}, "Normal"),
        ("destination country", "FR", {"country": "DE"}, ""),
        ("sales representative", "Li Na", {"sales_rep": "clerk"}, ""),
        ("clerk", "Li Na", {"clerk": "third"}, "Chen Wei"),
        ("note", "mine", {"note": "theirs"}, "old"),
    ],
)
def test_of_an_order(site, team, order, clerk, header, mine, theirs, was):  # noqa: F811
    third = make_user("clerk", team=team, name="Third")
    people = {"clerk": clerk, "third": third}
    Order.objects.filter(pk=order.pk).update(note="old", country="")
    sheet = edited(exported(site), {(2, header): mine})
    values = {name: people.get(value, value) for name, value in theirs.items()}
    edit_order(order_id=order.pk, values=values, seen_version=None, by=clerk, now=timezone.now())
    assert was_of(site, sheet) == was


@pytest.mark.parametrize("rows", ["orders", "lines"])
def test_of_a_promise(site, order, clerk, rows):  # noqa: F811
    before = order.lines.get().promised_date_current
    sheet = edited(exported(site, rows=rows), {(2, "promised date"): before + timedelta(days=3)})
    move_promise(
        order_id=order.pk,
        line_ids=None,
        new_date=before + timedelta(days=9),
        reason="-",
        side="customer",
        by=clerk,
        now=timezone.now(),
    )
    assert was_of(site, sheet) == before.isoformat()


def test_of_a_step_that_was_given_away(site, team, order, clerk, lead):  # noqa: F811
    third = make_user("clerk", team=team, name="Third")
    step = order.milestones.order_by("position").first()
    assign_milestone(milestone_id=step.pk, assignee=clerk, by=lead, now=timezone.now())
    sheet = edited(exported(site, rows="steps"), {(2, "assignee"): "Li Na"})
    assign_milestone(milestone_id=step.pk, assignee=third, by=lead, now=timezone.now())
    assert was_of(site, sheet) == "Chen Wei"


def test_what_nobody_can_tell_is_not_guessed(site, team, order, clerk):  # noqa: F811
    gone = make_user("clerk", team=team, name="Gone")
    Order.objects.filter(pk=order.pk).update(clerk=gone)
    sheet = edited(exported(site), {(2, "clerk"): "Li Na"})
    edit_order(order_id=order.pk, values={"clerk": clerk}, seen_version=None, by=clerk, now=timezone.now())
    gone.memberships.all().delete()
    assert was_of(site, sheet) is None
