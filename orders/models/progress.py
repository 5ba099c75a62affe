"""How far a worker is with a long job, for who waits for it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Progress(models.Model):
    """Written beside the job's own transaction, so that it shows before that ends. Telling, never truth."""

    key = models.CharField(unique=True, max_length=40)  # "import:17"
    done = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        indexes = [models.Index(fields=["at"], name="progress_old")]  # what is forgotten by and by

    def __str__(self) -> str:
        return f"{self.key} {self.done}/{self.total}"
