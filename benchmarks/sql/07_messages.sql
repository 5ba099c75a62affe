-- A year of reminders, all sent.
INSERT INTO teams_notification (kind, recipient_id, subject, dedupe_key, payload, status, created_at, not_before,
    attempts, last_error, shown_at, cancelled_reason, read_at, acknowledged_at)
SELECT 'milestone_due', assignee_id, 'orders.milestone:' || id, 'bench:' || id, '{}', 'shown', due_at, due_at, 0, '',
    due_at, '', due_at, NULL
FROM orders_milestone WHERE due_at < %(now)s AND id %% 8 = 0 AND assignee_id IS NOT NULL;
