"""What the API says about itself."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from config.middleware import CONTENT_SECURITY_POLICY
from tests.config.rights_table import API

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema(tmp_path_factory, django_db_setup, django_db_blocker):
    path = tmp_path_factory.mktemp("schema") / "openapi.json"
    with django_db_blocker.unblock():
        call_command("spectacular", format="openapi-json", file=str(path), validate=True, fail_on_warn=True)
    return json.loads(path.read_text())


def test_the_document_is_openapi_31_and_valid(schema):
    assert schema["openapi"].startswith("3.1")


def test_the_document_holds_every_address_of_the_api(schema):
    assert len(schema["paths"]) == len(API) + 1  # token/ is open to strangers, so it stands in another table


def test_schema_and_page_are_open_and_keep_the_strict_policy():
    schema, page = Client().get("/api/v1/schema/"), Client().get("/api/v1/docs/")

    assert (schema.status_code, page.status_code) == (200, 200)
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert b"<style" not in page.content
    assert b"<script>" not in page.content
    assert Client().post("/api/v1/docs/").status_code == 405


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_answers_in_the_apis_form(method):
    response = getattr(Client(), method)("/api/v1/no-such/")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
