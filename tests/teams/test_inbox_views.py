"""The inbox: one's own messages only, read when opened, acknowledged once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from teams.models import Channel, Message, MessageItem, Notification
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team(), language="en")


def tell(person, number=1, kind="milestone_due", **payload) -> Notification:
    shown = MONDAY + timedelta(minutes=number)
    return Notification.objects.create(
        kind=kind,
        recipient=person,
        subject=f"orders.milestone:{number}",
        dedupe_key=f"{person.pk}:{number}",
        payload={
            "order": f"GD-{number}",
            "customer": "Acme",
            "name_zh": "接单",
            "name_en": "order received",
            "owner": "Anna",
            "waiting_on": "internal",
            "over_minutes": 0,
            "due_at": MONDAY.isoformat(),
            "step": kind.removeprefix("milestone_"),
            **payload,
        },
        status="shown",
        created_at=shown,
        not_before=shown,
        shown_at=shown,
    )


def test_opening_a_message_marks_it_read_and_leads_to_the_order(client, clerk):
    message = tell(clerk)
    client.force_login(clerk)

    answer = client.post(reverse("inbox_open", args=[message.pk]))

    message.refresh_from_db()
    assert answer.url == "/orders/GD-1/"
    assert message.read_at is not None
    assert message.acknowledged_at is None


def test_unread_ones_are_shown_and_all_on_request(client, clerk):
    read, unread = tell(clerk, 1), tell(clerk, 2)
    Notification.objects.filter(pk=read.pk).update(read_at=MONDAY)
    client.force_login(clerk)

    shown = {
        name: [row.message for row in client.get(reverse("inbox"), {"show": name}).context["rows"]]
        for name in ("unread", "all")
    }

    assert shown == {"unread": [unread], "all": [unread, read]}


def test_acknowledging_in_place_answers_with_the_row(client, clerk):
    message = tell(clerk)
    client.force_login(clerk)

    answer = client.post(reverse("inbox_acknowledge", args=[message.pk]), headers={"HX-Request": "true"})

    message.refresh_from_db()
    assert message.acknowledged_at is not None
    assert f'id="message-{message.pk}"' in answer.content.decode()
    assert "is-unread" not in answer.content.decode()


def send(item, kind="webhook", name="Robot", **fields) -> Message:
    channel = Channel.objects.get_or_create(kind=kind, name=name, defaults={"created_at": MONDAY})[0]
    message = Message.objects.create(
        recipient=item.recipient,
        channel=channel,
        urgency="urgent",
        created_at=MONDAY,
        planned_at=MONDAY,
        not_before=MONDAY,
        **fields,
    )
    MessageItem.objects.create(message=message, notification=item, channel=channel)
    return message


def test_what_is_not_seen_to_is_a_list_of_its_own(client, clerk):
    seen, read, new = tell(clerk, 1), tell(clerk, 2), tell(clerk, 3)
    Notification.objects.filter(pk=seen.pk).update(acknowledged_at=MONDAY, read_at=MONDAY)
    Notification.objects.filter(pk=read.pk).update(read_at=MONDAY)
    client.force_login(clerk)

    page = client.get(reverse("inbox"), {"show": "open"})

    assert [row.message for row in page.context["rows"]] == [new, read]


@pytest.mark.parametrize(
    ("topic", "expected"), [("due", [1]), ("cutoff", [2]), ("lead", [3]), ("", [1, 2, 3]), ("nonsense", [1, 2, 3])]
)
def test_a_topic_narrows_the_list(client, clerk, topic, expected):
    told = {1: tell(clerk, 1), 2: tell(clerk, 2, is_hard=True), 3: tell(clerk, 3, kind="milestone_lead")}
    client.force_login(clerk)

    rows = client.get(reverse("inbox"), {"topic": topic}).context["rows"]

    assert {row.message for row in rows} == {told[number] for number in expected}


def test_each_way_out_tells_what_became_of_it(client, clerk):
    item = tell(clerk)
    send(item, name="Group robot", status="sent", sent_at=MONDAY + timedelta(hours=1))
    send(item, kind="slack", name="Slack", status="failed", last_error="no_service")
    send(item, kind="feishu", name="Feishu", status="queued")
    send(item, kind="msteams", name="Teams", status="cancelled", cancelled_reason="no_longer_true")
    client.force_login(clerk)

    row = client.get(reverse("inbox")).context["rows"][0]

    assert [outcome.tone for outcome in row.outcomes] == ["done", "late", "soon", "quiet"]
    assert row.outcomes[0].text.startswith("Group robot: sent")
    assert row.outcomes[0].text.endswith("10:00")
    assert row.outcomes[1].text == "Slack: failed, no_service"
    assert row.outcomes[3].text == "Teams: not sent, it was no longer true"


def test_the_ticked_ones_are_seen_to_at_once(client, clerk):
    told = [tell(clerk, number) for number in range(3)]
    theirs = tell(make_user("clerk", team=make_team()), 9)
    client.force_login(clerk)

    answer = client.post(
        reverse("inbox_acknowledge_many"),
        {"message": [told[0].pk, told[2].pk, theirs.pk, "x", "9" * 30], "show": "open", "topic": "due"},
    )

    assert answer.url == f"{reverse('inbox')}?show=open&topic=due"
    assert set(Notification.objects.exclude(acknowledged_at=None)) == {told[0], told[2]}


def test_ticking_nothing_says_so(client, clerk):
    message = tell(clerk)
    client.force_login(clerk)

    page = client.post(reverse("inbox_acknowledge_many"), follow=True)

    message.refresh_from_db()
    assert "No message is ticked" in page.content.decode()
    assert message.acknowledged_at is None


def test_mark_all_touches_only_the_own_inbox(client, clerk):
    mine, theirs = tell(clerk, 1), tell(make_user("clerk", team=make_team()), 2)
    client.force_login(clerk)

    client.post(reverse("inbox_read_all"))

    assert list(Notification.objects.filter(read_at=None)) == [theirs]
    assert Notification.objects.get(pk=mine.pk).read_at is not None


def test_somebody_elses_message_does_not_exist(client, clerk):
    theirs = tell(make_user("clerk", team=make_team()))
    client.force_login(clerk)

    assert client.post(reverse("inbox_open", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("inbox_acknowledge", args=[theirs.pk])).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.read_at, theirs.acknowledged_at) == (None, None)


def test_a_message_of_an_unknown_kind_is_still_listed(client, clerk):
    tell(clerk, kind="from_another_version")
    client.force_login(clerk)

    page = client.get(reverse("inbox"))

    assert page.status_code == 200
    assert [row.url for row in page.context["rows"]] == [""]


def test_older_ones_follow_without_gap_or_repeat(client, clerk, monkeypatch):
    monkeypatch.setattr("teams.inbox_views.PAGE_SIZE", 2)
    told = [tell(clerk, number) for number in range(5)]
    client.force_login(clerk)
    seen, before = [], ""
    while True:
        page = client.get(reverse("inbox"), {"before": before}).context
        seen += [row.message for row in page["rows"]]
        before = page["next"]
        if before is None:
            break

    assert seen == told[::-1]


@pytest.mark.parametrize("count", [1, 3])
def test_inbox_takes_a_constant_number_of_queries(client, clerk, django_assert_max_num_queries, count):
    for number in range(count):
        send(tell(clerk, number), status="sent", sent_at=MONDAY)
    client.force_login(clerk)

    with django_assert_max_num_queries(11):
        assert len(client.get(reverse("inbox")).context["rows"]) == count
