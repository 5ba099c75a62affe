"""How a person is told: topics, hours, ways in an order, and channels of their own."""

from datetime import time

import pytest
from django.urls import reverse
from django.utils import timezone

from teams import secrets
from teams.models import Address, Channel, ContactHours, TopicChoice
from teams.notifications import registry
from teams.notifications.people import read_people
from teams.services import channels as services
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
PAGE = "notification_preferences"
SLACK = "https://hooks.slack.com/services/T0/B0/abcdefghijklmnopqrst"


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="wang", language="en")


@pytest.fixture
def page(client, clerk):
    """Posts a part of the page, as it stands but for what the test changes."""
    client.force_login(clerk)

    def post(part, **changes):
        context = client.get(reverse(PAGE)).context
        forms = [context[part]] if part != "ways" else [row.form for row in context["ways"]]
        sent = {}
        for form in forms:
            for field in form:
                if field.value() not in (None, "", False, []):
                    sent[field.html_name] = field.value() if field.value() is not True else "on"
        return client.post(reverse(PAGE), {"part": part, **sent, **changes})

    return post


def make_channel(**fields) -> Channel:
    return Channel.objects.create(**{"kind": "wecom_app", "name": "Works", "created_at": timezone.now(), **fields})


def test_looking_at_the_page_writes_nothing(client, clerk, django_assert_max_num_queries):
    make_channel()
    client.force_login(clerk)

    with django_assert_max_num_queries(14):
        assert client.get(reverse(PAGE)).status_code == 200

    assert not Address.objects.exists()


def test_every_topic_can_be_chosen(client, clerk):
    client.force_login(clerk)

    fields = client.get(reverse(PAGE)).context["topics"].fields

    assert {f"urgency_{topic.code}" for topic in registry.topics()} <= set(fields)


def test_what_is_as_usual_is_not_kept(page, clerk):
    TopicChoice.objects.create(user=clerk, topic="due", urgency="inbox")

    answer = page("topics", urgency_due="digest", urgency_soon="urgent")

    assert answer.status_code == 302
    assert [(c.topic, c.urgency, c.channels) for c in TopicChoice.objects.all()] == [("soon", "urgent", [])]


def test_ways_of_a_topic_are_offered_to_who_has_several(page, client, clerk):
    Channel.mail()
    works = make_channel()
    Address.objects.create(user=clerk, channel=works, value="wangfang")

    page("topics", ways_due=[str(works.pk)])

    assert TopicChoice.objects.get().channels == [works.pk]
    assert [route.channel_id for route in read_people([clerk.pk], timezone.now())[clerk.pk].routes_for("due")] == [
        works.pk
    ]


@pytest.mark.parametrize("changes", [{"urgency_due": "shout"}, {"urgency_due": ""}, {"ways_due": ["999999"]}])
def test_an_impossible_choice_is_named(page, clerk, changes):
    Channel.mail()
    Address.objects.create(user=clerk, channel=make_channel(), value="wangfang")

    answer = page("topics", **changes)

    assert answer.status_code == 422
    assert set(answer.context["topics"].errors) == set(changes)
    assert not TopicChoice.objects.exists()


def test_somebody_elses_channel_cannot_be_chosen(page, clerk):
    Channel.mail()
    Address.objects.create(user=clerk, channel=make_channel(), value="wangfang")
    foreign = make_channel(kind="slack", owner=make_user("clerk", team=make_team()))

    assert page("topics", ways_due=[str(foreign.pk)]).status_code == 422


def test_hours_are_kept(page, clerk):
    page("hours", digest_time="08:45", quiet_from="20:00", quiet_to="07:30")

    hours = ContactHours.objects.get(user=clerk)
    assert (hours.digest_time, hours.quiet_from, hours.quiet_to) == (time(8, 45), time(20), time(7, 30))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"quiet_from": "20:00"}, "quiet_to"),
        ({"quiet_to": "07:00"}, "quiet_from"),
        ({"quiet_from": "20:00", "quiet_to": "20:00"}, "quiet_to"),
        ({"quiet_from": "20:00", "quiet_to": "09:00", "digest_time": "08:59"}, "digest_time"),
        ({"quiet_from": "20:00", "quiet_to": "09:00", "digest_time": "20:00"}, "digest_time"),
        ({"quiet_from": "12:00", "quiet_to": "14:00", "digest_time": "13:00"}, "digest_time"),
        ({"digest_time": "25:00"}, "digest_time"),
    ],
)
def test_impossible_hours_name_the_field(page, clerk, sent, field):
    answer = page("hours", **sent)

    assert answer.status_code == 422
    assert set(answer.context["hours"].errors) == {field}
    assert not ContactHours.objects.exists()


@pytest.mark.parametrize("digest", ["09:00", "19:59"])
def test_a_digest_at_the_edge_of_quiet_hours_is_allowed(page, clerk, digest):
    assert page("hours", quiet_from="20:00", quiet_to="09:00", digest_time=digest).status_code == 302


def test_a_way_is_switched_on_with_its_address(page, clerk):
    works = make_channel()

    page("ways", **{f"way{works.pk}-is_on": "on", f"way{works.pk}-value": " wangfang "})

    row = Address.objects.get(channel=works)
    assert (row.user, row.value, row.is_on) == (clerk, "wangfang", True)


def test_the_first_place_is_where_messages_go(page, clerk):
    mail, works = Channel.mail(), make_channel()
    places = {f"way{mail.pk}-place": "2", f"way{works.pk}-place": "1"}

    page("ways", **places, **{f"way{works.pk}-is_on": "on", f"way{works.pk}-value": "wangfang"})

    routes = read_people([clerk.pk], timezone.now())[clerk.pk].routes
    assert [route.channel_id for route in routes] == [works.pk, mail.pk]


def test_mail_can_be_switched_off(client, clerk):
    mail = Channel.mail()
    client.force_login(clerk)

    client.post(reverse(PAGE), {"part": "ways", f"way{mail.pk}-place": "1"})

    assert read_people([clerk.pk], timezone.now())[clerk.pk].routes == ()


@pytest.mark.parametrize("value", ["@all", "all", "a|b", "<@U1>", "a b", "王芳", "x" * 129, "here", ""])
def test_an_address_that_could_reach_others_is_refused(page, clerk, value):
    works = make_channel()

    answer = page("ways", **{f"way{works.pk}-is_on": "on", f"way{works.pk}-value": value})

    row = next(row for row in answer.context["ways"] if row.channel == works)
    assert answer.status_code == 422
    assert "value" in row.form.errors
    assert not Address.objects.filter(channel=works).exists()


def test_a_refused_address_says_why_and_can_be_used_again(client, clerk):
    works = make_channel()
    row = Address.objects.create(
        user=clerk, channel=works, value="wang", dead_at=timezone.now(), dead_value="wang", dead_reason="no such user"
    )
    client.force_login(clerk)

    assert "no such user" in client.get(reverse(PAGE)).content.decode()
    client.post(reverse("way_use_again", args=[works.pk]))

    row.refresh_from_db()
    assert not row.is_dead()


def test_a_channel_of_ones_own_is_sealed_and_only_ones_own(client, clerk, team):
    client.force_login(clerk)

    answer = client.post(reverse("own_channel_new", args=["slack"]), {"name": "My Slack", "url": SLACK}, follow=True)

    channel = Channel.objects.get(owner=clerk)
    assert secrets.unseal(channel.config) == {"url": SLACK}
    assert "abcdefghijklmnopqrst" not in channel.config
    assert "abcdefghijklmnopqrst" not in answer.content.decode()
    assert channel.pace_seconds == 1.05
    assert Address.objects.get(channel=channel).user == clerk
    assert not Channel.objects.offered_to(make_user("lead", team=team)).filter(pk=channel.pk).exists()


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("slack", {}, "url"),
        ("slack", {"url": "http://127.0.0.1/x"}, "url"),
        ("webhook", {"url": "ftp://example.com/"}, "url"),
        ("webhook", {"url": "https://example.com:8443/"}, "url"),
        ("webhook", {"url": "https://169.254.169.254/latest/"}, "url"),
        ("slack", {"url": SLACK, "name": "x" * 81}, "name"),
    ],
)
def test_a_channel_that_cannot_be_names_the_field(client, clerk, kind, sent, field):
    client.force_login(clerk)

    answer = client.post(reverse("own_channel_new", args=[kind]), sent)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Channel.objects.filter(owner=clerk).exists()


@pytest.mark.parametrize("kind", ["email", "wecom_app", "pigeon"])
def test_some_kinds_nobody_has_of_their_own(client, clerk, kind):
    client.force_login(clerk)

    assert client.get(reverse("own_channel_new", args=[kind])).status_code == 404


def make_own(clerk, **config) -> Channel:
    return services.create_channel(
        kind="slack", name="", config={"url": SLACK, **config}, by=clerk, owner=clerk, now=timezone.now()
    )


def test_nobody_has_more_channels_than_the_limit(client, clerk):
    for _number in range(services.OWN_LIMIT):
        make_own(clerk)
    client.force_login(clerk)

    answer = client.post(reverse("own_channel_new", args=["slack"]), {"url": SLACK})

    assert answer.status_code == 422
    assert "remove one first" in answer.content.decode()


def test_a_removed_channel_is_forgotten(client, clerk):
    channel = make_own(clerk)
    client.force_login(clerk)

    client.post(reverse("own_channel_remove", args=[channel.pk]))
    again = client.post(reverse("way_use_again", args=[channel.pk]))

    channel.refresh_from_db()
    assert channel.off_at is not None
    assert channel.config == ""
    assert again.status_code == 404


def test_one_that_was_switched_off_by_failures_can_be_used_again(client, clerk):
    channel = make_own(clerk)
    services.switch_off(channel_id=channel.pk, now=timezone.now(), reason="no_service")
    client.force_login(clerk)

    assert "no_service" in client.get(reverse(PAGE)).content.decode()
    client.post(reverse("way_use_again", args=[channel.pk]))

    channel.refresh_from_db()
    assert (channel.off_at, channel.failures) == (None, 0)


def test_settings_left_empty_stay_and_a_new_version_is_set_up(clerk):
    channel = services.create_channel(
        kind="dingtalk",
        name="Ding",
        config={"url": "https://oapi.dingtalk.com/robot/send?access_token=abc", "secret": "SECabcdef"},
        by=clerk,
        now=timezone.now(),
    )

    changed = services.update_channel(channel_id=channel.pk, name="Ding 2", config={"secret": "SECother"})

    assert secrets.unseal(changed.config) == {
        "url": "https://oapi.dingtalk.com/robot/send?access_token=abc",
        "secret": "SECother",
    }
    assert (changed.name, changed.version) == ("Ding 2", 2)


@pytest.mark.parametrize("name", ["own_channel_remove", "way_test", "way_use_again"])
def test_somebody_elses_channel_does_not_exist(client, clerk, team, name):
    channel = make_own(make_user("clerk", team=team))
    client.force_login(clerk)

    assert client.post(reverse(name, args=[channel.pk])).status_code == 404


def test_an_unknown_part_is_refused(client, clerk):
    client.force_login(clerk)

    assert client.post(reverse(PAGE), {"part": "everything"}).status_code == 422
