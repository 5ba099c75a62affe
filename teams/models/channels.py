"""The ways out of the product: robots, applications and mail, and what people are called there."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from teams.models import User


class ChannelKind(models.TextChoices):
    EMAIL = "email", _("E-mail")
    WECOM_APP = "wecom_app", _("WeCom application")
    WECOM_ROBOT = "wecom_robot", _("WeCom group robot")
    DINGTALK = "dingtalk", _("DingTalk robot")
    FEISHU = "feishu", _("Feishu robot")
    SLACK = "slack", pgettext_lazy("channel", "Slack")
    MSTEAMS = "msteams", pgettext_lazy("channel", "Microsoft Teams")
    WEBHOOK = "webhook", _("Webhook")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def offered_to(self, user: "User") -> Self:
        """Ways that this person may choose: everybody's, their teams', their own."""
        return self.filter(
            Q(owner=None, team=None) | Q(owner=None, team__in=user.access.team_ids) | Q(owner=user), off_at=None
        )

    def failing(self) -> Self:
        """In use, and refused several times in a row."""
        return self.filter(off_at=None, failures__gte=Channel.FAILURES_TO_PAUSE)


class Channel(models.Model):
    """One way out. `config` is sealed (teams.secrets): addresses of robots are secrets too.

    `failures` counts refusals in a row; from `FAILURES_TO_PAUSE` on the channel rests until `resumes_at`, then one
    message tries. A paced robot sends one message at a time, the next not before `next_send_at`.
    """

    FAILURES_TO_PAUSE = 5

    kind = models.CharField(_("kind"), max_length=12, choices=ChannelKind)
    name = models.CharField(_("name"), max_length=80, blank=True)
    team = models.ForeignKey(
        "teams.Team", models.CASCADE, null=True, blank=True, related_name="channels", verbose_name=_("team")
    )
    owner = models.ForeignKey(
        "teams.User", models.CASCADE, null=True, blank=True, related_name="own_channels", verbose_name=_("person")
    )
    config = models.TextField(blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)  # of the config: workers keep what they have set up
    pace_seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("teams.User", models.PROTECT, null=True, related_name="+")
    off_at = models.DateTimeField(_("switched off"), null=True, blank=True)
    off_reason = models.CharField(max_length=300, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    resumes_at = models.DateTimeField(null=True, blank=True)
    next_send_at = models.DateTimeField(null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.CheckConstraint(name="channel_kind_known", condition=Q(kind__in=ChannelKind.values)),
            models.CheckConstraint(name="channel_of_team_or_person", condition=Q(team=None) | Q(owner=None)),
            models.UniqueConstraint(name="channel_one_for_mail", fields=["kind"], condition=Q(kind="email")),
        ]

    def __str__(self) -> str:
        return str(self.label)

    @property
    def label(self) -> Any:
        """Its name; that of mail, which nobody named, in the language in force."""
        return self.name or self.get_kind_display()

    @classmethod
    def mail(cls) -> "Channel":
        """The one channel for e-mail; made on first use."""
        return cls.objects.get_or_create(kind=ChannelKind.EMAIL, defaults={"created_at": Now()})[0]


class AddressQuerySet(models.QuerySet["Address"]):
    def usable(self) -> Self:
        """Switched on, not dead, and of a channel that is in use."""
        return self.filter(is_on=True, dead_at=None, channel__off_at=None)


class Address(models.Model):
    """A person in a channel: `value` is a user id, or whom a robot mentions; empty for mail, where it is the account's.

    `rank` orders a person's ways: the first usable one is taken where they chose none for a topic.
    """

    BOUNCES_TO_DEATH = 3

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="addresses", verbose_name=_("person"))
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="addresses", verbose_name=_("channel"))
    value = models.CharField(_("address"), max_length=254, blank=True)
    rank = models.PositiveSmallIntegerField(default=0)
    is_on = models.BooleanField(_("in use"), default=True)
    bounces = models.PositiveSmallIntegerField(default=0)
    dead_at = models.DateTimeField(null=True, blank=True)
    dead_value = models.CharField(max_length=254, blank=True)  # what was refused: another value lives again
    dead_reason = models.CharField(max_length=300, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    test_result = models.CharField(max_length=300, blank=True)

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [models.UniqueConstraint(name="address_once_per_channel", fields=["user", "channel"])]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.channel_id}"

    def text(self) -> str:
        """What the channel is told; reads `user` and `channel`."""
        return self.user.email if self.channel.kind == ChannelKind.EMAIL else self.value

    def is_dead(self) -> bool:
        return self.dead_at is not None and self.dead_value == self.text()
