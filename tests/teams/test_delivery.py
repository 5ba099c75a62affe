"""From outbox to inbox and mail: exact showing, claims by lease, outcomes row by row, retries, and what a mail says."""

import smtplib
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core import mail
from django.db import OperationalError
from django.utils import timezone, translation

from teams.models import Notification, Organization
from teams.notifications import claims, delivery, outbox, registry, texts
from teams.notifications.channels import ChannelError
from teams.notifications.channels import email as email_channel
from teams.notifications.claims import Counts
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
KIND = "test_kind"
HOUR = timedelta(hours=1)


class Asked:
    """Answers for the app that a message is about; a test changes its mind."""

    def __init__(self) -> None:
        self.untrue: set[str] = set()
        self.broken: set[str] = set()

    def still_true(self, rows, at):
        if any(row.subject in self.broken for row in rows):
            raise RuntimeError("cannot be asked")
        return {row.pk: {"fact": 1} for row in rows if row.subject not in self.untrue}


@pytest.fixture
def asked():
    answers = Asked()
    registry.register(
        registry.Kind(KIND, "notifications/milestone_due.txt", answers.still_true, words, lambda payload: "/there/")
    )
    yield answers
    registry.unregister(KIND)


def words(payload):
    if payload.get("is_poison"):
        raise ValueError("cannot be rendered")
    return {"milestone": payload.get("text", "Booking"), "order": "GD-1", "due": "soon"}


@pytest.fixture
def reader(db):
    return make_user("clerk", team=make_team(), username="wang", language="en")


@pytest.fixture
def queue(asked, reader):
    def queue(subject: str = "thing:1", recipient=None, **payload) -> Notification:
        now = timezone.now() - timedelta(minutes=1)
        outbox.enqueue(
            kind=KIND, recipient=recipient or reader, subject=subject, dedupe_key=subject, payload=payload, now=now
        )
        return Notification.objects.get(dedupe_key=subject)

    return queue


@pytest.fixture
def refuse(monkeypatch):
    """Let the mail server answer each message with this error."""

    def refuse(error: Exception) -> None:
        def send(self):
            raise error

        monkeypatch.setattr("django.core.mail.EmailMessage.send", send)

    return refuse


def make_due(row: Notification) -> None:
    Notification.objects.filter(pk=row.pk).update(not_before=timezone.now() - HOUR)


def shown_and_claimed(*rows: Notification) -> list[Notification]:
    counts = Counts()
    claims.show_due(counts)
    return claims.claim(counts)


def let_lease_run_out(row: Notification) -> None:
    Notification.objects.filter(pk=row.pk).update(lease_until=timezone.now() - HOUR)


def test_a_due_message_is_shown_sent_and_done(queue):
    row = queue()

    counts = delivery.deliver()

    row.refresh_from_db()
    assert (counts.shown, counts.sent) == (1, 1)
    assert (row.status, row.attempts, row.lease_until) == ("sent", 1, None)
    assert row.shown_at is not None
    assert row.payload == {"fact": 1}
    assert [message.to for message in mail.outbox] == [["wang@example.com"]]


def test_a_second_run_sends_nothing(queue):
    queue()
    delivery.deliver()

    counts = delivery.deliver()

    assert counts == Counts()
    assert len(mail.outbox) == 1


def test_nothing_is_told_before_its_time(queue):
    row = queue()
    Notification.objects.filter(pk=row.pk).update(not_before=timezone.now() + HOUR)

    delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.shown_at, mail.outbox) == ("queued", None, [])


def test_a_person_without_address_is_told_in_the_inbox_alone(queue, reader):
    reader.email = ""
    reader.save()
    row = queue()

    counts = delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.shown_at is not None, counts.sent, mail.outbox) == ("sent", True, 1, [])


def test_a_person_who_left_is_told_nothing(queue, reader):
    row = queue()
    reader.is_active = False
    reader.save()

    delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.cancelled_reason, row.shown_at) == ("cancelled", "person_left", None)


def test_what_is_no_longer_true_is_cancelled_and_never_shown(queue, asked):
    row, other = queue("thing:1"), queue("thing:2")
    asked.untrue.add("thing:1")

    delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.cancelled_reason, row.shown_at) == ("cancelled", "no_longer_true", None)
    other.refresh_from_db()
    assert other.status == "sent"


def test_what_becomes_untrue_between_inbox_and_mail_is_not_mailed(queue, asked):
    row = queue()
    claims.show_due(Counts())
    asked.untrue.add("thing:1")

    delivery.deliver()

    row.refresh_from_db()
    assert (row.status, mail.outbox) == ("cancelled", [])
    assert Notification.objects.inbox_of(row.recipient).count() == 1  # it was shown; that stays


def test_a_message_that_cannot_be_checked_holds_up_no_other_and_is_parked(queue, asked, settings):
    bad, good = queue("thing:1"), queue("thing:2")
    asked.broken.add("thing:1")

    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        delivery.deliver()
        make_due(bad)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (good.status, bad.status, bad.attempts) == ("sent", "failed", settings.OUTBOX_MAX_ATTEMPTS)
    assert bad.last_error == "RuntimeError: cannot be asked"


def test_a_message_that_cannot_be_rendered_holds_up_no_other_and_is_parked(queue, settings):
    bad, good = queue("thing:1", is_poison=True), queue("thing:2")

    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        delivery.deliver()
        make_due(bad)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (good.status, bad.status, bad.last_error) == ("sent", "failed", "ValueError: cannot be rendered")


def test_a_kind_that_no_app_knows_any_more_is_parked(queue, settings):
    row = queue()
    Notification.objects.filter(pk=row.pk).update(kind="of_an_older_version", attempts=settings.OUTBOX_MAX_ATTEMPTS - 1)

    delivery.deliver()

    row.refresh_from_db()
    assert row.status == "failed"
    assert "of_an_older_version" in row.last_error


def test_a_claim_is_small_and_carries_lease_owner_and_attempt(queue, settings):
    for number in range(settings.OUTBOX_CLAIM_SIZE + 1):
        queue(f"thing:{number}")
    claims.show_due(Counts())
    before = timezone.now()

    mine = claims.claim(Counts())

    assert len(mine) == settings.OUTBOX_CLAIM_SIZE
    row = Notification.objects.get(pk=mine[0].pk)
    assert (row.status, row.attempts, row.lease_owner) == ("sending", 1, mine[0].lease_owner)
    assert row.lease_until - before >= claims.lease()
    assert row.attempt_started_at >= before
    assert not row.is_possible_repeat


def test_a_running_lease_is_left_alone(queue):
    queue()
    shown_and_claimed()

    assert claims.claim(Counts()) == []


def test_an_expired_lease_is_taken_over_as_a_possible_repeat(queue, settings):
    row = queue()
    shown_and_claimed()
    let_lease_run_out(row)
    settings.OUTBOX_LEASE_SECONDS = 0  # the test's database has only just started

    (again,) = claims.claim(Counts())

    row.refresh_from_db()
    assert (again.is_possible_repeat, row.is_possible_repeat, row.attempts) == (True, True, 2)


def test_an_expired_lease_is_left_alone_until_the_database_was_up_for_one_lease(queue, settings):
    row = queue()
    shown_and_claimed()
    let_lease_run_out(row)
    settings.OUTBOX_LEASE_SECONDS = 10**7  # longer than any test database has been up

    assert claims.claim(Counts()) == []


def test_the_outcome_of_a_lease_that_passed_on_is_not_written(queue, settings):
    row = queue()
    (first,) = shown_and_claimed()
    let_lease_run_out(row)
    settings.OUTBOX_LEASE_SECONDS = 0
    claims.claim(Counts())
    counts = Counts()

    claims.record_failure(first, "too late", counts)
    claims.record_sent(first, counts)

    row.refresh_from_db()
    assert (row.status, row.last_error, counts) == ("sending", "", Counts())


def test_a_message_that_kills_its_worker_each_time_is_parked(queue, settings):
    row = queue()
    shown_and_claimed()
    let_lease_run_out(row)
    Notification.objects.filter(pk=row.pk).update(attempts=settings.OUTBOX_MAX_ATTEMPTS)
    settings.OUTBOX_LEASE_SECONDS = 0

    assert claims.claim(Counts()) == []

    row.refresh_from_db()
    assert (row.status, row.last_error) == ("failed", "no attempt came to an end")


def test_a_temporary_refusal_is_tried_again_after_a_pause(queue, refuse):
    row = queue()
    refuse(smtplib.SMTPDataError(451, b"try later"))

    counts = delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.attempts, counts.retried, row.is_possible_repeat) == ("queued", 1, 1, False)
    assert timedelta(seconds=5) < row.not_before - timezone.now() < timedelta(seconds=20)
    assert "451" in row.last_error


def test_the_pause_grows_and_has_a_cap():
    pauses = [claims.pause_after(attempts).total_seconds() for attempts in range(1, 8)]

    assert all(shorter < longer for shorter, longer in pairwise(pauses[:5]))
    assert max(pauses) <= 3600 * 1.2


def test_a_permanent_refusal_is_given_up_at_once_and_stays_in_the_inbox(queue, refuse):
    row = queue()
    refuse(smtplib.SMTPRecipientsRefused({"wang@example.com": (550, b"no such user")}))

    counts = delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.attempts, counts.failed) == ("failed", 1, 1)
    assert Notification.objects.inbox_of(row.recipient).get() == row


def test_after_the_last_attempt_it_is_given_up(queue, refuse, settings):
    row = queue()
    refuse(smtplib.SMTPDataError(451, b"try later"))

    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        delivery.deliver()
        make_due(row)

    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", settings.OUTBOX_MAX_ATTEMPTS)


def test_a_connection_that_breaks_during_the_send_leaves_the_outcome_unknown(queue, refuse):
    row = queue()
    refuse(smtplib.SMTPServerDisconnected("gone"))

    delivery.deliver()

    row.refresh_from_db()
    assert (row.status, row.is_possible_repeat) == ("queued", True)


def test_an_unreachable_mail_server_ends_the_run_but_not_the_inbox(queue, monkeypatch):
    rows = [queue(f"thing:{number}") for number in range(20)]

    def unreachable(self, notification):
        raise ChannelError("the mail server does not answer", is_unreachable=True)

    monkeypatch.setattr(email_channel.EmailChannel, "send", unreachable)

    counts = delivery.deliver()

    assert counts.shown == 20
    assert counts.retried + counts.put_back == 8
    assert Notification.objects.filter(status="sending").count() == 0
    assert Notification.objects.inbox_of(rows[0].recipient).count() == 20


def test_a_run_begins_nothing_once_it_is_told_to_stop(queue):
    queue()

    assert delivery.deliver(is_stopping=lambda: True) == Counts()


def test_an_outcome_is_written_again_and_again_while_the_database_is_away(queue, monkeypatch):
    row = queue()
    write, tries = claims.record_sent, []

    def away_at_first(*args):
        tries.append(args)
        if len(tries) < 3:
            raise OperationalError("the server closed the connection")
        write(*args)

    monkeypatch.setattr(claims, "record_sent", away_at_first)
    monkeypatch.setattr(delivery.connection, "close", lambda: None)  # of the test's own transaction

    delivery.deliver()

    row.refresh_from_db()
    assert (len(tries), row.status, len(mail.outbox)) == (3, "sent", 1)


def test_the_mail_has_a_lasting_message_id_and_says_when_it_may_be_a_repeat(queue):
    row = Notification.objects.select_related("recipient").get(pk=queue().pk)
    channel = email_channel.EmailChannel(Organization.current())
    first = channel.message(row)
    row.is_possible_repeat = True
    again = channel.message(row)

    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]
    assert first.extra_headers["Message-ID"].endswith("@testserver>")
    assert "received this message before" not in first.body
    assert "received this message before" in again.body


def test_a_text_cannot_add_a_header(queue):
    queue(text="Booking\r\nBcc: everybody@example.com\x07")

    delivery.deliver()

    (message,) = mail.outbox
    assert message.subject == "Due: Booking Bcc: everybody@example.com of order GD-1"
    assert "\nBcc:" not in message.message().as_string().split("\n\n")[0]


def test_texts_are_plain_not_escaped(queue):
    row = queue(text="A & B <x>")
    row.refresh_from_db()

    assert "A & B <x>" in texts.headline(row)


def test_the_link_leads_to_the_page(queue):
    row = queue()

    assert texts.target_url(row) == "/there/"
    assert texts.absolute_url(row) == "http://testserver/there/"


def test_an_inbox_shows_what_an_older_version_told(queue):
    row = queue()
    row.kind = "of_an_older_version"

    with translation.override("en"):
        assert (texts.headline(row), texts.body(row), texts.target_url(row)) == (
            "A message of an earlier version",
            "",
            "",
        )
