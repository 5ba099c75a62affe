import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import orders.models.imports


class Migration(migrations.Migration):
    """Sheets uploaded in the browser or by the API."""

    dependencies = [
        ("orders", "0006_search_short_words"),
        ("teams", "0009_failed_by_age"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("profile", models.CharField(max_length=40, verbose_name="profile")),
                ("filename", models.CharField(max_length=200, verbose_name="file name")),
                ("file", models.FileField(max_length=120, upload_to=orders.models.imports.stored_name)),
                ("fingerprint", models.CharField(max_length=64)),
                ("reading", models.JSONField(default=dict)),
                ("report", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("preview", "To be looked at"),
                            ("queued", "Being taken"),
                            ("done", "Taken"),
                            ("failed", "Refused"),
                            ("undone", "Undone"),
                        ],
                        default="preview",
                        max_length=8,
                    ),
                ),
                (
                    "order_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("left", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "indexes": [
                    models.Index(fields=["by", "-id"], name="importrun_of_person"),
                    models.Index(condition=models.Q(("status", "queued")), fields=["id"], name="importrun_queued"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["preview", "queued", "done", "failed", "undone"])),
                        name="importrun_status_known",
                    )
                ],
            },
        ),
    ]
