"""The organisation, its people, and who holds which role in which team."""

from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.access import Access
from teams.permissions import Permission, RoleCode

LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]


def validate_timezone(value: str) -> None:
    """Refuse what is no IANA zone, e.g. "Asia/Beijing"."""
    if value not in available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone; write e.g. Asia/Shanghai."), params={"zone": value})


class Organization(models.Model):
    """The company that runs this installation; exactly one row.

    Business dates (promises, KPI periods) are days in its `timezone`; money is compared in its `base_currency`.
    """

    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai", validators=[validate_timezone])
    base_currency = models.CharField(_("base currency"), max_length=3, default="CNY")
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="zh-hans")
    # A milestone may be back-dated this far without a reason (KPI rule R9).
    backdate_days = models.PositiveSmallIntegerField(_("days a step may be back-dated without a reason"), default=7)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(name="organization_is_one_row", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @classmethod
    def current(cls) -> "Organization":
        """The one row; made with the defaults on first use."""
        return cls.objects.get_or_create(pk=1, defaults={"name": "Gendan"})[0]


class User(AbstractUser):
    """A person with an account. `language` and `timezone` empty: the organisation's."""

    first_name = None  # type: ignore[assignment]  # leaves out AbstractUser's column
    last_name = None  # type: ignore[assignment]  # likewise
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, blank=True, default="")
    timezone = models.CharField(_("time zone"), max_length=64, blank=True, default="", validators=[validate_timezone])

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions serve the settings pages only: whoever may edit settings may edit all of them."""
        return self.is_active and self.access.allows_somewhere(Permission.SETTINGS_EDIT)

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm(app_label)

    @property
    def access(self) -> Access:
        """What this person may see and do; read once per user instance, so once a request."""
        if not hasattr(self, "_access"):
            self._access = Access.of(self)
        return self._access


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> Self:
        """Teams the person belongs to, or every team for a role that sees all."""
        access = user.access
        return self if access.sees_all else self.filter(pk__in=access.team_ids)

    def joined_by(self, user: User) -> Self:
        """Teams the person belongs to, with whatever role."""
        return self.filter(memberships__user=user).distinct()


class Team(models.Model):
    """A group of people who share orders and a work calendar."""

    code = models.SlugField(_("code"), max_length=40, unique=True, allow_unicode=True)
    name = models.CharField(_("name"), max_length=80)
    calendar = models.ForeignKey(
        "teams.WorkCalendar", models.PROTECT, related_name="teams", verbose_name=_("work calendar")
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person holds a role in a team; several roles are several rows."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships", verbose_name=_("team"))
    role = models.CharField(_("role"), max_length=20, choices=RoleCode)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "role"], name="membership_once"),
            models.CheckConstraint(name="membership_role_known", condition=models.Q(role__in=RoleCode.values)),
        ]
        # Finds the holders of a role in a team (owners of new milestones, escalation).
        indexes = [models.Index(fields=["team", "role"], name="membership_team_role")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team} · {self.get_role_display()}"
