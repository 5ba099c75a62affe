"""A customer or supplier may have a work calendar of its own."""

import pytest
from django.db.models import ProtectedError

from customers.models import Company
from teams.models import WorkCalendar
from tests.api import Api
from tests.factories import make_company, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_user("lead", team=make_team(), language="en")


@pytest.fixture
def bank(lead):
    return WorkCalendar.objects.get(code="BANK_CN")


def test_the_form_gives_a_company_its_calendar_and_the_page_shows_it(client, lead, bank):
    company = make_company(team=lead.memberships.get().team)
    client.force_login(lead)
    page = client.get(f"/customers/{company.code}/edit/")
    values = {name: value or "" for name, value in page.context["form"].initial.items()}

    client.post(f"/customers/{company.code}/edit/", {**values, "is_customer": "on", "calendar": bank.pk})

    company.refresh_from_db()
    assert company.calendar == bank
    assert "Banks in China" in client.get(f"/customers/{company.code}/").content.decode()


def test_the_api_reads_and_writes_it_by_code(lead, bank):
    company = make_company(team=lead.memberships.get().team)
    api = Api(lead)

    answer = api.patch(f"companies/{company.pk}/", {"calendar": "BANK_CN"}).json()
    unknown = api.patch(f"companies/{company.pk}/", {"calendar": "NONE"})
    emptied = api.patch(f"companies/{company.pk}/", {"calendar": None}).json()

    assert (answer["calendar"], answer["calendar_code"]) == (bank.pk, "BANK_CN")
    assert (unknown.status_code, list(unknown.json()["fields"])) == (422, ["calendar"])
    assert (emptied["calendar"], emptied["calendar_code"]) == (None, None)


def test_a_calendar_that_a_company_works_by_stays(lead, bank):
    make_company(calendar=bank)

    with pytest.raises(ProtectedError):
        bank.delete()
    assert Company.objects.calendar_counts() == {bank.pk: 1}
