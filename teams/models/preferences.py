"""How a person wants to be told, and when they are away."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from teams.models.messages import Urgency


class ContactHours(models.Model):
    """When a person is told: from `digest_time` on a working day, never between `quiet_from` and `quiet_to`.

    Clock times in the person's own zone; no row, or no digest time: when their working day begins.
    """

    user = models.OneToOneField("teams.User", models.CASCADE, related_name="contact_hours")
    digest_time = models.TimeField(_("time of the morning digest"), null=True, blank=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact hours")
        verbose_name_plural = _("contact hours")
        constraints = [
            models.CheckConstraint(
                name="contacthours_quiet_has_both_ends",
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=F("quiet_to")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"


class TopicChoice(models.Model):
    """How urgently, and over which channels, a person hears of a topic; no row: the topic's own urgency.

    No channels: the first usable of the person's addresses.
    """

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="topic_choices")
    topic = models.CharField(max_length=20)
    urgency = models.CharField(max_length=6, choices=Urgency)
    channels = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        verbose_name = _("choice for a topic")
        verbose_name_plural = _("choices for topics")
        constraints = [
            models.UniqueConstraint(name="topicchoice_once", fields=["user", "topic"]),
            models.CheckConstraint(name="topicchoice_urgency_known", condition=Q(urgency__in=Urgency.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.topic}"


class LeaveQuerySet(models.QuerySet["Leave"]):
    def on(self, day: date) -> Self:
        return self.filter(from_date__lte=day, to_date__gte=day)


class Leave(models.Model):
    """A person is away from `from_date` to `to_date`, both days included; the deputy is told instead."""

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="leaves", verbose_name=_("person"))
    from_date = models.DateField(_("from"))
    to_date = models.DateField(_("until and including"))
    deputy = models.ForeignKey("teams.User", models.PROTECT, related_name="deputises", verbose_name=_("deputy"))

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")
        constraints = [
            models.CheckConstraint(name="leave_ends_after_it_begins", condition=Q(to_date__gte=F("from_date"))),
            models.CheckConstraint(name="leave_deputy_is_another", condition=~Q(user=F("deputy"))),
        ]
        # LeaveQuerySet.on for a few people.
        indexes = [models.Index(fields=["user", "to_date"], name="leave_of_person")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.from_date}–{self.to_date}"
