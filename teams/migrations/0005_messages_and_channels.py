# Foreign keys are made with their tables, so that the locks on the tables they point to come last and are short.
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0004_first_calendar_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("wecom_app", "WeCom application"),
                            ("wecom_robot", "WeCom group robot"),
                            ("dingtalk", "DingTalk robot"),
                            ("feishu", "Feishu robot"),
                            ("slack", "Slack"),
                            ("msteams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                ("config", models.TextField(blank=True, editable=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("pace_seconds", models.FloatField(default=0)),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("off_at", models.DateTimeField(blank=True, null=True, verbose_name="switched off")),
                ("off_reason", models.CharField(blank=True, max_length=300)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("resumes_at", models.DateTimeField(blank=True, null=True)),
                ("next_send_at", models.DateTimeField(blank=True, null=True)),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_channels",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channels",
                        to="teams.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "channel",
                "verbose_name_plural": "channels",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "email",
                                    "wecom_app",
                                    "wecom_robot",
                                    "dingtalk",
                                    "feishu",
                                    "slack",
                                    "msteams",
                                    "webhook",
                                ],
                            )
                        ),
                        name="channel_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("team", None), ("owner", None), _connector="OR"),
                        name="channel_of_team_or_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "email")), fields=("kind",), name="channel_one_for_mail"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(blank=True, max_length=254, verbose_name="address")),
                ("rank", models.PositiveSmallIntegerField(default=0)),
                ("is_on", models.BooleanField(default=True, verbose_name="in use")),
                ("bounces", models.PositiveSmallIntegerField(default=0)),
                ("dead_at", models.DateTimeField(blank=True, null=True)),
                ("dead_value", models.CharField(blank=True, max_length=254)),
                ("dead_reason", models.CharField(blank=True, max_length=300)),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                ("test_result", models.CharField(blank=True, max_length=300)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addresses",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="addresses",
                        to="teams.channel",
                        verbose_name="channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "address",
                "verbose_name_plural": "addresses",
                "constraints": [models.UniqueConstraint(fields=("user", "channel"), name="address_once_per_channel")],
            },
        ),
        migrations.CreateModel(
            name="AnswerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("done", "Done"),
                            ("late", "Will be late"),
                            ("waiting", "Waiting on somebody"),
                            ("snooze", "Remind me later"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "notification",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answer_link", to="teams.notification"
                    ),
                ),
            ],
            options={
                "verbose_name": "answer link",
                "verbose_name_plural": "answer links",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("used_at", None)),
                            models.Q(("used_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="answerlink_used_with_an_answer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest_time", models.TimeField(blank=True, null=True, verbose_name="time of the morning digest")),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                ("quiet_to", models.TimeField(blank=True, null=True, verbose_name="quiet until")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact_hours",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "contact hours",
                "verbose_name_plural": "contact hours",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_from", None), ("quiet_to", None)),
                            models.Q(
                                ("quiet_from__isnull", False),
                                ("quiet_to__isnull", False),
                                models.Q(("quiet_from", models.F("quiet_to")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="contacthours_quiet_has_both_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Leave",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_date", models.DateField(verbose_name="from")),
                ("to_date", models.DateField(verbose_name="until and including")),
                (
                    "deputy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputises",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leaves",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "leave",
                "verbose_name_plural": "leaves",
                "indexes": [models.Index(fields=["user", "to_date"], name="leave_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("to_date__gte", models.F("from_date"))), name="leave_ends_after_it_begins"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("user", models.F("deputy")), _negated=True), name="leave_deputy_is_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("delivery_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("urgent", "At once, in working hours"),
                            ("digest", "In the morning digest"),
                        ],
                        max_length=6,
                    ),
                ),
                ("digest_date", models.DateField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("planned_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                (
                    "deferral",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("quiet", "outside the person's working hours"),
                            ("spacing", "so soon after another one"),
                            ("limit", "the person's messages of the day are used up"),
                            ("channel", "the channel rests after failures"),
                            ("rate", "the channel asked for a pause"),
                        ],
                        max_length=10,
                    ),
                ),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_owner", models.CharField(blank=True, max_length=40)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("deaths", models.PositiveSmallIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("attempt_started_at", models.DateTimeField(blank=True, null=True)),
                ("is_possible_repeat", models.BooleanField(default=False)),
                ("facts", models.JSONField(default=dict)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("receipt", models.CharField(blank=True, max_length=300)),
                ("cancelled_reason", models.CharField(blank=True, max_length=40)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="teams.channel"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["queued", "sending"])),
                        fields=["not_before"],
                        name="message_to_send",
                    ),
                    models.Index(fields=["recipient", "channel", "attempt_started_at"], name="message_of_person"),
                    models.Index(fields=["channel", "status", "-id"], name="message_by_channel"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("status", "sent")),
                            models.Q(models.Q(("status", "sent"), _negated=True), ("sent_at", None)),
                            _connector="OR",
                        ),
                        name="message_sent_at_follows_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_until__isnull", False), ("status", "sending")),
                            models.Q(models.Q(("status", "sending"), _negated=True), ("lease_until", None)),
                            _connector="OR",
                        ),
                        name="message_lease_while_sending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["queued", "sending", "sent", "failed", "cancelled"])),
                        name="message_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("digest_date__isnull", False), ("urgency", "digest")),
                            models.Q(("digest_date", None), ("urgency", "urgent")),
                            _connector="OR",
                        ),
                        name="message_digest_has_a_day",
                    ),
                    models.UniqueConstraint(
                        fields=("recipient", "channel", "digest_date"), name="message_one_digest_a_day"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dropped_reason", models.CharField(blank=True, max_length=40)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.channel"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="teams.message"
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="outings", to="teams.notification"
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a message",
                "verbose_name_plural": "items of messages",
                "constraints": [
                    models.UniqueConstraint(fields=("notification", "channel"), name="messageitem_once_per_channel")
                ],
            },
        ),
        migrations.CreateModel(
            name="TopicChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=20)),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("urgent", "At once, in working hours"),
                            ("digest", "In the morning digest"),
                            ("inbox", "In the inbox only"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topic_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "choice for a topic",
                "verbose_name_plural": "choices for topics",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "topic"), name="topicchoice_once"),
                    models.CheckConstraint(
                        condition=models.Q(("urgency__in", ["urgent", "digest", "inbox"])),
                        name="topicchoice_urgency_known",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_sent_at_follows_status",
        ),
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_status_known",
        ),
    ]
