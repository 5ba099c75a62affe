"""Slack incoming webhook, by Block Kit."""

import re
from typing import Any

from django.utils.translation import gettext as _

from teams.notifications.channels import ChannelError, Parcel, Receipt, words
from teams.notifications.channels.dialects import Dialect
from teams.notifications.channels.fitting import fit, shortened
from teams.notifications.channels.over_http import HttpChannel, unreadable
from teams.notifications.content import Content
from teams.notifications.transport import Answer, check_status

# Of a message, of one text, and of all texts together: Slack refuses messages that are long in all.
BLOCKS, TEXT, TEXTS = 50, 3000, 12_000
DIALECT = Dialect(
    words.slack,
    strong="*{}*",
    link="<{url}|{label}>",
    href=lambda url: words.slack_signs(words.href(url)),
)
MEMBER_ID = re.compile(r"[UW][0-9A-Z]{5,20}")
# Said in plain text; for good, whatever the status.
_REFUSALS = (
    *("invalid_token", "no_service", "no_active_hooks", "no_team", "team_disabled", "channel_not_found"),
    *("channel_is_archived", "action_prohibited", "posting_to_general_channel_denied", "user_not_found"),
    *("invalid_payload", "invalid_blocks", "too_many_attachments", "no_text"),
)


class Slack(HttpChannel):
    """Config: `url`. Addresses are member IDs."""

    def form(self, parcel: Parcel) -> dict[str, Any]:
        is_member = MEMBER_ID.fullmatch(parcel.address)
        mention = f"<@{parcel.address}>" if is_member else DIALECT.for_whom(parcel)

        def form(part: Content, left_out: int) -> dict[str, Any]:
            return {
                "text": shortened(DIALECT.plain(part.title), 300),
                "blocks": blocks(part, left_out, mention),
                "unfurl_links": False,
                "unfurl_media": False,
            }

        return fit(parcel.content, form, load)

    def judge(self, answer: Answer) -> Receipt:
        text = answer.body[:100].decode("utf-8", "replace").strip()
        if text in _REFUSALS:
            reason = _("Slack refuses it: %(word)s.") % {"word": text}
            raise ChannelError(reason, permanent=True, is_address_dead=answer.status in (404, 410))
        check_status(answer)
        if text != "ok":
            raise unreadable()
        return Receipt("ok")


def blocks(content: Content, left_out: int, mention: str) -> list[dict[str, Any]]:
    *sections, footer = DIALECT.paragraphs(content, left_out, mention)
    found: list[dict[str, Any]] = [{"type": "section", "text": _mrkdwn(text)} for text in sections if text]
    if footer:
        found.append({"type": "context", "elements": [_mrkdwn(footer)]})
    return found


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def load(body: dict[str, Any]) -> float:
    texts = [block["text"]["text"] if "text" in block else block["elements"][0]["text"] for block in body["blocks"]]
    lengths = [len(text) for text in texts]
    return max(len(texts) / BLOCKS, max(lengths, default=0) / TEXT, sum(lengths) / TEXTS)
