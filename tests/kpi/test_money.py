"""K32 sales attainment and K33 collection: the examples of the rules, and who sees them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kpi.dashboard import dashboard
from kpi.figures import breakdown, figure, members
from kpi.models import Goal
from orders.models import Payment
from tests.factories import make_team, make_user
from tests.kpi.rows import APRIL, MARCH, MAY, YEAR, ask, local, put_order, put_step

pytestmark = pytest.mark.django_db
IN_MARCH = local(2026, 3, 5, 9)


def put_sale(team, amount, *, at=IN_MARCH, **facts):
    return put_order(team, amount=Decimal(amount), fx_rate=Decimal("7"), currency="USD", confirmed_at=at, **facts)


def put_goal(target, *, first=date(2026, 3, 1), end=date(2026, 4, 1), code="K32", **facts):
    by = facts.pop("by", None) or make_user("manager", team=make_team())
    return Goal.objects.create(
        **{"title": "Sales", "code": code, "baseline": 1, "target": target, "first": first, "end": end},
        **{"reason": "-", "by": by, "created_at": MAY, **facts},
    )


def test_sales_are_the_amounts_confirmed_against_the_target():
    team = make_team()
    put_sale(team, 100)
    put_sale(team, 50, at=local(2026, 2, 20))
    put_goal(1400)

    found = figure("K32", ask())

    assert (found.numerator, found.denominator, found.value, found.count) == (700, 1400, 50, 1)


def test_a_cancellation_counts_against_the_period_it_happens_in():
    """No silent restatement: March keeps what was confirmed in it, April bears the cancellation."""
    team = make_team()
    put_sale(team, 100)
    put_sale(team, 40, status="cancelled", cancelled_at=local(2026, 4, 7), cancelled_side="customer")
    both = put_sale(team, 30, status="cancelled", cancelled_at=local(2026, 3, 20), cancelled_side="customer")

    assert figure("K32", ask()).numerator == 980
    assert figure("K32", ask(APRIL)).numerator == -280
    assert members("K32", ask()).get(pk=both.pk).sold == 0
    assert [group.figure.numerator for group in breakdown("K32", ask(replace(MARCH, end=APRIL.end)), "month")] == [
        980,
        -280,
    ]


def test_without_a_target_there_is_no_attainment():
    put_sale(make_team(), 100)

    assert figure("K32", ask()).value is None
    assert figure("K32", ask()).numerator == 700


def test_target_of_a_month_is_its_share_of_the_year_by_working_days():
    team = make_team()
    put_sale(team, 100)
    put_goal(2_600_000, first=date(2026, 1, 1), end=date(2027, 1, 1))

    whole = figure("K32", ask(YEAR)).denominator
    parts = [group.figure.denominator for group in breakdown("K32", ask(YEAR), "month")]

    assert whole == 2_600_000
    assert sum(parts) == pytest.approx(2_600_000)
    assert parts[2] > parts[1]  # February has the Spring Festival


def test_target_is_that_of_the_team_or_person_asked_for():
    team, other = make_team(), make_team()
    clerk = make_user("sales_rep", team=team)
    put_sale(team, 100, clerk=clerk)
    put_sale(other, 100)
    put_goal(7000)
    put_goal(1400, team=team)
    put_goal(700, team=team, owner=clerk)
    lead = make_user("lead", team=team)

    assert figure("K32", ask()).denominator == 7000
    assert figure("K32", ask(team=team.pk)).denominator == 1400
    assert figure("K32", ask(clerk=clerk.pk)).value == 100
    assert figure("K32", ask(viewer=lead)).value == 50
    assert figure("K32", ask(country="DE")).value is None
    assert {group.key: group.figure.value for group in breakdown("K32", ask(), "team")} == {
        team.code: 50,
        other.code: None,
    }


def test_money_is_only_for_who_sees_amounts(client):
    team = make_team()
    put_sale(team, 100)
    put_goal(1400)
    qc, manager = make_user("qc", team=team), make_user("manager", team=team)

    client.force_login(manager)
    assert client.get("/kpi/K32/?since=2026-03-01&until=2026-03-31").status_code == 200
    assert client.get("/api/v1/kpi/K32/").status_code == 200
    client.force_login(qc)
    assert client.get("/kpi/K32/").status_code in (403, 404)
    assert client.get("/api/v1/kpi/K32/").status_code in (403, 404)
    assert "K32" not in client.get("/api/v1/kpi/").content.decode()
    assert figure("K32", ask(viewer=qc)).count == 0


def put_due(order, code, day, **facts):
    return put_step(order, code=code, stage="PAY", role="finance", due_at=local(2026, 3, day, 18), **facts)


def pay(order, amount, day, by):
    return Payment.objects.create(
        order=order, amount=Decimal(amount), received_on=date(2026, 3, day), by=by, created_at=MAY
    )


def test_payments_are_allocated_to_what_was_due_first():
    team = make_team()
    finance = make_user("finance", team=team)
    order = put_sale(team, 100)
    put_due(order, "DEPOSIT_RECEIVED", 5)
    put_due(order, "BALANCE_RECEIVED", 20)
    pay(order, 10, 4, finance)
    pay(order, 40, 15, finance)  # 20 of it settle the deposit, too late for that

    found = figure("K33", ask())

    assert found.denominator == 700
    assert found.numerator == 70 + 140
    assert [step.received for step in members("K33", ask())] == [70, 140]


def test_what_is_paid_on_the_day_is_in_time_and_no_more_counts_than_is_due():
    team = make_team()
    finance = make_user("finance", team=team)
    order = put_sale(team, 100)
    put_due(order, "PAYMENT_RECEIVED", 20)
    pay(order, 120, 20, finance)

    assert figure("K33", ask()).value == 100


def test_payment_steps_not_due_dropped_or_without_a_payment_are_left_out_by_name():
    team = make_team()
    put_due(put_sale(team, 100), "PAYMENT_RECEIVED", 25)
    put_due(put_sale(team, 100), "PAYMENT_RECEIVED", 5, status="skipped", closed_at=local(2026, 3, 5))
    put_due(put_sale(team, 100), "PAYMENT_RECEIVED", 5, closed_at=local(2026, 3, 5))
    put_due(put_sale(team, 0), "PAYMENT_RECEIVED", 5)
    put_due(put_sale(team, 100), "PAYMENT_RECEIVED", 5)

    found = figure("K33", ask(now=local(2026, 3, 20)))

    assert {each.rule: each.count for each in found.excluded} == {"R1": 1, "R3": 1, "no_payment": 1, "no_amount": 1}
    assert (found.count, found.value) == (1, 0)


def test_a_card_shows_both_sums():
    team = make_team()
    put_sale(team, 100)
    put_goal(1400)

    card = next(card for card in dashboard(ask(), months=2) if card.figure.code == "K32")

    assert card.figure.value == 50
    assert [month.figure.numerator for month in card.trend] == [0, 700]
