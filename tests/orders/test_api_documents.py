import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import OrderDocument
from tests.api import Api, queries_of
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def api(clerk):
    return Api(clerk)


def upload(api, order, content=b"%PDF-1.4 text", name="提单.pdf", **more):
    body = {"order": order.number, "kind": "BL", "file": SimpleUploadedFile(name, content), **more}
    return api.client.post("/api/v1/documents/", body, format="multipart")


def test_a_file_is_kept_and_comes_back_byte_for_byte(api, order, clerk):
    kept = upload(api, order, milestone=str(order.milestones.first().pk))

    assert kept.status_code == 201
    facts = kept.json()
    assert (facts["filename"], facts["content_type"], facts["version"]) == ("提单.pdf", "application/pdf", 1)
    assert facts["uploaded_by"]["username"] == clerk.username
    served = api.get(facts["download_url"])
    assert b"".join(served.streaming_content) == b"%PDF-1.4 text"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert upload(api, order).json()["version"] == 2


def test_the_stored_name_holds_nothing_of_the_uploaded_one(api, order):
    upload(api, order, name="../../evil.sh")

    document = OrderDocument.objects.get()
    assert document.filename == "evil.sh"
    assert "evil" not in document.file.name


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"content": b""}, "file"),
        ({"kind": "NO_SUCH"}, "kind"),
        ({"milestone": "987654321"}, "milestone"),
        ({"order": "GD-NONE"}, "order"),
        ({"made_up": "1"}, "made_up"),
    ],
)
def test_a_bad_upload_names_its_field_and_keeps_nothing(api, order, change, field):
    content = change.pop("content", b"%PDF-1.4 text")
    body = {"order": order.number, "kind": "BL", "file": SimpleUploadedFile("x.pdf", content), **change}
    response = api.client.post("/api/v1/documents/", body, format="multipart")

    assert (response.status_code, list(response.json()["fields"])) == (422, [field])
    assert not OrderDocument.objects.exists()


def test_too_large_a_file_is_refused(api, order, settings):
    settings.DOCUMENT_MAX_BYTES = 10

    assert list(upload(api, order).json()["fields"]) == ["file"]


def test_another_teams_file_does_not_exist(api, order):
    facts = upload(api, order).json()
    stranger = Api(make_user("clerk", team=make_team()))

    assert stranger.get(f"documents/{facts['id']}/download/").status_code == 404
    assert stranger.get("documents/").json()["results"] == []


def test_a_document_is_decided_once_by_a_role_that_may(api, team, order):
    path = f"documents/{upload(api, order).json()['id']}/"
    qc = Api(make_user("qc", team=team))

    assert api.post(path + "accept/").status_code == 403
    assert list(qc.post(path + "refuse/").json()["fields"]) == ["note"]
    assert qc.post(path + "refuse/", {"note": "blurred"}).json()["status"] == "refused"
    assert qc.post(path + "accept/").status_code == 409


def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(api, order):
    upload(api, order)
    one = queries_of(lambda: api.get("documents/"))
    upload(api, order)
    upload(api, order)

    assert queries_of(lambda: api.get("documents/", order=order.number)) <= one + 1  # the filter reads the order
    assert queries_of(lambda: api.get("documents/")) == one
