"""Readings that people keep under a name: corrected once, used by colleagues, the API and the command line."""

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from orders.models import ImportProfile, ImportRun, Order
from teams.models import Membership
from tests.api import Api
from tests.factories import make_team, make_user
from tests.orders.sheet_kit import workbook
from tests.orders.test_import_runs import clerk, columns_of, site, upload, work  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db
# Nothing here is known by name but the quantity.
STRANGE = ["档案", "买方", "型", "数量", "到货", "内部"]
ROWS = [["GD-1", "海天", "P-1", 5, "3/4/2026", "x"]]
MEANT = {"column_0": "number", "column_1": "customer", "column_2": "product_code", "column_4": "requested_date"}
KEPT = {
    "档案": "number",
    "买方": "customer",
    "型": "product_code",
    "数量": "quantity",
    "到货": "requested_date",
    "内部": "-",
}


def save(site, run, **more):  # noqa: F811
    fields = {**columns_of(run), **MEANT, "column_5": "-", "date_order": "dmy", "save": "1", "profile_name": "周报"}
    return site.post(reverse("import", args=[run.pk]), {**fields, **more})


@pytest.fixture
def saved(site, team):  # noqa: F811
    upload(site, workbook([STRANGE, *ROWS]))
    run = ImportRun.objects.get()
    save(site, run)  # which of two numbers is the day can be said only when it is asked
    save(site, run, profile_team=team.pk)
    return ImportProfile.objects.get()


@pytest.fixture
def colleague(client, saved, team):
    person = make_user("clerk", team=team, username="colleague", language="en")
    client.force_login(person)
    return person


def test_how_a_sheet_is_read_is_kept_under_a_name(saved, clerk, team):  # noqa: F811
    assert (saved.name, saved.by, saved.team, saved.base, saved.date_order) == ("周报", clerk, team, "orders", "dmy")
    assert saved.columns == KEPT
    assert ImportRun.objects.get().saved_profile == "周报"


def test_a_colleague_chooses_it_and_its_strange_headers_are_found_below_a_title(colleague, client):
    title = ["周报 第 12 周", "", "", "", "", ""]
    assert "周报" in client.get(reverse("imports")).content.decode()
    upload(client, workbook([title, STRANGE, ["GD-2", "海天", "P-1", 5, "5/4/2026", "x"]]), profile="周报")

    run = ImportRun.objects.get(by=colleague)
    assert run.report["error_count"] == 0
    assert (run.profile, run.saved_profile, run.reading["header_row"]) == ("orders", "周报", 2)
    assert run.reading["mapping"] == {str(at): name for at, name in enumerate(KEPT.values())}
    client.post(reverse("import_apply", args=[run.pk]))
    work()
    line = Order.objects.get(number="GD-2").lines.get()
    assert line.requested_date.isoformat() == "2026-04-05"
    assert "内部" not in line.attributes


def test_a_shared_profile_is_used_for_the_same_headers_without_being_chosen(colleague, client):
    upload(client, workbook([STRANGE, ["GD-2", "海天", "P-1", 5, "5/4/2026", "x"]]))
    run = ImportRun.objects.get(by=colleague)
    assert (run.saved_profile, run.report["error_count"]) == ("周报", 0)
    assert "周报" in client.get(reverse("import", args=[run.pk])).content.decode()


def test_who_is_not_in_the_team_neither_sees_nor_uses_it(saved):
    client = Client()  # without what the owner was told
    other = make_team("west")
    stranger = make_user("clerk", team=other, username="stranger", language="en")
    client.force_login(stranger)
    assert "周报" not in client.get(reverse("imports")).content.decode()
    answer = upload(client, workbook([STRANGE, *ROWS]), profile="周报", team=other.pk)
    assert answer.status_code == 422
    assert client.post(reverse("import_profile_delete", args=[saved.pk])).status_code == 404
    Membership.objects.create(user=stranger, team=saved.team, role="clerk")
    assert "周报" in client.get(reverse("imports")).content.decode()


def test_only_its_owner_deletes_or_replaces_it(saved, colleague, client, site):  # noqa: F811
    client.force_login(colleague)
    assert client.post(reverse("import_profile_delete", args=[saved.pk])).status_code == 404
    upload(client, workbook([STRANGE, *ROWS]))
    refused = save(client, ImportRun.objects.get(by=colleague))
    assert refused.status_code == 422
    assert "There is a profile “周报” already" in refused.content.decode()
    assert ImportProfile.objects.get().by == saved.by


@pytest.mark.parametrize("name", ["", "orders"])
def test_a_name_is_needed_and_may_not_be_a_shipped_one(site, name):  # noqa: F811
    upload(site, workbook([STRANGE, *ROWS]))
    run = ImportRun.objects.get()
    before = run.reading
    refused = save(site, run, profile_name=name)
    assert refused.status_code == 422
    assert not ImportProfile.objects.exists()
    run.refresh_from_db()
    assert run.reading == before  # nothing half done


def test_saving_it_again_replaces_it(saved, site):  # noqa: F811
    run = ImportRun.objects.get()
    save(site, run, column_5="note")
    saved.refresh_from_db()
    assert saved.columns["内部"] == "note"
    assert saved.team is None
    site.post(reverse("import_profile_delete", args=[saved.pk]))
    assert not ImportProfile.objects.exists()
    assert site.get(reverse("import", args=[run.pk])).status_code == 200


def test_the_command_line_and_the_api_know_it_by_name(saved, tmp_path, team, clerk):  # noqa: F811
    sheet = tmp_path / "week.csv"
    sheet.write_text(",".join(STRANGE) + "\nGD-7,海天,P-1,5,3/4/2026,x\n", encoding="utf-8")
    out = io.StringIO()
    call_command("import_orders", str(sheet), "--profile", "周报", "--team", team.code, "--json", stdout=out)
    assert json.loads(out.getvalue())["errors"] == []
    assert Order.objects.get(number="GD-7").lines.get().requested_date.isoformat() == "2026-04-03"

    api = Api(clerk).client
    with sheet.open("rb") as file:
        answer = api.post("/api/v1/imports/", {"file": file, "profile": "周报"}, format="multipart")
    assert (answer.status_code, answer.json()["saved_profile"]) == (201, "周报")
    with sheet.open("rb") as file:
        refused = api.post("/api/v1/imports/", {"file": file, "profile": "月报"}, format="multipart")
    assert refused.status_code == 422
    assert "profile" in refused.json()["fields"]


def test_a_colleagues_profile_is_not_offered_to_be_replaced(colleague, client):
    upload(client, workbook([STRANGE, ["GD-2", "海天", "P-1", 5, "5/4/2026", "x"]]), profile="周报")
    page = client.get(reverse("import", args=[ImportRun.objects.get(by=colleague).pk]))
    assert "read as “周报”" in page.content.decode()
    assert "profile_name" not in page.context["form"].initial
