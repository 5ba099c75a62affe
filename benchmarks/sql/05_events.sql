INSERT INTO orders_orderevent (order_id, milestone_id, shipment_id, kind, old, new, by_id, at, recorded_at, reason, side, data)
SELECT o.id, NULL, NULL, e.kind, e.old, e.new, o.clerk_id, o.ordered_at + e.after, o.ordered_at + e.after, '', '', '{}'
FROM bench_order AS o
CROSS JOIN (VALUES ('created', '', 'draft', interval '5 minutes'), ('confirmed', 'draft', 'confirmed', interval '20 minutes'))
    AS e (kind, old, new, after);

INSERT INTO orders_orderevent (order_id, milestone_id, shipment_id, kind, old, new, by_id, at, recorded_at, reason, side, data)
SELECT order_id, id, NULL, 'completed', 'active', 'done', closed_by_id, actual_finish_at, recorded_at, '', '', '{}'
FROM orders_milestone WHERE status = 'done';
