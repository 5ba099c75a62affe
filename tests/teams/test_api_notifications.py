import pytest

from teams.models import Channel, Message, MessageItem, Notification
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
            "status": "shown" if fields.get("shown_at", MONDAY) else "queued",
            **fields,
        }
    )


def send(item, name="Robot", dropped_reason="", **fields):
    channel = Channel.objects.get_or_create(kind="webhook", name=name, defaults={"created_at": MONDAY})[0]
    times = dict.fromkeys(("created_at", "planned_at", "not_before"), MONDAY)
    message = Message.objects.create(recipient=item.recipient, channel=channel, urgency="urgent", **times, **fields)
    MessageItem.objects.create(message=message, notification=item, channel=channel, dropped_reason=dropped_reason)


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


def test_deliveries_tell_what_became_of_each_way(clerk):
    item = tell(clerk)
    send(item, status="sent", sent_at=MONDAY)
    send(item, "Other", status="failed", last_error="no_service")
    send(item, "Third", status="sent", sent_at=MONDAY, dropped_reason="no_longer_true")

    row = Api(clerk).get("notifications/").json()["results"][0]

    assert row["deliveries"] == [
        {"channel": "Robot", "status": "sent", "sent_at": "2026-03-02T01:00:00Z"},
        {"channel": "Other", "status": "failed", "sent_at": None},
        {"channel": "Third", "status": "cancelled", "sent_at": "2026-03-02T01:00:00Z"},
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"acknowledged": "true"}, {"seen"}),
        ({"acknowledged": "false"}, {"due", "cutoff", "lead"}),
        ({"unread": "false"}, {"seen"}),
        ({"topic": "cutoff"}, {"cutoff"}),
        ({"topic": "due"}, {"due", "seen"}),
        ({"topic": "lead", "acknowledged": "false"}, {"lead"}),
        ({"kind": "milestone_lead"}, {"lead"}),
    ],
)
def test_the_list_is_narrowed(clerk, query, expected):
    told = {
        "due": tell(clerk),
        "seen": tell(clerk, acknowledged_at=MONDAY, read_at=MONDAY),
        "cutoff": tell(clerk),
        "lead": tell(clerk, kind="milestone_lead"),
    }
    Notification.objects.filter(pk=told["cutoff"].pk).update(
        payload={**told["cutoff"].payload, "step": "due", "is_hard": True}
    )

    rows = Api(clerk).get("notifications/", **query).json()["results"]

    assert {row["id"] for row in rows} == {told[name].pk for name in expected}


@pytest.mark.parametrize("query", [{"topic": "weather"}, {"acknowledged": "perhaps"}])
def test_a_filter_that_means_nothing_is_named(clerk, query):
    answer = Api(clerk).get("notifications/", **query)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, list(query))


def test_a_message_of_an_unknown_kind_is_listed_all_the_same(clerk):
    tell(clerk, kind="of_another_version", payload={})

    row = Api(clerk).get("notifications/").json()["results"][0]

    assert (row["kind"], row["text"], row["url"]) == ("of_another_version", "", "")
    assert row["headline"]


def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(clerk):
    api = Api(clerk)
    send(tell(clerk), status="sent", sent_at=MONDAY)
    one = queries_of(lambda: api.get("notifications/"))
    send(tell(clerk), status="sent", sent_at=MONDAY)
    send(tell(clerk), "Other", status="sent", sent_at=MONDAY)

    assert queries_of(lambda: api.get("notifications/")) == one
