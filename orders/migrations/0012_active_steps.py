from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is next of many orders, without looking at what is done."""

    atomic = False

    dependencies = [("orders", "0011_checks")]

    operations = [
        AddIndexConcurrently(
            "milestone",
            models.Index(condition=models.Q(("status", "active")), fields=["order"], name="milestone_active"),
        ),
    ]
