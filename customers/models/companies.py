"""Companies we deal with. Customer, dealer, supplier and forwarder are flags of one record."""

import re
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import TrigramSimilarity
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from teams.models.changes import Versioned

if TYPE_CHECKING:
    from teams.models import User

# Codes stand in URLs and in sheets: no blank, no slash.
CODE_VALIDATOR = RegexValidator(
    r"^[\w.\-#]+\Z", _("Use letters, digits, dot, dash, underscore or # only."), code="code"
)


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, user: "User") -> Self:
        """Companies of the person's teams and those shared by all teams."""
        access = user.access
        if access.sees_all:
            return self
        return self.filter(Q(team=None) | Q(team__in=access.team_ids)) if access.team_ids else self.none()

    def customers(self) -> Self:
        return self.filter(Q(is_customer=True) | Q(is_dealer=True))

    def suppliers(self) -> Self:
        return self.filter(is_supplier=True)

    def calendar_counts(self) -> dict[int, int]:
        """How many companies have each calendar as their own, by its id."""
        rows = self.exclude(calendar=None).order_by()
        return dict(rows.values_list("calendar").annotate(count=models.Count("pk")))

    def search(self, text: str) -> Self:
        """Code or name contains `text`, whatever the case."""
        return self.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(name_en__icontains=text))

    def similar_to(self, name: str) -> Self:
        """Companies that may be the same one: their name contains the telling part of `name`, or is spelt alike."""
        core = telling_part(name)
        rows = self.annotate(likeness=Greatest(TrigramSimilarity("name", name), TrigramSimilarity("name_en", name)))
        if len(core) < 2:
            return rows.none()
        return rows.filter(Q(name__icontains=core) | Q(name_en__icontains=core) | Q(likeness__gte=0.45))


# Words that many names share and that tell nothing about which company it is.
_LEGAL_FORMS = re.compile(
    r"(股份|集团|有限|责任|公司|贸易|进出口|实业)|\b(co|company|corp|corporation|inc|ltd|limited|llc|gmbh|ag|kg|s\.?a|"
    r"s\.?r\.?l|ltda|b\.?v|pty|plc|group|trading|import|export|international)\b\.?",
    re.I,
)


def telling_part(name: str) -> str:
    """The name without legal forms and common words; what is left of “宁波海天贸易有限公司” is 宁波海天."""
    return " ".join(re.sub(r"[(),.&（）]+", " ", _LEGAL_FORMS.sub(" ", name)).split())


class Company(Versioned):
    """A customer, dealer, supplier or forwarder. `team` empty: shared by all teams."""

    class Grade(models.TextChoices):
        A = "A", "A"
        B = "B", "B"
        C = "C", "C"

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[CODE_VALIDATOR])
    name = models.CharField(_("name"), max_length=160)
    name_en = models.CharField(_("English name"), max_length=160, blank=True)
    is_customer = models.BooleanField(_("customer"), default=False)
    is_dealer = models.BooleanField(_("dealer"), default=False)
    is_supplier = models.BooleanField(_("supplier"), default=False)
    is_forwarder = models.BooleanField(_("forwarder"), default=False)
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    city = models.CharField(_("city"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    team = models.ForeignKey(
        "teams.Team", models.PROTECT, null=True, blank=True, related_name="companies", verbose_name=_("team")
    )
    # The days on which they work, for steps that they carry; empty: by the side of the step.
    calendar = models.ForeignKey(
        "teams.WorkCalendar",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="companies",
        verbose_name=_("work calendar"),
    )
    owner = models.ForeignKey(
        "teams.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    note = models.TextField(_("note"), blank=True, max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            models.CheckConstraint(
                name="company_has_a_part_to_play",
                condition=Q(is_customer=True) | Q(is_dealer=True) | Q(is_supplier=True) | Q(is_forwarder=True),
            )
        ]
        indexes = [
            # CompanyQuerySet.search; fragments of two Chinese characters are scanned, the table is small.
            GinIndex(fields=["name"], name="company_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["team", "code"], name="company_team_code"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def relations(self) -> list[str]:
        """What the company is to us, in words; a customer's word stands first."""
        words = {
            pgettext("company", "Customer"): self.is_customer,
            pgettext("company", "Dealer"): self.is_dealer,
            pgettext("company", "Supplier"): self.is_supplier,
            pgettext("company", "Forwarder"): self.is_forwarder,
        }
        return [word for word, holds in words.items() if holds]


class _OfCompanyQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        """Rows of the companies that the person may see."""
        return self.filter(company__in=Company.objects.visible_to(user))


class Contact(Versioned):
    """A person at a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="contacts", verbose_name=_("company"))
    name = models.CharField(_("name"), max_length=80)
    title = models.CharField(_("job title"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    messenger = models.CharField(_("WeChat or messenger"), max_length=80, blank=True)
    is_primary = models.BooleanField(_("first contact"), default=False)
    note = models.CharField(_("note"), max_length=500, blank=True)

    objects = _OfCompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name


class Interaction(Versioned):
    """A call, mail, chat or visit, and when to get in touch next."""

    class Channel(models.TextChoices):
        PHONE = "phone", pgettext_lazy("channel", "Phone")
        EMAIL = "email", pgettext_lazy("channel", "E-mail")
        CHAT = "chat", pgettext_lazy("channel", "Chat")
        VISIT = "visit", pgettext_lazy("channel", "Visit")
        OTHER = "other", pgettext_lazy("channel", "Other")

    class Direction(models.TextChoices):
        IN = "in", pgettext_lazy("direction", "They contacted us")
        OUT = "out", pgettext_lazy("direction", "We contacted them")

    company = models.ForeignKey(Company, models.CASCADE, related_name="interactions", verbose_name=_("company"))
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, default=Direction.OUT)
    at = models.DateTimeField(_("when"))
    summary = models.TextField(_("summary"), max_length=4000)
    next_action_at = models.DateTimeField(_("next contact"), null=True, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+", verbose_name=_("by"))

    objects = _OfCompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        indexes = [models.Index(fields=["company", "-at"], name="interaction_company_at")]

    def __str__(self) -> str:
        return self.summary[:60]
