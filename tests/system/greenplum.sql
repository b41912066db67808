create schema sales authorization "gpm test owner"; create schema "Odd ""Schema""";
create type sales.mood as enum ('sad', 'ok', 'it''s');
create type sales.addr as (street text, at point);
create domain sales.posint as int check (value > 0);
create table sales.heap (id bigserial primary key, name text not null, score float8, f4 float4, tags text[]) distributed by (id);
insert into sales.heap (name, score, f4, tags) select 'Customer ' || i, i * 1.1 / 3, i / 7.0, array['t' || i % 3, 'x,y "z"', null] from generate_series(1, 30000) i;
create table sales.ao (ts timestamp not null, id bigint, payload text) with (appendonly=true, compresstype=zlib) distributed by (id);
insert into sales.ao select timestamp '2021-01-01' + i * interval '1 min', i, md5(i::text) from generate_series(1, 30000) i;
delete from sales.ao where id % 7 = 0;
create table sales.aoco (order_id bigint, sku text encoding (compresstype=zlib), price numeric(10,2), note text)
	with (appendonly=true, orientation=column, compresstype=zstd, compresslevel=3) distributed by (order_id, sku);
insert into sales.aoco select i / 3, 'SKU-' || i % 5000, i % 10000 / 100.0, case when i % 4 = 0 then null else 'note ' || i end from generate_series(1, 60000) i;
update sales.aoco set note = 'changed' where order_id % 11 = 0;
create table sales.orders (id bigint, odate date not null, total numeric(12,2)) distributed by (id) partition by range (odate)
	(start (date '2023-01-01') end (date '2024-01-01') every (interval '1 month'), default partition other);
insert into sales.orders select i, date '2022-12-01' + i % 500, i / 10.0 from generate_series(1, 20000) i;
create table sales.visits (id int, region text, d date, v int) with (appendonly=true, orientation=column) distributed by (id)
	partition by list (region) subpartition by range (d)
	subpartition template (start (date '2024-01-01') end (date '2024-03-01') every (interval '1 month'), default subpartition other_d)
	(partition eu values ('eu'), partition us values ('us'), default partition other_r);
insert into sales.visits select i, (array['eu', 'us', 'asia'])[1 + i % 3], date '2024-01-01' + i % 90, i from generate_series(1, 9000) i;
create table sales.random (l text, n int) distributed randomly;
insert into sales.random select 'line ' || i, i from generate_series(1, 5000) i;
create table sales.replicated (code char(2), name text) distributed replicated;
insert into sales.replicated values ('US', 'United States'), ('ES', 'España'), ('FR', null);
create table sales.by_enum (m sales.mood, p sales.posint, a sales.addr) distributed by (m);
insert into sales.by_enum values ('ok', 5, row('1, Main "St"', '(1.5,-0)')), ('it''s', null, null), ('sad', 1, row(null, null));
create table sales.parent (a int, b text) distributed by (a);
create table sales.child (c int) inherits (sales.parent);
insert into sales.parent select i, 'p' from generate_series(1, 10) i; insert into sales.child select i, 'c', i from generate_series(11, 30) i;
create table sales.empty (a int, b text) distributed by (a);
create table sales.empty_ao (a int) with (appendonly=true) distributed by (a);
create table sales.one_column (a text) distributed randomly;
insert into sales.one_column values (null), (''), ('x'), (null), (E'\\.'), (E'\n');
create table sales.no_column ();
create table sales.with_oids (a int) with (oids=true) distributed by (a); insert into sales.with_oids values (1), (2);
create table sales.legacy (a int, b text) distributed by (a cdbhash_int4_ops); insert into sales.legacy select i, i from generate_series(1, 100) i;
create unlogged table sales.unlogged (a int) distributed by (a); insert into sales.unlogged values (1);
create table "Odd ""Schema"""."Table.with dots" ("Column "" one" int, "select" text) distributed by ("Column "" one");
insert into "Odd ""Schema"""."Table.with dots" values (1, 'x'), (2, null);
create table sales.nasty (id int, t text, v varchar(50), c char(10), b bytea, n numeric, f4 real, f8 double precision, d date, ts timestamp,
	tz timestamptz, tm time, tmz timetz, iv interval, bo boolean, j json, jb jsonb, ia int[], ta text[], fa float8[], u uuid, ip inet, ci cidr, ma macaddr, m money, bt bit(4), vb varbit,
	p point, bx box, l lseg, pa path, po polygon, ci2 circle, r int4range, nr numrange, tr tstzrange, si smallint, bi bigint, q tsquery, tv tsvector, na name, oi oid) distributed by (id);
insert into sales.nasty (id, t) values (1, 'plain'), (2, 'comma, here'), (3, 'double "quote"'), (4, 'single ''quote'''), (5, E'new\nline'), (6, E'carriage\rreturn'),
	(7, E'crlf\r\nhere'), (8, E'back\\slash'), (9, E'tab\there'), (10, ''), (11, null), (12, 'NULL'), (13, E'\\N'), (14, E'\\.'), (15, 'naïve café 日本語 😀'),
	(16, ' leading'), (17, 'trailing '), (18, '"'), (19, E'\n'), (20, ',,,'), (21, E'a\\\nb'), (22, E'ctl\x01\x02\x1f'), (23, E'"\n"'),
	(24, repeat('x', 2000000)), (25, repeat(E'q"\n', 700000));
insert into sales.nasty values
	(100, 'full', 'v,"1"', 'c', E'\\x00ff5c0a2c22', 123456789012345678901234567890.123456789, 1.5e-10, 1.7976931348623157e308, '2024-02-29', '2024-02-29 23:59:59.999999',
	 '2024-02-29 23:59:59.5+02', '12:34:56.789', '12:34:56+03', '1 year 2 mons -3 days 04:05:06', true, '{"k": [1, "a,b\n"]}', '{"b": 1, "a": [1.50, null]}', '{1,NULL,3}', '{a,"b,c","d\"e",NULL,"NULL",""}',
	 '{0.1,NaN,-Infinity,1e-310}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.1.0/24', '10.0.0.0/8', '08:00:2b:01:02:03', '1234.56', B'1010', B'10101',
	 '(1.5,2)', '((1,1),(0,0.1))', '[(0,0),(1,3)]', '[(0,0),(1,3),(0.1,5)]', '((0,0),(1,3))', '<(0,0.1),5>', '[1,10)', '[1.50,)', '[2024-01-01 00:00+01,)', -32768, 9223372036854775807, 'a & b', 'a fat cat', 'n,m', 4294967295),
	(101, 'specials', null, '', '', 'NaN', 'NaN', 'Infinity', 'infinity', '-infinity', 'infinity', '00:00', null, '-1 sec', false, 'null', 'null', '{}', '{}', '{}', null, '::1', null, null, '-0.01', B'0000', B'',
	 '(-0,1e308)', null, null, null, null, null, 'empty', 'empty', null, 32767, -9223372036854775808, null, null, null, 0),
	(102, 'bc', null, null, null, 0, '-Infinity', -0.0, '0044-03-15 BC', '0044-03-15 01:02:03 BC', '1901-01-01 00:00+00', null, null, null, null, null, null, '[2:4]={1,2,3}', '{{a,b},{c,d}}',
	 '[0:1]={1,2.2250738585072014e-308}', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
create external table sales.ext_in (n int) location ('gpfdist://user:pa55@host.invalid:8080/x.csv') format 'csv';
create writable external table sales.ext_out (n int) location ('gpfdist://host.invalid:8080/y.csv') format 'csv' distributed by (n);
create external web table sales.ext_web (l text) execute 'echo pa55' on master format 'text';
create external table sales.ext_part (id bigint, odate date, total numeric(12,2)) location ('gpfdist://host.invalid:8080/z.csv') format 'csv';
create table sales.ordersx (id bigint, odate date, total numeric(12,2)) distributed by (id) partition by range (odate)
	(partition a start (date '2023-01-01') end (date '2023-02-01'), partition b start (date '2023-02-01') end (date '2023-03-01'));
insert into sales.ordersx select i, date '2023-02-02', i from generate_series(1, 50) i;
alter table sales.ordersx exchange partition a with table sales.ext_part without validation;
create sequence sales.alone start -5 increment -5 minvalue -1000; select nextval('sales.alone');
create view sales.v as select * from sales.heap;
create materialized view sales.totals as select n % 3 as k, count(*) from sales.random group by 1 distributed randomly;
create index heap_name on sales.heap (name); create index aoco_bitmap on sales.aoco using bitmap (sku);
create extension citext; create table sales.ci (a citext) distributed randomly; insert into sales.ci values ('Ab');
create function sales.twice(a int) returns int language sql immutable as $$ select $1 * 2 $$;
create function sales.everywhere() returns setof int language sql execute on all segments as $$ select 1 $$;
create temp table gone (a int);
grant select on all tables in schema sales to gpm_test_reader;
alter table sales.orders owner to "gpm test owner";
do $$ begin for i in 1..200 loop execute format('create table sales.many_%s (id int, t text) distributed by (id)', i);
	execute format('insert into sales.many_%s select g, md5(g::text) from generate_series(1, %s) g', i, i % 7); end loop; end $$;
