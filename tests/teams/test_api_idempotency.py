"""`Idempotency-Key`: one effect, the first answer again (reliability C28)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order
from teams.api.idempotency import KEEP, delete_old_keys
from teams.models import IdempotencyKey
from teams.services.tokens import create_token
from tests.factories import MONDAY, make_team, make_user

EXAMPLES = json.loads((Path(__file__).parent.parent / "data" / "bad_input_examples.json").read_text())
KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def client(db):
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(make_user("clerk", team=make_team()))
    return client


def create(client, number="GD-1", headers=KEY):
    return client.post("/api/v1/orders/", {"number": number}, headers=headers)


def test_a_repeated_post_gets_the_first_answer_again(client):
    first, second = create(client), create(client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert Order.objects.count() == 1


def test_without_a_key_the_second_is_a_conflict(client):
    assert create(client, headers={}).status_code == 201
    assert create(client, headers={}).status_code == 409


def test_the_same_key_for_another_request_is_refused(client):
    create(client)

    response = create(client, number="GD-2")

    assert response.status_code == 422
    assert list(response.json()["fields"]) == ["Idempotency-Key"]
    assert Order.objects.count() == 1


def test_a_key_belongs_to_one_person(client):
    create(client)
    other = APIClient()
    other.force_authenticate(make_user("clerk", team=make_team()))

    assert create(other, number="GD-2").status_code == 201


def test_a_refused_try_leaves_the_key_free(client):
    assert create(client, number="not a number").status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert create(client, number="GD-1").status_code == 201


def test_a_crash_leaves_neither_work_nor_key(client, monkeypatch):
    class Crash:
        """Fails when the answer is about to be stored, after the work was done."""

        def render(self, data):
            assert Order.objects.exists()
            raise RuntimeError("power cut")

    monkeypatch.setattr("teams.api.idempotency.JSONRenderer", Crash)

    assert create(client).status_code == 500
    assert not Order.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_a_key_past_its_time_is_new_again(client):
    create(client)
    IdempotencyKey.objects.update(created_at=timezone.now() - KEEP - timedelta(seconds=1))

    assert create(client, number="GD-2").status_code == 201
    assert delete_old_keys(timezone.now()) == 0
    assert delete_old_keys(timezone.now() + KEEP + timedelta(minutes=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_requests_with_one_key_have_one_effect():
    clerk = make_user("clerk", team=make_team())
    token = create_token(user=clerk, now=MONDAY)[1]
    payload = next(case["payload"] for case in EXAMPLES if case["id"] == "rep-002")
    headers = {**payload["headers"], "Authorization": f"Token {token}"}

    def post(_number: int) -> tuple[int, bytes, str | None]:
        try:
            response = APIClient().post("/api/v1/orders/", payload["body"], format="json", headers=headers)
            return response.status_code, response.content, response.get("Retry-After")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(post, range(20)))

    created = {body for status, body, _retry in answers if status == 201}
    assert len(created) == 1
    assert {status for status, _body, _retry in answers} <= {201, 409}
    assert all(retry for status, _body, retry in answers if status == 409)
    assert Order.objects.filter(number="GD-9").count() == 1
    assert post(21)[1] in created
