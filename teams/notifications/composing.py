"""From a message in hand to what its channel is given: in the reader's language and time zone; reads no row."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from teams.models import Notification, Organization, Urgency
from teams.notifications import answer_tokens, registry, texts
from teams.notifications.channels import Parcel
from teams.notifications.channels.catalog import CATALOG
from teams.notifications.claims import Claim
from teams.notifications.content import Content, Entry, Group


def parcel_of(claim: Claim, organization: Organization) -> Parcel:
    """Put the message into words.

    Raises:
        Exception: whatever a kind's words stumbled over.
    """
    reader = claim.person.user
    language = reader.language or organization.language
    with translation.override(language), timezone.override(claim.person.hours.zone):
        return Parcel(
            delivery_id=str(claim.message.delivery_id),
            address=claim.address.text(),
            content=content_of(claim),
            language=language,
            name=str(reader),
            is_repeat=claim.message.is_possible_repeat,
            at=claim.at.timestamp(),
        )


def content_of(claim: Claim) -> Content:
    """In the language and time zone in force."""
    groups = tuple(_groups(claim))
    intro = ""
    is_digest = claim.message.urgency == Urgency.DIGEST
    agenda = registry.agenda()
    if is_digest and agenda is not None and claim.agenda:
        intro, more = agenda.words(claim.agenda, {item.subject for item in claim.items})
        groups += tuple(more)
    return Content(
        title=_title(claim, groups, is_digest=is_digest),
        groups=groups,
        intro=intro,
        footer=tuple(_footer(claim)),
        url=settings.BASE_URL.rstrip("/") + "/",
        is_urgent=not is_digest,
    )


def _groups(claim: Claim) -> Iterator[Group]:
    """The items by what they ask for, in the order of their topics."""
    by_topic: dict[str, list[Entry]] = {}
    for item in claim.items:
        code = registry.get(item.kind).topic(claim.facts[item.pk])
        by_topic.setdefault(code, []).append(entry_of(item, claim.facts[item.pk]))
    for code in sorted(by_topic, key=lambda code: registry.topic(code).rank):
        yield Group(str(registry.topic(code).heading), tuple(by_topic[code]))


def entry_of(item: Notification, payload: Mapping[str, Any]) -> Entry:
    headline, *lines = texts.words_of(item.kind, payload)
    return Entry(
        headline=headline,
        lines=tuple(line for line in lines if line),
        url=settings.BASE_URL.rstrip("/") + registry.get(item.kind).path(payload),
        answer_url=answer_tokens.url_of(item),
        key=item.dedupe_key,
    )


def _title(claim: Claim, groups: tuple[Group, ...], *, is_digest: bool) -> str:
    if not is_digest and len(claim.items) == 1:
        return groups[0].entries[0].headline
    counts = pgettext("between names", ", ").join(
        f"{group.title} {len(group.entries)}" for group in groups if group.title
    )
    if is_digest:
        day = date_format(claim.message.digest_date or claim.at, pgettext("date format with weekday, no year", "D j M"))
        return _("Follow-up for %(day)s: %(counts)s") % {"day": day, "counts": counts}
    number = len(claim.items)
    return ngettext("%(n)s urgent reminder", "%(n)s urgent reminders", number) % {"n": number}


def _footer(claim: Claim) -> Iterator[str]:
    if claim.is_late:
        planned = texts.moment(claim.message.planned_at)
        yield _("This message comes late: it was to reach you on %(at)s.") % {"at": planned}
    if claim.message.is_possible_repeat and not CATALOG[claim.message.channel.kind].takes_key:
        yield _("You may have received this message before.")
