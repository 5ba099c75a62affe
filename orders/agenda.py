"""How a person's day stands, for the morning digest: the desk's own counts, and what is due today beside its items."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.models import Milestone
from orders.models.templates import in_language
from orders.notices import order_path
from orders.pages.desk import count_sections, desk_steps
from orders.words import DeskSection
from teams.models import Organization, User
from teams.notifications import registry, texts
from teams.notifications.content import Entry, Group

SHOWN = 10
READ = 40  # some of them may stand among the digest's items


def register() -> None:
    registry.register_agenda(registry.Agenda(facts_of, words))


def facts_of(users: Collection[User], at: datetime) -> dict[int, dict[str, Any]]:
    """For each person the desk's counts, and today's first steps as plain values."""
    organization = Organization.current()
    facts = {}
    for user in users:
        with timezone.override(user.timezone or organization.timezone):
            today = desk_steps(user, user, at).filter(section=DeskSection.TODAY).order_by("due_at", "pk")
            rows = today.values_list("pk", "order__number", "name_zh", "name_en", "due_at")[:READ]
            facts[user.pk] = {
                "counts": count_sections(user, user, at),
                "today": [[Milestone(pk=pk).subject, *names, due.isoformat()] for pk, *names, due in rows],
            }
    return facts


def words(facts: Mapping[str, Any], told: Collection[str]) -> tuple[str, Sequence[Group]]:
    """The opening sentence, and what else is due today beside the subjects `told`; in the language and time zone in
    force."""
    counts = [f"{label} {facts['counts'][key]}" for key, label in DeskSection.choices if facts["counts"].get(key)]
    intro = _("On your desk: %(counts)s") % {"counts": pgettext("between names", ", ").join(counts)} if counts else ""
    others = [row for subject, *row in facts["today"] if subject not in told]
    entries = [_entry(*row) for row in others[:SHOWN]]
    hidden = max(facts["counts"].get(DeskSection.TODAY, 0) - len(facts["today"]), 0)
    more = len(others) - len(entries) + hidden
    if more > 0:
        text = ngettext("and %(n)s more on your desk", "and %(n)s more on your desk", more) % {"n": more}
        entries.append(Entry(text, url=settings.BASE_URL.rstrip("/") + "/"))
    return intro, [Group(_("Also due today"), tuple(entries))] if entries else []


def _entry(number: str, zh: str, en: str, due: str) -> Entry:
    at = texts.moment(datetime.fromisoformat(due))
    name = in_language(zh, en)
    text = _("%(step)s of order %(order)s, due %(at)s") % {"step": name, "order": number, "at": at}
    return Entry(text, url=settings.BASE_URL.rstrip("/") + order_path({"order": number}))
