"""What an item says: the same words in the inbox, the API and every message.

Rendered in the language and time zone in force, so by whoever reads; the facts were put into the payload when the
item was shown first. Reads no row.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from teams.models import Notification
from teams.notifications import registry


def headline(notification: Notification) -> str:
    """One line without control characters: the title in the inbox."""
    return lines_of(notification)[0]


def body(notification: Notification) -> str:
    """The lines below the headline; plain text, not escaped."""
    return "\n".join(lines_of(notification)[1:])


def lines_of(notification: Notification) -> list[str]:
    """The headline and the lines below it."""
    try:
        return words_of(notification.kind, notification.payload)
    except registry.UnknownKind:  # Shown by an older version; delivery itself sends no such message.
        return [_("A message of an earlier version")]


def words_of(kind_name: str, payload: Mapping[str, Any]) -> list[str]:
    """A payload in words: the headline, then a line for each thing to know.

    Raises:
        UnknownKind
        Exception: whatever the kind's words or its template stumbled over.
    """
    kind = registry.get(kind_name)
    words = {name: _one_line(str(word)) for name, word in kind.words(payload).items()}
    lines = [line.strip() for line in render_to_string(kind.template, words).strip().split("\n")]
    return [line for line in [*lines, *_how_it_came(payload)] if line] or [""]


def target_url(notification: Notification) -> str:
    """The page that the message is about, as a path on this site; empty if nobody knows the kind any more."""
    try:
        return registry.get(notification.kind).path(notification.payload)
    except registry.UnknownKind:
        return ""


def moment(at: datetime) -> str:
    """An instant with its weekday, in the time zone in force."""
    return date_format(timezone.localtime(at), pgettext("date format with weekday", "D j M Y, H:i"))


def _how_it_came(payload: Mapping[str, Any]) -> list[str]:
    """That it is told late, or in somebody's stead."""
    lines = []
    if payload.get("for_name"):
        lines.append(_("You stand in for %(person)s.") % {"person": _one_line(payload["for_name"])})
    if payload.get("late_since"):
        at = moment(datetime.fromisoformat(payload["late_since"]))
        lines.append(_("Told late: it was to be told on %(at)s.") % {"at": at})
    return lines


def _one_line(word: str) -> str:
    """Without control characters: a line break in a name would end the headline, and begin a new mail header."""
    return " ".join("".join(char if char.isprintable() else " " for char in word).split())
