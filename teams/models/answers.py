"""Links by which a message is answered without a log-in."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams.models.notifications import Notification


class Answer(models.TextChoices):
    DONE = "done", pgettext_lazy("answer", "Done")
    LATE = "late", pgettext_lazy("answer", "Will be late")
    WAITING = "waiting", pgettext_lazy("answer", "Waiting on somebody")
    SNOOZE = "snooze", pgettext_lazy("answer", "Remind me later")


class AnswerLink(models.Model):
    """Good for one answer, by the notification's person, about the notification's subject; only a digest is stored."""

    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 of the token
    notification = models.OneToOneField(Notification, models.CASCADE, related_name="answer_link")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=8, choices=Answer, blank=True)

    class Meta:
        verbose_name = _("answer link")
        verbose_name_plural = _("answer links")
        constraints = [
            models.CheckConstraint(
                name="answerlink_used_with_an_answer",
                condition=models.Q(used_at=None, answer="") | models.Q(used_at__isnull=False) & ~models.Q(answer=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.notification_id}"
