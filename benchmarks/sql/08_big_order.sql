-- The order whose page is measured: 35 milestones, 10 lines, 3 shipments, 100 events.
CREATE UNLOGGED TABLE bench_big AS
SELECT id FROM bench_order WHERE is_export AND status = 'delivered' ORDER BY done_count, id LIMIT 1;

INSERT INTO orders_orderline (id, order_id, position, product_code, description, quantity, cancelled_quantity, unit,
    unit_price, amount, insurance_cost, requested_date, promised_date_original, promised_date_current, attributes, source_ref)
SELECT (SELECT max(id) FROM orders_orderline) + p, l.order_id, 3 + p, 'SKU-' || p, l.description, l.quantity, 0, 'pcs',
    l.unit_price, l.amount, NULL, l.requested_date, l.promised_date_original, l.promised_date_current, '{}', ''
FROM orders_orderline AS l, generate_series(1, 7) AS p
WHERE l.order_id = (SELECT id FROM bench_big) AND l.position = 1;

INSERT INTO orders_shipment SELECT (jsonb_populate_record(s, jsonb_build_object(
    'id', (SELECT max(id) FROM orders_shipment) + p, 'number', s.number || '-' || p))).*
FROM orders_shipment AS s, generate_series(1, 2) AS p WHERE s.id = (SELECT id FROM bench_big);

INSERT INTO orders_shipmentline (shipment_id, order_line_id, quantity)
SELECT s.id, l.id, 1 FROM orders_shipment AS s, orders_orderline AS l
WHERE s.number LIKE (SELECT number || '-%%' FROM orders_shipment WHERE id = (SELECT id FROM bench_big))
    AND l.order_id = (SELECT id FROM bench_big) AND l.position > 3;

INSERT INTO orders_orderevent (order_id, milestone_id, shipment_id, kind, old, new, by_id, at, recorded_at, reason, side, data)
SELECT o.id, NULL, NULL, 'comment', '', '', o.clerk_id, o.ordered_at + interval '1 hour' * i, o.ordered_at + interval '1 hour' * i,
    '已电话催过工厂，答复明天给照片。', '', '{}'
FROM bench_order AS o, generate_series(1, 100 - (SELECT count(*)::int FROM orders_orderevent
    WHERE order_id = (SELECT id FROM bench_big))) AS i
WHERE o.id = (SELECT id FROM bench_big);
