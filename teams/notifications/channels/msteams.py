"""Microsoft Teams, by the webhook of a workflow and an Adaptive Card."""

import re
from typing import Any

from django.utils.translation import gettext as _

from teams.notifications.channels import ChannelError, Parcel, Receipt, words
from teams.notifications.channels.dialects import Dialect, says_it_all
from teams.notifications.channels.fitting import fit
from teams.notifications.channels.over_http import HttpChannel, encoded, unreadable
from teams.notifications.content import Content, Entry
from teams.notifications.transport import USUAL_PAUSE, Answer, check_status

LIMIT = 28_000
DIALECT = Dialect(words.backslashed, line_end="\n\n")
# A sign-in name, or the object id of a person.
USER_NAME = re.compile(
    r"[0-9A-Za-z._%+'-]{1,64}@[0-9A-Za-z.-]{3,100}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
# The connectors of old answer 200 and tell the failure in words.
_FAILED = re.compile(rb"delivery failed(?:\D*(\d{3})\b)?", re.I)


class MsTeams(HttpChannel):
    """Config: `url`. Addresses are sign-in names or object ids."""

    def form(self, parcel: Parcel) -> dict[str, Any]:
        def form(part: Content, left_out: int) -> dict[str, Any]:
            content = card(part, left_out, parcel)
            kind = "application/vnd.microsoft.card.adaptive"
            return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": content}]}

        return fit(parcel.content, form, lambda body: len(encoded(body)) / LIMIT)

    def judge(self, answer: Answer) -> Receipt:
        check_status(answer)
        if failed := _FAILED.search(answer.body):
            status = (failed[1] or b"").decode()
            reason = _("Teams did not take the message (status %(status)s).") % {"status": status or "?"}
            raise ChannelError(reason, retry_after=USUAL_PAUSE if status == "429" else None)
        if answer.body.lstrip().startswith(b"<"):
            raise unreadable()
        return Receipt(str(answer.status))


def card(content: Content, left_out: int, parcel: Parcel) -> dict[str, Any]:
    """`content` is as much of the parcel's as fits."""
    address = parcel.address
    is_mentioned = USER_NAME.fullmatch(address)
    name = f"<at>{address.partition('@')[0]}</at>"
    body = [
        _text(DIALECT.title(content), size="Large"),
        _text(name if is_mentioned else DIALECT.for_whom(parcel)),
        _text(DIALECT.plain(content.intro)),
    ]
    for group in content.groups:
        body.append(_text(DIALECT.heading(group.title), size="Medium", spacing="Large", separator=True))
        for entry in group.entries:
            body += _entry(entry, content)
    body.append(_text(DIALECT.more(content, left_out)))
    body += [_text(DIALECT.plain(line), isSubtle=True, size="Small") for line in content.footer]
    mention = {"type": "mention", "text": name, "mentioned": {"id": address, "name": address.partition("@")[0]}}
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full", **({"entities": [mention]} if is_mentioned else {})},
        "body": [block for block in body if block],
    }


def _entry(entry: Entry, content: Content) -> list[dict[str, Any]]:
    """The headline, unless it is the title, and what belongs to it close below."""
    lines = DIALECT.entry(entry, content).split(DIALECT.line_end)
    headline = [] if says_it_all(content) else [_text(lines.pop(0))]
    return headline + [_text(line, spacing="None", isSubtle=True) for line in lines]


def _text(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **look} if text else {}
