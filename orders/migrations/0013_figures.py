from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What figures are attributed by."""

    atomic = False

    dependencies = [("orders", "0012_active_steps")]

    operations = [
        AddIndexConcurrently("order", models.Index(fields=["confirmed_at"], name="order_confirmed")),
        AddIndexConcurrently("orderline", models.Index(fields=["requested_date"], name="orderline_requested")),
        AddIndexConcurrently("shipment", models.Index(fields=["etd_original"], name="shipment_etd_original")),
        AddIndexConcurrently(
            "milestone",
            models.Index(
                condition=models.Q(("flags__contains", "S")),
                fields=["baseline_finish_at"],
                name="milestone_supplier_due",
            ),
        ),
    ]
