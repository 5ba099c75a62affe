"""Kept cards: the same numbers for less, never another person's, and gone with the first change of an order."""

from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.core.cache import cache
from django.urls import reverse

from kpi import remembering
from kpi.dashboard import dashboard
from kpi.keeping import kept_cards
from kpi.registry import METRICS
from orders.services.documents import add_comment
from tests.factories import make_confirmed_order, make_team, make_user
from tests.kpi.rows import ask, local, put_order, put_step
from tests.kpi.test_agreement import NOW, people  # noqa: F401

pytestmark = pytest.mark.django_db
CODES = tuple(METRICS)


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.KPI_KEPT_SECONDS = 60
    cache.clear()
    yield
    cache.clear()


def numbers(cards):
    return [
        (each.metric.code, each.period, Decimal(each.numerator), Decimal(each.denominator), each.count, each.excluded)
        for card in cards
        for each in (card.figure, card.previous, *(month.figure for month in card.trend))
    ]


def test_kept_cards_are_the_cards(people, django_assert_num_queries):  # noqa: F811
    asked = ask(now=NOW, viewer=people["lead"])
    expected = numbers(dashboard(asked, months=3))
    first, at = kept_cards(asked, months=3, codes=CODES)
    later = ask(now=NOW + timedelta(seconds=59), viewer=people["lead"])
    later.viewer.access  # noqa: B018  reads the rights

    with django_assert_num_queries(1):
        second, kept_at = kept_cards(later, months=3, codes=CODES)

    assert numbers(first) == numbers(second) == expected
    assert at == kept_at == NOW


def test_they_are_counted_anew_after_a_minute_and_for_every_other_question(people):  # noqa: F811
    lead = people["lead"]
    kept_cards(ask(now=NOW, viewer=lead), months=0, codes=["K01"])
    for asked in (
        ask(now=NOW + timedelta(seconds=61), viewer=lead),
        ask(now=NOW + timedelta(seconds=1), viewer=people["other"]),
        ask(now=NOW + timedelta(seconds=1), viewer=people["clerk"]),
        ask(now=NOW + timedelta(seconds=1), viewer=lead, mode="AIR"),
    ):
        cards, at = kept_cards(asked, months=0, codes=["K01"])
        assert at == asked.now
        assert numbers(cards) == numbers(dashboard(asked, months=0, codes=["K01"]))


def test_each_figure_is_kept_by_itself(people, django_assert_num_queries):  # noqa: F811
    kept_cards(ask(now=NOW, viewer=people["manager"]), months=0, codes=["K01", "K20", "K21"])
    later = ask(now=NOW + timedelta(seconds=30), viewer=people["manager"])
    later.viewer.access  # noqa: B018  reads the rights

    with django_assert_num_queries(1):
        cards, at = kept_cards(later, months=0, codes=["K21", "K20"])
    assert at == NOW
    assert [card.figure.code for card in cards] == ["K21", "K20"]
    cards, at = kept_cards(later, months=0, codes=["K05", "K20"])
    assert at == NOW  # the oldest of them
    assert numbers(cards[:1]) == numbers(dashboard(later, months=0, codes=["K05"]))


def test_a_change_of_an_order_ends_them():
    team = make_team()
    clerk = make_user("clerk", team=team)
    order = make_confirmed_order(team=team, by=clerk)
    asked = ask(now=NOW, viewer=clerk)
    kept_cards(asked, months=0, codes=["K01"])
    soon = ask(now=NOW + timedelta(seconds=1), viewer=clerk)
    assert kept_cards(soon, months=0, codes=["K01"])[1] == NOW

    add_comment(order_id=order.pk, text="called", by=clerk, now=NOW)

    assert kept_cards(soon, months=0, codes=["K01"])[1] == soon.now


def test_without_redis_they_are_counted(monkeypatch, people):  # noqa: F811
    def away(*_args):
        raise redis.ConnectionError

    monkeypatch.setattr(remembering.cache, "get_many", away)
    monkeypatch.setattr(remembering.cache, "set_many", away)
    asked = ask(now=NOW, viewer=people["lead"])

    assert numbers(kept_cards(asked, months=0, codes=CODES)[0]) == numbers(dashboard(asked, months=0))


@pytest.fixture
def steps(client):
    """Sixty steps of March, the first three of them late, and their list."""
    team = make_team()
    order = put_order(team)
    for number in range(60):
        put_step(order, due_at=local(2026, 3, 10, 9), closed_at=local(2026, 3, 11 if number < 3 else 9))
    client.force_login(make_user("manager", team=team, language="en"))
    return reverse("kpi_members", args=["K20"])


QUESTION = {"since": "2026-03-01", "until": "2026-03-31"}


def test_steps_stand_before_they_are_counted(client, steps):
    page = client.get(steps, QUESTION)
    assert (page.context["total"], len(page.context["rows"])) == (None, 50)
    assert "data-total" not in page.content.decode()

    counted = client.get(steps, {**QUESTION, "counts": "1"})
    assert (counted.context["total"], len(counted.context["rows"])) == (60, 50)
    assert "data-total" in counted.content.decode()
    pager = counted.content.decode().partition('id="members-pager"')[2].partition("</nav>")[0]
    assert "page=2" in pager
    assert "counts" not in pager  # links lead to plain pages

    kept = client.get(steps, QUESTION)
    assert kept.context["total"] == 60


def test_a_part_and_a_further_page_of_steps_stand_before_they_are_counted(client, steps):
    assert len(client.get(steps, {**QUESTION, "page": "2"}).context["rows"]) == 10
    assert len(client.get(steps, {**QUESTION, "part": "missed"}).context["rows"]) == 3
    for page in ("0", "-1", "x", "٣"):
        assert len(client.get(steps, {**QUESTION, "page": page}).context["rows"]) == 50
    assert client.get(steps, {"since": "2001-01-01", "until": "2001-01-31"}).context["rows"] == []


def test_a_page_beyond_the_last_one_shows_the_last(client, steps):
    page = client.get(steps, {**QUESTION, "page": "9"})
    assert (page.context["total"], len(page.context["rows"])) == (60, 10)


def test_orders_are_counted_at_once(client, steps):
    page = client.get(reverse("kpi_members", args=["K11"]), QUESTION)
    assert page.context["total"] is not None
