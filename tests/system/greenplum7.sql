-- A small warehouse for greenplum7.t: what a catalog of Greenplum 7 can hold, in schema sales.
create schema sales;
create table sales.heap (id bigint primary key, b text, f float8) distributed by (id);
insert into sales.heap select i, 'row ' || i, i / 7.0 from generate_series(1, 20000) i;
create table sales.ao (id int, t text) using ao_row with (compresstype = zlib, compresslevel = 1) distributed by (id);
insert into sales.ao select i, md5(i::text) from generate_series(1, 20000) i;
create table sales.aoco (order_id int, sku text, price numeric, note text) using ao_column distributed by (order_id, sku);
insert into sales.aoco select i, 'SKU-' || i % 50, i / 100.0, md5(i::text) from generate_series(1, 20000) i;
create table sales.orders (id bigint, odate date not null, total numeric(12,2)) distributed by (id) partition by range (odate);
create table sales.orders_1 partition of sales.orders for values from ('2023-01-01') to ('2023-07-01');
create table sales.orders_2 partition of sales.orders for values from ('2023-07-01') to ('2024-01-01') using ao_column;
create table sales.orders_rest partition of sales.orders default;
insert into sales.orders select i, date '2023-01-01' + i % 500, i from generate_series(1, 5000) i;
create table sales.visits (id int, region text, day date) distributed by (id)
	partition by list (region) subpartition by range (day) subpartition template
	(start ('2024-01-01') end ('2024-04-01') every (interval '1 month'), default subpartition other)
	(partition eu values ('eu'), partition us values ('us'), default partition rest);
insert into sales.visits select i, case i % 3 when 0 then 'eu' when 1 then 'us' else 'x' end, date '2024-01-01' + i % 120
	from generate_series(1, 3000) i;
create table sales.replicated (a int, b text) distributed replicated;
insert into sales.replicated select i, 'r' || i from generate_series(1, 1000) i;
create table sales.random (a int, b text) distributed randomly;
insert into sales.random select i, 'n' || i from generate_series(1, 1000) i;
create table sales.computed (a int generated always as identity, b int, twice int generated always as (b * 2) stored) distributed by (b);
insert into sales.computed (b) select i from generate_series(1, 100) i;
create type sales.mood as enum ('sad', 'ok');
create table sales.by_enum (m sales.mood, n int) distributed by (m);
insert into sales.by_enum select case when i % 2 = 0 then 'sad' else 'ok' end::sales.mood, i from generate_series(1, 100) i;
create unlogged table sales.unlogged (a int) distributed by (a);
insert into sales.unlogged select generate_series(1, 10);
create table sales.one_column (a text) distributed by (a);
insert into sales.one_column values (null), (''), ('x'), (E'\n'), (E'\\.');
create table sales.no_columns ();
create table sales.parent (a int, b text) distributed by (a);
create table sales.child (c int) inherits (sales.parent) distributed by (a);
insert into sales.parent values (1, 'p');
insert into sales.child values (2, 'c', 3);
create external table sales.ext_in (a int) location ('gpfdist://127.0.0.1:1/pa55') format 'csv';
create writable external table sales.ext_out (a int) location ('gpfdist://127.0.0.1:1/x') format 'csv' distributed randomly;
create external web table sales.ext_web (a int) execute 'echo pa55' on all format 'csv';
create foreign data wrapper far;
create server away foreign data wrapper far;
create foreign table sales.far (a int) server away;
create materialized view sales.totals as select id % 3 as k, count(*) from sales.heap group by 1 distributed by (k);
create view sales.v as select * from sales.heap;
create sequence sales.alone;
select setval('sales.alone', 41);
