-- The small warehouse of scripts/quickstart: what a dump gets wrong first, in a few tables.

CREATE SCHEMA shop;
SET search_path = shop;
SET TimeZone = 'UTC';
BEGIN;
SELECT setseed(0.5);

CREATE TYPE state AS ENUM ('new', 'paid', 'sent', 'it''s lost');

CREATE SEQUENCE invoice START 1000 INCREMENT 5;

CREATE TABLE customers (
	id bigint PRIMARY KEY,
	name text NOT NULL,
	note text,
	since timestamptz NOT NULL
);

-- NULL, the empty text, quotes, newlines, and what only looks like the end of a COPY
INSERT INTO customers
SELECT i,
	CASE i % 5 WHEN 0 THEN 'O''Neil & "Sons", Ltd.' WHEN 1 THEN 'Zoë Müller' ELSE 'Customer ' || i END,
	CASE i % 6
		WHEN 0 THEN NULL
		WHEN 1 THEN ''
		WHEN 2 THEN E'first line\nsecond line\r\nthird'
		WHEN 3 THEN '\.'
		WHEN 4 THEN 'NULL'
		ELSE E'a tab\there, a back\\slash'
	END,
	timestamptz '2019-02-28 23:59:59.999999+00' + i * interval '7 hours 13 minutes'
FROM generate_series(1, 5000) i;

CREATE TABLE orders (
	id bigint NOT NULL,
	customer bigint NOT NULL REFERENCES customers,
	day date NOT NULL,
	state state NOT NULL,
	invoice bigint,
	PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE orders_2023 PARTITION OF orders FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE orders_rest PARTITION OF orders DEFAULT;

INSERT INTO orders
SELECT i, 1 + i % 5000, date '2022-12-01' + i % 800, (enum_range(NULL::state))[1 + i % 4],
	CASE WHEN i % 4 > 0 THEN nextval('invoice') END
FROM generate_series(1, 40000) i;

CREATE TABLE order_lines (
	order_id bigint NOT NULL,
	line int NOT NULL,
	sku text NOT NULL,
	quantity int NOT NULL,
	price numeric(12, 2),
	weight double precision,
	PRIMARY KEY (order_id, line)
);

INSERT INTO order_lines
SELECT 1 + i / 5, i % 5, 'SKU-' || i % 997, 1 + i % 12, round((random() * 500)::numeric, 2),
	CASE WHEN i % 1000 = 0 THEN 'NaN' ELSE random() / 3 END
FROM generate_series(0, 199999) i;

CREATE INDEX ON order_lines (sku);

CREATE TABLE returns (LIKE order_lines);
COMMENT ON TABLE returns IS 'nothing came back yet';

CREATE VIEW open_orders AS SELECT * FROM orders WHERE state IN ('new', 'paid');

CREATE MATERIALIZED VIEW sales_by_sku AS
SELECT sku, sum(quantity) AS quantity, sum(quantity * price) AS amount FROM order_lines GROUP BY sku;

COMMIT;
