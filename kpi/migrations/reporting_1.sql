-- The reporting views: stable names for Excel, Tableau and Power BI. docs/reporting.md explains them; names and
-- meanings are kept, columns are only added, at the end.

CREATE SCHEMA reporting;

-- What the role that asks may see; nobody without a row.
CREATE VIEW reporting.scope WITH (security_barrier) AS
SELECT team.id AS team_id, access.sees_money
FROM kpi_reportingaccess AS access
JOIN teams_team AS team ON access.team_ids IS NULL OR team.id = ANY (access.team_ids)
WHERE access.role = current_user;

CREATE VIEW reporting.orders WITH (security_barrier) AS
SELECT
    o.number, customer.code AS customer, customer.name AS customer_name, customer.grade AS customer_grade,
    supplier.code AS supplier, supplier.name AS supplier_name, o.customer_po_no, team.code AS team,
    clerk.username AS clerk, sales.username AS sales_rep, logistics.username AS logistics_owner,
    template.code AS template, template.version AS template_version, o.status, o.ordered_at, o.confirmed_at,
    o.cancelled_at, o.cancelled_side, o.closed_at, o.incoterm, o.payment_terms, o.mode, o.country, o.destination,
    o.priority, o.currency, CASE WHEN scope.sees_money THEN o.fx_rate END AS fx_rate,
    CASE WHEN scope.sees_money THEN o.amount END AS amount,
    CASE WHEN scope.sees_money THEN round(o.amount * o.fx_rate, 2) END AS amount_base,
    o.promised_date, o.current_promised_date, o.first_shipped_at, o.shipped_at, o.first_delivered_at, o.delivered_at,
    o.is_first_in_full, o.is_in_full, o.source,
    -- Whether it counts in figures of orders: real, confirmed, and ending in a delivery.
    NOT o.is_test AND (template.kind IS NULL OR template.kind = 'order') AND (
        o.status IN ('confirmed', 'on_hold', 'shipped', 'delivered', 'closed')
        OR o.status = 'cancelled' AND o.confirmed_at IS NOT NULL
    ) AS is_counted,
    -- K01: the first promise as it stands now, its day ending at midnight of the organisation.
    CASE
        WHEN o.promised_date IS NULL THEN NULL
        WHEN o.status = 'cancelled' AND o.cancelled_at <= now() AND o.cancelled_side = 'customer'
            AND o.cancelled_at < day.ends_at THEN 'void'
        WHEN o.status = 'cancelled' AND o.cancelled_at <= now() THEN 'late'
        WHEN o.delivered_at <= now() AND o.delivered_at < day.ends_at THEN 'on_time'
        WHEN day.ends_at <= now() THEN 'late'
        ELSE 'running'
    END AS punctuality,
    -- K11, in calendar days.
    EXTRACT(EPOCH FROM o.delivered_at - o.ordered_at) / 86400 AS cycle_days
FROM orders_order AS o
JOIN reporting.scope AS scope ON scope.team_id = o.team_id
JOIN teams_team AS team ON team.id = o.team_id
LEFT JOIN customers_company AS customer ON customer.id = o.customer_id
LEFT JOIN customers_company AS supplier ON supplier.id = o.supplier_id
LEFT JOIN teams_user AS clerk ON clerk.id = o.clerk_id
LEFT JOIN teams_user AS sales ON sales.id = o.sales_rep_id
LEFT JOIN teams_user AS logistics ON logistics.id = o.logistics_owner_id
LEFT JOIN orders_processtemplate AS template ON template.id = o.template_id
CROSS JOIN (
    -- The product makes the row on first use, with this zone.
    SELECT COALESCE((SELECT timezone FROM teams_organization ORDER BY id LIMIT 1), 'Asia/Shanghai') AS timezone
) AS organization
CROSS JOIN LATERAL (
    SELECT (o.promised_date + 1)::timestamp AT TIME ZONE organization.timezone AS ends_at
) AS day;

CREATE VIEW reporting.order_lines WITH (security_barrier) AS
SELECT
    o.number AS "order", line.position, line.product_code, line.description, line.quantity, line.cancelled_quantity,
    line.unit, CASE WHEN scope.sees_money THEN line.unit_price END AS unit_price,
    CASE WHEN scope.sees_money THEN line.amount END AS amount,
    line.requested_date, line.promised_date_original, line.promised_date_current
FROM orders_orderline AS line
JOIN orders_order AS o ON o.id = line.order_id
JOIN reporting.scope AS scope ON scope.team_id = o.team_id;

CREATE VIEW reporting.milestones WITH (security_barrier) AS
SELECT
    step.id, o.number AS "order", team.code AS team, shipment.number AS shipment, step.position, step.code,
    step.name_zh, step.name_en, step.stage, step.role, assignee.username AS assignee, step.status, step.flags,
    step.planned_start_at, step.baseline_finish_at, step.due_at, step.float_minutes, step.actual_finish_at,
    step.recorded_at, step.closed_at, step.waiting_on, reason.code AS delay_reason, reason.side AS delay_side,
    NOT o.is_test AND (
        o.status IN ('confirmed', 'on_hold', 'shipped', 'delivered', 'closed')
        OR o.status = 'cancelled' AND o.confirmed_at IS NOT NULL
    ) AS is_counted,
    -- K20, K22, K37, K39: the deadline as it stands now.
    CASE
        WHEN step.due_at IS NULL THEN NULL
        WHEN step.closed_at <= now() AND step.status IN ('skipped', 'cancelled') THEN 'void'
        WHEN step.closed_at <= now() AND step.closed_at <= step.due_at THEN 'on_time'
        WHEN step.closed_at <= now() THEN 'late'
        WHEN step.due_at >= now() THEN 'running'
        WHEN EXISTS (
            SELECT 1 FROM orders_clockpause AS pause
            WHERE pause.milestone_id = step.id AND pause.side IN ('customer', 'authority', 'force_majeure')
                AND pause.from_at <= now() AND (pause.to_at IS NULL OR pause.to_at > now())
        ) THEN 'waiting'
        ELSE 'late'
    END AS punctuality
FROM orders_milestone AS step
JOIN orders_order AS o ON o.id = step.order_id
JOIN reporting.scope AS scope ON scope.team_id = o.team_id
JOIN teams_team AS team ON team.id = o.team_id
LEFT JOIN orders_shipment AS shipment ON shipment.id = step.shipment_id
LEFT JOIN teams_user AS assignee ON assignee.id = step.assignee_id
LEFT JOIN orders_delayreason AS reason ON reason.id = step.delay_reason_id;

CREATE VIEW reporting.shipments WITH (security_barrier) AS
SELECT
    s.number, team.code AS team, owner.username AS owner, forwarder.code AS forwarder, s.status, s.mode, s.vessel,
    s.voyage, s.origin, s.destination, s.booking_no, s.bl_no, s.container_no, s.seal_no, s.si_cutoff_at,
    s.vgm_cutoff_at, s.cy_cutoff_at, s.customs_cutoff_at, s.etd_original, s.etd, s.eta, s.booked_at, s.loaded_at, s.atd,
    s.ata, s.delivered_at, s.weight_kg, CASE WHEN scope.sees_money THEN s.freight_cost END AS freight_cost,
    s.freight_currency
FROM orders_shipment AS s
JOIN reporting.scope AS scope ON scope.team_id = s.team_id
JOIN teams_team AS team ON team.id = s.team_id
LEFT JOIN teams_user AS owner ON owner.id = s.owner_id
LEFT JOIN customers_company AS forwarder ON forwarder.id = s.forwarder_id;

CREATE VIEW reporting.shipment_lines WITH (security_barrier) AS
SELECT s.number AS shipment, o.number AS "order", line.position, carried.quantity, carried.packages,
    carried.net_weight_kg, carried.gross_weight_kg, carried.volume_m3
FROM orders_shipmentline AS carried
JOIN orders_shipment AS s ON s.id = carried.shipment_id
JOIN orders_orderline AS line ON line.id = carried.order_line_id
JOIN orders_order AS o ON o.id = line.order_id
JOIN reporting.scope AS scope ON scope.team_id = o.team_id;

CREATE VIEW reporting.promise_changes WITH (security_barrier) AS
SELECT o.number AS "order", line.position, change.old_date, change.new_date, change.reason, change.side,
    by.username AS by, change.at
FROM orders_promisechange AS change
JOIN orders_orderline AS line ON line.id = change.line_id
JOIN orders_order AS o ON o.id = line.order_id
JOIN reporting.scope AS scope ON scope.team_id = o.team_id
JOIN teams_user AS by ON by.id = change.by_id;

CREATE VIEW reporting.kpi_snapshots WITH (security_barrier) AS
SELECT snapshot.code, snapshot.first, snapshot."end", team.code AS team, snapshot.numerator, snapshot.denominator,
    snapshot.formula_version, snapshot.version, snapshot.is_current, snapshot.closed_at, snapshot.stated_at,
    snapshot.excluded, snapshot.changes
FROM kpi_kpisnapshot AS snapshot
JOIN reporting.scope AS scope ON scope.team_id = snapshot.team_id
JOIN teams_team AS team ON team.id = snapshot.team_id;
