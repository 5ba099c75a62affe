from django.db import migrations

# What had been shown and waited for the mail server becomes a message of the mail channel; the rest is in the inbox.
FORWARD = """
INSERT INTO teams_channel (kind, name, config, version, pace_seconds, created_at, off_reason, failures, last_error)
VALUES ('email', '', '', 1, 0, now(), '', 0, '');

INSERT INTO teams_message (
    delivery_id, recipient_id, channel_id, urgency, status, created_at, planned_at, not_before, deferral, lease_owner,
    attempts, deaths, failures, is_possible_repeat, facts, last_error, receipt, cancelled_reason
)
SELECT md5(row.dedupe_key)::uuid, row.recipient_id, channel.id, 'urgent', 'queued', row.created_at, row.not_before,
    row.not_before, '', '', row.attempts, 0, 0, row.status = 'sending' OR row.is_possible_repeat, '{}', row.last_error, '', ''
FROM teams_notification AS row CROSS JOIN teams_channel AS channel
WHERE channel.kind = 'email' AND row.shown_at IS NOT NULL AND row.status IN ('queued', 'sending');

INSERT INTO teams_messageitem (message_id, notification_id, channel_id, dropped_reason)
SELECT message.id, row.id, message.channel_id, ''
FROM teams_message AS message JOIN teams_notification AS row ON message.delivery_id = md5(row.dedupe_key)::uuid;

UPDATE teams_notification SET status = 'shown', lease_until = NULL, lease_owner = '', sent_at = NULL
WHERE shown_at IS NOT NULL;
"""
BACKWARD = """
UPDATE teams_notification SET status = 'sent', sent_at = shown_at WHERE status = 'shown';
DELETE FROM teams_messageitem;
DELETE FROM teams_message;
DELETE FROM teams_address;
DELETE FROM teams_channel WHERE kind = 'email';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0005_messages_and_channels"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
