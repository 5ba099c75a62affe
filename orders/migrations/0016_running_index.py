from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A team's desk finds the running orders without reading the orders."""

    atomic = False

    dependencies = [("orders", "0015_began_statistics")]

    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(
                condition=models.Q(status__in=("confirmed", "shipped", "delivered")),
                fields=["team"],
                include=["id"],
                name="order_running",
            ),
        ),
    ]
