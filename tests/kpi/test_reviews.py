"""Reviews: a page for each person of a team, readable by who steers it and by the person."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from kpi import reviews
from kpi.models import Review, ReviewAction, ReviewPage
from kpi.periods import Period
from teams.errors import InvalidInput, NotPermitted
from teams.models import Team
from tests.factories import make_team, make_user
from tests.kpi.rows import MAY, local, put_order
from tests.kpi.test_goals import put_goal

pytestmark = pytest.mark.django_db
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1), "Asia/Shanghai")


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def manager(team):
    return make_user("manager", team=team, language="en")


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="ann", name="Ann", language="en")


@pytest.fixture
def page(team, manager, clerk):
    review = reviews.start_review(team=team, period=MARCH, by=manager, now=MAY)
    return review.pages.get(person=clerk)


def test_a_review_opens_a_page_for_each_active_person_of_the_team(team, manager, clerk):
    make_user("clerk", team=team, username="gone", is_active=False)
    make_user("clerk", team=make_team("other"), username="elsewhere")
    review = reviews.start_review(team=team, period=MARCH, by=manager, now=MAY)
    assert set(review.pages.values_list("person__username", flat=True)) == {manager.username, "ann"}


def test_the_same_review_is_started_once(team, manager, page):
    with pytest.raises(InvalidInput) as refusal:
        reviews.start_review(team=team, period=MARCH, by=manager, now=MAY)
    assert set(refusal.value.fields) == {"period"}
    assert Review.objects.count() == 1


def test_a_period_to_come_and_an_empty_team_are_refused(manager):
    empty = Team.objects.create(code="EMPTY", name="empty", calendar=Team.objects.get().calendar)
    coming = Period(date(2026, 6, 1), date(2026, 7, 1), "Asia/Shanghai")
    with pytest.raises(InvalidInput) as refusal:
        reviews.start_review(team=empty, period=coming, by=manager, now=MAY)
    assert set(refusal.value.fields) == {"period"}
    with pytest.raises(InvalidInput) as refusal:
        reviews.start_review(team=empty, period=MARCH, by=manager, now=MAY)
    assert set(refusal.value.fields) == {"team"}


def test_only_who_steers_the_team_starts_and_writes(team, clerk, page):
    with pytest.raises(NotPermitted):
        reviews.start_review(team=team, period=MARCH, by=clerk, now=MAY)
    with pytest.raises(NotPermitted):
        reviews.keep_note(page=page, note="all fine", by=clerk)
    with pytest.raises(NotPermitted):
        reviews.add_action(page=page, text="rest", due_date=date(2026, 6, 1), by=clerk, now=MAY)
    page.refresh_from_db()
    assert (page.note, page.actions.count()) == ("", 0)


def test_the_offered_periods_are_whole_months_and_quarters():
    offered = reviews.offered_periods(date(2026, 2, 10), "Asia/Shanghai")
    months, quarters = offered[: reviews.MONTHS], offered[reviews.MONTHS :]
    assert [(each.first, each.end) for each in months[:2]] == [
        (date(2026, 2, 1), date(2026, 3, 1)),
        (date(2026, 1, 1), date(2026, 2, 1)),
    ]
    assert [(each.first, each.end) for each in quarters[:2]] == [
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2025, 10, 1), date(2026, 1, 1)),
    ]


def test_figures_count_the_person_s_own_orders_and_open_to_them(client, team, manager, clerk, page):
    for number in range(3):
        put_order(team, number=f"OWN-{number}", clerk=clerk, delivered_at=local(2026, 3, 9 + number))
    put_order(team, number="OTHER", clerk=manager, delivered_at=local(2026, 3, 9))
    cards = {card.figure.code: card for card in reviews.cards_of(page, manager, MAY)}
    assert (cards["K01"].figure.numerator, cards["K01"].figure.denominator) == (2, 3)
    client.force_login(manager)
    shown = client.get(f"{reverse('kpi_members', args=['K01'])}{reviews.query_of(cards['K01'], page)}")
    assert [f"OWN-{number}" in shown.content.decode() for number in range(3)] == [True] * 3
    assert "OTHER" not in shown.content.decode()


def test_who_needs_help_stands_first(client, team, manager, clerk, page):
    put_goal(manager, team=team, owner=manager, code="K01")
    put_goal(manager, team=team, owner=clerk, code="K01")
    for number in range(10):
        late = 20 if number else 9
        put_order(team, number=f"A-{number}", clerk=clerk, delivered_at=local(2026, 3, late))
        put_order(team, number=f"B-{number}", clerk=manager, delivered_at=local(2026, 3, 9))
    client.force_login(manager)
    people = client.get(reverse("review", args=[page.review_id])).context["people"]
    assert [row.page.person for row in people] == [clerk, manager]


def test_a_person_reads_their_own_page_and_marks_what_is_done(client, team, manager, clerk, page):
    action = reviews.add_action(page=page, text="call twice", due_date=date(2026, 6, 1), by=manager, now=MAY)
    client.force_login(clerk)
    shown = client.get(reverse("review_page", args=[page.pk]))
    assert shown.status_code == 200
    assert reverse("review_action_add", args=[page.pk]) not in shown.content.decode()
    client.post(reverse("review_action_done", args=[action.pk]))
    action.refresh_from_db()
    first = action.done_at
    assert first is not None
    client.post(reverse("review_action_done", args=[action.pk]))
    action.refresh_from_db()
    assert action.done_at == first
    client.post(reverse("review_action_done", args=[action.pk]), {"open": "1"})
    action.refresh_from_db()
    assert action.done_at is None
    listed = client.get(reverse("reviews")).content.decode()
    assert reverse("review_page", args=[page.pk]) in listed
    assert reverse("review", args=[page.review_id]) not in listed


def test_a_colleague_reads_no_page_but_their_own(client, team, page):
    client.force_login(make_user("clerk", team=team, username="bob"))
    assert client.get(reverse("review_page", args=[page.pk])).status_code == 403
    assert client.get(reverse("review", args=[page.review_id])).status_code == 403


def test_a_review_is_started_and_an_action_added_from_the_page(client, team, manager, clerk):
    client.force_login(manager)
    form = client.get(reverse("reviews")).context["form"]
    started = client.post(reverse("reviews"), {"team": team.pk, "period": form.fields["period"].choices[1][0]})
    assert started.status_code == 302
    page = ReviewPage.objects.get(person=clerk)
    due = timezone.localdate() + timedelta(days=7)
    client.post(reverse("review_action_add", args=[page.pk]), {"text": "ask earlier", "due_date": due.isoformat()})
    client.post(reverse("review_note", args=[page.pk]), {"note": "Answers came late."})
    shown = client.get(reverse("review_page", args=[page.pk])).content.decode()
    assert "ask earlier" in shown
    assert "Answers came late." in shown


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": "", "due_date": "2099-01-01"}, "text"),
        ({"text": "call", "due_date": "soon"}, "due_date"),
        ({"text": "call", "due_date": "2020-01-01"}, "due_date"),
        ({"text": "x" * 301, "due_date": "2099-01-01"}, "text"),
    ],
)
def test_an_action_without_words_or_day_is_refused_at_its_field(client, manager, page, sent, field):
    client.force_login(manager)
    refused = client.post(reverse("review_action_add", args=[page.pk]), sent)
    assert refused.status_code == 422
    assert set(refused.context["action_form"].errors) == {field}
    assert ReviewAction.objects.count() == 0


@pytest.mark.parametrize("period", ["", "2026-01-01/2099-01-01", "x"])
def test_a_period_that_is_not_offered_is_refused(client, team, manager, period):
    client.force_login(manager)
    refused = client.post(reverse("reviews"), {"team": team.pk, "period": period})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"period"}
