from django.db import migrations, models

FORWARDS = """
CREATE VIEW kpi_check AS
SELECT id * 2 AS id, order_id, kind, decided_on, round::integer AS round,
       CASE WHEN verdict = 'refused' THEN 'refused' ELSE 'accepted' END AS verdict, by_id
FROM orders_sampleround
WHERE verdict <> 'waiting'
UNION ALL
SELECT id * 2 + 1, order_id, kind, inspected_on,
       1 + (
           SELECT count(*) FROM orders_inspection AS before
           WHERE before.order_id = this.order_id AND before.kind = this.kind
             AND (before.inspected_on, before.id) < (this.inspected_on, this.id)
             AND before.disposition IN ('rework', 'sort', 'reject')
       )::integer,
       CASE WHEN disposition NOT IN ('release', 'concession') THEN 'refused'
            WHEN has_passed AND disposition = 'release' THEN 'accepted'
            ELSE 'concession' END,
       by_id
FROM orders_inspection AS this
"""


class Migration(migrations.Migration):
    """Samples decided and lots inspected as one kind of row."""

    initial = True

    dependencies = [("orders", "0012_active_steps"), ("teams", "0001_initial")]

    operations = [
        migrations.RunSQL(
            FORWARDS,
            "DROP VIEW kpi_check",
            state_operations=[
                migrations.CreateModel(
                    name="Check",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                    ],
                    options={
                        "verbose_name": "check",
                        "verbose_name_plural": "checks",
                        "db_table": "kpi_check",
                        "managed": False,
                    },
                )
            ],
        )
    ]
