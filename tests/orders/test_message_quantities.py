"""Quantities of a message: what a line becomes or is short of, proposed and never applied without a yes."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from orders.models import BulkAct, OrderEvent
from orders.services import orders as order_services
from orders.services import shipments
from orders.services.messages import is_certain, propose, words_of
from tests.factories import MONDAY, make_confirmed_order, make_line_values, make_order, make_user
from tests.orders.test_messages import paste, read, take

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "number", "is_less"),
    [
        ("GD-1 数量改为400件", 400, False),
        ("GD-1 改成 1,200 pcs", 1200, False),
        ("GD-1 数量：400件", 400, False),
        ("GD-1 从500件减到400件", 400, False),
        ("GD-1 减少到400套", 400, False),
        ("GD-1 只要 400 箱", 400, False),
        ("please reduce GD-1 to 400 pcs", 400, False),
        ("GD-1 qty changed from 500 to 400 pcs", 400, False),
        ("GD-1 quantity is 400 sets", 400, False),
        ("GD-1 取消20件", 20, True),
        ("GD-1 减20件", 20, True),
        ("GD-1 少装了 20 箱", 20, True),
        ("GD-1 有20件不要了", 20, True),
        ("GD-1 cancel 20 pcs", 20, True),
        ("GD-1 reduce by 20 pcs", 20, True),
        ("GD-1 is 20 pcs short", 20, True),
        ("GD-1 少了12.5公斤", Decimal("12.5"), True),
    ],
)
def test_what_a_clause_says_of_a_quantity(text, number, is_less):
    _marks, (statement,) = read(text)
    assert (statement.quantity.number, statement.quantity.is_less) == (number, is_less)


@pytest.mark.parametrize(
    "text",
    [
        "GD-1 已装柜 300箱",
        "GD-1 最少 500件",
        "GD-1 至少要500件",
        "GD-1 交期改为9月20日 300件先走",
        "GD-1 move to 20 September, 300 pcs",
        "GD-1 数量不能改为400件",
        "GD-1 did not cancel 20 pcs",
        "GD-1 取消",
    ],
)
def test_what_says_nothing_of_a_quantity(text):
    _marks, statements = read(text)
    assert [statement for statement in statements if statement.quantity] == []


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def order(team, clerk):
    lines = [make_line_values(position=1, quantity=Decimal(500), unit="pcs", product_code="P-1")]
    return make_confirmed_order(team=team, by=clerk, number="GD-1", lines=lines)


def proposals(clerk, text):
    return propose(text, user=clerk, now=MONDAY)[1]


def test_a_reduced_quantity_is_proposed_taken_and_taken_back(client, order, clerk):
    client.force_login(clerk)
    (proposal,) = proposals(clerk, "GD-1 数量改为400件")
    assert (proposal.problem, words_of(proposal)) == ("", "Line 1 P-1: 400 instead of 500")
    assert order.lines.get().cancelled_quantity == 0

    shown = paste(client, "GD-1 数量改为400件")
    assert "Line 1 P-1: 400 instead of 500" in shown.content.decode()
    take(client, shown, 0)
    assert order.lines.get().cancelled_quantity == 100
    event = OrderEvent.objects.filter(order=order, kind="edited").latest("pk")
    assert "数量改为400件" in event.reason

    client.post(reverse("act_undo", args=[BulkAct.objects.get().pk]))
    assert order.lines.get().cancelled_quantity == 0


def test_what_is_less_adds_to_what_was_cancelled_and_can_come_back(order, clerk):
    line = order.lines.get()
    order_services.change_line(line_id=line.pk, cancelled_quantity=Decimal(100), reason="-", by=clerk, now=MONDAY)
    (less,) = proposals(clerk, "GD-1 再取消 50 pcs")
    assert words_of(less) == "Line 1 P-1: 350 instead of 400"
    (more,) = proposals(clerk, "GD-1 数量改为500件")
    assert (more.problem, words_of(more)) == ("", "Line 1 P-1: 500 instead of 400")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("GD-1 数量改为600件", "The line has 500; more needs a new line or order."),
        ("GD-1 数量改为500件", "The line has this quantity already."),
        ("GD-1 取消 900件", "The line has less than that."),
        ("GD-1 数量改为40箱", "The message says “箱”, the line is in “pcs”."),
    ],
)
def test_what_cannot_be_is_said(order, clerk, text, problem):
    (proposal,) = proposals(clerk, text)
    assert proposal.problem == problem


def test_of_several_lines_the_named_product_is_meant(team, clerk):
    lines = [
        make_line_values(position=1, quantity=Decimal(500), unit="", product_code="P-1"),
        make_line_values(position=2, quantity=Decimal(80), unit="", product_code="Q-2"),
    ]
    make_confirmed_order(team=team, by=clerk, number="GD-2", lines=lines)
    (sure,) = proposals(clerk, "GD-2 Q-2 取消20件")
    assert (sure.problem, sure.is_unsure, words_of(sure)) == ("", False, "Line 2 Q-2: 60 instead of 80")
    assert not is_certain(sure)  # a quantity is checked by hand


def test_where_nobody_can_tell_each_line_is_offered_and_none_is_chosen(client, team, clerk):
    lines = [
        make_line_values(position=number, quantity=Decimal(100 * number), unit="", product_code=f"P-{number}")
        for number in (1, 2, 3)
    ]
    order = make_confirmed_order(team=team, by=clerk, number="GD-2", lines=lines)
    found = proposals(clerk, "GD-2 数量改为 150 件")
    assert [(words_of(each), bool(each.problem)) for each in found] == [
        ("Line 1 P-1: 150 instead of 100", True),
        ("Line 2 P-2: 150 instead of 200", False),
        ("Line 3 P-3: 150 instead of 300", False),
    ]
    assert not any(is_certain(each) for each in found)
    client.force_login(clerk)
    shown = paste(client, "GD-2 数量改为 150 件")
    assert " checked" not in shown.content.decode().partition("proposals")[2].partition("</ul>")[0]
    take(client, shown, 2)
    assert [line.cancelled_quantity for line in order.lines.order_by("position")] == [0, 0, 150]


def test_a_draft_is_changed_where_it_is_written(team, clerk):
    make_order(team=team, by=clerk, number="GD-3")
    (proposal,) = proposals(clerk, "GD-3 取消20件")
    assert "still a draft" in proposal.problem


def test_what_was_shipped_cannot_be_taken_away(client, order, clerk, team):
    line = order.lines.get()
    shipments.create_shipment(
        values={"number": "S-1", "team": team},
        lines={line.pk: Decimal(450)},
        by=make_user("lead", team=team),
        now=MONDAY,
    )
    client.force_login(clerk)
    answer = take(client, paste(client, "GD-1 数量改为400件"), 0)
    assert "At most what is left to ship can be cancelled." in answer.content.decode()
    assert order.lines.get().cancelled_quantity == 0
