"""The roles' table and what follows from it."""

import pytest

from teams.access import require
from teams.errors import NotPermitted
from teams.models import Membership, Team, User
from teams.permissions import ROLES, Permission, RoleCode, Scope
from tests.factories import make_team, make_user

P = Permission


def test_the_table_holds_exactly_the_fourteen_roles():
    assert set(ROLES) == set(RoleCode.values)
    assert len(ROLES) == 14


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_is_held_by_some_role(permission):
    assert any(permission in role.permissions for role in ROLES.values())


def test_each_escalation_reaches_somebody():
    assert [code for code, role in ROLES.items() if role.is_lead] == [RoleCode.LEAD]
    assert [code for code, role in ROLES.items() if role.is_manager] == [RoleCode.MANAGER]


@pytest.mark.parametrize("code", [code for code, role in ROLES.items() if role.scope is not Scope.ALL])
@pytest.mark.django_db
def test_a_role_counts_in_its_own_team_only(code):
    team, other = make_team(), make_team()
    access = make_user(code, team=team).access

    assert access.team_ids == {team.pk}
    assert not access.sees_all
    assert access.sees_money(team.pk) is ROLES[code].sees_money
    assert not access.sees_money(other.pk)
    for permission in Permission:
        assert access.allows(permission, team.pk) is (permission in ROLES[code].permissions)
        assert not access.allows(permission, other.pk)


@pytest.mark.parametrize("code", [code for code, role in ROLES.items() if role.scope is Scope.ALL])
@pytest.mark.django_db
def test_a_role_that_reaches_every_team(code):
    other = make_team()
    access = make_user(code, team=make_team()).access

    assert access.sees_all
    assert access.sees_money(other.pk) is ROLES[code].sees_money
    assert all(access.allows(p, other.pk) is (p in ROLES[code].permissions) for p in Permission)


@pytest.mark.django_db
def test_several_roles_add_up():
    team, second = make_team(), make_team()
    person = make_user("clerk", team=team)
    Membership.objects.create(user=person, team=team, role="logistics")
    Membership.objects.create(user=person, team=second, role="qc")

    assert person.access.team_scope_ids == {team.pk, second.pk}
    assert person.access.own_scope_ids == frozenset()
    assert person.access.money_team_ids == {team.pk}
    assert person.access.teams_allowing(P.SHIPMENT_MOVE) == {team.pk}


@pytest.mark.django_db
def test_rights_end_at_once_with_the_account_or_the_membership():
    team = make_team()
    person = make_user("lead", team=team)
    assert person.access.allows(P.ORDER_CANCEL, team.pk)

    person.memberships.all().delete()
    assert User.objects.get(pk=person.pk).access.team_ids == frozenset()
    Membership.objects.create(user=person, team=team, role="lead")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert User.objects.get(pk=person.pk).access.team_ids == frozenset()


@pytest.mark.django_db
def test_require_refuses_what_the_role_lacks():
    team = make_team()
    require(make_user("lead", team=team), P.ORDER_CANCEL, team_id=team.pk)
    with pytest.raises(NotPermitted):
        require(make_user("qc", team=team), P.ORDER_CANCEL, team_id=team.pk)


@pytest.mark.django_db
def test_teams_are_seen_by_their_members():
    team, other = make_team(), make_team()

    assert set(Team.objects.visible_to(make_user("lead", team=team))) == {team}
    assert set(Team.objects.visible_to(make_user("manager", team=team))) == {team, other}
