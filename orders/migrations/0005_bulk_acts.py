import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Acts on many records at once, with what undoing them needs."""

    dependencies = [
        ("orders", "0004_team_ladders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.CharField(max_length=30)),
                ("values", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "bulk act",
                "verbose_name_plural": "bulk acts",
                "indexes": [models.Index(fields=["by", "-id"], name="bulkact_of_person")],
            },
        ),
        migrations.CreateModel(
            name="ActItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_id", models.BigIntegerField()),
                ("label", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("undone", "Undone"),
                            ("left", "Left as it is"),
                        ],
                        max_length=8,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "act",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="orders.bulkact"
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a bulk act",
                "verbose_name_plural": "items of bulk acts",
                "constraints": [
                    models.UniqueConstraint(fields=("act", "target_id"), name="actitem_once"),
                    models.CheckConstraint(
                        name="actitem_state_known", condition=Q(state__in=["done", "refused", "undone", "left"])
                    ),
                ],
            },
        ),
    ]
