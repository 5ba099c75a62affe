import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose orders somebody sees because a step is theirs is answered from an index alone."""

    atomic = False

    dependencies = [
        ("orders", "0019_reply_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently("milestone", models.Index(fields=["assignee", "order"], name="milestone_assigned_order")),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # The new one serves the key as well; Django would drop the old one while everybody waits.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS orders_milestone_assignee_id_b3113f0b",
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_milestone_assignee_id_b3113f0b"
                    " ON orders_milestone (assignee_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    "milestone",
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assignee",
                    ),
                )
            ],
        ),
    ]
