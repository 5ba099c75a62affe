"""The published cases of bad input, each on the screen that it is about, and many more of the same kinds."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from orders.models import OrderDocument
from teams import secrets
from teams.models import Channel
from teams.notifications.channels import ChannelError, Parcel
from teams.notifications.content import Content
from teams.notifications.senders import make_sender
from tests.config.bad_input_more import MORE
from tests.config.bad_input_runner import Ground, counts, faults_of, lay_ground
from tests.sinks import Canary

pytestmark = pytest.mark.django_db
EXAMPLES = json.loads((Path(__file__).parent.parent / "data" / "bad_input_examples.json").read_text())
GROUPS = {
    **{"dates": 3, "numbers": 3, "unicode": 3, "size": 2, "control": 1, "sql": 1, "html": 2, "template": 1},
    **{"formula": 2, "xlsx-broken": 5, "csv-broken": 1, "json-types": 3, "rights": 3, "replay": 2, "tokens": 3},
    **{"headers": 2, "redirect": 1, "ssrf": 6, "channel-answers": 1, "state": 1},
}
# Cases about what this version does not have yet; each has to be moved to its screen when that is built.
# Workbooks: tests/orders/test_workbooks.py and test_import_runs.py, where each is built from its description.
WORKBOOKS = ["num-018", "xlsx-004", "xlsx-008", "xlsx-015", "xlsx-026", "xlsx-028"]
INSIDE = ["ssrf-007", "ssrf-013", "ssrf-024", "ssrf-036", "ssrf-037"]
# Own tests: below; rep-002 in tests/teams/test_api_idempotency.py, which needs real commits; ssrf-038 with its resolver
# in tests/teams/test_transport.py; chn-002 in test_channels_answers.py and test_delivery.py there.
APART = {
    "html-013",
    "csv-001",
    "rep-002",
    "tok-019",
    "hdr-011",
    "red-001",
    "ctl-001",
    "ssrf-038",
    "chn-002",
    *INSIDE,
    *WORKBOOKS,
}
HERE = [case for case in EXAMPLES if case["id"] not in APART]
BY_ID = {case["id"]: case for case in EXAMPLES}


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker) -> Iterator[Ground]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield lay_ground()
        transaction.set_rollback(True)


def test_no_case_vanished():
    assert Counter(case["group"] for case in EXAMPLES) == GROUPS
    assert len(HERE) + len(APART) == len(EXAMPLES) == sum(GROUPS.values())
    assert set(APART) <= set(BY_ID)


def test_each_kind_is_tried_at_least_as_often_as_announced():
    announced = {
        **{"dates": 24, "numbers": 20, "unicode": 19, "size": 12, "control": 10, "sql": 9, "html": 13, "template": 7},
        **{"formula": 12, "json-types": 18, "rights": 20, "replay": 13, "tokens": 22, "headers": 12, "state": 8},
    }
    tried = Counter(case["group"] for case in [*HERE, *MORE])

    assert {group: tried[group] for group, least in announced.items() if tried[group] < least} == {}


@pytest.mark.parametrize("case", [*HERE, *MORE], ids=lambda case: case["id"])
def test_bad_input_is_answered_as_stated(case, ground):
    assert faults_of(case, ground) == []


@pytest.mark.parametrize("case_id", INSIDE)
def test_a_channel_to_an_inner_address_is_refused_when_saved_and_when_sent(case_id, ground):
    fields = BY_ID[case_id]["payload"]["fields"]
    client = Client()
    client.force_login(ground.admin)
    with Canary() as canary:
        url = fields["url"].replace("{canary}", str(canary.port))
        before = Channel.objects.count()
        page = f"{reverse('channel_new')}?kind={fields['kind']}"

        answer = client.post(page, {**fields, "url": url, "name": "inner"})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["url"]
        assert Channel.objects.count() == before
        # As if it had been saved by a version with another rule.
        old = Channel(kind="webhook", config=secrets.seal({"url": url, "secret": ""}))
        with pytest.raises(ChannelError) as refusal:
            make_sender(old).send(Parcel("id", "", Content("test", ())))
        assert str(canary.port) not in str(refusal.value)
        assert canary.reached == 0


def test_html_under_a_pdf_name_is_served_as_what_it_is(ground, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = APIClient()
    client.force_authenticate(ground.clerk)
    upload = SimpleUploadedFile("b-l.pdf", b"<!doctype html><script>window.__x=1</script>", "application/pdf")
    body = {"order": ground.order.number, "kind": "BL", "file": upload}

    stored = client.post("/api/v1/documents/", body, format="multipart")
    served = client.get(stored.json()["download_url"])

    # Read to its end, which closes the file; closing the response would end the connection of the whole module.
    assert b"window.__x=1" in b"".join(served.streaming_content)
    assert stored.status_code == 201
    assert OrderDocument.objects.get(pk=stored.json()["id"]).content_type == "text/html"
    assert served.headers["Content-Type"].startswith("text/html")
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served.headers["Content-Security-Policy"]


def test_ragged_csv_rows_are_named_and_nothing_is_written(ground, tmp_path, capsys):
    sheet = tmp_path / "ragged.csv"
    sheet.write_text(BY_ID["csv-001"]["payload"]["csv"])
    before = counts()

    with pytest.raises((CommandError, SystemExit)):
        call_command("import_orders", str(sheet), profile="scms")

    assert counts() == before


def test_nul_in_a_path_is_not_found():
    assert Client(raise_request_exception=False).get("/t/a%00b/").status_code in {400, 404}


def test_trace_is_refused(ground):
    response = APIClient().generic("TRACE", "/api/v1/me/", headers={"Authorization": f"Token {ground.token}"})

    assert response.status_code == 405


def test_log_in_leads_to_this_site_only(ground):
    body = {"username": ground.clerk.username, "password": "correct horse battery"}

    response = Client().post(f"{reverse('login')}?next=https://evil.example/", body)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/")
    assert not response.headers["Location"].startswith("//")


def test_a_form_without_csrf_token_changes_nothing(ground):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ground.clerk)
    before = counts()

    assert client.post(reverse("order_new"), {"number": "GD-14"}).status_code == 403
    assert client.post("/api/v1/orders/", {"number": "GD-14"}, "application/json").status_code == 403
    assert counts() == before
