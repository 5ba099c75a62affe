"""E-mail through any SMTP server."""

import smtplib
import threading
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from teams.notifications.channels import ChannelError, Parcel, Receipt, mail_form


class EmailChannel:
    """Sends from several threads, each over a connection of its own that it keeps until `close`."""

    def __init__(self, config: object = None) -> None:
        self._own = threading.local()
        self._opened: list = []

    def send(self, parcel: Parcel) -> Receipt:
        """Send the parcel.

        Raises:
            ChannelError
        """
        message = self.message(parcel)
        message.connection = self._connection()
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            self._own.connection = None  # After an error nobody knows what the server expects next.
            raise _refusal(error) from error
        return Receipt("250")

    def message(self, parcel: Parcel) -> EmailMultiAlternatives:
        """The mail; its Message-ID stays the same however often it is sent, so that receivers can drop a repeat."""
        mail = EmailMultiAlternatives(
            subject=mail_form.subject(parcel.content),
            body=mail_form.plain(parcel.content, parcel.language),
            to=[parcel.address],
            headers={"Message-ID": message_id(parcel.delivery_id), "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(mail_form.html(parcel.content, parcel.language), "text/html")
        return mail

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


def message_id(delivery_id: str) -> str:
    return f"<{delivery_id}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"


def _refusal(error: smtplib.SMTPException | OSError) -> ChannelError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _reply in error.recipients.values()]
        is_final = all(code >= 500 for code in codes)
        return ChannelError(f"the address was refused: {error}", permanent=is_final, is_address_dead=is_final)
    if isinstance(error, smtplib.SMTPDataError):
        return ChannelError(f"the message was refused: {error}", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return ChannelError(f"the connection broke: {error}", is_outcome_unknown=True)
    if isinstance(error, smtplib.SMTPResponseException):
        # The sender or the log-in is refused: a matter of the settings, not of this message.
        return ChannelError(f"the mail server refused: {error}", is_unreachable=True)
    return ChannelError(f"the connection broke: {error}", is_outcome_unknown=True)
