from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """First replies of a month are found without reading every step that was closed in it."""

    atomic = False

    dependencies = [("orders", "0018_closed_by")]

    operations = [
        AddIndexConcurrently(
            "milestone",
            models.Index(
                fields=["closed_at"],
                name="milestone_reply",
                condition=models.Q(code__in=("INQ_FIRST_REPLY", "FIRST_RESPONSE")),
            ),
        ),
    ]
