import pytest

from customers.models import Company, Contact, Interaction
from orders.models import Order
from tests.api import Api, queries_of
from tests.factories import make_company, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team)


@pytest.fixture
def api(clerk):
    return Api(clerk)


def test_a_company_with_contact_and_interaction(api, team, clerk):
    company = api.post("companies/", {"code": "ACME", "name": "宁波海天", "is_customer": True, "country": "CN"})
    contact = api.post("contacts/", {"company": "ACME", "name": "李娜", "email": "li@example.com"})
    note = api.post(
        "interactions/",
        {"company": "ACME", "contact": contact.json()["id"], "summary": " asked for PI ", "channel": "chat"},
    )

    assert [company.status_code, contact.status_code, note.status_code] == [201, 201, 201]
    assert (company.json()["team"], company.json()["name"]) == (team.pk, "宁波海天")
    assert (note.json()["by"], note.json()["summary"], note.json()["contact_name"]) == (
        clerk.pk,
        " asked for PI ",
        "李娜",
    )
    assert api.get("companies/ACME/").json() == company.json()
    assert [row["code"] for row in api.get("companies/", q="海天").json()["results"]] == ["ACME"]


def test_a_company_has_a_part_to_play(api):
    response = api.post("companies/", {"code": "ACME", "name": "Acme"})

    assert (response.status_code, "is_customer" in response.json()["fields"]) == (422, True)


def test_a_code_that_exists_is_a_conflict_on_its_field(api, team):
    make_company(team=make_team(), code="ACME")
    mine = make_company(team=team)
    body = {"code": "ACME", "name": "x", "is_customer": True}

    for response in (api.post("companies/", body), api.patch(f"companies/{mine.pk}/", {"code": "ACME"})):
        assert (response.status_code, list(response.json()["fields"])) == (409, ["code"])


def test_a_renamed_customer_is_found_by_its_new_name(api, team, clerk):
    order = make_order(team=team, by=clerk, customer=make_company(team=team, code="ACME", name="Old"))

    api.patch("companies/ACME/", {"name": "Neustadt", "version": 1})

    assert list(Order.objects.search("neustadt")) == [order]


def test_versions_guard_companies_contacts_and_interactions(api, team, clerk):
    company = make_company(team=team)
    rows = {
        f"companies/{company.pk}/": ("city", "address"),
        f"contacts/{Contact.objects.create(company=company, name='x').pk}/": ("title", "phone"),
        f"interactions/{api.post('interactions/', {'company': company.pk, 'summary': 'x'}).json()['id']}/": (
            "summary",
            "next_action_at",
        ),
    }
    for path, (first, second) in rows.items():
        other = "2026-05-01T00:00:00Z" if second.endswith("_at") else "there"
        assert api.patch(path, {first: "here", "version": 1}).status_code == 200
        assert api.patch(path, {second: other, "version": 1}).json()[first] == "here"
        assert list(api.patch(path, {first: "elsewhere", "version": 1}).json()["fields"]) == [first]


def test_only_what_nothing_refers_to_is_deleted(api, team, clerk):
    free, used = make_company(team=team), make_company(team=team)
    make_order(team=team, by=clerk, customer=used)
    contact = Contact.objects.create(company=free, name="x")
    note = Interaction.objects.create(company=free, contact=contact, at="2026-03-02T01:00:00Z", summary="x", by=clerk)

    assert api.delete(f"companies/{used.pk}/").json()["code"] == "in_use"
    assert api.delete(f"companies/{free.pk}/").status_code == 409  # there is a history
    assert api.delete(f"contacts/{contact.pk}/").status_code == 204
    assert api.delete(f"interactions/{note.pk}/").status_code == 204
    assert api.delete(f"companies/{free.pk}/").status_code == 204
    assert list(Company.objects.values_list("pk", flat=True)) == [used.pk]


def test_a_contact_of_another_company_is_refused(api, team):
    stranger = Contact.objects.create(company=make_company(team=team), name="x")

    response = api.post(
        "interactions/", {"company": make_company(team=team).pk, "contact": stranger.pk, "summary": "x"}
    )

    assert (response.status_code, list(response.json()["fields"])) == (422, ["contact"])


def test_a_colleague_without_the_right_writes_only_their_own_notes(team, clerk):
    company = make_company(team=team)
    qc = Api(make_user("qc", team=team))
    theirs = Interaction.objects.create(company=company, at="2026-03-02T01:00:00Z", summary="x", by=clerk)
    own = qc.post("interactions/", {"company": company.pk, "summary": "x"}).json()["id"]

    assert qc.patch(f"companies/{company.pk}/", {"city": "x"}).status_code == 403
    assert qc.patch(f"interactions/{theirs.pk}/", {"summary": "y"}).status_code == 403
    assert qc.patch(f"interactions/{own}/", {"summary": "y"}).status_code == 200


def test_a_company_for_all_teams_needs_a_role_that_reaches_them(api, team):
    body = {"code": "SHARED", "name": "x", "is_supplier": True, "team": None}

    assert api.post("companies/", body).status_code == 403
    assert Api(make_user("manager", team=team)).post("companies/", body).status_code == 201
    assert api.get("companies/SHARED/").status_code == 200


@pytest.mark.parametrize("path", ["companies/", "contacts/", "interactions/"])
def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(api, team, clerk, path):
    def add():
        company = make_company(team=team, owner=clerk)
        contact = Contact.objects.create(company=company, name="x")
        Interaction.objects.create(company=company, contact=contact, at="2026-03-02T01:00:00Z", summary="x", by=clerk)

    add()
    one = queries_of(lambda: api.get(path))
    add()
    add()

    assert queries_of(lambda: api.get(path)) == one
    assert len(api.get(path).json()["results"]) == 3
