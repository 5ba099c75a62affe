-- A year of reminders, all sent.
INSERT INTO teams_notification (kind, recipient_id, subject, dedupe_key, payload, status, created_at, not_before,
    lease_until, lease_owner, attempts, attempt_started_at, is_possible_repeat, last_error, shown_at, sent_at,
    cancelled_reason, read_at, acknowledged_at)
SELECT 'milestone_due', assignee_id, 'orders.milestone:' || id, 'bench:' || id, '{}', 'sent', due_at, due_at, NULL, '', 1,
    due_at, false, '', due_at, due_at, '', due_at, NULL
FROM orders_milestone WHERE due_at < %(now)s AND id %% 8 = 0 AND assignee_id IS NOT NULL;
