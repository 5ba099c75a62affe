"""E-mail through any SMTP server."""

import hashlib
import smtplib
import threading
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from teams.models import Notification, Organization
from teams.notifications import texts
from teams.notifications.channels import ChannelError


class EmailChannel:
    """Sends from several threads, each over a connection of its own that it keeps until `close`."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self._own = threading.local()
        self._opened: list = []

    def send(self, notification: Notification) -> None:
        """Render the message in its reader's language and time zone, and send it.

        Raises:
            ChannelError
            Exception: whatever rendering stumbled over.
        """
        message = self.message(notification)
        message.connection = self._connection()
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            self._own.connection = None  # After an error nobody knows what the server expects next.
            raise _refusal(error) from error

    def message(self, notification: Notification) -> EmailMessage:
        """The mail; its Message-ID stays the same however often it is sent, so that receivers can drop a repeat."""
        reader, organization = notification.recipient, self.organization
        zone = ZoneInfo(reader.timezone or organization.timezone)
        with translation.override(reader.language or organization.language), timezone.override(zone):
            parts = [texts.body(notification), texts.absolute_url(notification)]
            if notification.is_possible_repeat:
                parts.append(_("You may have received this message before."))
            return EmailMessage(
                subject=texts.headline(notification),
                body="\n\n".join(parts) + "\n",
                to=[reader.email],
                headers={"Message-ID": message_id(notification), "Auto-Submitted": "auto-generated"},
            )

    def _connection(self):
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as error:
                raise ChannelError(f"the mail server does not answer: {error}", is_unreachable=True) from error
            self._opened.append(connection)
            self._own.connection = connection
        return connection

    def close(self) -> None:
        for connection in self._opened:
            try:
                connection.close()
            except (smtplib.SMTPException, OSError):  # It is gone already.
                continue


def message_id(notification: Notification) -> str:
    """The delivery's own name, by what it is about and for whom."""
    digest = hashlib.sha256(notification.dedupe_key.encode()).hexdigest()[:32]
    return f"<{digest}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"


def _refusal(error: smtplib.SMTPException | OSError) -> ChannelError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _reply in error.recipients.values()]
        return ChannelError(f"the address was refused: {error}", permanent=all(code >= 500 for code in codes))
    if isinstance(error, smtplib.SMTPDataError):
        return ChannelError(f"the message was refused: {error}", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        # The sender or the log-in is refused: a matter of the settings, not of this message.
        return ChannelError(f"the mail server refused: {error}")
    return ChannelError(f"the connection broke: {error}", is_outcome_unknown=True)
