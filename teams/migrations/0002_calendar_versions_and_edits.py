import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarEdit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base_version", models.PositiveIntegerField()),
                ("changes", models.JSONField()),
                ("spec", models.JSONField()),
                ("changed_dates", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("counting", "counting"),
                            ("ready", "not saved yet"),
                            ("saved", "saved"),
                            ("dropped", "dropped"),
                        ],
                        default="counting",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("total", models.PositiveIntegerField(default=0)),
                ("checked", models.PositiveIntegerField(default=0)),
                ("affected", models.PositiveIntegerField(default=0)),
                ("milestones_affected", models.PositiveIntegerField(default=0)),
                ("examples", models.JSONField(default=list)),
                ("saved_at", models.DateTimeField(blank=True, null=True)),
                ("new_version", models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "edit of a calendar",
                "verbose_name_plural": "edits of calendars",
            },
        ),
        migrations.CreateModel(
            name="CalendarVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("spec", models.JSONField()),
                ("days", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="when")),
            ],
            options={
                "verbose_name": "version of a calendar",
                "verbose_name_plural": "versions of calendars",
            },
        ),
        migrations.CreateModel(
            name="RecurringException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("off", "Day off (放假)"), ("workday", "Make-up workday (补班)")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("weekday", models.PositiveSmallIntegerField(verbose_name="weekday")),
                ("nth", models.SmallIntegerField(verbose_name="which of the month")),
                ("from_date", models.DateField(verbose_name="from")),
                ("to_date", models.DateField(verbose_name="until")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
            ],
            options={
                "verbose_name": "recurring exception of a calendar",
                "verbose_name_plural": "recurring exceptions of a calendar",
            },
        ),
        migrations.RemoveConstraint(
            model_name="calendarexception",
            name="calendarexception_one_per_date",
        ),
        migrations.AddField(
            model_name="calendarexception",
            name="name_en",
            field=models.CharField(blank=True, max_length=80, verbose_name="English name"),
        ),
        migrations.AddConstraint(
            model_name="calendarexception",
            constraint=models.UniqueConstraint(
                fields=("calendar", "date", "is_statutory"), name="calendarexception_one_per_date_and_source"
            ),
        ),
        migrations.AddField(
            model_name="calendaredit",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="calendaredit",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="edits",
                to="teams.workcalendar",
                verbose_name="calendar",
            ),
        ),
        migrations.AddField(
            model_name="calendarversion",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="calendarversion",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="teams.workcalendar",
                verbose_name="calendar",
            ),
        ),
        migrations.AddField(
            model_name="recurringexception",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="recurring",
                to="teams.workcalendar",
                verbose_name="calendar",
            ),
        ),
        migrations.AddIndex(
            model_name="calendaredit",
            index=models.Index(fields=["calendar", "status", "-at"], name="calendaredit_calendar_status"),
        ),
        migrations.AddConstraint(
            model_name="calendaredit",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["counting", "ready", "saved", "dropped"])),
                name="calendaredit_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendaredit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("new_version__isnull", False), ("saved_at__isnull", False), ("status", "saved")),
                    models.Q(models.Q(("status", "saved"), _negated=True), ("new_version", None), ("saved_at", None)),
                    _connector="OR",
                ),
                name="calendaredit_saved_fields_follow_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarversion",
            constraint=models.UniqueConstraint(fields=("calendar", "version"), name="calendarversion_once"),
        ),
        migrations.AddConstraint(
            model_name="recurringexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["off", "workday"])), name="recurringexception_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__range", (1, 7))), name="recurringexception_weekday_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("nth__range", (-1, 5))), name="recurringexception_nth_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurringexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_date__lte", models.F("to_date"))),
                name="recurringexception_ends_after_it_begins",
            ),
        ),
    ]
