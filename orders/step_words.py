"""The grammar of templates in words, for people: amounts, ladders, marks, documents, calendars. Pure."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from orders.calendars import BANK, CARRIER, CUSTOMER, FACTORY, OFFICE
from orders.grammar import COLUMN_NAMES, Ladder
from orders.models.templates import in_language
from orders.planning import Span
from orders.words import Stage, word_of
from teams.models import WorkCalendar
from teams.permissions import RoleCode

# Letter, icon, word, what it means.
FLAGS = {
    "A": ("anchor", pgettext_lazy("mark of a step", "anchor"), gettext_lazy("the plan hangs from this step")),
    "G": ("lock", pgettext_lazy("mark of a step", "gate"), gettext_lazy("what follows may not start before it")),
    "C": (
        "hourglass",
        pgettext_lazy("mark of a step", "waits for customer"),
        gettext_lazy("our clock stops meanwhile"),
    ),
    "S": ("factory", pgettext_lazy("mark of a step", "waits for supplier"), gettext_lazy("or another third party")),
    "V": ("eye", pgettext_lazy("mark of a step", "customer sees it"), gettext_lazy("on the tracking page")),
    "H": (
        "timer",
        pgettext_lazy("mark of a step", "hard cut-off"),
        gettext_lazy("an outside date that planning never moves"),
    ),
    "O": ("circle-dashed", pgettext_lazy("mark of a step", "optional"), gettext_lazy("may be left out")),
    "T": ("hammer", pgettext_lazy("mark of a step", "adds value"), gettext_lazy("its time counts as value-adding")),
}
CALENDAR_KINDS = {
    OFFICE: pgettext_lazy("kind of work calendar", "the team's"),
    FACTORY: pgettext_lazy("kind of work calendar", "factory"),
    BANK: pgettext_lazy("kind of work calendar", "bank"),
    CUSTOMER: pgettext_lazy("kind of work calendar", "the customer's"),
    CARRIER: pgettext_lazy("kind of work calendar", "carrier"),
}


def span_words(span: Span) -> str:
    """3 working days, 4 working hours, 20 calendar days; nothing takes no time."""
    if not span.amount:
        return pgettext("duration of a step", "event")
    words = {
        "w": ngettext("%(count)s working day", "%(count)s working days", span.amount),
        "h": ngettext("%(count)s working hour", "%(count)s working hours", span.amount),
        "c": ngettext("%(count)s calendar day", "%(count)s calendar days", span.amount),
    }
    return words[span.unit] % {"count": span.amount}


def days_words(count: int) -> str:
    return ngettext("%(count)s working day", "%(count)s working days", count) % {"count": count}


def ladder_words(ladder: Ladder | None) -> list[str]:
    """Who is told when, one line each."""
    if ladder is None:
        return []
    lines = []
    if ladder.soon:
        lines.append(_("owner: %(span)s before") % {"span": span_words(ladder.soon)})
    if ladder.lead:
        lines.append(_("lead: %(span)s late") % {"span": span_words(ladder.lead)})
    if ladder.manager:
        lines.append(_("manager: %(span)s late") % {"span": span_words(ladder.manager)})
    return lines


def latest_words(latest: tuple[str, Span], names: Mapping[str, str]) -> str:
    return _("%(span)s before %(step)s") % {"span": span_words(latest[1]), "step": names.get(latest[0], latest[0])}


def cell_words(column: str, text: str, calendars: Mapping[str, WorkCalendar]) -> str:
    """A cell as a person reads it in a list of changes; what has no words stays as it is written."""
    if not text:
        return pgettext("calendar of a step", "by rule") if column == "calendar" else "—"
    if column == "stage":
        return word_of(Stage, text)
    if column == "role":
        return word_of(RoleCode, text)
    if column == "flags":
        return pgettext("between names", ", ").join(str(FLAGS[letter][1]) for letter in text if letter in FLAGS)
    if column == "calendar":
        return calendars[text].name if text in calendars else text
    return text


def column_words(column: str) -> str:
    return str(COLUMN_NAMES.get(column, _("buffer before the anchor") if column == "buffer" else column))


def spec_name(zh: str, en: str) -> str:
    """A step's name with a capital, as it begins a line."""
    name = in_language(zh, en)
    return name[:1].upper() + name[1:]
