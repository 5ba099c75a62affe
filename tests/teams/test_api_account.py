from datetime import timedelta

import pytest
from django.utils import timezone

from teams.models import ApiToken
from teams.services.tokens import create_token
from tests.api import Api
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team("alpha"), username="wang", name="王芳")


def token_for(**body):
    return Api().post("token/", {"username": "wang", "password": PASSWORD, **body})


def with_token(text):
    api = Api()
    api.client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return api


def test_a_password_gets_a_token_that_works_until_it_is_revoked(clerk):
    made = token_for(name="ERP")
    api = with_token(made.json()["token"])

    assert made.status_code == 201
    assert api.get("me/").json()["name"] == "王芳"
    assert made.json()["token"] not in str(ApiToken.objects.values().get())
    assert api.delete("token/").status_code == 204
    assert api.get("me/").status_code == 401


@pytest.mark.parametrize("body", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_wrong_password_and_an_unknown_name_answer_alike(clerk, body):
    response = token_for(**body)

    assert response.status_code == 401
    assert response.json() == token_for(password="other").json()
    assert not ApiToken.objects.exists()


def test_after_ten_wrong_tries_even_the_right_password_waits(clerk):
    for _ in range(10):
        assert token_for(password="wrong").status_code == 401

    response = token_for()

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert not ApiToken.objects.exists()


def test_a_disabled_person_gets_no_token(clerk):
    type(clerk).objects.update(is_active=False)

    assert token_for().status_code == 401


def test_a_read_only_token_reads(clerk):
    api = with_token(token_for(is_read_only=True).json()["token"])

    assert api.get("orders/").status_code == 200
    assert api.post("orders/", {"number": "GD-1"}).status_code == 403


def test_an_expired_token_is_no_token(clerk):
    _row, text = create_token(user=clerk, now=timezone.now(), expires_at=timezone.now() - timedelta(seconds=1))

    assert with_token(text).get("me/").status_code == 401


def test_rights_that_are_taken_away_are_gone_at_the_next_request(clerk):
    api = with_token(token_for().json()["token"])
    assert "order.create" in api.get("me/").json()["permissions"]

    clerk.memberships.all().delete()

    assert api.get("me/").json()["permissions"] == []
    assert api.post("orders/", {"number": "GD-1"}).status_code == 403


def test_me_tells_roles_permissions_and_language(clerk):
    clerk.language = "en"
    clerk.save()

    body = with_token(token_for().json()["token"]).get("me/").json()

    assert (body["username"], body["language"], body["timezone"]) == ("wang", "en", "Asia/Shanghai")
    assert [(role["team_code"], role["role"]) for role in body["roles"]] == [("alpha", "clerk")]
    assert body["sees_money"] is True
    assert with_token("x").get("me/").headers["WWW-Authenticate"] == "Token"


def test_refusals_speak_the_persons_language(clerk):
    clerk.language = "en"
    clerk.save()
    api = with_token(token_for().json()["token"])

    assert api.get("orders/NO/").json() == {"code": "not_found", "detail": "Not found."}
