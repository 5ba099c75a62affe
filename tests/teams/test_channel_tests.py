"""The test message tells what truly happened on the other side."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from teams import secrets
from teams.models import Address, Channel
from teams.notifications.channels import ChannelError
from teams.services.channels import create_channel
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team(), username="wang", language="en")


@pytest.fixture
def robot(settings):
    """A Slack of our own: what it was sent, and what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["Content-Length"])
            robot.taken.append(json.loads(self.rfile.read(size)))
            self.send_response(robot.status)
            self.send_header("Content-Length", str(len(robot.answer)))
            self.end_headers()
            self.wfile.write(robot.answer)

        def log_message(self, *args):
            pass

    robot = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    robot.taken, robot.status, robot.answer = [], 200, b"ok"
    settings.OUTGOING_ALLOWED_HOSTS = [f"127.0.0.1:{robot.server_port}"]
    threading.Thread(target=robot.serve_forever, daemon=True).start()
    yield robot
    robot.shutdown()
    robot.server_close()


@pytest.fixture
def slack(clerk, robot):
    url = f"http://127.0.0.1:{robot.server_port}/services/T/B/x"
    return create_channel(kind="slack", name="Mine", config={"url": url}, by=clerk, owner=clerk, now=timezone.now())


def try_out(client, channel) -> str:
    answer = client.post(reverse("way_test", args=[channel.pk]), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_message_that_is_taken_is_told_as_taken(client, clerk, slack, robot):
    client.force_login(clerk)

    page = try_out(client, slack)

    row = Address.objects.get(channel=slack)
    assert len(robot.taken) == 1
    assert "Test message" in json.dumps(robot.taken[0])
    assert "it was taken there" in page
    assert (row.test_result, row.tested_at is not None) == ("", True)


def test_a_refusal_is_told_as_it_came(client, clerk, slack, robot):
    robot.status, robot.answer = 404, b"no_service"
    client.force_login(clerk)

    page = try_out(client, slack)

    row = Address.objects.get(channel=slack)
    assert "Not sent over" in page
    assert row.test_result
    assert row.test_result in page.replace("&quot;", '"').replace("&#x27;", "'")
    assert Channel.objects.get(pk=slack.pk).tested_at is None


def test_nobody_there_is_told(client, clerk, slack, robot):
    robot.shutdown()
    robot.server_close()
    client.force_login(clerk)

    assert "Not sent over" in try_out(client, slack)


def test_a_robot_keeps_its_pace(client, clerk, slack, robot):
    client.force_login(clerk)
    try_out(client, slack)

    page = try_out(client, slack)

    assert "has just sent something" in page
    assert len(robot.taken) == 1


def test_mail_goes_to_the_accounts_address(client, clerk):
    channel = Channel.mail()
    client.force_login(clerk)

    try_out(client, channel)

    assert [message.to for message in mail.outbox] == [["wang@example.com"]]
    assert mail.outbox[0].subject == "Test message"


def test_without_an_address_there_is_nothing_to_try(client, clerk):
    type(clerk).objects.filter(pk=clerk.pk).update(email="")
    channel = Channel.mail()
    client.force_login(clerk)

    assert "Enter your address there first" in try_out(client, channel)
    assert mail.outbox == []


def test_settings_that_cannot_be_read_are_told(client, clerk, slack, settings):
    settings.SECRET_KEY = "another key, fifty characters long, of another installation"
    secrets._box.cache_clear()
    client.force_login(clerk)

    assert "have to be entered again" in try_out(client, slack)


def test_five_a_minute_are_enough(client, clerk, monkeypatch):
    channel, sent = Channel.mail(), []

    class Sender:
        def send(self, parcel):
            sent.append(parcel)
            raise ChannelError("busy")

        def close(self):
            pass

    monkeypatch.setattr("teams.notifications.senders.make_sender", lambda channel: Sender())
    moment = timezone.now()
    monkeypatch.setattr("teams.preference_views.timezone.now", lambda: moment)
    client.force_login(clerk)

    pages = [try_out(client, channel) for _try in range(6)]

    assert len(sent) == 5
    assert "enough" in pages[5]
    assert "busy" in pages[4]
