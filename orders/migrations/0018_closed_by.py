from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What a person has closed today is found without reading all that they ever closed."""

    atomic = False

    dependencies = [
        ("orders", "0017_saved_import_profiles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            "milestone",
            models.Index(
                fields=["closed_by", "-recorded_at"],
                name="milestone_closed_by",
                condition=models.Q(closed_by__isnull=False),
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # The new one serves the key as well; Django would drop the old one while everybody waits.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS orders_milestone_closed_by_id_f6598625",
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_milestone_closed_by_id_f6598625"
                    " ON orders_milestone (closed_by_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    "milestone",
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        ),
    ]
