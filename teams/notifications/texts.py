"""What a message says: the same words in the inbox, the API and the mail.

Rendered in the language and time zone in force, so by whoever reads; the facts were put into the payload when the
message was shown first. Reads no row.
"""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from teams.models import Notification
from teams.notifications import registry


def headline(notification: Notification) -> str:
    """One line without control characters: the title in the inbox, the subject of the mail."""
    return _render(notification)[0]


def body(notification: Notification) -> str:
    """The paragraphs below the headline; plain text, not escaped."""
    return _render(notification)[1]


def target_url(notification: Notification) -> str:
    """The page that the message is about, as a path on this site; empty if nobody knows the kind any more."""
    try:
        return registry.get(notification.kind).path(notification.payload)
    except registry.UnknownKind:
        return ""


def absolute_url(notification: Notification) -> str:
    """The same page as a link for a mail."""
    return settings.BASE_URL.rstrip("/") + target_url(notification)


def _render(notification: Notification) -> tuple[str, str]:
    try:
        kind = registry.get(notification.kind)
    except registry.UnknownKind:  # Shown by an older version; delivery itself sends no such message.
        return _("A message of an earlier version"), ""
    words = {name: _one_line(str(word)) for name, word in kind.words(notification.payload).items()}
    first, _newline, rest = render_to_string(kind.template, words).strip().partition("\n")
    return first.strip(), rest.strip()


def _one_line(word: str) -> str:
    """Without control characters: a line break in a name would end the headline, and begin a new mail header."""
    return " ".join("".join(char if char.isprintable() else " " for char in word).split())
