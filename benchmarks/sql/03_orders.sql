INSERT INTO orders_order (id, number, customer_id, supplier_id, customer_po_no, team_id, clerk_id, sales_rep_id,
    logistics_owner_id, template_id, status, ordered_at, confirmed_at, cancelled_at, cancelled_side, closed_at, incoterm,
    payment_terms, mode, country, destination, currency, fx_rate, amount, priority, under_tolerance, over_tolerance,
    note, is_test, source, promised_date, current_promised_date, shipped_at, first_shipped_at, first_delivered_at,
    delivered_at, is_first_in_full, is_in_full, search_text, created_at, version,
    lc_presentation_days, third_party_inspection, wood_packaging, statutory_inspection)
SELECT o.id, 'BX-' || lpad(o.id::text, 7, '0'), o.customer_id, NULL, 'PO' || (o.id * 37 %% 1000003), o.team_id, o.clerk_id,
    sales.user_id, logistics.user_id, o.template_id, o.status, o.ordered_at,
    CASE WHEN o.status <> 'draft' THEN o.ordered_at + interval '20 minutes' END,
    CASE WHEN o.status = 'cancelled' THEN o.ordered_at + interval '9 days' END,
    CASE WHEN o.status = 'cancelled' THEN 'customer' ELSE '' END,
    CASE WHEN o.status = 'closed' THEN o.delivered_at + interval '40 days' END,
    CASE WHEN o.is_export THEN 'FOB' ELSE 'DOM' END, 'OA', CASE WHEN o.is_export THEN 'FCL' ELSE 'TRUCK' END, c.country,
    '', CASE WHEN o.is_export THEN 'USD' ELSE 'CNY' END, CASE WHEN o.is_export THEN 7.12 ELSE 1 END,
    3 * (500 + o.id %% 9000), (ARRAY['normal', 'normal', 'normal', 'high', 'urgent', 'low'])[1 + o.id %% 6], 0, 0, '',
    false, '', o.promised, o.promised,
    CASE WHEN o.status <> 'cancelled' THEN o.departed_at END, CASE WHEN o.status <> 'cancelled' THEN o.departed_at END,
    CASE WHEN o.status <> 'cancelled' THEN o.delivered_at END, CASE WHEN o.status <> 'cancelled' THEN o.delivered_at END,
    CASE WHEN o.status <> 'cancelled' AND o.delivered_at IS NOT NULL THEN true END,
    CASE WHEN o.status <> 'cancelled' AND o.delivered_at IS NOT NULL THEN true END,
    lower(concat_ws(E'\n', 'BX-' || lpad(o.id::text, 7, '0'), 'PO' || (o.id * 37 %% 1000003), c.code, c.name, c.name_en,
        'SKU-' || o.id %% 977, 'SKU-' || o.id %% 503, 'SKU-' || o.id %% 211, '落地灯 floor lamp', '折叠椅 folding chair')),
    o.ordered_at, 1, 21, false, false, false
FROM bench_order AS o
JOIN customers_company AS c ON c.id = o.customer_id
JOIN bench_holder AS sales ON sales.team_id = o.team_id AND sales.role = 'sales_rep'
JOIN bench_holder AS logistics ON logistics.team_id = o.team_id AND logistics.role = 'logistics';

INSERT INTO orders_orderline (id, order_id, position, product_code, description, quantity, cancelled_quantity, unit,
    unit_price, amount, insurance_cost, requested_date, promised_date_original, promised_date_current, attributes, source_ref)
SELECT 3 * (o.id - 1) + p, o.id, p, 'SKU-' || o.id %% (ARRAY[977, 503, 211])[p],
    (ARRAY['落地灯 floor lamp', '折叠椅 folding chair', 'Hinge'])[p], 100 * p, 0, 'pcs', (500 + o.id %% 9000) / (100.0 * p),
    500 + o.id %% 9000, NULL, o.promised, o.promised, o.promised, '{}', ''
FROM bench_order AS o, generate_series(1, 3) AS p;
