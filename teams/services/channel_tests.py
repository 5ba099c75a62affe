"""A message that people send themselves, to see whether a way to them works. What they are told is what happened."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from teams import secrets
from teams.clock import read_clock
from teams.errors import DomainError
from teams.models import Address, Channel, ChannelKind, Organization, User
from teams.notifications import senders
from teams.notifications.channels import ChannelError, Parcel
from teams.notifications.content import Content, Entry, Group


class NoAddress(DomainError):
    """There is nowhere to send it to: the account has no mail address, or the person no name in that channel."""

    code = "no_address"


class RobotBusy(DomainError):
    """The robot has just sent something; its product allows a message every few seconds."""

    code = "robot_busy"


@dataclass(frozen=True)
class Tried:
    """`text` is the other side's answer or the refusal, as it came."""

    is_sent: bool
    text: str


def send_test(*, user: User, channel: Channel, now: datetime) -> Tried:
    """Send a small message right away, outside any transaction, and keep what came of it with the person's address.

    Raises:
        NoAddress, RobotBusy.
    """
    # A test opens no way: only who says so is told over this channel from then on.
    is_on = channel.kind == ChannelKind.EMAIL
    address = Address.objects.get_or_create(user=user, channel=channel, defaults={"is_on": is_on})[0]
    address.user, address.channel = user, channel
    if channel.kind in {ChannelKind.EMAIL, ChannelKind.WECOM_APP} and not address.text():
        raise NoAddress(_("Enter your address there first."))
    _take_turn(channel, now)
    tried = _send(address)
    result = "" if tried.is_sent else (tried.text or "?")
    Address.objects.filter(pk=address.pk).update(tested_at=now, test_result=result[:300])
    if tried.is_sent:
        Channel.objects.filter(pk=channel.pk).update(tested_at=now)
    return tried


def _take_turn(channel: Channel, now: datetime) -> None:
    """Keep to the robot's pace, as messages do."""
    if not channel.pace_seconds:
        return
    free = Channel.objects.filter(Q(next_send_at=None) | Q(next_send_at__lte=now), pk=channel.pk)
    if not free.update(next_send_at=now + timedelta(seconds=channel.pace_seconds)):
        raise RobotBusy(_("This robot has just sent something. Please try again in a few seconds."))


def _send(address: Address) -> Tried:
    language = address.user.language or Organization.current().language
    with translation.override(language):
        name = str(address.user)
        parcel = Parcel(str(uuid.uuid4()), address.text(), _content(), language, name, at=read_clock().now.timestamp())
    sender = None
    try:
        sender = senders.make_sender(address.channel)
        return Tried(True, sender.send(parcel).detail)
    except ChannelError as refusal:
        return Tried(False, str(refusal))
    except (secrets.Unreadable, KeyError):
        return Tried(False, _("The settings of this channel cannot be read any more; they have to be entered again."))
    finally:
        if sender is not None:
            sender.close()


def _content() -> Content:
    base = settings.BASE_URL.rstrip("/")
    entry = Entry(
        _("Your reminders can reach you here."),
        (_("You asked for this test message."),),
        url=f"{base}/accounts/notifications/",
    )
    return Content(_("Test message"), (Group("", (entry,)),), url=f"{base}/accounts/notifications/")
