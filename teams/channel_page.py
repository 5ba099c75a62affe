"""How a channel stands, in words: it works, rests, refuses, is switched off, or nobody has tried it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from teams.models import Channel, ChannelKind
from teams.templatetags.gendan import moment

ICONS: dict[str, str] = {
    ChannelKind.EMAIL: "mail",
    ChannelKind.WECOM_APP: "user-round-check",
    ChannelKind.WECOM_ROBOT: "bot",
    ChannelKind.DINGTALK: "bot-message-square",
    ChannelKind.FEISHU: "send",
    ChannelKind.SLACK: "hash",
    ChannelKind.MSTEAMS: "messages-square",
    ChannelKind.WEBHOOK: "webhook",
}


@dataclass(frozen=True)
class State:
    """`tone` is a class of tags; `words` fit into one, `detail` says why."""

    tone: str
    icon: str
    words: str
    detail: str = ""


def state_of(channel: Channel, now: datetime, *, has_sent: bool = False) -> State:
    """`has_sent`: somebody was told over it before."""
    if channel.off_at:
        since = _("Switched off since %(at)s") % {"at": moment(channel.off_at)}
        return State("is-quiet", "power-off", pgettext("channel", "Switched off"), channel.off_reason or since)
    refusals = ngettext("%(count)d refusal in a row", "%(count)d refusals in a row", channel.failures) % {
        "count": channel.failures
    }
    if channel.resumes_at and channel.resumes_at > now:
        rests = _("Rests until %(at)s") % {"at": moment(channel.resumes_at)}
        if channel.failures >= Channel.FAILURES_TO_PAUSE:
            return State("is-late", "pause", rests, _joined(refusals, channel.last_error))
        return State("is-today", "pause", rests, _joined(_("It asked for a pause"), channel.last_error))
    if channel.failures:
        tone = "is-late" if channel.failures >= Channel.FAILURES_TO_PAUSE else "is-today"
        return State(tone, "triangle-alert", refusals, channel.last_error)
    if has_sent or channel.tested_at:
        tested = _("Tested %(at)s") % {"at": moment(channel.tested_at)} if channel.tested_at else ""
        return State("is-done", "circle-check", pgettext("channel", "Works"), tested)
    return State("is-quiet", "circle-dashed", pgettext("channel", "Never tested"))


def _joined(what: str, why: str) -> str:
    return pgettext("what: why", "%(what)s: %(why)s") % {"what": what, "why": why} if why else what


def scope_of(channel: Channel) -> str:
    """Whom it reaches; reads `team` and `owner`."""
    if channel.owner_id:
        return _("Only %(person)s") % {"person": channel.owner}
    return channel.team.name if channel.team else _("Whole organisation")
