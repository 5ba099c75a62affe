"""The ways out that an administrator may set up, and what each has to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teams.errors import InvalidInput
from teams.models import ChannelKind
from teams.notifications.channels import Sender
from teams.notifications.channels.dingtalk import Dingtalk
from teams.notifications.channels.email import EmailChannel
from teams.notifications.channels.feishu import Feishu
from teams.notifications.channels.msteams import MsTeams
from teams.notifications.channels.slack import Slack
from teams.notifications.channels.webhook import Webhook
from teams.notifications.channels.wecom_app import WecomApp
from teams.notifications.channels.wecom_robot import WecomRobot
from teams.notifications.transport import AddressRefused, check_url

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text

LONGEST = 2000


@dataclass(frozen=True)
class Field:
    """One thing to type in; `help_text` says where that product shows it."""

    name: str
    label: "Text"
    help_text: "Text"
    is_secret: bool = True
    is_required: bool = True
    is_url: bool = False
    is_number: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of channel.

    `address_label` is what people's own addresses are called there; a robot only mentions them. `pace_seconds` lie
    between two messages of one robot, by the product's limit. `takes_key`: a repeat under the same delivery id (or
    of the same text) is dropped by the receiver.
    """

    code: str
    sender: Callable[[Mapping[str, str]], Sender]
    fields: tuple[Field, ...] = ()
    address_label: "Text | str" = ""
    pace_seconds: float = 0
    takes_key: bool = False

    @property
    def label(self) -> str:
        return str(ChannelKind(self.code).label)


def _robot(help_text: "Text") -> Field:
    return Field("url", _("Webhook address"), help_text, is_url=True)


_KINDS = (
    Kind("email", EmailChannel, address_label=_("E-mail address")),
    Kind(
        "wecom_app",
        WecomApp,
        (
            Field(
                "corp_id",
                _("Corp ID"),
                _("WeCom admin console → My company → Company information, at the bottom."),
                is_secret=False,
            ),
            Field(
                "agent_id",
                _("AgentId"),
                _("WeCom admin console → Applications → your application."),
                is_secret=False,
                is_number=True,
            ),
            Field(
                "secret",
                _("Application secret"),
                _("On the same page. Add this server's address to the application's trusted IPs there, too."),
            ),
            Field(
                "base_url",
                _("Server of a private WeCom"),
                _("Leave it empty for the public WeCom."),
                is_secret=False,
                is_required=False,
                is_url=True,
            ),
        ),
        address_label=_("WeCom userid"),
        takes_key=True,
    ),
    Kind(
        "wecom_robot",
        WecomRobot,
        (_robot(_("WeCom group → … → Group robots → Add; copy its webhook address.")),),
        address_label=_("WeCom userid"),
        pace_seconds=3.1,
    ),
    Kind(
        "dingtalk",
        Dingtalk,
        (
            _robot(_("DingTalk group → Group settings → Robots → Custom; copy its webhook.")),
            Field(
                "secret",
                _("Signing secret"),
                _("Begins with SEC; shown if “Sign” is chosen under security settings."),
                is_required=False,
            ),
        ),
        address_label=_("DingTalk userid or mobile number"),
        pace_seconds=3.1,
    ),
    Kind(
        "feishu",
        Feishu,
        (
            _robot(_("Feishu or Lark group → Settings → Bots → Custom bot; copy its webhook address.")),
            Field(
                "secret",
                _("Signing secret"),
                _("Shown if signature verification is switched on under security settings."),
                is_required=False,
            ),
        ),
        address_label=_("Feishu open_id"),
        pace_seconds=0.61,
    ),
    Kind(
        "slack",
        Slack,
        (_robot(_("api.slack.com/apps → your app → Incoming Webhooks → Add New Webhook; copy its URL.")),),
        address_label=_("Slack member ID"),
        pace_seconds=1.05,
    ),
    Kind(
        "msteams",
        MsTeams,
        (_robot(_("Teams channel → … → Workflows → “Post to a channel when a webhook request is received”.")),),
        address_label=_("Teams sign-in name"),
        pace_seconds=0.26,
    ),
    Kind(
        "webhook",
        Webhook,
        (
            Field("url", _("Address"), _("Where your program takes POST requests."), is_url=True),
            Field(
                "secret",
                _("Signing secret"),
                _("Any long random text; your program checks the signature with it. Without one nothing is signed."),
                is_required=False,
            ),
        ),
        takes_key=True,
    ),
)
CATALOG: Mapping[str, Kind] = {kind.code: kind for kind in _KINDS}


def check_config(code: str, values: Mapping[str, str]) -> dict[str, str]:
    """What may be sealed as the settings of a channel: known fields without blanks around them, empty ones left out.

    Raises:
        InvalidInput: names each field at fault.
    """
    kind = CATALOG[code]
    config = {field.name: str(values.get(field.name) or "").strip() for field in kind.fields}
    faults = {field.name: fault for field in kind.fields if (fault := _fault(field, config[field.name]))}
    if faults:
        raise InvalidInput(gettext("The settings of the channel are not right."), fields=faults)
    return {name: value for name, value in config.items() if value}


def _fault(field: Field, value: str) -> str:
    if not value:
        return gettext("This is needed.") if field.is_required else ""
    if len(value) > LONGEST:
        return gettext("This is too long.")
    if not value.isprintable():
        return gettext("This holds characters that are not allowed.")
    if field.is_number and not (value.isascii() and value.isdigit()):
        return gettext("Write a number.")
    try:
        if field.is_url:
            check_url(value)
    except AddressRefused as refusal:
        return str(refusal)
    return ""
