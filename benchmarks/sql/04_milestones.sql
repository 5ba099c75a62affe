-- Done up to the order's `done_count` in the order of due instants; the next two are active, the others wait.
INSERT INTO orders_milestone (id, order_id, shipment_id, step_id, position, code, name_zh, name_en, stage, role,
    assignee_id, calendar_id, status, flags, required_documents, planned_start_at, baseline_finish_at, due_at,
    float_minutes, actual_finish_at, recorded_at, closed_at, closed_by_id, note, delay_reason_id, waiting_on, soon_at,
    lead_at, manager_at, next_reminder_at, is_critical)
SELECT m.id, m.order_id, NULL, m.step_id, m.position, m.code, m.name_zh, m.name_en, m.stage, m.role, m.assignee_id,
    m.calendar_id, m.status, m.flags, m.documents, m.planned_start_at, m.due_at, m.due_at, NULL,
    CASE WHEN m.status = 'done' THEN m.closed_at END, m.closed_at, m.closed_at,
    CASE WHEN m.closed_at IS NOT NULL THEN m.assignee_id END, '', NULL,
    CASE WHEN m.status <> 'active' THEN '' WHEN m.flags LIKE '%%C%%' THEN 'customer' WHEN m.flags LIKE '%%S%%' THEN 'supplier'
        ELSE 'internal' END,
    m.soon_at, m.lead_at, m.manager_at,
    CASE WHEN m.status = 'active' THEN (SELECT min(rung) FROM unnest(ARRAY[m.soon_at, m.due_at, m.lead_at, m.manager_at])
        AS rung WHERE rung > %(now)s::timestamptz + interval '1 day') END, false
FROM (
    SELECT (o.id - 1) * 40 + s.position AS id, o.id AS order_id, s.*, o.ordered_at + s.starts AS planned_start_at,
        o.ordered_at + s.due AS due_at, o.ordered_at + s.soon AS soon_at, o.ordered_at + s.lead AS lead_at,
        o.ordered_at + s.manager AS manager_at,
        CASE s.role WHEN 'clerk' THEN o.clerk_id ELSE h.user_id END AS assignee_id,
        CASE WHEN o.status = 'cancelled' AND s.place > 4 THEN 'cancelled' WHEN s.place <= o.done_count THEN 'done'
            WHEN s.place <= o.done_count + 2 THEN 'active' ELSE 'pending' END AS status,
        CASE WHEN o.status = 'cancelled' AND s.place > 4 THEN o.ordered_at + interval '9 days'
            WHEN s.place <= o.done_count THEN least(%(now)s::timestamptz, o.ordered_at + s.due
                + CASE WHEN (o.id + s.position) %% 8 = 0 THEN interval '20 hours' ELSE interval '-3 hours' END) END AS closed_at
    FROM bench_order AS o
    JOIN bench_step AS s ON s.template_id = o.template_id
    JOIN bench_holder AS h ON h.team_id = o.team_id AND h.role = s.role
    WHERE o.status <> 'draft'
) AS m;
