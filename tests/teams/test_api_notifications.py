import pytest

from teams.models import Notification
from tests.api import Api, queries_of
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db


def tell(person, **fields):
    return Notification.objects.create(
        **{
            "kind": "milestone_due",
            "recipient": person,
            "subject": "orders.milestone:1",
            "dedupe_key": f"{Notification.objects.count()}",
            "payload": {
                **{"order": "GD-1", "customer": "宁波海天", "name_zh": "接单", "name_en": "order received"},
                **{"owner": "王芳", "waiting_on": "internal", "over_minutes": 90, "due_at": MONDAY.isoformat()},
            },
            "created_at": MONDAY,
            "not_before": MONDAY,
            "shown_at": MONDAY,
            **fields,
        }
    )


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team(), language="en")


def test_the_inbox_holds_ones_own_messages_with_their_text(clerk):
    mine = tell(clerk)
    tell(make_user("lead", team=make_team()))
    tell(clerk, shown_at=None)  # not shown yet

    rows = Api(clerk).get("notifications/").json()["results"]

    assert [row["id"] for row in rows] == [mine.pk]
    assert "GD-1" in rows[0]["headline"]
    assert "宁波海天" in rows[0]["text"]
    assert rows[0]["url"] == "/orders/GD-1/"


def test_the_first_acknowledgement_counts(clerk):
    message = tell(clerk)
    api = Api(clerk)

    first = api.post(f"notifications/{message.pk}/acknowledge/").json()["acknowledged_at"]

    assert first is not None
    assert api.post(f"notifications/{message.pk}/acknowledge/").json()["acknowledged_at"] == first
    assert api.get("notifications/", unread="true").json()["results"] == []


def test_a_message_of_an_unknown_kind_is_listed_all_the_same(clerk):
    tell(clerk, kind="of_another_version", payload={})

    row = Api(clerk).get("notifications/").json()["results"][0]

    assert (row["kind"], row["text"], row["url"]) == ("of_another_version", "", "")
    assert row["headline"]


def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(clerk):
    api = Api(clerk)
    tell(clerk)
    one = queries_of(lambda: api.get("notifications/"))
    tell(clerk)
    tell(clerk)

    assert queries_of(lambda: api.get("notifications/")) == one
