import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import orders.models.exports


class Migration(migrations.Migration):
    """Long lists that a worker writes as workbooks."""

    dependencies = [
        ("orders", "0007_sheet_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shape", models.CharField(max_length=10)),
                ("query", models.TextField(blank=True, max_length=4000)),
                (
                    "status",
                    models.CharField(
                        choices=[("queued", "Being written"), ("done", "Ready"), ("failed", "Failed")],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("file", models.FileField(blank=True, max_length=120, upload_to=orders.models.exports.stored_name)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "indexes": [
                    models.Index(fields=["by", "-id"], name="exportrun_of_person"),
                    models.Index(condition=models.Q(("status", "queued")), fields=["id"], name="exportrun_waiting"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["queued", "done", "failed"])), name="exportrun_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shape__in", ["orders", "lines"])), name="exportrun_shape_known"
                    ),
                ],
            },
        ),
    ]
