"""The database goes away: in whichever layer that shows, the answer is 503 with Retry-After, never 500."""

import pytest
from django.db import OperationalError

from orders.models import Order
from teams.models import Organization
from tests.factories import make_team, make_user


@pytest.fixture
def away(monkeypatch):
    def raise_away(*args, **options):
        raise OperationalError("the server closed the connection unexpectedly")

    return raise_away


@pytest.mark.parametrize("path", ["/", "/api/v1/me/"])
def test_in_a_middleware(client, monkeypatch, away, path):
    monkeypatch.setattr(Organization, "current", away)
    client.raise_request_exception = False

    response = client.get(path)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"


@pytest.mark.django_db
def test_in_a_view(client, monkeypatch, away):
    client.force_login(make_user("clerk", team=make_team()))
    monkeypatch.setattr(type(Order.objects.all()), "visible_to", away)
    client.raise_request_exception = False

    assert client.get("/orders/").status_code == 503


def test_any_other_fault_stays_a_500_without_detail(client, monkeypatch):
    def raise_fault(*args, **options):
        raise RuntimeError("secret")

    monkeypatch.setattr(Organization, "current", raise_fault)
    client.raise_request_exception = False

    response = client.get("/api/v1/me/")

    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert b"secret" not in response.content
