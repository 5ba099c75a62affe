from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0006_mail_as_messages"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_lease_while_sending",
        ),
        migrations.RemoveIndex(
            model_name="notification",
            name="notification_to_send",
        ),
        migrations.RemoveField(
            model_name="notification",
            name="attempt_started_at",
        ),
        migrations.RemoveField(
            model_name="notification",
            name="is_possible_repeat",
        ),
        migrations.RemoveField(
            model_name="notification",
            name="lease_owner",
        ),
        migrations.RemoveField(
            model_name="notification",
            name="lease_until",
        ),
        migrations.RemoveField(
            model_name="notification",
            name="sent_at",
        ),
        migrations.AlterField(
            model_name="notification",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("shown", "In the inbox"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("status", "queued")), fields=["not_before"], name="notification_to_show"
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["queued", "shown", "failed", "cancelled"])),
                name="notification_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("shown_at__isnull", False), ("status", "shown")),
                    models.Q(models.Q(("status", "shown"), _negated=True), ("shown_at", None)),
                    _connector="OR",
                ),
                name="notification_shown_at_follows_status",
            ),
        ),
    ]
