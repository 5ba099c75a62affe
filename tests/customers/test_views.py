"""The customers' pages: found and filtered, notes in seconds, duplicates warned of, no lost update."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.urls import reverse
from django.utils import timezone

from customers import services
from customers.models import Company, Interaction
from tests.factories import make_company, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(client, team):
    person = make_user("clerk", team=team, language="en")
    client.force_login(person)
    return person


def names(page) -> list[str]:
    return [company.name for company, _country, _counts in page.context["rows"]]


def test_list_filters_by_part_country_grade_and_words(client, clerk, team):
    make_company(team=team, name="Acme", country="US", grade="A")
    make_company(team=team, name="Berg", country="DE")
    make_company(team=team, name="Mill", is_customer=False, is_supplier=True)
    address = reverse("customers")

    assert names(client.get(address)) == ["Acme", "Berg", "Mill"]
    assert names(client.get(address, {"part": "supplier"})) == ["Mill"]
    assert names(client.get(address, {"country": "US"})) == ["Acme"]
    assert names(client.get(address, {"grade": "A"})) == ["Acme"]
    assert names(client.get(address, {"q": "ber"})) == ["Berg"]


def test_counts_are_those_of_the_orders_the_reader_sees(client, clerk, team):
    colleague = make_user("clerk", team=team)
    company = make_company(team=team)
    long_ago = timezone.now() - timedelta(days=60)
    make_confirmed_order(team=team, by=clerk, customer=company, now=long_ago)
    fresh = make_confirmed_order(team=team, by=clerk, customer=company, now=timezone.now())
    # Confirmed outside working hours, its first step of no length is due at the closing before.
    fresh.milestones.update(due_at=timezone.now() + timedelta(days=9))
    make_confirmed_order(team=team, by=colleague, customer=company, now=long_ago)

    counts = client.get(reverse("customers")).context["rows"][0][2]
    page = client.get(reverse("company", args=[company.code]))

    assert (counts.open, counts.overdue) == (2, 1)
    assert page.context["counts"] == counts
    assert len(page.context["orders"]) == 2


def test_a_call_is_noted_with_the_next_contact(client, clerk, team):
    company = make_company(team=team)

    client.post(
        reverse("interaction_add", args=[company.code]),
        {"channel": "phone", "direction": "in", "summary": "asks for the date", "next_contact": "2099-05-04"},
    )

    noted = Interaction.objects.get(company=company)
    assert (noted.channel, noted.direction, noted.summary, noted.by) == ("phone", "in", "asks for the date", clerk)
    assert timezone.localtime(noted.next_action_at).hour != 0
    page = client.get(reverse("company", args=[company.code]))
    assert page.context["next_contact"] == noted


def test_an_empty_note_is_refused_in_place(client, clerk, team):
    company = make_company(team=team)

    page = client.post(reverse("interaction_add", args=[company.code]), {"channel": "phone", "direction": "in"})

    assert page.status_code == 422
    assert list(page.context["interaction_form"].errors) == ["summary"]
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("existing", "typed", "is_similar"),
    [
        ("宁波海天贸易有限公司", "宁波海天进出口有限公司", True),
        ("Acme Industrial Supplies Inc.", "ACME Industrial Supply Ltd", True),
        ("Hansen GmbH", "hansen", True),
        ("Hansen GmbH", "Lagos Power Tools Ltd", False),
        ("宁波海天贸易有限公司", "上海大明贸易有限公司", False),
    ],
)
def test_a_similar_name_is_warned_of(client, clerk, team, existing, typed, is_similar):
    make_company(team=team, name=existing)

    page = client.get(reverse("company_similar"), {"name": typed})

    assert (existing in page.content.decode()) is is_similar


def test_a_duplicate_is_created_only_once_the_person_says_it_is_another(client, clerk, team):
    make_company(team=team, name="Hansen GmbH")
    entered = {"name": "Hansen AG", "code": "HAN2", "is_customer": "on", "team": str(team.pk)}

    warned = client.post(reverse("company_new"), entered)
    assert warned.status_code == 422
    assert not Company.objects.filter(code="HAN2").exists()
    client.post(reverse("company_new"), {**entered, "is_other": "on"})

    assert Company.objects.get(code="HAN2").team == team


def test_another_teams_company_is_neither_listed_nor_warned_of(client, clerk):
    foreign = make_company(team=make_team(), name="Secret Partner GmbH")

    assert names(client.get(reverse("customers"))) == []
    assert "Secret" not in client.get(reverse("company_similar"), {"name": "Secret Partner"}).content.decode()
    for name in ("company", "company_edit"):
        assert client.get(reverse(name, args=[foreign.code])).status_code == 404


def test_a_code_that_exists_is_told_at_the_field(client, clerk, team):
    make_company(team=make_team(), code="ACME", name="Elsewhere")
    entered = {"name": "Quite different", "code": "ACME", "is_customer": "on", "team": str(team.pk)}

    page = client.post(reverse("company_new"), entered)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["code"]


def test_a_company_without_a_part_to_play_is_refused(client, clerk, team):
    page = client.post(reverse("company_new"), {"name": "Nobody", "code": "NOB", "team": str(team.pk)})

    assert page.status_code == 422
    assert "is_customer" in page.context["form"].errors


def test_two_people_changing_the_same_field_the_second_is_told(client, clerk, team):
    company = make_company(team=team, name="Acme", city="Hamburg")
    colleague = make_user("clerk", team=team, name="Li Na")
    services.edit_company(
        company_id=company.pk, values={"city": "Bremen"}, seen_version=None, by=colleague, now=timezone.now()
    )
    sent = {"name": "Acme", "initial-name": "Acme", "code": company.code, "initial-code": company.code}
    sent |= {"is_customer": "on", "initial-is_customer": "True", "country": "DE", "initial-country": "DE"}
    sent |= {"city": "Kiel", "initial-city": "Hamburg", "version": "1"}
    address = reverse("company_edit", args=[company.code])

    refused = client.post(address, sent)

    assert refused.status_code == 422
    assert "Li Na" in str(refused.context["form"].errors["city"])
    assert "Bremen" in str(refused.context["form"].errors["city"])
    client.post(address, {**sent, "version": refused.context["form"]["version"].value()})
    company.refresh_from_db()
    assert company.city == "Kiel"


@pytest.mark.parametrize("count", [1, 3])
def test_list_and_profile_take_a_constant_number_of_queries(client, clerk, team, django_assert_max_num_queries, count):
    for index in range(count):
        company = make_company(team=team, name=f"Acme {index}", owner=clerk)
        make_confirmed_order(team=team, by=clerk, customer=company)
        Interaction.objects.create(company=company, at=timezone.now(), summary="called", by=clerk)
    client.get(reverse("customers"))

    with django_assert_max_num_queries(11):
        assert len(client.get(reverse("customers")).context["rows"]) == count
    with django_assert_max_num_queries(15):
        client.get(reverse("company", args=[company.code]))


def test_the_list_leaves_as_it_is_filtered(client, clerk, team):
    acme = make_company(team=team, name="Acme", country="US", grade="A", is_customer=True, is_supplier=True)
    make_company(team=team, name="=Berg", country="DE")
    make_confirmed_order(team=team, by=clerk, customer=acme, now=timezone.now() - timedelta(days=8))
    make_company(team=make_team("OTHER"), name="Of others")
    address = reverse("company_export")

    def rows(**query):
        text = client.get(address, {"format": "csv", **query}).getvalue().decode("utf-8-sig")
        return {row["name"]: row for row in csv.DictReader(StringIO(text))}

    assert list(rows(country="US")) == ["Acme"]
    assert "Of others" not in rows()
    assert "'=Berg" in rows()
    only = rows()["Acme"]
    assert (only["relation"], only["grade"], only["open orders"], only["overdue orders"]) == (
        *("Customer, Supplier", "A", "1", "1"),
    )
    assert client.get(address).content[:2] == b"PK"
    assert client.get(address, {"format": "pdf"}).status_code == 404
