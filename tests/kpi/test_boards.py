"""Boards: the standard of a role, arranging, sharing, and what is refused."""

import pytest
from django.urls import reverse
from django.utils import timezone

from kpi.boards import MOST_BOARDS, STANDARD, save_board, standard_codes
from kpi.models import KpiBoard
from kpi.registry import METRICS
from teams.models import Membership
from teams.permissions import RoleCode
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(client, team):
    lead = make_user("lead", team=team)
    client.force_login(lead)
    return lead


def save(client, address, codes, **fields):
    return client.post(address, {"name": "Mine", "codes": codes, **fields})


@pytest.mark.parametrize("role", RoleCode.values)
def test_every_role_has_a_standard_of_figures_it_may_see(team, role):
    user = make_user(role, team=team)
    codes = standard_codes(user)
    assert codes
    assert set(codes) <= set(METRICS)
    assert user.access.sees_any_money or not any(METRICS[code].is_money for code in codes)
    assert set(STANDARD) == set(RoleCode.values)


def test_a_board_is_arranged_and_opens_the_dashboard(client, lead):
    saved = save(client, reverse("board_new"), ["K20", "K03", "K01"], is_first="on", query="period=last_month&page=3")

    board = KpiBoard.objects.get()
    assert board.codes == ["K20", "K03", "K01"]
    assert board.query == "period=last_month"
    assert saved.url == f"/kpi/?board={board.pk}&period=last_month"
    opened = client.get(reverse("dashboard"), follow=True)
    assert opened.context["board"] == board
    assert opened.context["codes"] == ["K20", "K03", "K01"]
    assert opened.context["preset"] == "last_month"
    assert client.get(reverse("dashboard"), {"board": "0"}).context["board"] is None


def test_arranging_begins_with_what_was_shown(client, lead):
    page = client.get(reverse("board_new"), {"codes": ["K05", "K01", "K77"], "period": "year", "page": "2"})

    assert [metric.code for metric, is_chosen in page.context["figures"] if is_chosen] == ["K05", "K01"]
    assert page.context["query_kept"] == "period=year"
    assert len(page.context["figures"]) == len(METRICS)


def test_a_shared_board_is_read_by_the_team_and_changed_by_its_owner_alone(client, team, lead):
    save(client, reverse("board_new"), ["K01"], team=team.pk)
    board = KpiBoard.objects.get()
    colleague, stranger = make_user("clerk", team=team), make_user("lead", team=make_team())

    client.force_login(colleague)
    assert [each for each, _url in client.get(reverse("dashboard")).context["boards"]] == [board]
    assert client.get(reverse("board_edit", args=[board.pk])).status_code == 404
    assert client.post(reverse("board_delete", args=[board.pk])).status_code == 404
    client.force_login(stranger)
    assert client.get(reverse("dashboard")).context["boards"] == []
    assert client.get(reverse("dashboard"), {"board": board.pk}).context["board"] is None


def test_a_shared_board_shows_no_money_to_who_sees_none(client, team, lead):
    save(client, reverse("board_new"), ["K32", "K01"], team=team.pk)
    quality = make_user("logistics", team=team)
    board = KpiBoard.objects.get()
    assert board.codes == ["K32", "K01"]

    client.force_login(quality)
    page = client.get(reverse("dashboard"), {"board": board.pk})

    assert page.context["codes"] == (["K32", "K01"] if quality.access.sees_any_money else ["K01"])


@pytest.mark.parametrize(
    ("codes", "fields", "named"),
    [
        ([], {}, "codes"),
        (["K01", "K99"], {}, "codes"),
        (["K01"], {"name": "  "}, "name"),
        (["K01"], {"name": "Taken"}, "name"),
        (["K01"], {"team": "0"}, "team"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_chosen_is_kept(client, lead, codes, fields, named):
    save_board(name="Taken", codes=["K01"], query="", team=None, is_first=False, by=lead, now=timezone.now())

    page = save(client, reverse("board_new"), codes, **fields)

    assert page.status_code == 422
    errors = page.context["form"].errors
    assert named in errors or (named == "codes" and "__all__" in errors)
    chosen = [metric.code for metric, is_chosen in page.context["figures"] if is_chosen]
    assert chosen == [code for code in codes if code in METRICS]
    assert KpiBoard.objects.count() == 1


def test_only_one_board_opens_first_and_there_is_an_end_to_their_number(client, lead):
    for number in range(MOST_BOARDS):
        save(client, reverse("board_new"), ["K01"], name=str(number), is_first="on")
    assert KpiBoard.objects.filter(is_first=True).get().name == str(MOST_BOARDS - 1)
    assert save(client, reverse("board_new"), ["K01"], name="more").status_code == 422

    board = KpiBoard.objects.first()
    client.post(reverse("board_edit", args=[board.pk]), {"name": "Anew", "codes": ["K05"], "query": "team=x"})
    board.refresh_from_db()
    assert (board.name, board.codes) == ("Anew", ["K05"])
    client.post(reverse("board_delete", args=[board.pk]))
    assert not KpiBoard.objects.filter(pk=board.pk).exists()


def test_roles_of_two_teams_are_shown_together(team):
    person = make_user("clerk", team=team)
    Membership.objects.create(user=person, team=make_team(), role="logistics")

    codes = standard_codes(person)

    assert {"K01", "K03"} <= set(codes)
    assert len(codes) == len(set(codes))
