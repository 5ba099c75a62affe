from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

PAYMENTS = models.Q(
    code__in=(
        *("DEPOSIT_RECEIVED", "PREPAY_RECEIVED"),
        *("BALANCE_RECEIVED", "PAYMENT_RECEIVED", "LC_PAID", "DP_PAID", "DA_PAID"),
    )
)


class Migration(migrations.Migration):
    """A month of steps is judged from an index alone; steps of payment have their own."""

    atomic = False

    dependencies = [("orders", "0013_figures")]

    operations = [
        AddIndexConcurrently(
            "milestone",
            models.Index(
                fields=["due_at", "closed_at"],
                include=["id", "status", "order", "calendar", "delay_reason"],
                name="milestone_due_judged",
            ),
        ),
        RemoveIndexConcurrently("milestone", "milestone_due_closed"),
        AddIndexConcurrently(
            "milestone", models.Index(condition=PAYMENTS, fields=["due_at"], name="milestone_payment_due")
        ),
        AddIndexConcurrently(
            "milestone", models.Index(condition=PAYMENTS, fields=["order"], name="milestone_payment_order")
        ),
    ]
