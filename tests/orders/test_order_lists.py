"""The order list as people arrange it: columns, saved and shared views, groups, all that was found; and the board."""

import csv
from io import StringIO

import pytest
from django.urls import reverse

from orders.models import ListColumns, Milestone, SavedView
from orders.pages import board
from orders.pages.order_cells import CELLS
from orders.pages.order_columns import COLUMNS
from orders.services.milestones import pause_milestone
from tests.factories import MONDAY, make_confirmed_order, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


def headers(page):
    return [str(column.label) for column in page.context["columns"]]


def test_chosen_columns_are_kept_and_can_be_reset(site, order, clerk):
    usual = headers(site.get("/orders/"))
    answer = site.post(
        reverse("columns_keep"), {"column": ["note", "customer", "nonsense"], "query": "status=open&columns=clerk"}
    )

    assert answer.url == "/orders/?status=open"
    page = site.get("/orders/")
    assert headers(page) == ["Note", "Customer"]
    assert [column.key for column, is_shown in page.context["column_choices"] if is_shown] == ["note", "customer"]
    assert headers(site.get("/orders/?columns=clerk,status,clerk")) == ["Clerk", "Status"]
    assert headers(site.get("/orders/?columns=nonsense")) == usual

    site.post(reverse("columns_keep"), {"reset": "1", "column": ["note"]})
    assert headers(site.get("/orders/")) == usual
    assert not ListColumns.objects.exists()


def test_cells_follow_the_columns_and_escape_every_text(site, order):
    sharp = '<b onmouseover="x">&'
    order.customer.name = order.note = order.destination = order.customer_po_no = sharp
    order.customer.save()
    order.save()
    keys = [column.key for column in COLUMNS]
    page = site.get(f"/orders/?columns={','.join(reversed(keys))}").content.decode()
    row = page[page.index('class="order-row"') :]
    row = row[: row.index("</tr>")]

    assert set(CELLS) == set(keys)
    assert row.count("<td") == row.count("</td>") == len(keys) + 2  # and the box to check, and the number
    assert "<b " not in row
    assert row.count("&lt;b onmouseover=&quot;x&quot;&gt;&amp;") >= 6
    assert row.index("off-phone") < row.index("col-customer")


def test_the_amount_is_no_column_for_who_sees_no_money(client, team, order):
    client.force_login(make_user("logistics", team=team, language="en"))
    page = client.get("/orders/?columns=amount,clerk")

    assert headers(page) == ["Clerk"]
    assert "amount" not in {column.key for column, _is_shown in page.context["column_choices"]}


def test_the_amount_shows_only_where_the_team_may_be_seen(site, order, clerk):
    order.amount = 7123
    order.save(update_fields=["amount"])

    assert "7,123.00" in site.get("/orders/?columns=amount").content.decode()


@pytest.mark.parametrize("key", ["first_promised", "confirmed", "sales_rep", "logistics_owner", "team", "mode"])
def test_every_row_has_as_many_cells_as_there_are_headers(site, order, key):
    page = site.get(f"/orders/?columns=customer,{key}").content.decode()
    row = page[page.index('class="order-row"') :]
    row = row[: row.index("</tr>")]

    assert row.count("<td") == 4  # check box, number and the two


def test_what_is_shown_is_what_leaves(site, order):
    page = site.get("/orders/?columns=customer,note")
    link = f"{reverse('order_export')}?format=csv&rows=orders&columns={page.context['export_columns']}"
    rows = list(csv.reader(StringIO(site.get(link).getvalue().decode("utf-8-sig"))))

    assert rows[0][:-1] == ["order number", "customer", "customer PO", "process template", "note"]


def test_views_are_saved_replaced_and_deleted(site, clerk):
    for query in ("status=open&q=pump&after=x&clerk=", "status=draft"):
        answer = site.post(reverse("view_save"), {"name": "Pumps", "query": query})
    view = SavedView.objects.get()

    assert answer.url == "/orders/?status=draft"
    assert (view.query, view.by, view.team) == ("status=draft", clerk, None)
    page = site.get("/orders/?status=draft")
    assert page.context["own_view"] == view
    assert 'aria-current="true">Pumps' in page.content.decode().replace(" >", ">")

    site.post(reverse("view_delete", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_shared_view_is_for_the_team_and_its_owner_deletes_it(client, site, clerk, team):
    site.post(reverse("view_save"), {"name": "Ours", "query": "overdue=true", "team": team.pk})
    view = SavedView.objects.get()
    colleague, stranger = make_user("clerk", team=team), make_user("clerk", team=make_team())

    for person, sees in ((colleague, True), (stranger, False)):
        client.force_login(person)
        assert ("Ours" in client.get("/orders/").content.decode()) is sees
        assert client.post(reverse("view_delete", args=[view.pk])).status_code == 404


@pytest.mark.parametrize(
    ("data", "field"),
    [({"name": "", "query": "x=1"}, "name"), ({"name": "x" * 41}, "name"), ({"name": "x", "team": "999999"}, "team")],
)
def test_a_wrong_view_is_refused_at_its_field(site, data, field):
    answer = site.post(reverse("view_save"), data)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not SavedView.objects.exists()


def test_nobody_keeps_views_without_end(site, clerk):
    SavedView.objects.bulk_create(SavedView(by=clerk, name=f"v{n}", created_at=MONDAY) for n in range(50))
    answer = site.post(reverse("view_save"), {"name": "one more", "query": ""})

    assert answer.status_code == 422
    assert "You keep 50 views already" in answer.content.decode()
    assert site.post(reverse("view_save"), {"name": "v7", "query": "q=x"}).status_code == 302


def test_groups_count_what_the_list_would_show(client, team):
    lead = make_user("lead", team=team, language="en")
    people = [make_user("clerk", team=team, name=name) for name in ("Ann", "Bob")]
    for person in (people[0], people[0], people[1]):
        make_confirmed_order(team=team, by=person)
    make_order(team=team, by=people[1])
    client.force_login(lead)

    for by, expected in [
        ("clerk", {"Ann": 2, "Bob": 2}),
        ("status", {"Draft": 1, "Confirmed": 3}),
        ("stage", {"Confirmation": 3}),
        ("template", {"Spare parts": 4}),
        ("team", {team.name: 4}),
    ]:
        groups = client.get(f"/orders/?group={by}").context["groups"]
        assert {group.label: group.count for group in groups} == expected
        for group in groups:
            rows = client.get(f"/orders/?{by}={group.key}&rows=1", headers={"HX-Request": "true"})
            assert rows.content.decode().count('class="order-row"') == group.count


def test_all_that_was_found_can_be_checked(site, team, clerk):
    orders = [make_confirmed_order(team=team, by=clerk) for _ in range(3)]
    make_order(team=team, by=clerk)
    answer = site.get(reverse("order_ids") + "?status=confirmed").content.decode()

    assert answer.count("data-check") == 3
    assert all(f'value="{order.pk}"' in answer for order in orders)


def test_board_has_each_order_once_where_its_next_step_is(client, team, clerk, django_assert_max_num_queries):
    first, second = (make_confirmed_order(team=team, by=clerk) for _ in range(2))
    make_order(team=team, by=clerk)
    Milestone.objects.filter(order=second, status="active").update(stage="PROD")
    pause_milestone(
        milestone_id=second.milestones.active().first().pk, side="supplier", reason="late", by=clerk, now=MONDAY
    )
    client.force_login(make_user("lead", team=team, language="en"))
    page = client.get("/board/")
    columns = {column.stage: [card.order for card in column.cards] for column in page.context["columns"]}

    assert columns == {"CONF": [first], "PROD": [second]}
    assert "Supplier" in page.content.decode()
    assert [c.stage for c in client.get("/board/?stage=PROD").context["columns"]] == ["PROD"]
    assert [c.stage for c in client.get("/board/?waiting_on=supplier").context["columns"]] == ["PROD"]
    assert client.get("/board/?clerk=nobody").status_code == 422


def test_board_shows_the_most_urgent_and_says_how_many_more(site, team, clerk, monkeypatch):
    monkeypatch.setattr(board, "CARDS", 2)
    orders = [make_confirmed_order(team=team, by=clerk) for _ in range(3)]
    Milestone.objects.filter(order=orders[0], status="active").update(due_at=None)
    (column,) = site.get("/board/").context["columns"]

    assert [card.order for card in column.cards] == orders[1:]
    assert (column.total, column.hidden_count) == (3, 1)


def test_board_takes_a_constant_number_of_queries(site, team, clerk, django_assert_max_num_queries):
    make_confirmed_order(team=team, by=clerk)
    with django_assert_max_num_queries(13):
        site.get("/board/")
    for _ in range(5):
        make_confirmed_order(team=team, by=clerk)
    with django_assert_max_num_queries(13):
        site.get("/board/")


def test_another_teams_orders_are_on_no_board_and_in_no_group(client, team, order):
    other = make_team()
    client.force_login(make_user("lead", team=other))

    assert client.get("/board/").context["columns"] == []
    assert client.get("/orders/?group=clerk").context["groups"] == []
