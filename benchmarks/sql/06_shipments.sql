INSERT INTO orders_shipment (id, number, team_id, owner_id, forwarder_id, status, mode, vessel, voyage, origin,
    destination, booking_no, bl_no, bl_release_mode, container_no, seal_no, si_cutoff_at, vgm_cutoff_at, cy_cutoff_at,
    customs_cutoff_at, etd, etd_original, eta, booked_at, loaded_at, atd, ata, delivered_at, recorded_at, weight_kg,
    freight_cost, freight_currency, note, created_at, version)
SELECT o.id, 'BS-' || lpad(o.id::text, 7, '0'), o.team_id, h.user_id, NULL,
    CASE WHEN o.status = 'closed' THEN 'delivered' ELSE 'departed' END, CASE WHEN o.is_export THEN 'FCL' ELSE 'TRUCK' END,
    'Vessel ' || o.id %% 90, o.id %% 400 || 'W', 'Shanghai', '', 'BK' || o.id, '', '', '', '',
    o.departed_at - interval '4 days', o.departed_at - interval '3 days', o.departed_at - interval '2 days',
    o.departed_at - interval '1 day', o.departed_at::date, o.departed_at::date, (o.departed_at + interval '25 days')::date,
    o.departed_at - interval '14 days', o.departed_at - interval '3 days', o.departed_at,
    CASE WHEN o.status = 'closed' THEN o.departed_at + interval '24 days' END,
    CASE WHEN o.status = 'closed' THEN greatest(o.delivered_at, o.departed_at + interval '25 days') END,
    o.departed_at, 900, NULL, '', '', o.ordered_at, 1
FROM bench_order AS o JOIN bench_holder AS h ON h.team_id = o.team_id AND h.role = 'logistics'
WHERE o.departed_at IS NOT NULL AND o.status <> 'cancelled';

INSERT INTO orders_shipmentline (shipment_id, order_line_id, quantity)
SELECT s.id, l.id, l.quantity FROM orders_shipment AS s JOIN orders_orderline AS l ON l.order_id = s.id;
