"""The e-mail channel against a real SMTP server that takes, refuses or breaks off."""

import socket

import pytest
from aiosmtpd.controller import Controller

from teams.notifications.channels import ChannelError, Parcel
from teams.notifications.channels.email import EmailChannel
from teams.notifications.content import Content, Entry, Group


class Server:
    """Answers by the local part of the address it is told."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address.startswith("unknown"):
            return "550 no such user"
        if address.startswith("greylisted"):
            return "450 try later"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope) -> str:
        who = envelope.rcpt_tos[0]
        if who.startswith("spam"):
            return "554 not wanted"
        if who.startswith("full"):
            return "452 no room"
        self.taken.append(envelope.content)
        if who.startswith("drop"):  # Taken, and the line goes dead before we hear of it.
            server.transport.abort()
        return "250 taken"


@pytest.fixture
def server(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def channel():
    channel = EmailChannel()
    yield channel
    channel.close()


def message_for(address: str) -> Parcel:
    content = Content("验货 GD-1", (Group("", (Entry("验货 GD-1", ("x",), "https://example.com/x/"),)),))
    return Parcel(f"id-{address}", address, content)


def refusal(channel: EmailChannel, address: str) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(message_for(address))
    return caught.value


def test_several_messages_go_over_one_connection(server, channel):
    channel.send(message_for("wang@example.com"))
    channel.send(message_for("li@example.com"))

    assert len(server.taken) == 2
    assert len(channel._opened) == 1
    assert b"Message-ID: <" in server.taken[0]
    assert b"Auto-Submitted: auto-generated" in server.taken[0]


@pytest.mark.parametrize(
    ("address", "permanent"),
    [
        ("unknown@example.com", True),
        ("greylisted@example.com", False),
        ("spam@example.com", True),
        ("full@example.com", False),
    ],
)
def test_a_refusal_is_permanent_if_the_server_says_so(server, channel, address, permanent):
    error = refusal(channel, address)

    assert (error.permanent, error.is_unreachable, error.is_outcome_unknown) == (permanent, False, False)
    assert error.is_address_dead == (address.startswith("unknown"))


def test_after_a_refusal_the_next_message_goes_out(server, channel):
    refusal(channel, "unknown@example.com")

    channel.send(message_for("wang@example.com"))

    assert len(server.taken) == 1


def test_a_line_that_goes_dead_after_the_text_leaves_the_outcome_unknown(server, channel):
    error = refusal(channel, "drop@example.com")

    assert (error.permanent, error.is_unreachable, error.is_outcome_unknown) == (False, False, True)
    assert len(server.taken) == 1


def test_a_server_that_is_not_there_is_unreachable(settings, channel):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1

    error = refusal(channel, "wang@example.com")

    assert (error.is_unreachable, error.is_outcome_unknown, error.permanent) == (True, False, False)
