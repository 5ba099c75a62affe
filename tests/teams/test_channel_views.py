"""An administrator sets up the shared channels, tries them, and says what people are called there."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from teams import secrets
from teams.models import Address, Channel, Message
from teams.notifications.channels import ChannelError
from teams.notifications.people import LAST_RANK, read_people
from tests.factories import make_team, make_user
from tests.teams.kit import FakeSender, make_channel

pytestmark = pytest.mark.django_db
PAGE = "/settings/channels/"
HTMX = {"HX-Request": "true"}
ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=abcdef1234567890"


@pytest.fixture
def anna(db):
    return make_user("admin", team=make_team(), name="Anna", language="en")


@pytest.fixture
def office(client, anna):
    Channel.mail()  # which migrations make; tests with real commits empty all tables
    client.force_login(anna)
    return client


@pytest.fixture
def robot(anna):
    return make_channel(
        kind="dingtalk", name="Group robot", config=secrets.seal({"url": ROBOT, "secret": "SEC0123456789"})
    )


@pytest.fixture
def application(anna):
    config = {"corp_id": "ww1", "agent_id": "1000002", "secret": "application-secret-9876"}
    return make_channel(kind="wecom_app", name="WeCom", config=secrets.seal(config))


def rows_of(answer):
    return {line["channel"].name: line for line in answer.context["lines"]}


def test_the_list_says_how_each_channel_stands(office, anna):
    now = timezone.now()
    make_channel(name="new")
    make_channel(name="tested", tested_at=now)
    make_channel(name="resting", failures=7, resumes_at=now + timedelta(minutes=4), last_error="HTTP 503")
    make_channel(name="slowed", resumes_at=now + timedelta(minutes=1), last_error="HTTP 429")
    make_channel(name="refusing", failures=2, last_error="HTTP 500")
    make_channel(name="off", off_at=now, off_reason="the robot is gone")
    make_channel(name="mine", owner=anna)

    rows = rows_of(office.get(PAGE))

    assert "mine" not in rows
    stands = {name: (row["state"].words.split(" until")[0], row["state"].detail) for name, row in rows.items()}
    assert stands.pop("")[0] == "Never tested"  # mail
    assert stands["tested"][0] == "Works"
    assert {name: words for name, words in stands.items() if name != "tested"} == {
        "new": ("Never tested", ""),
        "resting": ("Rests", "7 refusals in a row: HTTP 503"),
        "slowed": ("Rests", "It asked for a pause: HTTP 429"),
        "refusing": ("2 refusals in a row", "HTTP 500"),
        "off": ("Switched off", "the robot is gone"),
    }


def test_a_channel_that_has_sent_something_works(office, anna):
    channel, now = make_channel(name="used"), timezone.now()
    values = {"created_at": now, "planned_at": now, "not_before": now, "sent_at": now}
    Message.objects.create(recipient=anna, channel=channel, urgency="urgent", status="sent", **values)

    assert rows_of(office.get(PAGE))["used"]["state"].words == "Works"


def test_the_number_of_queries_of_the_list_does_not_grow(office):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(PAGE).status_code == 200
        return len(queries)

    count()
    few = count()
    for _number in range(3):
        make_channel(team=make_team())

    assert count() == few


def test_each_kind_but_mail_can_be_added_and_says_where_to_look(office):
    page = office.get(PAGE).content.decode()

    for kind in ("wecom_app", "wecom_robot", "dingtalk", "feishu", "slack", "msteams", "webhook"):
        assert f'href="{PAGE}new/?kind={kind}"' in page
    assert "kind=email" not in page
    assert "Group settings → Robots → Custom" in page
    for kind in ("email", "nonsense", ""):
        assert office.get(f"{PAGE}new/?kind={kind}").url == PAGE


def test_a_channel_of_a_team_is_set_up_and_its_secrets_are_never_shown(office, anna):
    team = make_team("export")
    form = {"name": "Export", "url": ROBOT, "secret": "SEC0123456789", "team": team.pk}

    answer = office.post(f"{PAGE}new/?kind=dingtalk", form, follow=True)

    channel = Channel.objects.get(name="Export")
    assert (channel.kind, channel.team, channel.owner, channel.created_by) == ("dingtalk", team, None, anna)
    assert channel.pace_seconds > 3
    assert secrets.unseal(channel.config) == {"url": ROBOT, "secret": "SEC0123456789"}
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"{PAGE}{channel.pk}/", 302)]
    assert "SEC0123456789" not in page
    assert "abcdef1234567890" not in page
    assert "…6789" in page


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "http://127.0.0.1/hook"}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": ROBOT + "x" * 3000}, "url"),
        ({"name": "n" * 81}, "name"),
        ({"team": "987654321"}, "team"),
        ({"team": "'; --"}, "team"),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field_and_nothing_is_kept(office, values, field):
    before = Channel.objects.count()

    answer = office.post(f"{PAGE}new/?kind=dingtalk", {"url": ROBOT, **values})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Channel.objects.count() == before


def test_a_secret_left_empty_stays_and_saving_begins_anew(office, robot):
    Channel.objects.filter(pk=robot.pk).update(failures=9, off_at=timezone.now(), off_reason="gone")
    team = make_team()

    answer = office.post(f"{PAGE}{robot.pk}/", {"name": "Renamed", "url": "", "secret": "", "team": team.pk})

    assert answer.status_code == 302
    robot.refresh_from_db()
    assert (robot.name, robot.team, robot.failures, robot.off_at, robot.version) == ("Renamed", team, 0, None, 2)
    assert secrets.unseal(robot.config) == {"url": ROBOT, "secret": "SEC0123456789"}


def test_people_outside_of_a_teams_channel_are_not_reached_any_more(office, anna, robot):
    inside, outside = make_user(team=make_team("in")), make_user(team=make_team("out"))
    for person in (inside, outside):
        Address.objects.create(user=person, channel=robot, value=person.username)

    office.post(f"{PAGE}{robot.pk}/", {"team": inside.memberships.get().team_id})

    assert {row.user: row.is_on for row in robot.addresses.all()} == {inside: True, outside: False}


def test_settings_sealed_with_a_lost_key_can_be_entered_again(office, robot):
    Channel.objects.filter(pk=robot.pk).update(config="not sealed at all")

    assert office.get(f"{PAGE}{robot.pk}/").status_code == 200
    answer = office.post(f"{PAGE}{robot.pk}/", {"url": ""})
    assert list(answer.context["form"].errors) == ["url"]
    tried = office.post(f"{PAGE}{robot.pk}/test/", headers=HTMX).context["tried"]
    assert "entered again" in tried.text


def test_a_channel_is_switched_off_with_a_reason_and_on_again(office, robot):
    Channel.objects.filter(pk=robot.pk).update(failures=3, last_error="HTTP 500")

    office.post(f"{PAGE}{robot.pk}/switch/", {"to": "off", "reason": "the group is closed"})
    robot.refresh_from_db()
    assert (robot.off_at is not None, robot.off_reason) == (True, "the group is closed")
    assert "the group is closed" in office.get(PAGE).content.decode()

    office.post(f"{PAGE}{robot.pk}/switch/", {"to": "on"})
    robot.refresh_from_db()
    assert (robot.off_at, robot.off_reason, robot.failures, robot.last_error) == (None, "", 0, "")


def test_mail_is_only_tested(office, anna):
    channel = Channel.mail()
    page = f"{PAGE}{channel.pk}/"

    assert office.get(page).context["form"] is None
    office.post(page, {"name": "Mine"})
    office.post(f"{page}switch/", {"to": "off"})
    channel.refresh_from_db()
    assert (channel.name, channel.off_at) == ("", None)

    answer = office.post(f"{page}test/", follow=True)

    assert [message.to for message in mail.outbox] == [[anna.email]]
    assert "Sent to Anna; the other side answered:" in answer.content.decode()


def answering(monkeypatch, answer):
    """All channels give that answer; what they took is returned."""
    taken = []
    monkeypatch.setattr(
        "teams.notifications.senders.make_sender",
        lambda channel: FakeSender(taken, lambda parcel: answer if isinstance(answer, Exception) else None),
    )
    return taken


def test_a_test_tells_what_the_other_side_answered(office, anna, robot, monkeypatch):
    taken = answering(monkeypatch, "taken")

    answer = office.post(f"{PAGE}{robot.pk}/test/", headers=HTMX)

    assert "Sent to Anna; the other side answered: taken" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert [parcel.address for parcel in taken] == [""]
    robot.refresh_from_db()
    assert robot.tested_at is not None
    assert "taken by the other side" in office.get(f"{PAGE}{robot.pk}/").content.decode()


def test_a_test_of_a_groups_robot_makes_it_nobodys_way(office, anna, robot, monkeypatch):
    answering(monkeypatch, "taken")

    office.post(f"{PAGE}{robot.pk}/test/")

    routes = read_people([anna.pk], timezone.now())[anna.pk].routes
    assert [route.channel.kind for route in routes] == ["email"]


def test_a_refused_test_shows_the_reason(office, anna, robot, monkeypatch):
    answering(monkeypatch, ChannelError("DingTalk did not take the message (code 310000)."))

    answer = office.post(f"{PAGE}{robot.pk}/test/", follow=True)

    assert "Not sent to Anna: DingTalk did not take the message (code 310000)." in answer.content.decode()
    assert "is-late" in answer.content.decode()
    robot.refresh_from_db()
    assert robot.tested_at is None
    assert Address.objects.get(user=anna, channel=robot).test_result.endswith("(code 310000).")


def test_tests_are_counted(office, robot, monkeypatch):
    taken = answering(monkeypatch, "taken")
    Channel.objects.filter(pk=robot.pk).update(pace_seconds=0)

    # Eleven, since a new minute may begin on the way.
    sent = [office.post(f"{PAGE}{robot.pk}/test/", headers=HTMX).context["tried"].is_sent for _again in range(11)]

    assert len(taken) == sum(sent)
    assert sum(sent) in range(5, 11)


def test_people_are_tested_one_by_one_at_their_own_addresses(office, application, monkeypatch):
    taken = answering(monkeypatch, "taken")
    wang, zhao = make_user(team=make_team(), username="wang"), make_user(team=make_team(), username="zhao")
    Address.objects.create(user=wang, channel=application, value="WangFang")

    page = f"{PAGE}{application.pk}/test/"
    told = office.post(page, {"person": wang.pk, f"value_{wang.pk}": "WangFang"}, headers=HTMX).context["tried"]
    unsaved = office.post(page, {"person": wang.pk, f"value_{wang.pk}": "LiNa"}, headers=HTMX).context["tried"]
    nameless = office.post(page, {"person": zhao.pk}, headers=HTMX).context["tried"]

    assert [parcel.address for parcel in taken] == ["WangFang"]
    assert told.is_sent
    assert unsaved.text == "Save the changed address first."
    assert not nameless.is_sent
    for person in ("987654321", "x", "٣"):
        assert office.post(page, {"person": person}).status_code == 404


@pytest.fixture
def people(anna):
    team = make_team("people")
    return [make_user(team=team, username=name, name=name.title()) for name in ("wang", "zhao", "qian")]


def save(office, channel, **values):
    return office.post(f"{PAGE}{channel.pk}/people/", values)


def test_many_addresses_are_saved_at_once_and_come_before_mail(office, application, people):
    wang, zhao, _qian = people
    Address.objects.create(user=zhao, channel=application, value="Zhao")
    values = {f"value_{wang.pk}": " WangFang ", f"value_{zhao.pk}": "ZhaoLei"}

    answer = save(office, application, **values)

    assert answer.status_code == 302
    rows = {row.user: (row.value, row.is_on) for row in application.addresses.all()}
    assert rows == {wang: ("WangFang", True), zhao: ("ZhaoLei", False)}
    routes = read_people([wang.pk], timezone.now())[wang.pk].routes
    assert [route.text() for route in routes] == ["WangFang", wang.email]


def test_saving_again_changes_only_what_differs(office, application, people):
    wang, zhao, _qian = people
    for person in (wang, zhao):
        Address.objects.create(user=person, channel=application, value=person.name, rank=7, is_on=False)
    kept = {f"value_{zhao.pk}": zhao.name}

    answer = office.post(f"{PAGE}{application.pk}/people/", {f"value_{wang.pk}": "Other", **kept}, follow=True)

    assert "1 address changed." in answer.content.decode()
    assert Address.objects.get(user=wang, channel=application).value == "Other"
    assert Address.objects.get(user=zhao, channel=application).rank == 7


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("ZHAOlei", "Zhao has this address already."),
        ("@all", "Write"),
        ("all", "Write"),
        ("a|b", "Write"),
        ("王芳", "Write"),
        ("x" * 300, "Write"),
    ],
)
def test_a_name_that_is_wrong_or_somebody_elses_is_refused_and_nothing_is_saved(
    office, application, people, value, words
):
    wang, zhao, qian = people
    Address.objects.create(user=zhao, channel=application, value="ZhaoLei")

    answer = save(office, application, **{f"value_{qian.pk}": "QianMin", f"value_{wang.pk}": value})

    assert answer.status_code == 422
    faults = {line.person: line.fault for line in answer.context["lines"] if line.fault}
    assert list(faults) == [wang]
    assert faults[wang].startswith(words)
    assert f'id="fault-{wang.pk}"' in answer.content.decode()
    assert application.addresses.count() == 1


def test_two_people_cannot_be_given_one_name_in_one_go_but_may_swap(office, application, people):
    wang, zhao, _qian = people

    twice = save(office, application, **{f"value_{wang.pk}": "Same", f"value_{zhao.pk}": "same"})
    assert twice.status_code == 422
    assert {line.person for line in twice.context["lines"] if line.fault} == {wang, zhao}
    save(office, application, **{f"value_{wang.pk}": "One", f"value_{zhao.pk}": "Two"})
    swapped = save(office, application, **{f"value_{wang.pk}": "Two", f"value_{zhao.pk}": "One"})

    assert swapped.status_code == 302
    assert {row.user: row.value for row in application.addresses.all()} == {wang: "Two", zhao: "One"}


def test_without_a_name_an_application_reaches_nobody_and_a_robot_needs_none(office, application, robot, people):
    wang = people[0]
    values = {f"value_{wang.pk}": "", f"on_{wang.pk}": "on"}

    save(office, application, **values)
    save(office, robot, **values)

    assert not application.addresses.filter(is_on=True).exists()
    assert [(row.user, row.value, row.is_on) for row in robot.addresses.all()] == [(wang, "", True)]


def test_a_refused_name_lives_again_with_another_value_or_by_hand(office, application, people):
    wang, zhao, _qian = people
    dead = {"dead_at": timezone.now(), "dead_reason": "invaliduser", "bounces": 1}
    for person in (wang, zhao):
        Address.objects.create(user=person, channel=application, value=person.name, dead_value=person.name, **dead)
    page = office.get(f"{PAGE}{application.pk}/people/").content.decode()
    assert page.count("Refused: invaliduser") == 2

    save(office, application, **{f"value_{wang.pk}": "Right", f"on_{wang.pk}": "on"})
    office.post(f"{PAGE}{application.pk}/people/again/", {"person": zhao.pk})

    assert not any(row.is_dead() for row in application.addresses.select_related("user", "channel"))


def test_only_members_of_a_teams_channel_are_in_its_table(office, people):
    channel = make_channel(kind="wecom_app", team=people[0].memberships.get().team)
    stranger = make_user(team=make_team())

    lines = office.get(f"{PAGE}{channel.pk}/people/").context["lines"]
    save(office, channel, **{f"value_{stranger.pk}": "Stranger", f"on_{stranger.pk}": "on"})

    assert {line.person for line in lines} == set(people)
    assert not channel.addresses.exists()


def test_people_are_found_by_name_and_keep_what_is_not_shown(office, application, people):
    wang, zhao, _qian = people
    Address.objects.create(user=zhao, channel=application, value="ZhaoLei")
    page = f"{PAGE}{application.pk}/people/?q=wan"

    lines = office.get(page).context["lines"]
    answer = office.post(page, {f"value_{wang.pk}": "WangFang", f"value_{zhao.pk}": "Changed"})

    assert [line.person for line in lines] == [wang]
    assert answer.url == page
    assert {row.user: row.value for row in application.addresses.all()} == {wang: "WangFang", zhao: "ZhaoLei"}


def test_a_new_way_comes_after_a_persons_others(office, application, people):
    wang = people[0]
    Address.objects.create(user=wang, channel=make_channel(name="first"), rank=2)
    Address.objects.create(user=wang, channel=application, rank=LAST_RANK, is_on=False)

    save(office, application, **{f"value_{wang.pk}": "WangFang", f"on_{wang.pk}": "on"})

    assert Address.objects.get(user=wang, channel=application).rank == 3


def test_mail_addresses_are_shown_and_not_written_here(office, people):
    channel = Channel.mail()

    lines = office.get(f"{PAGE}{channel.pk}/people/").context["lines"]
    save(office, channel, **{f"value_{people[0].pk}": "other@example.com"})

    assert {line.value for line in lines if line.person in people} == {person.email for person in people}
    assert not channel.addresses.exclude(value="").exists()


@pytest.mark.parametrize("role", ["manager", "lead", "clerk"])
def test_others_are_refused(client, robot, role):
    client.force_login(make_user(role, team=make_team()))
    page = f"{PAGE}{robot.pk}/"

    answers = [client.get(PAGE), client.get(f"{PAGE}new/?kind=slack"), client.get(page), client.get(f"{page}people/")]
    answers += [client.post(f"{page}{act}") for act in ("", "switch/", "test/", "people/", "people/again/")]

    assert {answer.status_code for answer in answers} == {403}
    robot.refresh_from_db()
    assert robot.off_at is None


def test_a_persons_own_channel_is_no_page_of_the_administrators(office):
    channel = make_channel(owner=make_user(team=make_team()))

    for address in ("", "people/", "test/"):
        assert office.get(f"{PAGE}{channel.pk}/{address}").status_code in {404, 405}
    assert office.post(f"{PAGE}{channel.pk}/test/").status_code == 404
    assert office.get(f"{PAGE}987654321/").status_code == 404


@pytest.mark.parametrize(
    "form", [{"to": "off", "reason": "a\x00b"}, {"to": "off", "reason": "x" * 301}, {"to": "?"}, {}]
)
def test_a_switch_that_makes_no_sense_switches_nothing(office, robot, form):
    answer = office.post(f"{PAGE}{robot.pk}/switch/", form, follow=True)

    assert answer.content.decode().count('class="notice is-late"') == 1
    robot.refresh_from_db()
    assert robot.off_at is None


def test_characters_that_no_database_takes_are_refused(office, robot, people):
    before = Channel.objects.count()

    assert office.get(f"{PAGE}{robot.pk}/people/?q=%00wang").status_code == 400
    assert save(office, robot, **{f"value_{people[0].pk}": "a\x00b"}).status_code == 422
    answer = office.post(f"{PAGE}new/?kind=dingtalk", {"name": "a\x00b", "url": ROBOT})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
    assert Channel.objects.count() == before
