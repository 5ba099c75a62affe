-- What every other statement asks about an order. `age` grows slower than linear, so that half of the orders are open.
CREATE UNLOGGED TABLE bench_holder AS
SELECT team_id, role, min(user_id) AS user_id FROM teams_membership GROUP BY team_id, role;

CREATE UNLOGGED TABLE bench_clerk AS
SELECT team_id, user_id, row_number() OVER (PARTITION BY team_id ORDER BY user_id) - 1 AS place,
    count(*) OVER (PARTITION BY team_id) AS colleagues
FROM teams_membership WHERE role = 'clerk';

CREATE UNLOGGED TABLE bench_order AS
SELECT i AS id, team.id AS team_id, template.template_id, template.step_count, template.is_export,
    1 + (i::bigint * 7919) %% (%(companies)s * 4 / 5) AS customer_number,
    %(now)s::timestamptz - interval '365 days' * power(random(), 2.2) - interval '1 hour' AS ordered_at,
    CASE WHEN random() < 0.58 THEN interval '26 days' * random() ELSE interval '0' END AS lag,
    random() < 0.12 AS is_late, random() AS chance,
    NULL::bigint AS clerk_id, NULL::bigint AS customer_id, 0 AS done_count, 'confirmed' AS status,
    NULL::timestamptz AS departed_at, NULL::timestamptz AS delivered_at, NULL::date AS promised
FROM generate_series(1, %(orders)s) AS i
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS teams FROM teams_team) AS team
    ON team.place = i %% team.teams
JOIN (SELECT template_id, count(*) AS step_count, bool_or(code = 'ETD') AS is_export FROM bench_step GROUP BY 1)
    AS template ON template.is_export = (i %% 25 < 16);

CREATE UNLOGGED TABLE bench_customer AS
SELECT id, row_number() OVER (ORDER BY id) AS number FROM customers_company WHERE is_customer;

UPDATE bench_order AS o SET
    customer_id = c.id,
    clerk_id = k.user_id,
    done_count = (SELECT count(*) FROM bench_step AS s
        WHERE s.template_id = o.template_id AND o.ordered_at + s.due <= %(now)s::timestamptz - o.lag),
    promised = (o.ordered_at + (SELECT s.due FROM bench_step AS s WHERE s.template_id = o.template_id AND s.delivers)
        + interval '3 days')::date
FROM bench_customer AS c, bench_clerk AS k
WHERE c.number = o.customer_number AND k.team_id = o.team_id AND k.place = (o.id / 5) %% k.colleagues;

UPDATE bench_order AS o SET
    departed_at = CASE WHEN o.done_count >= d.place
        THEN least(o.ordered_at + d.due + CASE WHEN o.is_late THEN interval '6 days' ELSE interval '-6 hours' END,
                   %(now)s::timestamptz) END,
    delivered_at = CASE WHEN o.done_count >= a.place
        THEN least(o.ordered_at + a.due + CASE WHEN o.is_late THEN interval '6 days' ELSE interval '-6 hours' END,
                   %(now)s::timestamptz) END
FROM bench_step AS d, bench_step AS a
WHERE d.template_id = o.template_id AND d.departs AND a.template_id = o.template_id AND a.delivers;

UPDATE bench_order SET status = CASE
    WHEN done_count >= step_count AND chance < 0.03 THEN 'cancelled'
    WHEN done_count >= step_count THEN 'closed'
    WHEN delivered_at IS NOT NULL THEN 'delivered'
    WHEN departed_at IS NOT NULL THEN 'shipped'
    WHEN done_count = 0 AND chance < 0.1 THEN 'draft'
    ELSE 'confirmed' END;

-- The clerk whose desk is measured: the first of the first team, with 150 open orders; the colleagues share the rest.
UPDATE bench_order SET clerk_id = (SELECT user_id FROM bench_clerk AS k WHERE k.team_id = bench_order.team_id AND k.place = 1)
WHERE clerk_id = (SELECT min(user_id) FROM bench_clerk) AND status NOT IN ('closed', 'cancelled');
UPDATE bench_order SET clerk_id = (SELECT min(user_id) FROM bench_clerk)
WHERE id IN (SELECT id FROM bench_order WHERE status IN ('confirmed', 'shipped', 'delivered')
    AND team_id = (SELECT team_id FROM bench_clerk ORDER BY user_id LIMIT 1) ORDER BY chance LIMIT 150);
CREATE INDEX ON bench_order (id);
ANALYZE bench_order;
ANALYZE bench_step;
