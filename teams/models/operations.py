"""Rows that keep the service itself honest: repeated requests, guessed passwords, silent processes."""

from django.db import models


class IdempotencyKey(models.Model):
    """The first answer to a POST with this key; inserted first, committed together with the work."""

    user = models.ForeignKey("teams.User", models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(null=True)  # noqa: DJ001  the answer as sent; null until it is known
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotencykey_once_per_user")]

    def __str__(self) -> str:
        return self.key


class LoginAttempt(models.Model):
    """Failed tries within one window, by account name or by address; rows of past windows are deleted."""

    scope = models.CharField(max_length=8)  # a key of teams.throttle.LIMITS
    key = models.CharField(max_length=254)
    window_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key", "window_at"], name="loginattempt_one_per_window")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}: {self.count}"


class Heartbeat(models.Model):
    """When a periodic job last ran; `doctor` and readiness tell when it is silent for three periods."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
