"""Process templates: what an order has to pass, in the grammar of orders.grammar."""

from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from orders.words import Stage
from teams.permissions import RoleCode


def in_language(zh: str, en: str) -> str:
    """The Chinese or the English name, by the language in force; the other one where it is empty."""
    return (zh or en) if (get_language() or "zh").startswith("zh") else (en or zh)


class ProcessTemplate(models.Model):
    """One version of a process. A version in use is never edited: a change makes the next version."""

    class Kind(models.TextChoices):
        PRE_SALES = "pre_sales", pgettext_lazy("template kind", "Pre-sales")
        ORDER = "order", pgettext_lazy("template kind", "Order")
        CLAIM = "claim", pgettext_lazy("template kind", "Claim")

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveIntegerField(_("version"), default=1)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.ORDER)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)
    # Kept free before the anchor, in working days of the step before it ("2w"); "0": none.
    buffer = models.CharField(_("buffer before the anchor"), max_length=10, default="0")
    is_current = models.BooleanField(_("for new orders"), default=True)
    made_by = models.ForeignKey("teams.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("process template")
        verbose_name_plural = _("process templates")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="processtemplate_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(is_current=True), name="processtemplate_one_current_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)


class TemplateStep(models.Model):
    """One row of a template; the texts keep the grammar as written, orders.grammar reads them."""

    template = models.ForeignKey(ProcessTemplate, models.CASCADE, related_name="steps", verbose_name=_("template"))
    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("code"), max_length=40)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=200)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage)
    role = models.CharField(_("role"), max_length=20, choices=RoleCode)
    duration = models.CharField(_("duration"), max_length=10)
    latest = models.CharField(_("latest finish"), max_length=60, blank=True)
    sla = models.CharField(_("reminders"), max_length=40, blank=True)
    documents = models.CharField(_("documents"), max_length=120, blank=True)
    flags = models.CharField(_("flags"), max_length=10, blank=True)
    # Code of a work calendar; empty: by role and side (orders.calendars).
    calendar = models.CharField(_("work calendar"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("step of a template")
        verbose_name_plural = _("steps of a template")
        constraints = [
            models.UniqueConstraint(fields=["template", "code"], name="templatestep_code_once"),
            models.UniqueConstraint(fields=["template", "position"], name="templatestep_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {in_language(self.name_zh, self.name_en)}"


class TemplateDependency(models.Model):
    """`step` starts when `depends_on` has finished, plus `lag` (e.g. "2w", "5c", or empty)."""

    step = models.ForeignKey(TemplateStep, models.CASCADE, related_name="dependencies", verbose_name=_("step"))
    depends_on = models.ForeignKey(
        TemplateStep, models.CASCADE, related_name="successors", verbose_name=_("depends on")
    )
    lag = models.CharField(_("lag"), max_length=10, blank=True)

    class Meta:
        verbose_name = _("dependency")
        verbose_name_plural = _("dependencies")
        constraints = [
            models.UniqueConstraint(fields=["step", "depends_on"], name="templatedependency_once"),
            models.CheckConstraint(
                name="templatedependency_not_on_itself", condition=~models.Q(step=models.F("depends_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step_id} ← {self.depends_on_id}{self.lag}"
