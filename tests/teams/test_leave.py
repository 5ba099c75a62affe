"""Leaves and deputies: what can be entered, and what a deputy may while it lasts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orders.models import Milestone, Order
from orders.services.milestones import require_on
from teams.errors import NotPermitted
from teams.models import Leave, Membership, Organization, User
from teams.permissions import Permission
from tests.factories import make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def team():
    Organization.current()  # As every page makes it: whose day it is, is read from there.
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="wang", language="en")


@pytest.fixture
def deputy(team):
    return make_user("sales_rep", team=team, username="zhao", language="en")


def today():
    return timezone.localdate(timezone.now(), Organization.current().zone)


def away(person, deputy, first=-1, last=1) -> Leave:
    return Leave.objects.create(
        user=person, deputy=deputy, from_date=today() + first * DAY, to_date=today() + last * DAY
    )


def fresh(person) -> User:
    """As the next request reads them."""
    return User.objects.get(pk=person.pk)


def enter(client, who, first=0, last=3, **more):
    sent = {"from_date": today() + first * DAY, "to_date": today() + last * DAY, "deputy": who.pk, **more}
    return client.post(reverse("leave"), sent)


def test_a_leave_is_entered_shown_and_removed(client, clerk, deputy):
    client.force_login(clerk)

    assert enter(client, deputy).status_code == 302
    row = Leave.objects.get()
    page = client.get(reverse("leave"))
    client.post(reverse("leave_remove", args=[row.pk]))

    assert (row.user, row.deputy, row.to_date - row.from_date) == (clerk, deputy, 3 * DAY)
    assert page.context["leaves"] == [row]
    assert not Leave.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first": 3, "last": 1}, "to_date"),
        ({"first": -9, "last": -1}, "to_date"),
        ({"first": 0, "last": 400}, "to_date"),
        ({"first": 800, "last": 801}, "from_date"),
        ({"from_date": "31.12."}, "from_date"),
        ({"from_date": ""}, "from_date"),
        ({"deputy": ""}, "deputy"),
        ({"deputy": "999999"}, "deputy"),
        ({"deputy": "wang"}, "deputy"),
    ],
)
def test_an_impossible_leave_names_the_field(client, clerk, deputy, changes, field):
    client.force_login(clerk)

    answer = enter(client, deputy, **changes)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Leave.objects.exists()


@pytest.mark.parametrize(
    ("first", "last", "is_free"), [(-3, -1, False), (0, 0, False), (2, 9, False), (3, 4, True), (-2, 5, False)]
)
def test_leaves_do_not_overlap(client, clerk, deputy, first, last, is_free):
    away(clerk, deputy, first=-1, last=2)
    client.force_login(clerk)

    answer = enter(client, deputy, first=first, last=last)

    assert (answer.status_code == 302) is is_free
    assert Leave.objects.count() == 1 + is_free


def test_who_can_stand_in_sees_as_much(client, team, clerk):
    other = make_team()
    lead = make_user("lead", team=team, username="lead")
    Membership.objects.create(user=clerk, team=other, role="clerk")
    both = make_user("clerk", team=team, username="both")
    Membership.objects.create(user=both, team=other, role="qc")
    make_user("clerk", team=team, username="one-team-only")
    manager = make_user("manager", team=make_team(), username="manager")
    make_user("clerk", team=team, username="left", is_active=False)
    client.force_login(clerk)
    own_scope = set(client.get(reverse("leave")).context["form"].fields["deputy"].queryset)
    client.force_login(lead)
    sees_team = set(client.get(reverse("leave")).context["form"].fields["deputy"].queryset)

    assert own_scope == {both, manager}
    assert sees_team == {manager}  # a clerk sees less of the team than its lead


def test_nobody_stands_in_for_themselves(client, clerk):
    client.force_login(clerk)

    assert set(enter(client, clerk).context["form"].errors) == {"deputy"}


def test_a_lead_enters_leaves_for_their_team_only(client, team, clerk, deputy):
    stranger = make_user("clerk", team=make_team(), username="stranger")
    lead = make_user("lead", team=team)
    url = reverse("leave")
    client.force_login(lead)

    own = client.post(f"{url}?person=wang", {"from_date": today(), "to_date": today() + DAY, "deputy": deputy.pk})

    assert own.url == f"{url}?person=wang"
    assert Leave.objects.get().user == clerk
    assert client.get(f"{url}?person=stranger").status_code == 404
    assert client.get(f"{url}?person=nobody").status_code == 404
    foreign = away(stranger, make_user("clerk", team=make_team()))
    assert client.post(reverse("leave_remove", args=[foreign.pk])).status_code == 404


def test_a_colleague_enters_none_for_others(client, clerk, deputy):
    row = away(clerk, deputy)
    client.force_login(deputy)

    assert client.get(f"{reverse('leave')}?person=wang").status_code == 404
    assert client.post(reverse("leave_remove", args=[row.pk])).status_code == 404
    assert Leave.objects.exists()


@pytest.mark.parametrize(("first", "last", "sees"), [(-1, 1, True), (0, 0, True), (1, 3, False), (-3, -1, False)])
def test_a_deputy_sees_the_orders_while_the_leave_lasts(team, clerk, deputy, first, last, sees):
    order = make_confirmed_order(team=team, by=clerk)
    away(clerk, deputy, first, last)

    assert Order.objects.visible_to(fresh(deputy)).contains(order) is sees
    assert Milestone.objects.visible_to(fresh(deputy)).filter(order=order).exists() is sees


def test_the_day_is_that_of_the_person_on_leave(team, clerk, deputy):
    order = make_confirmed_order(team=team, by=clerk)
    east, west = (timezone.now() + timedelta(hours=14)).date(), (timezone.now() - timedelta(hours=11)).date()
    for zone, day in (("Pacific/Kiritimati", east), ("Pacific/Pago_Pago", west)):
        User.objects.filter(pk=clerk.pk).update(timezone=zone)
        Leave.objects.update_or_create(user=clerk, defaults={"deputy": deputy, "from_date": day, "to_date": day})

        assert Order.objects.visible_to(fresh(deputy)).contains(order)


def test_a_deputy_sees_nothing_of_teams_they_have_no_part_in(clerk, deputy):
    other = make_team()
    order = make_confirmed_order(team=other, by=make_user("clerk", team=other))
    order.milestones.update(assignee=clerk)
    away(clerk, deputy)

    assert not Order.objects.visible_to(fresh(deputy)).contains(order)


def test_a_deputy_completes_the_steps_of_the_person_and_no_others(team, clerk, deputy):
    qc = make_user("purchaser", team=team)
    order = make_confirmed_order(team=team, by=clerk)
    step = order.milestones.select_related("order").get(status="active")
    Milestone.objects.filter(pk=step.pk).update(assignee=qc, role="qc")
    step.refresh_from_db(fields=["assignee", "role"])
    away(clerk, deputy)

    with pytest.raises(NotPermitted):
        require_on(fresh(deputy), Permission.MILESTONE_COMPLETE, step)
    away(qc, deputy)
    require_on(fresh(deputy), Permission.MILESTONE_COMPLETE, step)
    Leave.objects.all().delete()
    with pytest.raises(NotPermitted):
        require_on(fresh(deputy), Permission.MILESTONE_COMPLETE, step)


def test_who_stands_in_for_a_deputy_on_leave_stands_in_for_both(team, clerk, deputy):
    third = make_user("clerk", team=team)
    order = make_confirmed_order(team=team, by=clerk)
    away(clerk, deputy)
    assert not Order.objects.visible_to(fresh(third)).contains(order)

    away(deputy, third)

    assert fresh(third).access.principal_ids == {clerk.pk, deputy.pk}
    assert Order.objects.visible_to(fresh(third)).contains(order)


def test_two_who_stand_in_for_each_other_are_no_endless_chain(clerk, deputy):
    away(clerk, deputy)
    away(deputy, clerk)

    assert fresh(deputy).access.principal_ids == {clerk.pk}


def test_rights_are_read_by_one_query_unless_somebody_is_away(team, clerk, deputy):
    def queries() -> int:
        person = fresh(deputy)
        with CaptureQueriesContext(connection) as captured:
            assert person.access.team_ids == {team.pk}
        return len(captured)

    assert queries() == 1
    away(clerk, deputy, first=5, last=9)
    assert queries() == 1
    away(clerk, deputy)
    away(make_user("clerk", team=team), deputy)
    assert queries() == 2
